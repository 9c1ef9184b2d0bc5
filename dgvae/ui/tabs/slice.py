"""The Slice tab: two dimensions of A and B as densities; a point of the plane is read out by both models as it is moved."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from dgvae.charts.slices import KINDS, slice_chart, z_name
from dgvae.errors import UserError
from dgvae.ui.decoding import EXAMPLES, MOST_CHARACTERS, decode_lines, encode_mean
from dgvae.ui.markup.export import code_to_load
from dgvae.ui.markup.render import Column, comparison, notice
from dgvae.ui.requests.events import Placed
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET, Number, Tab
from dgvae.ui.vega.chart import VegaChart

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.explore.slices import Pair, Plane

CHOSEN = "the two below"
# Of dgvae.explore.slices, which needs torch, as MOST_REACH is:
MOST_REACH = 100_000
RANKINGS = ("largest correlation", "largest variance of the means", "largest marginal KL")
BASES = {"zero": "zero", "a draw of the prior": "prior", "a sentence": "sentence"}
MOST_CENTERS = 1000
FAR = 40  # a slice that reaches farther has the prior in a cell or two, beside which q(z) would not be seen
FAR_APART = 3  # times as far as the other model's: then each has its own square


class SliceTab(Tab):
    """See `Tab`."""

    key = "slice"
    title = "Slice"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        self.hint(
            "Two dimensions of the latent; the others are integrated out. In the density gap, orange is a hole: the prior "
            "has mass there, but encoded sentences are rare. In blue areas, encoded sentences are dense and the prior has "
            "little mass. Drag the cross-hair: both models decode the point, and the bar beside each text is the density "
            "gap of the whole latent."
        )
        with gr.Row():
            dims = gr.Dropdown([*RANKINGS, CHOSEN], value=RANKINGS[0], label="Dimensions", elem_id="slice-dims", min_width=220)
            of = gr.Radio(["A", "B"], value="A", label="Ranked by model", min_width=100)
            first = Number(1, minimum=1, precision=0, label="x-axis dimension", min_width=100)
            second = Number(2, minimum=1, precision=0, label="y-axis dimension", min_width=100)
        with gr.Row():
            base = gr.Radio(list(BASES.items()), value="zero", label="Values of the other dimensions", min_width=280)
            seed = Number(1, minimum=0, maximum=2**31, precision=0, label="Seed of the draw", min_width=90)
            sentence = gr.Textbox(EXAMPLES[0], label="The sentence", max_length=MOST_CHARACTERS, min_width=280)
        with gr.Row():
            far: dict[str, Any] = {"minimum": -MOST_REACH, "maximum": MOST_REACH, "step": 0.1, "min_width": 90}
            x = Number(0, label="Point, x", elem_id="slice-x", **far)
            y = Number(0, label="Point, y", elem_id="slice-y", **far)
        readout = gr.HTML(elem_id="slice-readout", elem_classes="readout")
        charts, faults = [], []
        for side in "ab":
            with gr.Column(elem_classes=f"model-{side}"):
                faults.append(gr.HTML(elem_id=f"slice-fault-{side}"))
                with gr.Row():
                    for kind, name in KINDS.items():
                        with gr.Column(min_width=240):
                            label = f"Model {side.upper()}, {name}"
                            charts.append(VegaChart(group="slice", label=label, elem_id=f"slice-{side}-{kind}", height=330))
        self.fields = {
            "dims": dims, "of": of, "i": first, "j": second, "base": base, "seed": seed, "sentence": sentence, "x": x, "y": y,
        }  # fmt: skip
        self.triggers = [dims.change, of.change, first.change, second.change]
        self.outputs = [faults[0], faults[1], *charts, readout]
        self.worded.append((sentence, lambda say: gr.update(label=say("The sentence"))))
        self.worded.append((base, lambda say: gr.update(choices=[(say(name), key) for name, key in BASES.items()])))
        read: dict[str, Any] = {"inputs_kwargs": self.fields, **QUIET}
        moved = [base.change, seed.change, sentence.submit, x.change, y.change]
        gr.on(moved, self.read_out, self.models, readout, **read)
        gr.on([first.input, second.input], lambda: CHOSEN, None, dims, **QUIET)  # what is typed counts
        for chart in charts:
            chart.drag(self.read_out_at, self.models, readout, **read)
            chart.pick(picked, None, [x, y], **QUIET)

    # ---- drawing

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[Any, ...]:
        """Faults of A and B, six charts, and what is read out."""
        columns = [self._planes(name, (name_a, name_b), fields) for name in (name_a, name_b)]
        planes = [plane for plane in columns if not isinstance(plane, str)]
        marker = float(fields["x"] or 0), float(fields["y"] or 0)
        charts: list[Any] = []
        for name, plane in zip((name_a, name_b), columns, strict=True):
            if isinstance(plane, str):
                charts += [None] * len(KINDS)
                continue
            title = self.shelf.get(name).model.config.title
            most = max(max(float(p.q.max()), float(p.p.max())) for p in planes if p.reach == plane.reach)
            if plane.reach > FAR:
                most = float(plane.q.max())
            for kind in KINDS:
                centers = self.shelf.derived(name, ("centers", plane.pair), partial(_centers, plane.pair))
                charts.append(slice_chart(kind, plane, most, marker, title, centers if kind == "q" else None))
        faults = [notice(plane) if isinstance(plane, str) else "" for plane in columns]
        return *faults, *charts, self.read_out(name_a, name_b, **fields)

    def _planes(self, name: str | None, names: tuple[str | None, str | None], fields: Mapping[str, Any]) -> Plane | str:
        """The densities of a model, or why there are none. Both models get the same dimensions.

        And the same square, unless one of them would be a dot in it.
        """
        from dgvae.explore.slices import plane, reach_of

        try:
            pair = self._pair(names, fields)
            _check(self.shelf.get(name), pair)
            reaches = {n: reach_of(c.aggregated, pair) for n in names if (c := self._sound(n, pair))}
            widest = max(reaches.values())
            reach = widest if widest <= FAR_APART * min(reaches.values()) else reaches[name]
            return self.shelf.derived(name, ("plane", pair, reach), lambda c: plane(c.aggregated, pair, reach))
        except UserError as error:
            return str(error)

    def _pair(self, names: tuple[str | None, str | None], fields: Mapping[str, Any]) -> Pair:
        """The dimensions that the visitor chose, from 0. Raises UserError if there are none such."""
        dims, of, first, second = (fields[key] for key in ("dims", "of", "i", "j"))
        if dims == CHOSEN:
            if not first or not second or first == second:
                raise UserError("Give two different dimensions, counted from 1.")
            return int(first) - 1, int(second) - 1
        from dgvae.explore.slices import RANKINGS as rankings

        if dims not in rankings or of not in ("A", "B"):
            raise UserError(f"Choose the dimensions by one of: {', '.join([*rankings, CHOSEN])}.")
        return self.shelf.derived(names["AB".index(of)], dims, lambda c: rankings[dims](c.aggregated))

    def _sound(self, name: str | None, pair: Pair) -> Checkpoint | None:
        try:
            checkpoint = self.shelf.get(name)
            _check(checkpoint, pair)
            return checkpoint
        except UserError:
            return None

    # ---- reading out

    def read_out_at(self, name_a: str | None, name_b: str | None, event: Placed, **fields: Any) -> str:
        """What both models say where the cross-hair is dragged."""
        return self.read_out(name_a, name_b, **fields | {"x": event.x, "y": event.y})

    def read_out(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """What both models say at the point: the base's latent, with two dimensions replaced.

        Args:
            name_a: of model A.
            name_b: of model B.
            fields: the values of the tab's fields, by their keys.

        Returns:
            HTML.
        """
        x, y = fields["x"], fields["y"]
        try:
            if x is None or y is None:
                raise UserError("Give the point's two coordinates, such as 0 and 0.")
            pair = self._pair((name_a, name_b), fields)
        except UserError as error:
            return notice(str(error))
        columns = [self._at(name, pair, (float(x), float(y)), fields) for name in (name_a, name_b)]
        head = f"{z_name(pair[0])} = {x:.2f}, {z_name(pair[1])} = {y:.2f}"
        return comparison([head], *columns)

    def _at(self, name: str | None, pair: Pair, at: tuple[float, float], fields: Mapping[str, Any]) -> Column:
        title = name or "no model"
        try:
            checkpoint = self.shelf.get(name)
            title = checkpoint.model.config.title
            _check(checkpoint, pair)
            z = _base(checkpoint, fields["base"], fields["seed"], fields["sentence"])
        except UserError as error:
            return Column(title, fault=str(error))
        z[0, list(pair)] = z.new_tensor(at)
        return Column(title, decode_lines(checkpoint, z))

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        i, j = self._pair((name_a, name_b), fields)
        return code_to_load(self.shelf.source(name_a)) + (
            "from dgvae.explore.slices import plane, reach_of\n\n"
            f"pair = ({i}, {j})  # dimensions count from 0\n"
            "shown = plane(checkpoint.aggregated, pair, reach_of(checkpoint.aggregated, pair))\n"
            "print(shown.gap.nan_to_num().max())  # log p - log q, nats: where the hole is deepest\n"
        )


def _check(checkpoint: Checkpoint, pair: Pair) -> None:
    """Raises UserError if a model has no such plane."""
    from dgvae.explore.slices import with_marginals

    with_marginals(checkpoint.aggregated)
    if not 0 <= min(pair) <= max(pair) < checkpoint.model.config.latent_dim:
        raise UserError(f"Choose dimensions from 1 to {checkpoint.model.config.latent_dim}: this model's latent has no others.")


def _base(checkpoint: Checkpoint, base: str, seed: int | None, sentence: str) -> Tensor:
    """The latent whose two dimensions are moved: [1, D]. Raises UserError."""
    import torch

    if base == "sentence":
        return encode_mean(checkpoint, sentence).unsqueeze(0)
    if base == "prior":
        if seed is None:
            raise UserError("Give a seed: a whole number such as 1.")
        return checkpoint.model.prior.sample(1, torch.Generator().manual_seed(int(seed)))
    return torch.zeros(1, checkpoint.model.config.latent_dim)


def _centers(pair: Pair, checkpoint: Checkpoint) -> np.ndarray:
    """Posterior means, evenly over the sentences: (sentence, z_i, z_j), [M, 3]."""
    means = checkpoint.aggregated.posterior.location
    rows = np.linspace(0, len(means) - 1, min(len(means), MOST_CENTERS)).round().astype(int)
    return np.column_stack([rows, means[rows][:, list(pair)].numpy()])


def picked(event: Placed) -> tuple[float, float]:
    """Where the cross-hair was put down."""
    return round(event.x, 2), round(event.y, 2)
