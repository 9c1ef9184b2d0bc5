"""The points of a map as columns of numbers, which `dgvae.charts.maps.latent_map` draws."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dgvae.aggregate import AggregatedPosterior
from dgvae.checkpoint.latents import LatentMap, Latents
from dgvae.evaluation.holes import density_gap_at


def map_columns(
    latents: Latents, stored: LatentMap, gaps: Tensor | None = None, xy: Tensor | None = None, values: Tensor | None = None
) -> dict[str, np.ndarray]:
    """The columns that `latent_map` draws. A point's id is its number: sentences count from 1, prior samples from −1.

    Args:
        latents: have the labels and lengths.
        stored: the map.
        gaps: density gaps of all points, [P + M] nats, if they are known.
        xy: another map's coordinates, [P + M, 2].
        values: a value of each point that is shown as its color, [P + M].

    Returns:
        Columns of P + M values.
    """
    xy = stored.xy if xy is None else xy
    nothing = np.full(stored.priors, -1)
    numbers = np.concatenate([-1 - np.arange(stored.priors), stored.sentences.numpy() + 1])
    return {
        "id": numbers,
        "x": xy[:, 0].numpy(),
        "y": xy[:, 1].numpy(),
        "source": np.where(numbers < 0, "prior", "posterior"),
        "label": np.concatenate([nothing, latents.labels[stored.sentences].numpy()]),
        "length": np.concatenate([nothing, latents.lengths[stored.sentences].numpy()]),
        "gap": np.full(len(numbers), np.nan) if gaps is None else gaps.numpy(),
        "value": np.full(len(numbers), np.nan) if values is None else values.numpy(),
    }


def map_gaps(stored: LatentMap, aggregated: AggregatedPosterior, row: int | None = None) -> Tensor:
    """Density gaps of all points of a map, or of the one in a row. A sentence's own posterior is left out there.

    Args:
        stored: the map.
        aggregated: q(z), which must have a density.
        row: of one point.

    Returns:
        log p − log q in nats, [P + M] or [1].
    """
    rows = torch.arange(len(stored.z)) if row is None else torch.tensor([row])
    prior, posterior = rows[rows < stored.priors], rows[rows >= stored.priors]  # they lie in this order
    own = stored.sentences[posterior - stored.priors]
    there = density_gap_at(stored.z[prior], aggregated)
    return torch.cat([there, density_gap_at(stored.z[posterior], aggregated, leave_out=own)])
