"""What the Map tab draws: the map of each model, on its own or on one that both share, and what is put over it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dgvae.charts.maps import Extent, latent_map
from dgvae.checkpoint.umap import USUAL, UmapOptions
from dgvae.errors import UserError
from dgvae.ui.map.coloring import Coloring
from dgvae.ui.map.density import picture_of, said_of
from dgvae.ui.map.points import Point, extents, map_of, map_points, point_gaps, square_extents
from dgvae.ui.map.region import Region
from dgvae.ui.map.shared import CommonMaps
from dgvae.ui.markup.render import hint
from dgvae.ui.own_latents import places_of
from dgvae.ui.shelf import Shelf
from dgvae.ui.vega.chart import marks

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint

OWN, COMMON = "own", "common"
UMAP, PCA = "umap", "pca"


@dataclass(frozen=True)
class Place:
    """Where the points of a model are drawn: [P + M, 2], the ends of the axes, and what the axes are called, if anything."""

    xy: Tensor
    domain: tuple[Extent, Extent]
    axes: tuple[str, str] | None = None


@dataclass(frozen=True)
class Layout:
    """Where the points of A and B are drawn, looked up once for a drawing.

    places: of A and of B, where not each model's own UMAP is shown. projection: UMAP or PCA. is_common: whether A and B are on
    one map. remark: why there is no common map although it is asked for. options: of UMAP.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    projection: str = UMAP
    is_common: bool = False
    remark: str = ""
    options: UmapOptions = USUAL

    @classmethod
    def find(cls, maps: CommonMaps, chosen: Sequence[Any], names: tuple[str | None, str | None]) -> Layout:
        """The layout that a visitor chose. A map that is still to be fitted is as none.

        Args:
            maps: the common maps.
            chosen: the values of the page's fields: OWN or COMMON, UMAP or PCA, and what `UmapOptions` takes.
            names: of A and of B.

        Returns:
            The layout, with a remark if the common map can't be had.
        """
        which, projection, *umap = chosen
        options, remark = UmapOptions(*umap), ""
        if projection == UMAP and options != USUAL:
            return cls._refitted(maps, which == COMMON, names, options)
        if which == COMMON:
            try:
                if projection == PCA:
                    return cls(_common_planes(maps, names), PCA, is_common=True)
                if not (xy := maps.coordinates(*names)):
                    return cls()
                return cls({side: Place(part, extents(*xy)) for side, part in zip("AB", xy, strict=True)}, is_common=True)
            except UserError as error:
                remark = str(error)
        if projection != PCA:
            return cls(remark=remark)
        places = {}
        for side, name in zip("AB", names, strict=True):
            with suppress(UserError):  # it is said in the model's place
                places[side] = maps.shelf.derived(name, "principal plane", _own_plane)
        return cls(places, PCA, remark=remark)

    @classmethod
    def _refitted(cls, maps: CommonMaps, is_common: bool, names: tuple[str | None, str | None], options: UmapOptions) -> Layout:
        remark, places = "", {}
        if is_common:
            try:
                maps.check_umap(*names)
            except UserError as error:
                remark, is_common = str(error), False
        for members in maps.refit_members(is_common, names):
            with suppress(UserError):  # it is said in the model's place
                xy = maps.refits.coordinates(members, options) or []
                of = dict(zip(members, xy, strict=False))
                places |= {side: Place(of[name], extents(*xy)) for side, name in zip("AB", names, strict=True) if name in of}
        return cls(places, UMAP, is_common and bool(places), remark, options)

    def is_usual(self, side: str) -> bool:
        """Whether A or B is shown on the map that many visitors see. All points of a large file have places on it alone."""
        return not self.is_common and (self.options == USUAL or side not in self.places)

    def on(self, side: str, checkpoint: Checkpoint) -> Tensor:
        """Where the points of the model A or B are, [P + M, 2]. Raises UserError if it has no map."""
        own = map_of(checkpoint).xy
        return self.places[side].xy if side in self.places else own


