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
    return point_columns(latents, numbers_of(stored), stored.xy if xy is None else xy, gaps, values)


def numbers_of(stored: LatentMap) -> Tensor:
    """The numbers of a map's points, [P + M]."""
    return torch.cat([-1 - torch.arange(stored.priors), stored.sentences + 1])


def point_columns(
    latents: Latents, numbers: Tensor, xy: Tensor, gaps: Tensor | None = None, values: Tensor | None = None
) -> dict[str, np.ndarray]:
    """The same of any points.

    Args:
        latents: have the labels and lengths.
        numbers: of the points, [S].
        xy: their coordinates, [S, 2].
        gaps: as of `map_columns`, [S].
        values: likewise.

    Returns:
        Columns of S values.
    """
    is_draw, sentences = (numbers < 0).numpy(), (numbers - 1).clamp_min(0)
    nothing = np.full(len(numbers), np.nan)
    return {
        "id": numbers.numpy(),
        "x": xy[:, 0].numpy(),
        "y": xy[:, 1].numpy(),
        "source": np.where(is_draw, "prior", "posterior"),
        "label": np.where(is_draw, -1, latents.labels[sentences].numpy()),
        "length": np.where(is_draw, -1, latents.lengths[sentences].numpy()),
        "gap": nothing if gaps is None else gaps.numpy(),
        "value": nothing if values is None else values.numpy(),
    }


def column_at(column: np.ndarray, numbers: Tensor) -> Tensor:
    """A column's numbers at points.

    Args:
        column: a number of each example, [N].
        numbers: of the points, [S].

    Returns:
        The numbers of the sentences, NaN for prior samples, [S].
    """
    found = torch.from_numpy(np.asarray(column[(numbers - 1).clamp_min(0).numpy()], dtype=np.float64))
    return found.masked_fill(numbers < 0, torch.nan)


def column_ends(column: np.ndarray) -> tuple[float, float] | None:
    """The least and the greatest finite number of a column; None if it has none."""
    finite = column[np.isfinite(column)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def map_gaps(stored: LatentMap, aggregated: AggregatedPosterior, own: Tensor | None = None) -> Tensor:
    """Density gaps of all points of a map. A sentence's own posterior is left out there.

    Args:
        stored: the map.
        aggregated: q(z), which must have a density.
        own: its components that are the posteriors of the map's sentences, [M]; by default those of the sentences' numbers.

    Returns:
        log p − log q in nats, [P + M].
    """
    own = stored.sentences if own is None else own
    return density_gap_at(stored.z, aggregated, leave_out=torch.cat([torch.full((stored.priors,), -1), own]))
