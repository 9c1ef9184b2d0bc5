"""The Map tab: UMAP of prior and aggregated posterior, A and B side by side; points, regions and holes are read out by both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.charts.maps import COLORINGS, LOOK_FOR, latent_map
from dgvae.errors import UserError
from dgvae.ui.map.points import extents, map_of, map_points, point_gaps
from dgvae.ui.map.readout import next_hole, read_point, text_at
from dgvae.ui.map.region import Region, region_report
from dgvae.ui.map.shared import CommonMaps
from dgvae.ui.markup.export import code_to_load
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.requests.events import Brushed, Hovered
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET, Tab
from dgvae.ui.vega.chart import ChartMarks, VegaChart, marks

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint

INVITATION = hint("Point at a dot, or tap it: both models read out what they decode there. Drag to mark a region.")
OWN, COMMON = "own", "common"
# Where a point's sentence may be taken: tab and field.
CARRIERS = {
    ("interpolate", "from"): "Interpolate from it",
    ("interpolate", "to"): "Interpolate to it",
    ("edit", "sentence"): "Edit it",
}


class MapTab(Tab):
    """See `Tab`."""

    key = "map"
    title = "Map"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        self.common = CommonMaps(shelf)
        look_for = gr.HTML(_look_for("source"))
        with gr.Row(elem_id="map-controls"):
            color = gr.Radio(
                [(name, key) for key, name in COLORINGS.items()],
                value="source",
                label="Color by",
                scale=3,
                elem_id="map-color",
            )
            dimension = gr.Number(
                1, precision=0, label="Dimension", min_width=90, scale=0, visible=False, elem_id="map-dimension"
            )
            which = gr.Radio(
                [("one for each", OWN), ("one for both", COMMON)],
                value=OWN,
                label="Map",
                scale=1,
                min_width=260,
                elem_id="map-which",
            )
        remark = gr.HTML(elem_id="map-remark")
        progress, fitted = gr.HTML(elem_id="map-progress", elem_classes="status"), gr.Number(0, visible=False)
        charts, faults, holes = {}, [], {}
        with gr.Row():
            for side in "AB":
                with gr.Column(min_width=320, elem_classes=f"model-{side.lower()}"):
                    faults.append(gr.HTML(elem_id=f"map-fault-{side.lower()}"))
                    charts[side] = VegaChart(group="maps", label=f"Map of model {side}", elem_id=f"map-{side.lower()}")
                    holes[side] = gr.Button(f"Show me a hole in {side}", size="sm", elem_id=f"hole-{side.lower()}")
        hole_said = gr.HTML(elem_id="map-hole")
        readout = gr.HTML(INVITATION, elem_id="map-readout", elem_classes="readout")
        with gr.Row():
            self.carriers = {
                view: gr.Button(label, size="sm", min_width=160, elem_id=f"carry-{view[1]}") for view, label in CARRIERS.items()
            }
        self.carried = gr.HTML(elem_id="map-carried")
        report = gr.HTML(elem_id="map-region")
        with gr.Accordion("Without a mouse", open=False), gr.Row():
            point = gr.Number(
                0, precision=0, label="Point: a sentence from 1, a prior draw from −1", elem_id="map-point", min_width=200
            )
            region = gr.Textbox(
                "", label="Region: map, ends of x, ends of y", placeholder="A: 0, 2, -1, 1", elem_id="region", min_width=240
            )

        self.fields = {"colour": color, "dim": dimension, "map": which, "point": point, "region": region}
        self.triggers = [color.change, dimension.change, which.change, fitted.change]
        over = ChartMarks(elem_id="map-marks")
        self.outputs = [look_for, faults[0], charts["A"], faults[1], charts["B"], over, remark, hole_said, readout, report]
        gr.on(
            [which.change, *(model.change for model in self.models)],
            self.fit_common, [*self.models, which], [progress, fitted],
            show_progress="hidden", api_visibility="private", trigger_mode="multiple", concurrency_limit=32,
        )  # fmt: skip
        color.change(_show_if_used, color, dimension, **QUIET)
        # Whoever sets them, a pointer, a key, a button or the address: point and region are read out.
        point.change(self.read_number, [*self.models, point], readout, **QUIET)
        region.change(self.read_region, [*self.models, which, region], report, **QUIET)
        gr.on([point.input, region.input, region.submit], self.marks_of, [region, point], over, **QUIET)
        for side, chart in charts.items():
            chart.hover(self.read_out, self.models, readout, **QUIET)
            chart.pick(_picked, None, point, **QUIET)
            chart.brush(_brushed, None, region, **QUIET)
            holes[side].click(partial(self.show_hole, side), [*self.models, region, point], [hole_said, point, over], **QUIET)

    # ---- drawing

    def draw(self, name_a: str | None, name_b: str | None, *values: Any) -> tuple[Any, ...]:
        """What to look for; fault and chart of A and of B; marks; remarks; no hole yet; what point and region say."""
        color, dimension, which, point, region = values
        common = self._common(which, name_a, name_b)
        domain = extents(*common) if common else None
        drawn: list[Any] = []
        for i, name in enumerate((name_a, name_b)):
            try:
                chart = self._chart(name, color, dimension, common[i] if common else None, domain)
                drawn += ["", chart]
            except UserError as error:
                drawn += [notice(str(error)), None]
        return (
            _look_for(color),
            *drawn,
            self.marks_of(region, point),
            self._remarks(color, which, name_a, name_b),
            "",
            self.read_number(name_a, name_b, point),
            self.read_region(name_a, name_b, which, region),
        )

    def _chart(self, name: str | None, color: str, dimension: int | None, xy: Tensor | None, domain: Any) -> dict[str, Any]:
        checkpoint = self.shelf.get(name)
        map_of(checkpoint)
        gaps = None
        if color == "gap":
            if "density_gap" in checkpoint.aggregated.absent:
                color = "source"
            else:
                gaps = self.shelf.derived(name, "gaps of the map", point_gaps)
        column = None
        if color == "dimension":
            column = int(dimension or 0) - 1
            if not 0 <= column < checkpoint.model.config.latent_dim:
                raise UserError(f"Choose a dimension from 1 to {checkpoint.model.config.latent_dim}.")

        def chart(of: Checkpoint) -> dict[str, Any]:
            return latent_map(map_points(of, gaps, xy, column), color, of.model.config.title, domain, of.classes)

        # Everyone who comes sees the same first chart.
        return chart(checkpoint) if xy is not None else self.shelf.derived(name, ("map", color, column), chart)

    def _common(self, which: str, name_a: str | None, name_b: str | None) -> tuple[Tensor, Tensor] | None:
        """Where both models' points lie on one map, if that is asked for and there is one."""
        try:
            return self.common.coordinates(name_a, name_b) if which == COMMON else None
        except UserError:
            return None  # it is among the remarks

    def _remarks(self, color: str, which: str, name_a: str | None, name_b: str | None) -> str:
        """Why what is asked for is not shown."""
        remarks = []
        try:
            if which == COMMON:
                self.common.coordinates(name_a, name_b)
        except UserError as error:
            remarks.append(str(error))
        for name in (name_a, name_b) if color == "gap" else ():
            with suppress(UserError):  # it is said in the model's place
                if why := self.shelf.get(name).aggregated.absent.get("density_gap"):
                    remarks.append(f"No density gap here: {why}.")
        return "".join(map(hint, dict.fromkeys(remarks)))

    def marks_of(self, region: str, point: float | None) -> str:
        """The marks over both charts: the ring round the point, and the rectangle of the region on its own map."""
        ring = None if not point else int(point) - 1 if point > 0 else int(point)
        a: dict[str, Any] = {"ring": ring}
        b: dict[str, Any] = {"ring": ring}
        try:
            parsed = Region.parse(region)
            (a if parsed.side == "A" else b)["brush"] = {"x": parsed.x, "y": parsed.y}
        except UserError:
            pass  # it is said below the maps
        return marks(map_a=a, map_b=b)

    def fit_common(self, name_a: str | None, name_b: str | None, which: str) -> Iterator[tuple[str, Any]]:
        """If a common map is asked for and not there, fit it, say how far that is, and at last when it was done."""
        if which != COMMON:
            yield "", gr.skip()
            return
        for said, done in self.common.follow(name_a, name_b):
            yield (notice(said) if said and done else said), time.time() if done else gr.skip()

    # ---- reading out

    def read_out(self, name_a: str | None, name_b: str | None, event: Hovered) -> Any:
        """What both models decode at the point under the pointer; nothing changes where there is none."""
        return gr.skip() if event.id is None else read_point(self.shelf, name_a, name_b, _number(event.id))

    def read_number(self, name_a: str | None, name_b: str | None, number: float | None) -> str:
        """What both models decode at the point of a number."""
        return read_point(self.shelf, name_a, name_b, int(number)) if number else INVITATION

    def show_hole(
        self, side: str, name_a: str | None, name_b: str | None, region: str, point: float | None = None
    ) -> tuple[Any, ...]:
        """What is said of the worst hole of A or B, or of the next, its deepest point, and marks: it is ringed and read out."""
        name = name_a if side == "A" else name_b
        try:
            draw, said = next_hole(self.shelf, name, side, after=-int(point or 0))
            return said, -draw, self.marks_of(region, -draw)
        except UserError as error:
            return notice(str(error)), 0, self.marks_of(region, 0)

    def carry(self, name_a: str | None, name_b: str | None, number: float | None) -> str:
        """The sentence of the point that was clicked. Raises UserError."""
        if not number:
            raise UserError("Click a point on a map first.")
        return text_at(self.shelf, name_a, name_b, int(number))

    def read_region(self, name_a: str | None, name_b: str | None, which: str, text: str) -> str:
        """What lies in a region such as "A: 0, 2, -1, 1"; nothing if there is none."""
        if not text.strip():
            return ""
        names = {"A": name_a, "B": name_b}
        try:
            region = Region.parse(text)
            own = map_of(self.shelf.get(names[region.side])).xy
            common = self._common(which, name_a, name_b)
            return region_report(self.shelf, region, (common["AB".index(region.side)] if common else own).numpy(), names)
        except UserError as error:
            return notice(str(error))

    def code(self, name_a: str | None, name_b: str | None, *values: Any) -> str:
        """See `Tab`."""
        code = code_to_load(self.shelf.source(name_a)) + (
            "shown = checkpoint.latents.map  # prior draws first, then a sample of each posterior\nprint(shown.xy)\n"
        )
        if "density_gap" in self.shelf.get(name_a).aggregated.absent:
            return code
        return code + (
            "\nfrom dgvae.evaluation.holes import regions\n\n"
            "for hole in regions(checkpoint.aggregated, shown.z[: shown.priors]):\n"
            '    print(f"{hole.share:.1%} of the prior, gap {hole.gap:.1f} nats, nearest sentence {hole.nearest + 1}")\n'
        )


def _number(point: int) -> int:
    """A point as a visitor counts it: sentences from 1, prior draws from −1."""
    return point + 1 if point >= 0 else point


def _picked(event: Hovered) -> Any:
    """The number of the point that was clicked."""
    return gr.skip() if event.id is None else _number(event.id)


def _brushed(event: Brushed) -> str:
    """The region that was marked, as text."""
    side = "B" if event.target and event.target.elem_id == "map-b" else "A"
    return "" if event.x is None or event.y is None else str(Region(side, event.x, event.y))


def _look_for(color: str) -> str:
    return f"<p class='hint'>{LOOK_FOR[color]}</p>"


def _show_if_used(color: str) -> Any:
    return gr.update(visible=color == "dimension")
