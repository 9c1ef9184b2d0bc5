"""The KL of every posterior to the prior: the vanilla VAE's regularizer (Kingma & Welling 2014)."""

from __future__ import annotations

from torch import Tensor

from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers.base import Regularizer


class KL(Regularizer):
    """E_x KL(q(z|x) ‖ p(z)), in closed form."""

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return posterior.kl().sum(-1).mean()
