"""The Map tab: UMAP of prior and aggregated posterior, A and B side by side; points, regions and holes are read out by both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.charts import COLOURINGS, latent_map
from dgvae.ui.common_maps import CommonMaps
from dgvae.ui.export import code_to_load
from dgvae.ui.map_points import map_of, map_points, point_gaps
from dgvae.ui.map_readout import hole_of, read_hole, read_point
from dgvae.ui.map_region import Region, region_report
from dgvae.ui.render import hint, notice
from dgvae.ui.shelf import Shelf
from dgvae.ui.tab import QUIET, Tab
from dgvae.ui.vega_chart import ChartMarks, VegaChart, marks

if TYPE_CHECKING:
    from torch import Tensor

INVITATION = hint("Point at a dot, or tap it: both models read out what they decode there. Drag to mark a region.")
OWN, COMMON = "own", "common"


class MapTab(Tab):
    """See `Tab`."""

    key = "map"
    title = "Map"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        self.common = CommonMaps(shelf)
        gr.HTML(
            "<p class='hint'><span class='prior'>Orange</span> dots are samples of the prior p(z), <span class='posterior'>blue"
            "</span> dots encoded sentences, q(z). Where there is orange without blue is a hole: the prior sends the decoder "
            "there, and no sentence ever did.</p>"
        )
        with gr.Row():
            colour = gr.Radio(
                [(name, key) for key, name in COLOURINGS.items()], value="source", label="Colour by", elem_id="map-colour"
            )
            dimension = gr.Number(1, minimum=1, precision=0, label="Dimension", min_width=90, scale=0, elem_id="map-dimension")
            which = gr.Radio([("one for each", OWN), ("one for both", COMMON)], value=OWN, label="Map", scale=0, min_width=240)
        remark = gr.HTML(elem_id="map-remark")
        charts, faults, holes = {}, [], {}
        with gr.Row():
            for side in "AB":
                with gr.Column(min_width=320, elem_classes=f"model-{side.lower()}"):
                    faults.append(gr.HTML(elem_id=f"map-fault-{side.lower()}"))
                    charts[side] = VegaChart(group="maps", label=f"Map of model {side}", elem_id=f"map-{side.lower()}")
                    holes[side] = gr.Button(f"Show me a hole in {side}", size="sm", elem_id=f"hole-{side.lower()}")
        with gr.Row():
            readout = gr.HTML(INVITATION, elem_id="map-readout", elem_classes="readout")
        report = gr.HTML(elem_id="map-region")
        with gr.Accordion("Without a mouse", open=False), gr.Row():
            point = gr.Number(
                0, precision=0, label="Point: a sentence from 1, a prior draw from −1", elem_id="map-point", min_width=200
            )
            region = gr.Textbox(
                "", label="Region: map, ends of x, ends of y", placeholder="A: 0, 2, -1, 1", elem_id="region", min_width=240
            )
        progress, fitted = gr.HTML(elem_id="map-progress", elem_classes="status"), gr.Number(0, visible=False)

        self.fields = {"colour": colour, "dim": dimension, "map": which, "point": point, "region": region}
        self.triggers = [colour.change, dimension.change, which.change, fitted.change]
        over = ChartMarks(elem_id="map-marks")
        self.outputs = [faults[0], charts["A"], faults[1], charts["B"], over, remark, readout, report]
        gr.on(
            [which.change, *(model.change for model in self.models)],
            self.fit_common, [*self.models, which], [progress, fitted],
            show_progress="hidden", api_visibility="private", trigger_mode="multiple", concurrency_limit=32,
        )  # fmt: skip
        point.input(self.read_number, [*self.models, point], readout, **QUIET)
        region.submit(self.read_region, [*self.models, which, region], report, **QUIET)
        for side, chart in charts.items():
            chart.hover(self.read_out, self.models, readout, **QUIET)
            chart.pick(self.pick, self.models, [readout, point], **QUIET)
            brushed = self.brush_a if side == "A" else self.brush_b
            chart.brush(brushed, [*self.models, which], [region, report], **QUIET)
            shown = self.show_hole_a if side == "A" else self.show_hole_b
            holes[side].click(shown, self.models, [readout, point, over], **QUIET)

    # ---- drawing

    def draw(self, name_a: str | None, name_b: str | None, *values: Any) -> tuple[Any, ...]:
        """Fault and chart of A and of B, marks, a remark, and what is read out of the point and of the region."""
        colour, dimension, which, point, region = values
        remark, common = "", None
        if which == COMMON:
            try:
                common = self.common.coordinates(name_a, name_b)
            except UserError as error:
                remark = hint(str(error))
        domain = _domain(common) if common else None
        drawn: list[Any] = []
        for i, name in enumerate((name_a, name_b)):
            try:
                chart = self._chart(name, colour, dimension, common[i] if common else None, domain)
                drawn += ["", chart]
            except UserError as error:
                drawn += [notice(str(error)), None]
        if absent := self._absent_gaps(colour, name_a, name_b):
            remark += hint(absent)
        return (
            *drawn,
            self._marked(region, point),
            remark,
            read_point(self.shelf, name_a, name_b, int(point)) if point else INVITATION,
            self.read_region(name_a, name_b, which, region) if region else "",
        )

    def _chart(self, name: str | None, colour: str, dimension: int | None, xy: Tensor | None, domain: Any) -> dict[str, Any]:
        checkpoint = self.shelf.get(name)
        map_of(checkpoint)
        gaps = None
        if colour == "gap":
            if "density_gap" in checkpoint.aggregated.absent:
                colour = "source"
            else:
                gaps = self.shelf.derived(name, "gaps of the map", point_gaps)
        column = None
        if colour == "dimension":
            column = int(dimension or 0) - 1
            if not 0 <= column < checkpoint.model.config.latent_dim:
                raise UserError(f"Choose a dimension from 1 to {checkpoint.model.config.latent_dim}.")
        return latent_map(map_points(checkpoint, gaps, xy, column), colour, checkpoint.model.config.title, domain)

    def _absent_gaps(self, colour: str, *names: str | None) -> str | None:
        """Says for which models there are no density gaps, if they are asked for."""
        for name in names if colour == "gap" else ():
            try:
                if why := self.shelf.get(name).aggregated.absent.get("density_gap"):
                    return f"No density gap here: {why}."
            except UserError:
                continue  # it is said in the model's place
        return None

    def _marked(self, region: str, point: float | None) -> str:
        """The marks over both charts: the ring round the point, and the rectangle of the region on its own map."""
        ring = None if not point else int(point) - 1 if point > 0 else int(point)
        a: dict[str, Any] = {"ring": ring}
        b: dict[str, Any] = {"ring": ring}
        try:
            parsed = Region.parse(region)
            (a if parsed.side == "A" else b)["brush"] = {"x": parsed.x, "y": parsed.y}
        except UserError:
            pass  # it is said below
        return marks(map_a=a, map_b=b)

    def fit_common(self, name_a: str | None, name_b: str | None, which: str) -> Iterator[tuple[str, Any]]:
        """If a common map is asked for and not there, fit it, and say how far that is."""
        try:
            if which != COMMON or self.common.coordinates(name_a, name_b) is not None:
                yield "", gr.skip()
                return
            fitting = self.common.fit(name_a, name_b)
        except UserError:
            yield "", gr.skip()  # it is said beside the maps
            return
        while not fitting.done:
            yield f"Fitting a common map of these models, a minute or two: {fitting.share:.0%} …", gr.skip()
            time.sleep(0.5)
        yield notice(fitting.fault) if fitting.fault else "", time.time()

    # ---- reading out

    def read_out(self, name_a: str | None, name_b: str | None, event: gr.EventData) -> Any:
        """What both models decode at the point under the pointer; nothing changes where there is none."""
        return gr.skip() if event.id is None else read_point(self.shelf, name_a, name_b, _number(int(event.id)))

    def pick(self, name_a: str | None, name_b: str | None, event: gr.EventData) -> tuple[Any, Any]:
        """The same, and the point's number for the address."""
        if event.id is None:
            return gr.skip(), gr.skip()
        number = _number(int(event.id))
        return read_point(self.shelf, name_a, name_b, number), number

    def read_number(self, name_a: str | None, name_b: str | None, number: float | None) -> str:
        """What both models decode at a point whose number is typed."""
        return read_point(self.shelf, name_a, name_b, int(number)) if number else INVITATION

    def show_hole_a(self, name_a: str | None, name_b: str | None) -> tuple[Any, ...]:
        """The worst region of A, read out by both models and ringed on both maps."""
        return self._show_hole("A", name_a, name_b)

    def show_hole_b(self, name_a: str | None, name_b: str | None) -> tuple[Any, ...]:
        """The worst region of B."""
        return self._show_hole("B", name_a, name_b)

    def _show_hole(self, side: str, name_a: str | None, name_b: str | None) -> tuple[Any, ...]:
        name = name_a if side == "A" else name_b
        try:
            hole = self.shelf.derived(name, "hole", hole_of)
        except UserError as error:
            return notice(str(error)), 0, marks(map_a={}, map_b={})
        said = read_hole(side, hole) + read_point(self.shelf, name_a, name_b, -hole.draw)
        return said, -hole.draw, marks(map_a={"ring": -hole.draw}, map_b={"ring": -hole.draw})

    def brush_a(self, name_a: str | None, name_b: str | None, which: str, event: gr.EventData) -> tuple[str, str]:
        """What lies in the rectangle marked on A's map."""
        return self._brush("A", name_a, name_b, which, event)

    def brush_b(self, name_a: str | None, name_b: str | None, which: str, event: gr.EventData) -> tuple[str, str]:
        """What lies in the rectangle marked on B's map."""
        return self._brush("B", name_a, name_b, which, event)

    def _brush(self, side: str, name_a: str | None, name_b: str | None, which: str, event: gr.EventData) -> tuple[str, str]:
        if event.x is None:
            return "", ""
        region = str(Region(side, tuple(event.x), tuple(event.y)))
        return region, self.read_region(name_a, name_b, which, region)

    def read_region(self, name_a: str | None, name_b: str | None, which: str, text: str) -> str:
        """What lies in a region that is typed, such as "A: 0, 2, -1, 1"."""
        names = {"A": name_a, "B": name_b}
        try:
            region = Region.parse(text)
            common = self.common.coordinates(name_a, name_b) if which == COMMON else None
            own = map_of(self.shelf.get(names[region.side]))
            xy = common["AB".index(region.side)] if common else own.xy
            return region_report(self.shelf, region, xy.numpy(), names)
        except UserError as error:
            return notice(str(error))

    def code(self, name_a: str | None, name_b: str | None, *values: Any) -> str:
        """See `Tab`."""
        return code_to_load(self.shelf.folder(name_a)) + (
            "from dgvae.holes import regions\n\n"
            "shown = checkpoint.latents.map  # prior draws first, then a sample of each posterior\n"
            "for hole in regions(checkpoint.aggregated, shown.z[: shown.priors]):\n"
            '    print(f"{hole.share:.1%} of the prior, gap {hole.gap:.1f} nats, nearest sentence {hole.nearest + 1}")\n'
        )


def _number(point: int) -> int:
    """A point as a visitor counts it: sentences from 1, prior draws from −1."""
    return point + 1 if point >= 0 else point


def _domain(common: list[Tensor]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The extents that hold both maps, with air round them."""
    import torch

    low, high = torch.cat(common).aminmax(dim=0)
    air = 0.03 * (high - low)
    (x0, y0), (x1, y1) = (low - air).tolist(), (high + air).tolist()
    return (x0, x1), (y0, y1)
