"""Text variational autoencoders whose latent space can be measured and seen.

What people use is here by name, and is imported when it is first asked for: `import dgvae` alone loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import load_checkpoint
    from dgvae.evaluation.holes import density_gap_at, find_holes
    from dgvae.evaluation.latent_figures import measure_latents
    from dgvae.latent_space.space import LatentSpace
    from dgvae.posteriors import DiagonalGaussian, Implicit, VonMisesFisher
    from dgvae.regularizers import (
        KL,
        MMD,
        Adversarial,
        DensityGap,
        DualKL,
        FreeBits,
        JointDensityGap,
        MemoryDensityGap,
        PrincipalDensityGap,
    )  # fmt: skip
    from dgvae.regularizers.density_gap import GaussHermite, MonteCarlo

_HOMES = {
    "dgvae.checkpoint.checkpoint": ("load_checkpoint",),
    "dgvae.evaluation.holes": ("density_gap_at", "find_holes"),
    "dgvae.evaluation.latent_figures": ("measure_latents",),
    "dgvae.latent_space.space": ("LatentSpace",),
    "dgvae.posteriors": ("DiagonalGaussian", "Implicit", "VonMisesFisher"),
    "dgvae.regularizers": (
        "KL", "MMD", "Adversarial", "DensityGap", "DualKL", "FreeBits", "JointDensityGap", "MemoryDensityGap",
        "PrincipalDensityGap",
    ),
    "dgvae.regularizers.density_gap": ("GaussHermite", "MonteCarlo"),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "KL", "MMD", "Adversarial", "DensityGap", "DiagonalGaussian", "DualKL", "FreeBits", "GaussHermite", "Implicit",
    "JointDensityGap", "LatentSpace", "MemoryDensityGap", "MonteCarlo", "PrincipalDensityGap", "VonMisesFisher", "__version__",
    "density_gap_at", "find_holes", "load_checkpoint", "measure_latents",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dgvae' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
