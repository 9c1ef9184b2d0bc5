"""The charts of a report: likelihoods, curves along interpolations, aggregated densities as in the paper's figure 4."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import torch
import vl_convert
from PIL import Image

from dgvae.aggregate import AggregatedGaussian
from dgvae.charts.comparisons import trade_off
from dgvae.files.atomic import write_bytes
from train.evaluate.parameter_chart import parameter_chart
from train.evaluate.report_table import Row
from train.run.logs import read_log

SIZE = 480
_CELLS = 240
_CENTERS = 2000  # posteriors whose centers are drawn
_BRIGHT = 0.32  # the density drawn darkest: twice that of N(0, I) at its center
_PAPER, _INK = np.array([255, 255, 255.0]), np.array([11, 122, 117.0])


@dataclass(frozen=True)
class ReportChart:
    """A chart of the report. name: of its files, without their ending; alt: what it shows, in words."""

    name: str
    alt: str
    spec: dict[str, Any]


def draw_all(rows: Sequence[Row], averaged: Sequence[Row], out: Path) -> dict[str, str]:
    """Draw what there is to draw, each chart as SVG and PNG.

    Args:
        rows: every checkpoint.
        averaged: means over seeds, which are set against each other.
        out: the report's folder.

    Returns:
        {file: what it shows} of the SVG files.
    """
    drawn = {}
    for chart in chain(
        _trade_offs(rows, averaged), _parameters(averaged), _interpolations(averaged), _learning(rows), _densities(rows)
    ):
        write_bytes(out / f"{chart.name}.svg", vl_convert.vegalite_to_svg(chart.spec).encode())
        write_bytes(out / f"{chart.name}.png", vl_convert.vegalite_to_png(chart.spec, scale=2))
        drawn[f"{chart.name}.svg"] = chart.alt
    return drawn


def _trade_offs(rows: Sequence[Row], averaged: Sequence[Row]) -> Iterator[ReportChart]:
    checkpoints = [row.measured for row in averaged]
    for x, y, name, shows in (
        ("post_ll", "prior_ll", "likelihoods", "priorLL against postLL"),
        ("mi", "smoothed_gap", "information-and-gap", "joint gap against mutual information"),
        ("mi", "hole_mass", "information-and-holes", "hole mass against mutual information"),
    ):
        if any({x, y} <= row.record.figures.keys() for row in rows):
            spec = trade_off(checkpoints, x, y) | {"width": SIZE, "height": SIZE * 3 // 4}
            yield ReportChart(name, shows, spec)


def _parameters(averaged: Sequence[Row]) -> Iterator[ReportChart]:
    if spec := parameter_chart(averaged):
        yield ReportChart("parameters", "priorLL and postLL by the value of each method's parameter", spec)


def _interpolations(averaged: Sequence[Row]) -> Iterator[ReportChart]:
    if any(row.record.interpolation for row in averaged):
        shows = "ROUGE-L F1 to both ends along interpolations"
        yield ReportChart("interpolation", shows, interpolation_chart(averaged))


def _learning(rows: Sequence[Row]) -> Iterator[ReportChart]:
    curves = {row.title: [entry for entry in read_log(row.folder) if entry["event"] == "epoch"] for row in rows}
    if any(curves.values()):
        shows = "reconstruction, regularizer, KL and mutual information after each epoch"
        yield ReportChart("learning-curves", shows, learning_curves(curves))


def _densities(rows: Sequence[Row]) -> Iterator[ReportChart]:
    for row in rows:
        aggregated = row.aggregated
        if isinstance(aggregated, AggregatedGaussian) and row.record.pairs:
            name = "density-" + "".join(c if c.isalnum() or c in "-." else "-" for c in row.name)
            yield ReportChart(name, f"aggregated density of {row.title}", density_chart(row, aggregated))


def learning_curves(curves: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What the validation set measured after each epoch, one chart per quantity."""
    points = [
        {"checkpoint": title, "epoch": entry["epoch"], "nats": value, "quantity": name}
        for title, epochs in curves.items()
        for entry in epochs
        for name, value in {
            "reconstruction": entry.get("reconstruction"),
            "regularizer": entry.get("regularizer"),
            "KL": entry.get("latents", {}).get("kl"),
            "MI": entry.get("latents", {}).get("mi"),
        }.items()
        if value is not None
    ]
    return (
        alt.Chart(alt.Data(values=points))
        .mark_line(point=len(points) < 400)
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("nats:Q", title="nats per sentence", scale=alt.Scale(zero=False)),
            color=alt.Color("checkpoint:N", title=None),
            facet=alt.Facet(
                "quantity:N",
                columns=2,
                title=None,
                sort=["reconstruction", "regularizer", "KL", "MI"],
                header=alt.Header(labelFontSize=12),
            ),
        )
        .properties(width=SIZE // 2, height=SIZE * 3 // 8)
        .resolve_scale(y="independent")
        .to_dict()
    )


