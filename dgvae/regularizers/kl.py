"""The KL of every posterior to the prior (Kingma & Welling 2014), and the same with free bits."""

from __future__ import annotations

from torch import Tensor

from dgvae.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian, Posterior
from dgvae.regularizers.base import Regularizer


class KL(Regularizer[Posterior]):
    """E_x KL(q(z|x) ‖ p(z)), in closed form."""

    def forward(self, posterior: Posterior, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return posterior.kl().mean()


class FreeBits(Regularizer[DiagonalGaussian]):
    """Σ_i max(λ, E_x KL(q(z_i|x) ‖ p(z_i))) with λ = free_bits / D, the mean over a batch (Kingma et al. 2016).

    A dimension below its share λ gets no gradient, and its share is counted: the value is never below free_bits.
    """

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config)
        self.floor = float(self.options["free_bits"]) / config.latent_dim

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return posterior.map(self.gather).kl_per_dimension().mean(0).clamp_min(self.floor).sum()
