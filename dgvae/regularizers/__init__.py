"""Regularizers: (posterior, z) -> a loss in nats per sentence. One file each."""

from __future__ import annotations

from dgvae.methods.config import TextVAEConfig
from dgvae.regularizers.accompanied import AccompaniedMemoryGap
from dgvae.regularizers.base import Regularizer
from dgvae.regularizers.critics import Adversarial, DualKL
from dgvae.regularizers.density_gap import DensityGap
from dgvae.regularizers.joint_density_gap import JointDensityGap
from dgvae.regularizers.kl import KL, FreeBits
from dgvae.regularizers.memory_density_gap import MemoryDensityGap
from dgvae.regularizers.mmd import MMD
from dgvae.regularizers.principal_density_gap import PrincipalDensityGap

__all__ = ["REGULARIZERS", "Regularizer", "build_regularizer"]

REGULARIZERS: dict[str, type[Regularizer]] = {
    "kl": KL,
    "free-bits": FreeBits,
    "mmd": MMD,
    "adversarial": Adversarial,
    "dual-kl": DualKL,
    "density-gap": DensityGap,
    "principal-density-gap": PrincipalDensityGap,
    "joint-density-gap": JointDensityGap,
    "memory-density-gap": MemoryDensityGap,
    "accompanied-memory-gap": AccompaniedMemoryGap,
}


def build_regularizer(config: TextVAEConfig) -> Regularizer:
    """Return the regularizer that `config`'s method names, with its options."""
    return REGULARIZERS[config.row.regularizer].from_config(config)
