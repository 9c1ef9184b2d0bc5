"""The diagonal Gaussian posterior and its prior, N(0, I)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from dgvae.methods.spec import Value
from dgvae.posteriors.base import Posterior, Prior

LOG_2PI = math.log(2 * math.pi)


class StandardNormal(Prior):
    """N(0, I)."""

    def from_normal(self, noise: Tensor) -> Tensor:
        """See `Prior`."""
        return noise

    def log_prob(self, z: Tensor) -> Tensor:
        """See `Prior`."""
        return -0.5 * (z.square() + LOG_2PI).sum(-1)


@dataclass(frozen=True)
class DiagonalGaussian(Posterior):
    """q(z|x) = N(μ, diag σ²) for a batch of sentences; its prior is N(0, I).

    mean, log_var: [B, D], fp32 or wider: log σ², the KL and mixtures lose too much in bf16.

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian
        >>> posterior = DiagonalGaussian(torch.zeros(8, 2), torch.zeros(8, 2))
        >>> posterior.rsample().shape
        torch.Size([8, 2])
        >>> float(posterior.kl().sum())
        0.0
    """

    mean: Tensor
    log_var: Tensor

    def __post_init__(self) -> None:
        if self.mean.shape != self.log_var.shape:
            raise ValueError(f"mean {list(self.mean.shape)} and log_var {list(self.log_var.shape)} must have one shape")

    @staticmethod
    def prior(latent_dim: int) -> StandardNormal:
        """See `Posterior`."""
        return StandardNormal(latent_dim)

    @staticmethod
    def shapes(sentences: int, latent_dim: int) -> dict[str, tuple[int, ...]]:
        """See `Posterior`."""
        return {"mean": (sentences, latent_dim), "log_var": (sentences, latent_dim)}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor], options: Mapping[str, Value]) -> Self:
        """See `Posterior`."""
        return cls(tensors["mean"], tensors["log_var"])

    @property
    def location(self) -> Tensor:
        """The mean μ: [B, D]."""
        return self.mean

    def rsample(self) -> Tensor:
        """See `Posterior`."""
        return self.mean + torch.exp(0.5 * self.log_var) * torch.randn_like(self.mean)

    def samples(self, count: int) -> Tensor:
        """Reparameterized samples of each: [B, count, D]."""
        mean, std = self.mean.unsqueeze(1), torch.exp(0.5 * self.log_var).unsqueeze(1)
        return mean + std * torch.randn(len(mean), count, mean.shape[-1], dtype=mean.dtype, device=mean.device)

    def natural(self) -> tuple[Tensor, Tensor]:
        """η and a of log q(z|x) = η·T(z) − a: [B, 2D] and [B]."""
        precision = torch.exp(-self.log_var)
        constant = 0.5 * (self.mean.square() * precision + self.log_var + LOG_2PI).sum(-1)
        return torch.cat([precision, self.mean * precision], dim=-1), constant

    @staticmethod
    def statistics(z: Tensor) -> Tensor:
        """T(z) = (−z²/2, z): [..., D] -> [..., 2D]."""
        return torch.cat([-0.5 * z.square(), z], dim=-1)

    def log_prob(self, z: Tensor) -> Tensor:
        """See `Posterior`."""
        t = (z - self.mean) * torch.exp(-0.5 * self.log_var)
        return -0.5 * (t.square() + self.log_var + LOG_2PI).sum(-1)

    def kl_per_dimension(self) -> Tensor:
        """KL(q(z_i|x) ‖ N(0, 1)) per sentence and dimension, nats: [B, D] (Kingma & Welling 2014, appendix B)."""
        # expm1 keeps the digits of σ² − 1 − log σ² near σ² = 1, where a collapsed posterior lies.
        return 0.5 * (self.mean.square() + torch.expm1(self.log_var) - self.log_var)

    def kl(self) -> Tensor:
        """See `Posterior`."""
        return self.kl_per_dimension().sum(-1)

    def kl_to(self, other: Self) -> Tensor:
        """See `Posterior`."""
        ratio = self.log_var - other.log_var
        apart = (self.mean - other.mean).square() * torch.exp(-other.log_var)
        return 0.5 * (apart + torch.expm1(ratio) - ratio).sum(-1)
