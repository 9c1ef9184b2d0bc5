"""Maximum mean discrepancy between q(z) and p(z) (Tolstikhin et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor

from dgvae.posteriors import Posterior
from dgvae.regularizers.base import Regularizer

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernel's width, as in the authors' program
_BLOCK = 512  # samples compared with each other at once; the estimate is unbiased, so blocks can be averaged


class MMD(Regularizer[Posterior]):
    """MMD² of samples of q(z) to as many of N(0, I), inverse multiquadratic kernel. No nats: a number up to 2 · len(SCALES)."""

    def forward(self, posterior: Posterior, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        blocks = [part for part in self.gather(z).split(_BLOCK) if len(part) > 1]  # one sample has no pair
        parts = [len(part) * squared_mmd(part, torch.randn_like(part)) for part in blocks]
        return torch.stack(parts).sum() / sum(map(len, blocks)) if parts else 0 * z.sum()


def squared_mmd(x: Tensor, y: Tensor) -> Tensor:
    """The unbiased estimate of MMD²(x, y), so it may fall below 0. x, y: [B, D].

    Kernel k(a, b) = Σ_s C_s / (C_s + |a − b|²) with C_s = 2 D s: 2D is E|a − b|² of two draws of N(0, I).
    """
    size = len(x)
    within = _off_diagonal_sum(kernel(x, x)) + _off_diagonal_sum(kernel(y, y))
    return within / (size * (size - 1)) - 2 * kernel(x, y).mean()


def kernel(a: Tensor, b: Tensor) -> Tensor:
    """k(a, b) of every pair: [A, D] and [B, D] -> [A, B]."""
    distance = (a.square().sum(1, keepdim=True) + b.square().sum(1) - 2 * a @ b.T).clamp_min(0)  # |a − b|²: [B, B]
    width = 2.0 * a.shape[1]
    return torch.stack([width * s / (width * s + distance) for s in SCALES]).sum(0)


def _off_diagonal_sum(matrix: Tensor) -> Tensor:
    return matrix.sum() - matrix.diagonal().sum()
