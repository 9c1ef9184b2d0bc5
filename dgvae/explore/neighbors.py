"""The latents nearest to a latent, and the posteriors nearest to a posterior: in blocks, so that memory stays bounded."""

from __future__ import annotations

import torch
from torch import Tensor

from dgvae.cancellation import check_cancelled
from dgvae.posteriors import Posterior

_ROWS, _PAIRS = 1000, 1 << 24  # whose distances are in hand at once: 64 MB
_NUMBERS = 1 << 20  # of posteriors that are compared at once: 8 MB for each step


def nearest(points: Tensor, among: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The latents with the smallest Euclidean distance to each point.

    Args:
        points: [S, D].
        among: [N, D].
        count: how many for each; at most N.

    Returns:
        Distances and indices, the nearest first: [S, count] each.
    """
    found = []
    middle = among.mean(0)  # cdist multiplies matrices, and far from zero fp32 would leave nothing of small distances
    among = among - middle
    for rows in points.split(max(1, min(_ROWS, _PAIRS // len(among)))):
        check_cancelled()
        found.append(torch.cdist(rows - middle, among).topk(min(count, len(among)), largest=False))
    return torch.cat([near.values for near in found]), torch.cat([near.indices for near in found])


def nearest_posteriors(posteriors: Posterior, row: int, count: int, distance: str = "euclidean") -> tuple[Tensor, Tensor]:
    """The posteriors nearest to one of them, which is left out itself.

    Args:
        posteriors: of N sentences.
        row: the one.
        count: how many; at most N − 1.
        distance: "euclidean", of the means; "kl", KL(q(z|x) ‖ q(z|x_n)) of the one, x, to every other; or "symmetric", the
            mean of it and of KL(q(z|x_n) ‖ q(z|x)). The latter two need densities.

    Returns:
        Distances (nats for KL) and indices, the nearest first: [count] each.

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian
        >>> wide_and_narrow = DiagonalGaussian(torch.tensor([[0.0], [1.0], [1.5]]), torch.tensor([[0.0], [-6.0], [0.0]]))
        >>> [nearest_posteriors(wide_and_narrow, 0, 2, distance)[1].tolist() for distance in ("euclidean", "kl")]
        [[1, 2], [2, 1]]
    """
    count = min(count, len(posteriors) - 1)
    if distance == "euclidean":
        location = posteriors.location
        distances, indices = (found[0] for found in nearest(location[row : row + 1], location, count + 1))
    else:
        distances, indices = _divergences(posteriors, row, distance == "symmetric").topk(count + 1, largest=False)
    others = indices != row
    return distances[others][:count], indices[others][:count]


def _divergences(posteriors: Posterior, row: int, symmetric: bool) -> Tensor:
    """From one posterior to all: [N], nats."""
    one = posteriors.map(lambda tensor: tensor[row : row + 1].double())
    found = []
    for rows in torch.arange(len(posteriors)).split(max(1, _NUMBERS // posteriors.location.shape[1])):
        check_cancelled()
        others = posteriors.map(lambda tensor, rows=rows: tensor[rows].double())
        there = one.kl_to(others)
        found.append(0.5 * (there + others.kl_to(one)) if symmetric else there)
    return torch.cat(found)
