"""Sets against densities, below the lab: draws of q(z) and p(z), and which test notices that the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.charts.series_colors import color_parameters
from dgvae.errors import UserError
from dgvae.toy.setup import POINTS, SET_SIZES
from dgvae.ui.lab.visitors import Labs
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.tabs.tab import QUIET, Number, Slider
from dgvae.ui.vega.chart import VegaChart

if TYPE_CHECKING:
    import numpy as np

    from dgvae.posteriors import DiagonalGaussian
    from dgvae.toy.sets import Verdict

EXAMPLE = "example"
REACH = 3.5
TESTS = {
    "MMD": ("MMD of WAE", "MMD² between both sets, with a permutation test"),
    "discriminator": ("Discriminator of AAE", "its accuracy on draws that it was not trained on; 0.5 is chance"),
    "neighbors": ("Nearest neighbors", "the share of draws whose nearest neighbor is of their own set; 0.5 is chance"),
    "density gap": ("Density gap of DG-VAE", "mean of log q(z) − log p(z) over the draws of q(z), nats"),
}


class SetsSection:
    """Builds its components where it is made. fields: what the visitor sets, by its key in the address."""

    def __init__(self, labs: Labs) -> None:
        self._labs = labs
        gr.Markdown(
            f"## Sets against densities\nThis q(z) is a mixture of {POINTS} narrow posteriors, laid out like draws of the "
            "prior. Draws of q(z) (blue) and of p(z) (orange) look alike, and the tests that train WAE and AAE rarely tell "
            f"them apart. Nearest neighbors do, if there are {max(SET_SIZES)} draws. The density gap uses q(z) itself, not "
            "only draws, and finds the holes at once. With wider posteriors the difference disappears. You can also test a "
            "method of the lab above."
        )
        with gr.Row():
            of = gr.Dropdown(
                [
                    (f"{POINTS} narrow posteriors", EXAMPLE),
                    *((f"the lab's {letter}, as it is now", letter) for letter in "ABCD"),
                ],
                value=EXAMPLE, label="q(z)", elem_id="sets-of", min_width=220,
            )  # fmt: skip
            width = Slider(0.01, 1, value=0.05, step=0.01, label="Width of each posterior", elem_id="sets-width", min_width=220)
            seed = Number(
                0, minimum=0, maximum=10_000, precision=0, label="Seed of the draws", elem_id="sets-seed", min_width=110
            )
            run = gr.Button("Draw and test", elem_id="sets-run", min_width=140, scale=0)
        table = gr.HTML(elem_id="sets-table")
        charts = []
        with gr.Row():
            for name in ("density", *SET_SIZES):
                with gr.Column(min_width=200):
                    label = "Density of q(z)" if name == "density" else f"{name} draws of each"
                    charts.append(VegaChart(label=label, elem_id=f"sets-{name}", height=260, elem_classes="if-any"))
        self.fields = {"of": of, "width": width, "draws": seed}
        changed = [run.click, of.change, width.change, seed.change]
        gr.on(changed, self.compare, [of, width, seed], [table, *charts], concurrency_limit=2, **QUIET)

    def compare(self, of: str, width: float, seed: int | None, request: gr.Request) -> tuple[Any, ...]:
        """Run the tests of the section.

        Args:
            of: the posterior that is tested: a method of the lab, or the example.
            width: of the example's Gaussians.
            seed: of the draws.
            request: says whose lab it is.

        Returns:
            The verdicts as a table, the density as a chart, and one chart for each size of sets.
        """
        from dgvae.toy.sets import compare

        try:
            if seed is None:
                raise UserError("Give a seed: a whole number such as 1.")
            posterior = self._posterior(of, width, request.session_hash)
        except UserError as error:
            return notice(str(error)), *[None] * (1 + len(SET_SIZES))
        verdicts = compare(posterior, int(seed))
        return (
            _table(verdicts, posterior),
            _density_chart(posterior),
            *(_draws_chart(posterior, size, int(seed)) for size in SET_SIZES),
        )

    def _posterior(self, of: str, width: float, session: str | None) -> DiagonalGaussian:
        from dgvae.posteriors import DiagonalGaussian
        from dgvae.toy.sets import grains

        if of == EXAMPLE:
            return grains(width)
        if of not in ("A", "B", "C", "D"):
            raise UserError("Choose a q(z): the example, or a method of the lab.")
        frames = self._labs.of(session).moments[-1]
        if "ABCD".index(of) >= len(frames):
            raise UserError(f"The lab has no {of}; choose one of its {len(frames)} methods.")
        posterior = frames["ABCD".index(of)].posterior
        if not isinstance(posterior, DiagonalGaussian):
            raise UserError("These tests need Gaussian posteriors; choose another method of the lab.")
        return posterior.map(lambda tensor: tensor.double())


def _table(verdicts: list[Verdict], posterior: DiagonalGaussian) -> str:
    from dgvae.toy.measures import joint_gap

    found = {(verdict.test, verdict.size): verdict for verdict in verdicts}
    head = "".join(f"<th scope='col'>{size} draws of each</th>" for size in SET_SIZES)
    rows = "".join(
        f"<tr><th scope='row' title='{why}'>{name}</th>{''.join(_cell(found[test, size]) for size in SET_SIZES)}</tr>"
        for test, (name, why) in TESTS.items()
    )
    gap = hint(
        f"KL(q(z) ‖ p(z)) = {joint_gap(posterior):.3f} nats. Each test ran on ten new pairs of sets. If q(z) equals p(z), a "
        "test reports a difference in at most one of twenty runs."
    )
    return f"<table class='texts'><thead><tr><th scope='col'>test</th>{head}</tr></thead><tbody>{rows}</tbody></table>{gap}"


def _cell(verdict: Verdict) -> str:
    often = f"noticed in {verdict.noticed} of {verdict.trials}"
    return f"<td>{verdict.value:.3f}, {f'<b>{often}</b>' if 2 * verdict.noticed > verdict.trials else often}</td>"


def _density_chart(posterior: DiagonalGaussian) -> dict[str, Any]:
    import altair as alt
    import torch

    from dgvae.aggregate import AggregatedGaussian, aggregate
    from dgvae.charts.heat import POSTERIOR, density_image
    from dgvae.toy.look import MOST_DENSITY

    mixture = aggregate(posterior)
    assert isinstance(mixture, AggregatedGaussian)
    edges = torch.linspace(-REACH, REACH, 161, dtype=torch.float64)
    image = density_image(mixture.pair_density((0, 1), (edges, edges)).numpy(), MOST_DENSITY, POSTERIOR)
    picture = alt.Data(values=[{"x": -REACH, "y": -REACH, "right": REACH, "top": REACH, "url": image}])
    x, y = _axes()
    chart = alt.Chart(picture).mark_image(aspect=False).encode(x=x, y=y, x2="right:Q", y2="top:Q", url="url:N")
    return _finished(chart, "density of q(z)", "The density of q(z) as an image.")


def _draws_chart(posterior: DiagonalGaussian, size: int, seed: int) -> dict[str, Any]:
    import altair as alt

    from dgvae.aggregate import aggregate
    from dgvae.toy.sets import draw_sets

    sets = zip(("posterior", "prior"), draw_sets(aggregate(posterior), size, seed), strict=True)  # the first that were tested
    rows = [row for source, z in sets for row in _rows(source, z.numpy())]
    x, y = _axes()
    colors = alt.Scale(domain=["prior", "posterior"], range=[alt.expr("prior"), alt.expr("posterior")])
    dots = alt.Chart(alt.NamedData("points")).mark_circle(size=14, opacity=0.8, clip=True)
    chart = dots.encode(x=x, y=y, color=alt.Color("source:N", scale=colors, legend=None)).add_params(
        *color_parameters("prior", "posterior")
    )
    return _finished(chart, f"{size} draws of each", f"{size} draws of q(z), blue, and of p(z), orange.", {"points": rows})


def _rows(source: str, z: np.ndarray) -> list[dict[str, Any]]:
    return [{"id": i, "x": round(x, 3), "y": round(y, 3), "source": source} for i, (x, y) in enumerate(z.tolist())]


def _axes() -> tuple[Any, Any]:
    import altair as alt

    scale = alt.Scale(domain=[-REACH, REACH], nice=False)
    axis = alt.Axis(title=None, grid=False, tickCount=4)
    return alt.X("x:Q", scale=scale, axis=axis), alt.Y("y:Q", scale=scale, axis=axis)


def _finished(chart: Any, title: str, description: str, datasets: dict[str, Any] | None = None) -> dict[str, Any]:
    return chart.properties(
        title=title, width="container", height=200, description=description, datasets=datasets or {"points": []}
    ).to_dict()
