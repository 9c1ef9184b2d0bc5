"""What the Map tab draws: the map of each model, on its own or on one that both share, and what is put over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dgvae.charts.maps import Extent, latent_map
from dgvae.errors import UserError
from dgvae.ui.map.points import Point, extents, map_of, map_points, point_gaps
from dgvae.ui.map.region import Region
from dgvae.ui.map.shared import CommonMaps
from dgvae.ui.markup.render import hint
from dgvae.ui.shelf import Shelf
from dgvae.ui.vega.chart import marks

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint

OWN, COMMON = "own", "common"


@dataclass(frozen=True)
class Layout:
    """Where the points of A and B are drawn, looked up once for a drawing.

    xy: of A and of B on one map, [P + M, 2] each; None where each model's own map is shown. domain: the ends of its axes.
    remark: why there is no common map although it is asked for.
    """

    xy: tuple[Tensor, Tensor] | None = None
    domain: tuple[Extent, Extent] | None = None
    remark: str = ""

    @classmethod
    def find(cls, maps: CommonMaps, which: str, names: Iterable[str | None]) -> Layout:
        """The layout that a visitor chose. A common map that is still to be fitted is as none.

        Args:
            maps: the common maps.
            which: the value of the page's field.
            names: of A and of B.

        Returns:
            The layout, with a remark if the common map can't be had.
        """
        if which != COMMON:
            return cls()
        try:
            xy = maps.coordinates(*names)
        except UserError as error:
            return cls(remark=str(error))
        return cls(xy, extents(*xy)) if xy else cls()

    def on(self, side: str, checkpoint: Checkpoint) -> Tensor:
        """Where the points of the model A or B are, [P + M, 2]. Raises UserError if it has no map."""
        own = map_of(checkpoint).xy
        return self.xy["AB".index(side)] if self.xy else own


@dataclass(frozen=True)
class Coloring:
    """By what the points are colored: a key of COLORINGS, and the latent dimension, from 1, if it is by one."""

    key: str
    dimension: float | None = None

    def column(self, checkpoint: Checkpoint) -> int | None:
        """The dimension, from 0, if it is by one. Raises UserError if the model has none such."""
        if self.key != "dimension":
            return None
        column = int(self.dimension or 0) - 1
        if not 0 <= column < checkpoint.model.config.latent_dim:
            raise UserError(f"Choose a dimension from 1 to {checkpoint.model.config.latent_dim}.")
        return column


def draw_map(shelf: Shelf, name: str | None, side: str, coloring: Coloring, layout: Layout) -> dict[str, Any]:
    """The chart of one model's map.

    Args:
        shelf: all checkpoints.
        name: of the model.
        side: "A" or "B".
        coloring: chosen by the visitor; a model without densities is colored by source instead of by gap.
        layout: where the points are.

    Returns:
        A Vega-Lite specification.

    Raises:
        UserError: the model or its map is not there, or it has no such dimension.
    """
    checkpoint = shelf.get(name)
    xy = layout.on(side, checkpoint)
    by_gap = coloring.key == "gap" and checkpoint.aggregated.has_density
    color = "source" if coloring.key == "gap" and not by_gap else coloring.key
    gaps = shelf.derived(name, "gaps of the map", point_gaps) if by_gap else None
    column = coloring.column(checkpoint)

    def chart(of: Checkpoint) -> dict[str, Any]:
        return latent_map(map_points(of, gaps, xy, column), color, of.model.config.title, layout.domain, of.classes)

    # Everyone who comes sees the same first chart.
    return chart(checkpoint) if layout.xy else shelf.derived(name, ("map", color, column), chart)


def remarks(shelf: Shelf, names: Iterable[str | None], coloring: Coloring, layout: Layout) -> str:
    """Why what is asked for is not shown.

    Args:
        shelf: has the models.
        names: of A and of B.
        coloring: what was asked for.
        layout: likewise.

    Returns:
        HTML, empty if all is shown.
    """
    found = [layout.remark] if layout.remark else []
    for name in names if coloring.key == "gap" else ():
        with suppress(UserError):  # it is said in the model's place
            if not shelf.get(name).aggregated.has_density:
                from dgvae.aggregate.base import NO_DENSITY

                found.append(f"No density gap here: {NO_DENSITY}.")
    return "".join(map(hint, dict.fromkeys(found)))


def marks_over(region: str, point: Point | None, lights: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """The marks over both charts.

    Args:
        region: on its own map, a rectangle.
        point: gets a ring on both.
        lights: what lights up on the maps of A and of B, as of `marks`; by default that stays as it is.

    Returns:
        A value of `ChartMarks`.
    """
    over: dict[str, dict[str, Any]] = {
        side: {"ring": point.number if point else None, "brush": None, **(lights or {}).get(side, {})} for side in "AB"
    }
    with suppress(UserError):  # what is no region is said below the maps
        parsed = Region.parse(region)
        over[parsed.side]["brush"] = {"x": parsed.x, "y": parsed.y}
    return marks(map_a=over["A"], map_b=over["B"])
