"""The Map tab: UMAP of prior and aggregated posterior, A and B side by side; points, regions and holes are read out by both."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.map.clusters import ClusterNames
from dgvae.ui.map.coloring import Coloring
from dgvae.ui.map.controls import Controls, look_for
from dgvae.ui.map.detail import Details
from dgvae.ui.map.drawing import Layout, draw_map, marks_over, remarks
from dgvae.ui.map.neighbors import NeighborList, neighbors
from dgvae.ui.map.points import Point
from dgvae.ui.map.readout import next_hole, read_point, text_at
from dgvae.ui.map.region import Region, region_report
from dgvae.ui.map.search import SearchField, find
from dgvae.ui.markup.export import code_to_load
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.requests.events import Brushed, Hovered
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET, Tab
from dgvae.ui.vega.chart import ChartMarks, VegaChart

INVITATION = hint(
    "Point at a dot, or tap it, to see what both models decode there. Drag to mark a region, a rectangle or a lasso."
)
# Where a point's sentence may be taken: tab and field.
CARRIERS = {
    ("interpolate", "from"): "Interpolate from it",
    ("interpolate", "to"): "Interpolate to it",
    ("edit", "sentence"): "Edit it",
}


class MapTab(Tab):
    """See `Tab`. What its handlers take and return:

    name_a, name_b: the names of models A and B.
    number: of a point, as visitors see it (see `Point.of_number`); None or 0 for no point.
    region: what is marked, as text (see `Region.parse`); empty for none.
    which, projection, neighbors, min_dist, chosen: the map that is shown (see `Layout.find`).
    event: what happened on a chart (see `VegaChart.EVENTS`).

    They return values for the components that `_wire_…` names, as HTML unless they say otherwise.
    """

    key = "map"
    title = "Map"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        self._controls = Controls(shelf)
        self.common = self._controls.common
        with gr.Row(elem_id="map-search"):
            self._search = SearchField(shelf)
            self._clusters = ClusterNames(self.common)
        self._build_maps()
        self._build_readout()
        for field in (self._search.field, self._near.distance, self._point):
            self.worded.append((field, lambda say, label=str(field.label): gr.update(label=say(label))))
        self.fields = {
            **self._controls.fields, "point": self._point, "region": self._region, "find": self._search.field,
            "near": self._near.distance, "names": self._clusters.shown,
        }  # fmt: skip
        self.triggers = self._controls.triggers
        maps = [part for side in "AB" for part in (self._faults[side], self._charts[side])]
        read = [self._hole_said, self._readout, self._report]
        read += [self._search.said, self._search.listed, self._near.listed, self._clusters.listed]
        self.outputs = [self._controls.look_for, *maps, self._over, self._controls.remark, *read]
        self.outputs += [self._controls.color, self._controls.column]
        self._wire_controls()
        self._wire_pointer()
        self._wire_typing()

    # ---- building

    def _build_maps(self) -> None:
        """A map for each model, and a button that shows a hole in it."""
        self._charts, self._faults, self._holes = {}, {}, {}
        with gr.Row():
            for side in "AB":
                with gr.Column(min_width=320, elem_classes=f"model-{side.lower()}"):
                    self._faults[side] = gr.HTML(elem_id=f"map-fault-{side.lower()}")
                    self._charts[side] = VegaChart(group="maps", label=f"Map of model {side}", elem_id=f"map-{side.lower()}")
                    self._holes[side] = gr.Button(f"Show me a hole in {side}", size="sm", elem_id=f"hole-{side.lower()}")

    def _build_readout(self) -> None:
        """What is said of holes, points and regions, where a point's sentence may be taken, and fields to type them."""
        self._hole_said = gr.HTML(elem_id="map-hole")
        self._readout = gr.HTML(INVITATION, elem_id="map-readout", elem_classes="readout")
        with gr.Row():
            self.carriers = {
                view: gr.Button(label, size="sm", min_width=160, elem_id=f"carry-{view[1]}") for view, label in CARRIERS.items()
            }
        self.carried = gr.HTML(elem_id="map-carried")
        self._near = NeighborList(self.shelf)
        self._report = gr.HTML(elem_id="map-region")
        self._search.list_here()
        self._clusters.list_here()
        with gr.Accordion("Without a mouse", open=False), gr.Row():
            self._point = gr.Number(
                0, precision=0, label="Point: a sentence from 1, a prior draw from −1", elem_id="map-point", min_width=200
            )
            self._region = gr.Textbox(
                "",
                label="Region: map, ends of x and y, or corners",
                placeholder="A: 0, 2, -1, 1 or A: 0 0, 2 0, 1 2",
                elem_id="region",
                min_width=240,
            )
        self._over, self._details = ChartMarks(elem_id="map-marks"), Details(self._controls)

    def _wire_controls(self) -> None:
        """Fields that say what is drawn, found and near."""
        self._controls.wire(self.models)
        self._search.wire(self.models, self._over)
        self._near.wire(self.models, self._point, self._over)
        self._clusters.wire(self.models, self._controls.chosen, self._over)

    def _wire_pointer(self) -> None:
        """A hover, a click, a drag and a hole are one request each: what is chosen comes back with what is said of it."""
        for side, chart in self._charts.items():
            chart.hover(self.read_out, self.models, self._readout, **QUIET)
            read = [self._readout, self._near.listed, self._over]
            chart.pick(self.pick, [*self.models, self._near.distance], [self._point, *read], **QUIET)
            chart.brush(self.brush, [*self.models, *self._controls.chosen], [self._region, self._report], **QUIET)
            given = [*self.models, self._near.distance, self._region, self._point]
            self._details.wire(chart, self.models)
            said = hint(f"Looking for holes in {side} …")  # some seconds, the first time
            self._holes[side].click(None, None, self._hole_said, js=f"() => {json.dumps(said)}", api_visibility="private")
            read_out = [self._hole_said, self._point, *read]
            shown = self._holes[side].click(partial(self.show_hole, side), given, read_out, **QUIET)
            shown.failure(None, None, self._hole_said, js="() => ''", api_visibility="private")

    def _wire_typing(self) -> None:
        """Point and region can be typed. A link's are read out as the tab is drawn."""
        given = [*self.models, self._near.distance, self._region, self._point]
        self._point.input(self.type_point, given, [self._readout, self._near.listed, self._over], **QUIET)
        typed, given = [self._region.input, self._region.submit], [*self.models, self._region, self._point]
        gr.on(typed, self.type_region, [*given, *self._controls.chosen], [self._report, self._over], **QUIET)

    # ---- drawing

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[Any, ...]:
        """What to look for; fault and chart of A and B; marks; remarks; no hole; what is read, found, near, named; colors."""
        coloring = Coloring.chosen(fields["colour"], fields["dim"], fields["column"])
        chosen = [fields[key] for key in ("map", "proj", "neighbors", "mindist")]
        layout = Layout.find(self.common, chosen, (name_a, name_b))
        drawn: list[Any] = []
        for side, name in zip("AB", (name_a, name_b), strict=True):
            try:
                drawn += ["", draw_map(self.shelf, name, side, coloring, layout)]
            except UserError as error:
                drawn += [notice(str(error)), None]
        names, point = {"A": name_a, "B": name_b}, Point.of_number(fields["point"])
        found, near = find(self.shelf, names, fields["find"]), neighbors(self.shelf, names, point, fields["near"])
        named = self._clusters.draw(name_a, name_b, layout, fields["names"])
        lights = {side: found.mark(side) | near.mark(side) | named.mark(side) for side in "AB"}
        return (
            self.shelf.given.said(look_for(coloring.key), name_a, name_b),
            *drawn,
            marks_over(fields["region"], point, lights),
            remarks(self.shelf, (name_a, name_b), coloring, layout),
            "",
            self.read_number(name_a, name_b, fields["point"]),
            self._read_region(name_a, name_b, layout, fields["region"]),
            found.said,
            found.listed,
            near.listed,
            named.listed,
            *self._controls.colorings(name_a, name_b),
        )

    # ---- reading out

    def read_out(self, name_a: str | None, name_b: str | None, event: Hovered) -> Any:
        """What both models decode at the point under the pointer; nothing changes where there is none."""
        return self.read_number(name_a, name_b, event.id) if event.id else gr.skip()

    def read_number(self, name_a: str | None, name_b: str | None, number: float | None) -> str:
        """What both models decode at the point of a number."""
        point = Point.of_number(number)
        return read_point(self.shelf, name_a, name_b, point) if point else INVITATION

    def pick(self, name_a: str | None, name_b: str | None, distance: str, event: Hovered) -> tuple[Any, ...]:
        """The number of the point that was clicked, what is read out there, the sentences nearest to it, and marks."""
        if not event.id:
            return (gr.skip(),) * 4
        near = self._near.change(name_a, name_b, event.id, distance)
        return event.id, self.read_number(name_a, name_b, event.id), *near

    def type_point(
        self, name_a: str | None, name_b: str | None, distance: str, region: str, number: float | None
    ) -> tuple[str, str, str]:
        """What is read out at the point that was typed, the sentences nearest to it, and the marks."""
        names, point = {"A": name_a, "B": name_b}, Point.of_number(number)
        near = neighbors(self.shelf, names, point, distance)
        over = marks_over(region, point, {side: near.mark(side) for side in names})
        return self.read_number(name_a, name_b, number), near.listed, over

    def show_hole(
        self, side: str, name_a: str | None, name_b: str | None, distance: str, region: str, number: float | None = None
    ) -> tuple[Any, ...]:
        """The largest place in holes of A or B, or the next: what is said, its deepest draw's number, and as `type_point`."""
        try:
            point, said = next_hole(self.shelf, name_a if side == "A" else name_b, side, Point.of_number(number))
        except UserError as error:
            return notice(str(error)), 0, *self.type_point(name_a, name_b, distance, region, 0)
        return said, point.number, *self.type_point(name_a, name_b, distance, region, point.number)

    def carry(self, name_a: str | None, name_b: str | None, number: float | None) -> str:
        """The sentence of the point that was clicked. Raises UserError."""
        if (point := Point.of_number(number)) is None:
            raise UserError("Click a point on a map first.")
        return text_at(self.shelf, name_a, name_b, point)

    def brush(
        self, name_a: str | None, name_b: str | None, which: str, projection: str, neighbors: int, min_dist: float,
        event: Brushed,
    ) -> tuple[str, str]:  # fmt: skip
        """The region that was marked, as text, and what lies in it."""
        text = str(Region.marked(event) or "")
        return text, self.read_region(name_a, name_b, text, which, projection, neighbors, min_dist)

    def type_region(self, name_a: str | None, name_b: str | None, region: str, number: float | None, *chosen: Any) -> Any:
        """What lies in the region that was typed, and the marks."""
        return self.read_region(name_a, name_b, region, *chosen), marks_over(region, Point.of_number(number))

    def read_region(self, name_a: str | None, name_b: str | None, text: str, *chosen: Any) -> str:
        """What lies in a region; nothing if there is none."""
        if not text.strip():
            return ""
        layout = Layout.find(self.common, chosen, (name_a, name_b))
        return self._read_region(name_a, name_b, layout, text)

    def _read_region(self, name_a: str | None, name_b: str | None, layout: Layout, text: str) -> str:
        if not text.strip():
            return ""
        names = {"A": name_a, "B": name_b}
        try:
            region = Region.parse(text)
            xy = layout.on(region.side, self.shelf.get(names[region.side])).numpy()
            return region_report(self.shelf, region, xy, names)
        except UserError as error:
            return notice(str(error))

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        code = code_to_load(self.shelf.source(name_a)) + (
            "shown = checkpoint.latents.map  # prior draws first, then a sample of each posterior\nprint(shown.xy)\n"
        )
        if not self.shelf.get(name_a).aggregated.has_density:
            return code
        return code + (
            "\nfrom dgvae.evaluation.holes import find_holes\n\n"
            "for hole in find_holes(checkpoint.aggregated, shown.z[: shown.priors]):\n"
            '    print(f"{hole.share:.1%} of the prior, gap {hole.gap:.1f} nats, nearest sentence {hole.nearest + 1}")\n'
        )
