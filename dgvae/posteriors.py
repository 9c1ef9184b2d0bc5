"""Posterior distributions over the latent, with their prior, in the manner of torch.distributions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


def standard_normal_log_prob(z: Tensor) -> Tensor:
    """log N(z; 0, I) in nats. z: [..., D] -> [...]."""
    return -0.5 * (z.square() + LOG_2PI).sum(-1)


@dataclass(frozen=True)
class DiagonalGaussian:
    """q(z|x) = N(μ, diag σ²) for a batch of sentences; its prior p(z) is N(0, I).

    Both tensors are [B, D] and fp32 or wider: log σ², the KL and mixtures lose too much in bf16.
    """

    mean: Tensor
    log_var: Tensor

    def rsample(self, count: int | None = None) -> Tensor:
        """Reparameterised samples: [B, D], or [count, B, D] if a count is given."""
        shape = self.mean.shape if count is None else (count, *self.mean.shape)
        noise = torch.randn(shape, dtype=self.mean.dtype, device=self.mean.device)
        return self.mean + torch.exp(0.5 * self.log_var) * noise

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z|x) in nats. z: [..., B, D] -> [..., B]."""
        t = (z - self.mean) * torch.exp(-0.5 * self.log_var)
        return -0.5 * (t.square() + self.log_var + LOG_2PI).sum(-1)

    def kl(self) -> Tensor:
        """KL(q(z_i|x) ‖ N(0, 1)) per sentence and dimension, nats: [B, D] (Kingma & Welling 2014, appendix B)."""
        # expm1 keeps the digits of σ² − 1 − log σ² near σ² = 1, where a collapsed posterior lies.
        return 0.5 * (self.mean.square() + torch.expm1(self.log_var) - self.log_var)