def _own_plane(checkpoint: Checkpoint) -> Place:
    """A model's points on the principal plane of its means."""
    from dgvae.explore.principal import PrincipalPlane

    plane = PrincipalPlane.fit(checkpoint.latents.posterior.location)
    xy = plane.project(map_of(checkpoint).z)
    return Place(xy, square_extents(xy), _axes(plane.shares))


def _common_planes(maps: CommonMaps, names: tuple[str | None, str | None]) -> dict[str, Place]:
    """The points of A and B on the principal plane of the means of both. Raises UserError if their places don't compare."""
    import torch

    from dgvae.explore.principal import PrincipalPlane

    maps.check(*names)
    both = [maps.shelf.get(name) for name in names]
    plane = PrincipalPlane.fit(torch.cat([checkpoint.latents.posterior.location for checkpoint in both]))
    xy = [plane.project(map_of(checkpoint).z) for checkpoint in both]
    domain, axes = square_extents(*xy), _axes(plane.shares)
    return {side: Place(part, domain, axes) for side, part in zip("AB", xy, strict=True)}


def _axes(shares: tuple[float, float]) -> tuple[str, str]:
    first, second = (f"component {i}: {share:.0%} of the variance of μ" for i, share in enumerate(shares, 1))
    return first, second


def draw_map(shelf: Shelf, name: str | None, side: str, coloring: Coloring, layout: Layout) -> dict[str, Any]:
    """The chart of one model's map.

    Args:
        shelf: all checkpoints.
        name: of the model.
        side: "A" or "B".
        coloring: chosen by the visitor; a model that lacks what it needs is colored by source instead.
        layout: where the points are.

    Returns:
        A Vega-Lite specification.

    Raises:
        UserError: the model or its map is not there, or it has no such dimension.
    """
    checkpoint = shelf.get(name)
    xy = layout.on(side, checkpoint)
    shown = coloring.shown(checkpoint)
    color = shown.key
    gaps = shelf.derived(name, "gaps of the map", point_gaps) if color == "gap" else None

    def chart(of: Checkpoint) -> dict[str, Any]:
        place, title = layout.places.get(side), of.model.config.title
        domain, axes = (place.domain, place.axes) if place else (None, None)
        picture = None
        if places_of(of) and layout.is_usual(side):
            domain = domain or extents(xy)
            picture = picture_of(of, layout.projection, domain, by_source=color == "source")
        points = map_points(of, gaps, xy, shown)
        drawn = latent_map(points, color, title, domain, of.classes, shown.scale(of), axes, picture)
        return linked(drawn, of)

    # Everyone who comes sees the same first chart.
    kept = ("map", layout.projection, shown)
    return shelf.derived(name, kept, chart) if layout.is_usual(side) else chart(checkpoint)


def linked(chart: dict[str, Any], checkpoint: Checkpoint) -> dict[str, Any]:
    """A chart that says which examples and draws its points are: by that, those marked here light up in the other chart."""
    stored = map_of(checkpoint)
    draws = hashlib.sha256(stored.z[: stored.priors].numpy().tobytes()).hexdigest()
    chart["usermeta"] |= {"examples": checkpoint.metrics.evaluation.sha256, "draws": draws}
    return chart


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
    for side, name in zip("AB", names, strict=False):
        with suppress(UserError):  # it is said in the model's place
            if layout.is_usual(side) and (places := places_of(shelf.get(name))):
                found.append(said_of(places, layout.projection))
    for name in names:
        with suppress(UserError):  # it is said in the model's place
            found += filter(None, [coloring.lacks(shelf.get(name))])
    return "".join(map(hint, dict.fromkeys(found)))


def marks_over(region: str, point: Point | None, lights: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """The marks over both charts.

    Args:
        region: on its own map, as text.
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
        over[parsed.side]["brush"] = parsed.shape.mark()
    return marks(map_a=over["A"], map_b=over["B"])
