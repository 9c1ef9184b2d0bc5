"""The points of a checkpoint's map, as the page numbers and draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dgvae.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.checkpoint.latents import LatentMap
    from dgvae.evaluation.holes import Hole
    from dgvae.ui.shelf import Shelf


def map_of(checkpoint: Checkpoint) -> LatentMap:
    """The stored map. Raises UserError if the checkpoint has none."""
    if checkpoint.latents.map is None:
        raise UserError(
            f"{checkpoint.model.config.title} has no map yet: its training was stopped. "
            "To complete it: python -m train.fit --resume --out ITS_FOLDER"
        )
    return checkpoint.latents.map


def point_ids(latent_map: LatentMap) -> np.ndarray:
    """Ids that mean the same in every map: sentence n is n, prior draw n is −n (from 1)."""
    return np.concatenate([-1 - np.arange(latent_map.priors), latent_map.sentences.numpy()])


def map_points(
    checkpoint: Checkpoint, gaps: Tensor | None = None, xy: Tensor | None = None, dimension: int | None = None
) -> dict[str, np.ndarray]:
    """The columns that `latent_map` draws, with density gaps and a latent dimension if they are given.

    xy: another map's coordinates, [P + M, 2]. Raises UserError if there is no map.
    """
    stored = map_of(checkpoint)
    ids = point_ids(stored)
    xy = stored.xy if xy is None else xy
    nothing = np.full(stored.priors, -1)
    return {
        "id": ids,
        "x": xy[:, 0].numpy(),
        "y": xy[:, 1].numpy(),
        "source": np.where(ids < 0, "prior", "posterior"),
        "label": np.concatenate([nothing, checkpoint.latents.labels[stored.sentences].numpy()]),
        "length": np.concatenate([nothing, checkpoint.latents.lengths[stored.sentences].numpy()]),
        "gap": np.full(len(ids), np.nan) if gaps is None else gaps.numpy(),
        "value": np.full(len(ids), np.nan) if dimension is None else stored.z[:, dimension].numpy(),
    }


def point_gaps(checkpoint: Checkpoint, row: int | None = None) -> Tensor:
    """Density gaps of all points of the map, or of the one in a row, nats. A sentence's own posterior is left out there.

    The checkpoint must have a map and densities.
    """
    import torch

    from dgvae.evaluation.holes import density_gap_at

    stored = map_of(checkpoint)
    rows = torch.arange(len(stored.z)) if row is None else torch.tensor([row])
    prior, posterior = rows[rows < stored.priors], rows[rows >= stored.priors]  # they lie in this order
    own = stored.sentences[posterior - stored.priors]
    there = density_gap_at(stored.z[prior], checkpoint.aggregated)
    return torch.cat([there, density_gap_at(stored.z[posterior], checkpoint.aggregated, leave_out=own)])


def holes_of(shelf: Shelf, name: str | None, count: int = 5) -> list[Hole]:
    """A checkpoint's holes among the prior draws of its map, the deepest first: looked for once, in a second or two.

    Raises UserError if it has neither, or no densities.
    """
    from dgvae.evaluation.holes import find_holes

    checkpoint = shelf.get(name)
    if why := checkpoint.aggregated.absent.get("density_gap"):
        raise UserError(f"{checkpoint.model.config.title} has no density to find holes with: {why}.")
    stored = map_of(checkpoint)
    draws = stored.z[: stored.priors]
    return shelf.derived(name, ("holes", count), lambda checkpoint: find_holes(checkpoint.aggregated, draws, count))


def extents(*maps: Tensor) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of x and y that hold all points of some maps, [N, 2] each, with air round them."""
    import torch

    low, high = torch.cat(maps).aminmax(dim=0)
    air = 0.03 * (high - low)
    (x0, y0), (x1, y1) = (low - air).tolist(), (high + air).tolist()
    return (x0, x1), (y0, y1)
