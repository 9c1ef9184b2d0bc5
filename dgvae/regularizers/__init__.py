"""Regularizers: (posterior, z) -> a loss in nats per sentence. One file each."""

from __future__ import annotations

from dgvae.config import TextVAEConfig
from dgvae.regularizers.base import Regularizer
from dgvae.regularizers.density_gap import DensityGap
from dgvae.regularizers.kl import KL
from dgvae.regularizers.principal_density_gap import PrincipalDensityGap

__all__ = ["REGULARIZERS", "Regularizer", "build_regularizer"]

REGULARIZERS: dict[str, type[Regularizer]] = {
    "kl": KL,
    "density-gap": DensityGap,
    "principal-density-gap": PrincipalDensityGap,
}


def build_regularizer(config: TextVAEConfig) -> Regularizer:
    """Return the regularizer that `config`'s method names, with its options."""
    return REGULARIZERS[config.row.regularizer](config)
