"""The KL of every posterior to the prior (Kingma & Welling 2014), and the same with free bits."""

from __future__ import annotations

import math
from typing import Self

from torch import Tensor

from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian, Posterior
from dgvae.regularizers.base import Regularizer


class KL(Regularizer[Posterior]):
    """E_x KL(q(z|x) ‖ p(z)), in closed form.

    Example:
        >>> import torch
        >>> from dgvae import KL, DiagonalGaussian
        >>> posterior = DiagonalGaussian(torch.ones(8, 2), torch.zeros(8, 2))
        >>> float(KL()(posterior, posterior.rsample()))  # nats: ½ μ² in each of 2 dimensions
        1.0
    """

    def forward(self, posterior: Posterior, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return posterior.kl().mean()


class FreeBits(Regularizer[DiagonalGaussian]):
    """Σ_i max(λ, E_x KL(q(z_i|x) ‖ p(z_i))) with λ = nats / D, the mean over a batch (Kingma et al. 2016).

    A dimension below its share λ gets no gradient, and its share is counted: the value is never below `nats`.

    Args:
        latent_dim: D, dimensions of the latent; posteriors of another dimension are refused.
        nats: of all dimensions together, at least 0.

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian, FreeBits
        >>> collapsed = DiagonalGaussian(torch.zeros(8, 2), torch.zeros(8, 2))
        >>> float(FreeBits(latent_dim=2, nats=3.0)(collapsed, collapsed.rsample()))
        3.0
    """

    def __init__(self, latent_dim: int, nats: float = 8.0) -> None:
        super().__init__()
        if latent_dim < 1 or not 0 <= nats < math.inf:
            raise ValueError(f"Free bits need a dimension at least and 0 nats or more, not {latent_dim} and {nats}.")
        self.latent_dim = latent_dim
        self.nats = nats

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """See `Regularizer`."""
        return cls(config.latent_dim, float(config.options["free_bits"]))

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        kl = posterior.map(self.gather).kl_per_dimension().mean(0)  # [D]
        if len(kl) != self.latent_dim:
            raise ValueError(f"These free bits are of {self.latent_dim} dimensions, and the posterior has {len(kl)}.")
        return kl.clamp_min(self.nats / self.latent_dim).sum()


class RateCap(Regularizer[DiagonalGaussian]):
    """Σ_i max(0, E_x KL(q(z_i|x) ‖ p(z_i)) − cap), the mean over a batch: no dimension is to say much, so that many do."""

    def __init__(self, cap: float) -> None:
        super().__init__()
        self.cap = cap

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return (posterior.map(self.gather).kl_per_dimension().mean(0) - self.cap).clamp_min(0).sum()
