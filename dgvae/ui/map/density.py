"""What a map of very many points shows: a picture of how many lie where, and in a small view the points themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dgvae.charts.density import counts, inside, picture
from dgvae.charts.map_rows import written_points
from dgvae.charts.maps import Extent
from dgvae.ui.own_latents import places_of

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.explore.all_points import Places
    from dgvae.ui.map.coloring import Coloring

MOST_POINTS = 4000  # of a view, that are drawn one by one
View = tuple[Extent, Extent]


def picture_of(checkpoint: Checkpoint, projection: str, view: View, by_source: bool) -> dict[str, Any] | None:
    """The picture of all points in a view; None of a checkpoint whose points are all on the map.

    Args:
        checkpoint: of a large file.
        projection: "umap" or "pca".
        view: the ends of x and y.
        by_source: whether prior and posterior have their colors.

    Returns:
        As of `dgvae.charts.density.picture`.
    """
    if (xy := _all_places(checkpoint, projection)) is None:
        return None
    draws, examples = xy.numpy()[: len(xy) // 2], xy.numpy()[len(xy) // 2 :]
    return picture(counts(draws, view), counts(examples, view), view, by_source)


def points_in(checkpoint: Checkpoint, projection: str, view: View, coloring: Coloring) -> dict[str, Any] | None:
    """All points in a view, as columns; None if there are too many.

    Args:
        checkpoint: of a large file.
        projection: "umap" or "pca".
        view: the ends of x and y.
        coloring: chosen by the visitor.

    Returns:
        As of `written_points`.

    Raises:
        UserError: the latent has no such dimension.
    """
    import torch

    from dgvae.evaluation.holes import density_gap_at
    from dgvae.explore.map_columns import point_columns

    xy, places = _all_places(checkpoint, projection), places_of(checkpoint)
    if xy is None or places is None:
        return None
    rows = torch.from_numpy(inside(xy.numpy(), view)).nonzero()[:, 0]
    if len(rows) > MOST_POINTS:
        return None
    numbers, z, gaps = places.points.numbers(rows), places.points.z(rows), None
    if coloring.key == "gap" and checkpoint.aggregated.has_density:
        own = torch.where(numbers < 0, -1, checkpoint.latents.components((numbers - 1).clamp_min(0)))
        gaps = density_gap_at(z, checkpoint.aggregated, own)
    values = coloring.values(checkpoint, z, numbers)
    return written_points(point_columns(checkpoint.latents, numbers, xy[rows], gaps, values), checkpoint.classes)


def said_of(places: Places, projection: str) -> str:
    """What a map of very many points shows."""
    said = (
        f"The picture counts all {len(places.points) // 2:,} examples and as many prior draws; the dots are "
        f"{len(places.points.stored.sentences):,} of each. Zoom in: a view of at most {MOST_POINTS:,} points shows them all."
    )
    if projection == "pca":
        return said
    return f"{said} UMAP is fitted on the dots; every other point lies between the dots nearest to it in latent space."


def _all_places(checkpoint: Checkpoint, projection: str) -> Tensor | None:
    places = places_of(checkpoint)
    return places and (places.plane if projection == "pca" else places.umap)
