"""Posterior distributions over the latent, each with its prior. One file each."""

from __future__ import annotations

from dgvae.posteriors.base import Posterior, Prior, concatenate
from dgvae.posteriors.gaussian import LOG_2PI, DiagonalGaussian, StandardNormal
from dgvae.posteriors.implicit import Implicit
from dgvae.posteriors.points import Points
from dgvae.posteriors.von_mises_fisher import UniformSphere, VonMisesFisher

__all__ = [
    "LOG_2PI",
    "POSTERIORS",
    "DiagonalGaussian",
    "Implicit",
    "Points",
    "Posterior",
    "Prior",
    "StandardNormal",
    "UniformSphere",
    "VonMisesFisher",
    "concatenate",
]

POSTERIORS: dict[str, type[Posterior]] = {"gaussian": DiagonalGaussian, "vmf": VonMisesFisher, "implicit": Implicit}
