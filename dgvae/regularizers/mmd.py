"""Maximum mean discrepancy between q(z) and p(z) (Tolstikhin et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor

from dgvae.posteriors import Posterior
from dgvae.regularizers.base import Regularizer

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernel's width, as in the WAE authors' program
_BLOCK = 512  # samples compared with each other at once; the estimate is unbiased, so blocks can be averaged


class MMD(Regularizer[Posterior]):
    """MMD² of samples of q(z) to as many of N(0, I), inverse multiquadratic kernel. No nats: a number up to 2 · len(SCALES).

    Example:
        >>> import torch
        >>> from dgvae import MMD, DiagonalGaussian
        >>> collapsed = DiagonalGaussian(torch.zeros(64, 2), torch.zeros(64, 2))
        >>> far = DiagonalGaussian(torch.full((64, 2), 9.0), torch.zeros(64, 2))
        >>> bool(MMD()(far, far.rsample()) > MMD()(collapsed, collapsed.rsample()))
        True
    """

    def forward(self, posterior: Posterior, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        blocks = [part for part in self.gather(z).split(_BLOCK) if len(part) > 1]  # one sample has no pair
        parts = [len(part) * squared_mmd(part, torch.randn_like(part)) for part in blocks]
        return torch.stack(parts).sum() / sum(map(len, blocks)) if parts else 0 * z.sum()


def squared_mmd(x: Tensor, y: Tensor) -> Tensor:
    """The unbiased estimate of MMD²(x, y), so it may fall below 0. x: [M, D]; y: [N, D].

    Raises ValueError if one of them has fewer than two rows: then there is no pair within it.

    Kernel k(a, b) = Σ_s C_s / (C_s + |a − b|²) with C_s = 2 D s: 2D is E|a − b|² of two draws of N(0, I).
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        raise ValueError(
            f"MMD compares [M, D] with [N, D], at least two rows each, not {tuple(x.shape)} with {tuple(y.shape)}."
        )
    return _mean_of_pairs(x) + _mean_of_pairs(y) - 2 * kernel(x, y).mean()


def kernel(a: Tensor, b: Tensor) -> Tensor:
    """k(a, b) of every pair: [A, D] and [B, D] -> [A, B]."""
    distance = (a.square().sum(1, keepdim=True) + b.square().sum(1) - 2 * a @ b.T).clamp_min(0)  # |a − b|²: [B, B]
    width = 2.0 * a.shape[1]
    return torch.stack([width * s / (width * s + distance) for s in SCALES]).sum(0)


def _mean_of_pairs(x: Tensor) -> Tensor:
    """The mean of k(a, b) over pairs of different rows."""
    pairs = kernel(x, x)
    return (pairs.sum() - pairs.diagonal().sum()) / (len(x) * (len(x) - 1))
