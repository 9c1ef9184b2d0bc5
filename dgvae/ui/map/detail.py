"""What the page shows of a part of a map of very many points, when a visitor zooms in."""

from __future__ import annotations

from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.map.coloring import Coloring
from dgvae.ui.map.controls import Controls
from dgvae.ui.map.density import View, picture_of, points_in
from dgvae.ui.map.drawing import Layout
from dgvae.ui.own_latents import places_of
from dgvae.ui.requests.events import Viewed
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET
from dgvae.ui.vega.chart import ChartMarks, VegaChart, marks


class Details:
    """Answers a chart that shows a part of its map."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._sent = ChartMarks(elem_id="map-detail")

    def wire(self, chart: VegaChart, models: list[gr.Dropdown]) -> None:
        """Answer a chart."""
        given = [*models, *self._controls.chosen, *self._controls.coloring]
        chart.view(self.show, given, self._sent, **QUIET)

    def show(
        self, name_a: str | None, name_b: str | None, which: str, projection: str, neighbors: int, min_dist: float,
        color: str, dimension: Any, column: str | None, event: Viewed,
    ) -> Any:  # fmt: skip
        """What a view holds, as a value of `ChartMarks`; nothing changes where the map has all its points anyway."""
        common = self._controls.common
        layout = Layout.find(common, (which, projection, neighbors, min_dist), (name_a, name_b))
        side, name = ("B", name_b) if event.target and event.target.elem_id == "map-b" else ("A", name_a)
        try:
            coloring = Coloring.chosen(color, dimension, column)
            detail = detail_of(common.shelf, name, side, coloring, layout, (event.x, event.y))
        except UserError:
            return gr.skip()  # it is said in the map's place
        return gr.skip() if detail is None else marks(**{f"map_{side.lower()}": {"detail": detail}})


def detail_of(
    shelf: Shelf, name: str | None, side: str, coloring: Coloring, layout: Layout, view: View
) -> dict[str, Any] | None:
    """The points of a view, or a picture of them if they are many.

    Args:
        shelf: has the model.
        name: of the model.
        side: "A" or "B".
        coloring: chosen by the visitor.
        layout: where the points are.
        view: the ends of x and y.

    Returns:
        The mark "detail", see `marks`; None of maps that have all their points.

    Raises:
        UserError: there is no such model, or it has no such dimension.
    """
    checkpoint = shelf.get(name)
    (x0, x1), (y0, y1) = view
    if not layout.is_usual(side) or not places_of(checkpoint) or x0 >= x1 or y0 >= y1:
        return None
    shown = coloring.shown(checkpoint)
    points = points_in(checkpoint, layout.projection, view, shown)
    by_source = shown.key == "source"
    picture = picture_of(checkpoint, layout.projection, view, by_source) if points is None else None
    return {"x": [x0, x1], "y": [y0, y1], "picture": picture, "points": points}
