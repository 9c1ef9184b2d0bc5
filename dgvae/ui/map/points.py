"""The points of a checkpoint's map, as the page numbers and draws them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dgvae.errors import UserError
from dgvae.ui.own_latents import places_of

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.checkpoint.latents import LatentMap
    from dgvae.evaluation.holes import Hole
    from dgvae.ui.map.coloring import Coloring
    from dgvae.ui.shelf import Shelf


@dataclass(frozen=True)
class Point:
    """A point that means the same in every map: an encoded sentence or a prior draw, by its index from 0."""

    index: int
    is_draw: bool

    @classmethod
    def of_number(cls, number: float | None) -> Point | None:
        """The point of a visitor's number: sentences count from 1, prior draws from −1. None for 0 or nothing."""
        if not number:
            return None
        return cls(int(number) - 1, False) if number > 0 else cls(-1 - int(number), True)

    @property
    def number(self) -> int:
        """The visitor's number, which the chart has as the point's id."""
        return -1 - self.index if self.is_draw else self.index + 1

    def row(self, stored: LatentMap) -> int | None:
        """Its row in a map; None if the map has no such point."""
        if self.is_draw:
            return self.index if self.index < stored.priors else None
        found = (stored.sentences == self.index).nonzero()
        return stored.priors + int(found[0, 0]) if len(found) else None


def map_of(checkpoint: Checkpoint) -> LatentMap:
    """The stored map. Raises UserError if the checkpoint has none."""
    if checkpoint.latents.map is None:
        raise UserError(f"{checkpoint.model.config.title} has no map yet. To make it: python -m train.map ITS_FOLDER")
    return checkpoint.latents.map


def map_points(
    checkpoint: Checkpoint, gaps: Tensor | None = None, xy: Tensor | None = None, coloring: Coloring | None = None
) -> dict[str, np.ndarray]:
    """The columns that `latent_map` draws. A point's id is its number.

    Args:
        checkpoint: whose map it is.
        gaps: density gaps of all points, [P + M] nats, if they are known.
        xy: another map's coordinates, [P + M, 2].
        coloring: by the values of a dimension or a column, if it is so.

    Returns:
        Columns of P + M values.

    Raises:
        UserError: there is no map, or the latent has no such dimension.
    """
    from dgvae.explore.map_columns import map_columns, numbers_of

    stored = map_of(checkpoint)
    values = coloring.values(checkpoint, stored.z, numbers_of(stored)) if coloring else None
    return map_columns(checkpoint.latents, stored, gaps, xy, values)


def point_gaps(checkpoint: Checkpoint) -> Tensor:
    """Density gaps of all points of the map, nats. A sentence's own posterior is left out there.

    The checkpoint must have a map and densities.
    """
    from dgvae.explore.map_columns import map_gaps

    stored = map_of(checkpoint)
    return map_gaps(stored, checkpoint.aggregated, checkpoint.latents.components(stored.sentences))


def latent_of(checkpoint: Checkpoint, point: Point) -> Tensor | None:
    """The latent of a point, [1, D]; None if there is no such point."""
    stored, places = checkpoint.latents.map, places_of(checkpoint)
    if places and point.index < len(checkpoint.latents.labels):
        return places.points.z_of(point.number).unsqueeze(0)
    row = point.row(stored) if stored else None
    return None if not stored or row is None else stored.z[row : row + 1]


def gap_of(checkpoint: Checkpoint, point: Point, z: Tensor) -> Tensor | None:
    """The density gap of a point with the latent z, [1, D] -> [1], nats; None where there are no densities."""
    import torch

    from dgvae.evaluation.holes import density_gap_at

    if not checkpoint.aggregated.has_density:
        return None
    own = torch.tensor([-1]) if point.is_draw else checkpoint.latents.components(torch.tensor([point.index]))
    return density_gap_at(z, checkpoint.aggregated, own)


def holes_of(shelf: Shelf, name: str | None, count: int = 5) -> list[Hole]:
    """A checkpoint's holes among the prior draws of its map, found once for all visitors, in some seconds.

    Args:
        shelf: all checkpoints.
        name: of the checkpoint.
        count: of clusters at most.

    Returns:
        Clusters of draws in holes, the largest first. The index of each is that of its deepest draw.

    Raises:
        UserError: there is no such checkpoint, or it has no map or no densities, or copies among its examples.
    """
    from dgvae.aggregate.base import NO_DENSITY
    from dgvae.evaluation.copied import copies_said, has_copies
    from dgvae.evaluation.holes import find_holes

    checkpoint = shelf.get(name)
    if not checkpoint.aggregated.has_density:
        raise UserError(f"{checkpoint.model.config.title} has no density to find holes with: {NO_DENSITY}.")
    if has_copies(checkpoint.metrics):
        said = f"Holes of {checkpoint.model.config.title} can't be told: {copies_said(checkpoint.metrics)}."
        raise UserError(shelf.given.said(said, name))
    stored = map_of(checkpoint)
    draws = stored.z[: stored.priors]

    def find(checkpoint: Checkpoint) -> list[Hole]:
        found = find_holes(checkpoint.aggregated, draws, count)
        return [replace(hole, nearest=checkpoint.latents.sentence_of(hole.nearest)) for hole in found]

    return shelf.derived(name, ("holes", count), find)


def extents(*maps: Tensor) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of x and y that hold all points of some maps, [N, 2] each, with air round them."""
    import torch

    low, high = torch.cat(maps).aminmax(dim=0)
    air = 0.03 * (high - low)
    (x0, y0), (x1, y1) = (low - air).tolist(), (high + air).tolist()
    return (x0, x1), (y0, y1)


def square_extents(*maps: Tensor) -> tuple[tuple[float, float], tuple[float, float]]:
    """As `extents`, of one length for x and y: where both have one unit, a circle is to look like one."""
    (x0, x1), (y0, y1) = extents(*maps)
    half = max(x1 - x0, y1 - y0) / 2 or 1.0
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return (x - half, x + half), (y - half, y + half)