def interpolation_chart(rows: Sequence[Row]) -> dict[str, Any]:
    """Mean ROUGE-L F1 of what is decoded along the way, to the start and to the end."""
    points = [
        {"checkpoint": row.title, "t": k / (len(curve) - 1), "F1": value, "to": side.replace("to_", "the ")}
        for row in rows
        for side, curve in row.record.interpolation.items()
        for k, value in enumerate(curve)
    ]
    return (
        alt.Chart(alt.Data(values=points))
        .mark_line()
        .encode(
            x=alt.X("t:Q", title="from the start (0) to the end (1)"),
            y=alt.Y("F1:Q", title="ROUGE-L F1"),
            color=alt.Color("checkpoint:N", title=None, legend=alt.Legend(orient="bottom", columns=2, labelLimit=300)),
            strokeDash=alt.StrokeDash("to:N", title=None, legend=alt.Legend(orient="top", symbolType="stroke")),
        )
        .properties(width=SIZE, height=SIZE * 2 // 3)
        .to_dict()
    )


def density_chart(row: Row, aggregated: AggregatedGaussian) -> dict[str, Any]:
    """q of the pair of dimensions with the largest gap, with posterior centers on it and the prior as circles."""
    pair = row.record.pairs[0]
    i, j = pair.dimensions
    centers = aggregated.mean[:: max(1, len(aggregated) // _CENTERS)][:, [i, j]]
    reach = max(3.5, float(centers.abs().quantile(0.995)) * 1.15)
    edges = torch.linspace(-reach, reach, _CELLS + 1, dtype=torch.float64)
    picture = _picture(aggregated.pair_density((i, j), (edges, edges)).numpy())
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    box = {"x": -reach, "x2": reach, "y": -reach, "y2": reach, "url": picture}
    image = (
        alt.Chart(alt.Data(values=[box]))
        .mark_image(aspect=False)
        .encode(
            x=alt.X("x:Q", scale=scale, title=f"dimension {i + 1}"),
            y=alt.Y("y2:Q", scale=scale, title=f"dimension {j + 1}"),
            x2="x2",
            y2="y",
            url="url:N",
        )
    )
    dots = alt.Chart(alt.Data(values=[{"x": round(x, 3), "y": round(y, 3)} for x, y in centers.tolist()]))
    angle = np.linspace(0, 2 * np.pi, 90)
    rings = [
        {"x": r * np.cos(a), "y": r * np.sin(a), "r": r, "k": k} for r in (1, 2, 3) for k, a in enumerate(angle) if r < reach
    ]
    layers = [
        image,
        dots.mark_circle(size=5, opacity=0.35, color="#b9480c", clip=True).encode(x="x:Q", y="y:Q"),
        alt.Chart(alt.Data(values=rings))
        .mark_line(color="#515a65", strokeWidth=0.8, strokeDash=[4, 3])
        .encode(x="x:Q", y="y:Q", detail="r:N", order="k:Q"),
    ]
    gap = f"{pair.gap:.2f} nats from N(0, I), correlation {pair.correlation:+.2f}"
    title = alt.Title(row.title, subtitle=[gap, "dots: posterior means; circles: 1, 2, 3 σ of the prior"])
    return alt.layer(*layers).properties(width=SIZE, height=SIZE, title=title).to_dict()


def _picture(density: np.ndarray) -> str:
    """A density [Y, X] as the URL of a PNG, upwards; white is 0."""
    share = np.sqrt(np.clip(density[::-1] / _BRIGHT, 0, 1))[..., None]
    png = io.BytesIO()
    Image.fromarray((_PAPER + share * (_INK - _PAPER)).astype(np.uint8)).save(png, format="PNG")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
