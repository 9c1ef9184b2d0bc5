"""The von Mises–Fisher posterior, a bell on the unit sphere, and its prior, uniform on it (Xu & Durrett 2018).

vMF(z; μ, κ) = C_d(κ) exp(κ μ·z),   C_d(κ) = κ^ν / ((2π)^(d/2) I_ν(κ)),   ν = d/2 − 1
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import torch
from scipy.special import gammaln, ive, logsumexp
from torch import Tensor
from torch.nn import functional as F

from dgvae.methods.spec import Value
from dgvae.posteriors.base import Posterior, Prior

_UNIT = 1e-4  # how far from 1 the length of a direction may be
_TABLE = 4096  # entries of the table of angles


class UniformSphere(Prior):
    """The uniform distribution on the unit sphere S^(d−1)."""

    def from_normal(self, noise: Tensor) -> Tensor:
        """See `Prior`."""
        return F.normalize(noise, dim=-1)

    def log_prob(self, z: Tensor) -> Tensor:
        """−log of the sphere's area, wherever z is: [..., D] -> [...]."""
        return torch.full_like(z[..., 0], -log_area(self.dim))

    def project(self, z: Tensor) -> Tensor:
        """To the nearest place on the sphere."""
        return F.normalize(z, dim=-1)


@dataclass(frozen=True)
class VonMisesFisher(Posterior):
    """q(z|x) = vMF(μ, κ) for a batch of sentences, one κ for all; its prior is uniform. mean direction μ: [B, D], unit.

    Raises ValueError if κ is not above 0, or a direction has another length than 1: densities would be wrong by up to κ nats.

    Example:
        >>> import torch
        >>> from dgvae import VonMisesFisher
        >>> direction = torch.nn.functional.normalize(torch.ones(8, 3), dim=-1)
        >>> VonMisesFisher(direction, kappa=10.0).rsample().shape
        torch.Size([8, 3])
    """

    direction: Tensor
    kappa: float

    def __post_init__(self) -> None:
        if not 0 < self.kappa < math.inf:
            raise ValueError(f"The concentration κ must be above 0, not {self.kappa}.")
        if self.direction.device.type != "cpu":
            return  # to look at it would make every training step wait for the device
        length = torch.linalg.vector_norm(self.direction.detach(), dim=-1)
        wrong = (length - 1).abs() > _UNIT  # a diverged model's NaN is found where its loss is read
        if wrong.any():
            raise ValueError(
                f"A mean direction must have length 1, and one has {float(length[wrong][0]):g}; "
                "normalize it with torch.nn.functional.normalize(direction, dim=-1)."
            )

    @staticmethod
    def prior(latent_dim: int) -> UniformSphere:
        """See `Posterior`."""
        return UniformSphere(latent_dim)

    @staticmethod
    def shapes(sentences: int, latent_dim: int) -> dict[str, tuple[int, ...]]:
        """See `Posterior`."""
        return {"direction": (sentences, latent_dim)}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor], options: Mapping[str, Value]) -> Self:
        """See `Posterior`. The direction is made a unit vector again, since fp16 is not exact."""
        return cls(F.normalize(tensors["direction"], dim=-1), float(options["kappa"]))

    @property
    def location(self) -> Tensor:
        """The mean direction μ: [B, D]."""
        return self.direction

    def rsample(self) -> Tensor:
        """See `Posterior`."""
        return self.samples(1)[:, 0]

    def samples(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Reparameterized samples of each: [B, count, D].

        z = cos θ μ + sin θ v, where θ has the density sin^(d−2) θ exp(κ cos θ) and v is uniform among the directions at right
        angles to μ (Ulrich 1984). θ does not depend on μ, so it comes from a table, and the gradient flows through μ.
        """
        mean = self.direction.unsqueeze(1)  # [B, 1, D]
        size, dim = self.direction.shape
        kind = {"dtype": mean.dtype, "device": mean.device}
        angle = _draw_angles(torch.rand(size, count, 1, generator=generator, **kind), dim, self.kappa)
        noise = torch.randn(size, count, dim, generator=generator, **kind)
        for _ in range(2):  # one projection leaves a rest where the noise lay along μ, which normalizing would blow up
            noise = F.normalize(noise - (noise * mean).sum(-1, keepdim=True) * mean, dim=-1)
        return torch.cos(angle) * mean + torch.sin(angle) * noise

    def natural(self) -> tuple[Tensor, Tensor]:
        """η = κ μ and a of log q(z|x) = η·T(z) − a: [B, D] and [B]."""
        constant = -log_normalizer(self.direction.shape[-1], self.kappa)
        return self.kappa * self.direction, torch.full_like(self.direction[:, 0], constant)

    @staticmethod
    def statistics(z: Tensor) -> Tensor:
        """T(z) = z."""
        return z

    def log_prob(self, z: Tensor) -> Tensor:
        """See `Posterior`. A density on the sphere, by its area."""
        return self.kappa * (z * self.direction).sum(-1) + log_normalizer(self.direction.shape[-1], self.kappa)

    def kl(self) -> Tensor:
        """κ A_d(κ) + log C_d(κ) + log area, nats: [B]. The same for every sentence, since κ is fixed."""
        dim = self.direction.shape[-1]
        kl = self.kappa * mean_cosine(dim, self.kappa) + log_normalizer(dim, self.kappa) + log_area(dim)
        return torch.full_like(self.direction[:, 0], kl)

    def kl_to(self, other: Self) -> Tensor:
        """See `Posterior`: κ A_d(κ) − κ' A_d(κ) μ·μ' + log C_d(κ) − log C_d(κ')."""
        dim = self.direction.shape[-1]
        cosine = (self.direction * other.direction).sum(-1)
        constant = log_normalizer(dim, self.kappa) - log_normalizer(dim, other.kappa)
        return mean_cosine(dim, self.kappa) * (self.kappa - other.kappa * cosine) + constant


def log_area(dim: int) -> float:
    """log of the area of the unit sphere in R^dim: 2 π^(d/2) / Γ(d/2)."""
    return math.log(2) + 0.5 * dim * math.log(math.pi) - math.lgamma(0.5 * dim)


def log_bessel(order: float, kappa: float) -> float:
    """log I_ν(κ), the modified Bessel function of the first kind."""
    scaled = float(ive(order, kappa))  # I_ν(κ) exp(−κ), which does not overflow
    if scaled > 1e-280:
        return math.log(scaled) + kappa
    # It underflows where ν ≫ κ; there the power series is short: Σ_k (κ/2)^(2k+ν) / (k! Γ(k+ν+1))
    k = np.arange(int(kappa) + 200)
    terms = (2 * k + order) * math.log(kappa / 2) - gammaln(k + 1) - gammaln(k + order + 1)
    return np.asarray(logsumexp(terms)).item()


def log_normalizer(dim: int, kappa: float) -> float:
    """log C_d(κ) in nats."""
    order = 0.5 * dim - 1
    return order * math.log(kappa) - 0.5 * dim * math.log(2 * math.pi) - log_bessel(order, kappa)


def mean_cosine(dim: int, kappa: float) -> float:
    """A_d(κ) = E cos θ = I_(d/2)(κ) / I_(d/2−1)(κ)."""
    return math.exp(log_bessel(0.5 * dim, kappa) - log_bessel(0.5 * dim - 1, kappa))


def _draw_angles(uniform: Tensor, dim: int, kappa: float) -> Tensor:
    """Angles θ between a sample and the mean direction, by inversion of their distribution function."""
    angles, cumulative = (torch.from_numpy(x).to(uniform, non_blocking=True) for x in _angle_table(dim, kappa))
    right = torch.searchsorted(cumulative, uniform).clamp_(1, _TABLE - 1)
    below, above = cumulative[right - 1], cumulative[right]
    share = ((uniform - below) / (above - below).clamp_min(1e-30)).clamp_(0, 1)
    return torch.lerp(angles[right - 1], angles[right], share)


@lru_cache(maxsize=32)
def _angle_table(dim: int, kappa: float) -> tuple[np.ndarray, np.ndarray]:
    """Angles, evenly over all that has mass, and the distribution function there."""
    # θ and not cos θ, whose density has a pole at d = 2. The mode solves κ sin² θ = (d − 2) cos θ.
    half = 0.5 * (dim - 2) / kappa
    cosine = 1 / (half + math.hypot(half, 1))
    mode = math.acos(min(1.0, cosine))
    curvature = kappa * cosine + (dim - 2) / max(1 - cosine**2, 1e-12)
    reach = 12 / math.sqrt(curvature)
    angles = np.linspace(max(0.0, mode - reach), min(math.pi, mode + reach), _TABLE)
    with np.errstate(divide="ignore"):
        log_density = kappa * np.cos(angles) + ((dim - 2) * np.log(np.sin(angles)) if dim > 2 else 0.0)
    density = np.exp(log_density - log_density.max())
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    return angles, cumulative / cumulative[-1]
