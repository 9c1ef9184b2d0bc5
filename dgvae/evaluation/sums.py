"""Figures that are made of sums over examples, from all of them, however many: a few examples at a time are in fp64.

They are those of `measure_latents`, with the same groups of the jackknife. What needs every pair of examples is not here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Self

import torch
from torch import Tensor

from dgvae.aggregate import AggregatedGaussian, aggregate
from dgvae.cancellation import check_cancelled
from dgvae.evaluation.estimates import Estimate, group_slices, jackknife
from dgvae.evaluation.latent_figures import SINGULAR, gaussian_gap, number_of_active, number_of_informative
from dgvae.posteriors import DiagonalGaussian, Points

_NUMBERS = 1 << 22  # of examples that are in fp64 at once: 32 MB for each tensor


@dataclass(frozen=True)
class Sums:
    """Sums over examples, in fp64. Those of two sets add up, and those of a part can be taken away.

    location: Σ (μ − o), [D], and square: Σ (μ − o)(μ − o)ᵀ, [D, D]. variance: Σ σ², [D]. kl: Σ KL(q(z_i|x) ‖ N(0, 1)), [D], and
    kl_square: Σ (KL(q(z|x) ‖ p(z)) − k)². The origin o, [D], and k lie near the means, so that no digits get lost.
    """

    count: int
    location: Tensor
    square: Tensor
    variance: Tensor
    kl: Tensor
    kl_square: float

    @classmethod
    def of(cls, posterior: DiagonalGaussian | Points, rows: Tensor, origin: Tensor, usual_kl: float) -> Self:
        """Of some examples.

        Args:
            posterior: of all N examples, in fp32 or fp64.
            rows: the examples, [M].
            origin: see `Sums`, [D].
            usual_kl: k of `Sums`, nats.

        Returns:
            The sums.
        """

        def chunk(some: Tensor) -> Self:
            check_cancelled()
            part = aggregate(posterior.map(lambda tensor: tensor[some]))
            assert isinstance(part, AggregatedGaussian)  # as those of both kinds are
            centered, kl = part.mean - origin, part.gaussian.kl_per_dimension()
            squared = float((kl.sum(1) - usual_kl).square().sum())
            variance = torch.zeros_like(origin) if isinstance(posterior, Points) else part.log_var.exp().sum(0)
            return cls(len(some), centered.sum(0), centered.T @ centered, variance, kl.sum(0), squared)

        return reduce(add, map(chunk, rows.sort().values.split(max(1, _NUMBERS // len(origin)))))

    def __add__(self, other: Self) -> Self:
        return type(self)(*(a + b for a, b in zip(self._parts, other._parts, strict=True)))

    def __sub__(self, other: Self) -> Self:
        return type(self)(*(a - b for a, b in zip(self._parts, other._parts, strict=True)))

    @property
    def _parts(self) -> tuple:
        return self.count, self.location, self.square, self.variance, self.kl, self.kl_square

    @property
    def covariance_of_means(self) -> Tensor:
        """Cov_x(μ), [D, D]."""
        mean = self.location / self.count
        return self.square / self.count - torch.outer(mean, mean)

    def covariance_gap(self, origin: Tensor) -> float | None:
        """As `dgvae.evaluation.latent_figures.covariance_gap`."""
        covariance = self.covariance_of_means + torch.diag(self.variance / self.count)
        return gaussian_gap(origin + self.location / self.count, covariance)

    def mean_kl(self, usual_kl: float) -> Estimate:
        """KL of a posterior, nats, as `mean_of`."""
        mean = float(self.kl.sum()) / self.count
        variance = max(0.0, self.kl_square / self.count - (mean - usual_kl) ** 2) * self.count / (self.count - 1)
        return Estimate(mean, math.sqrt(variance / self.count))


@dataclass(frozen=True)
class SummedFigures:
    """figures, absent and profile: as of `LatentMeasures`, as far as they are made of sums."""

    figures: dict[str, Estimate]
    absent: dict[str, str]
    profile: dict[str, list[float]]


def summed_figures(posterior: DiagonalGaussian | Points, generator: torch.Generator) -> SummedFigures:
    """The figures that are made of sums: KL, active and informative units, the covariance gap, and most of the profile.

    1,000,000 Gaussians of 64 dimensions are read twice: once for all sums, and once for those without each group.

    Args:
        posterior: of all examples, at least two.
        generator: draws the groups of the jackknife.

    Returns:
        The same as `measure_latents`, but for rounding.

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian
        >>> collapsed = DiagonalGaussian(torch.zeros(100, 2), torch.zeros(100, 2))
        >>> summed_figures(collapsed, torch.Generator().manual_seed(0)).figures["active_units"].value
        0.0
    """
    order = torch.randperm(len(posterior), generator=generator)
    groups = [order[group] for group in group_slices(len(order))]
    few = posterior.map(lambda tensor: tensor[order[:1000]].double())
    origin, usual_kl = few.location.mean(0), float(few.kl().mean()) if few.has_density else 0.0

    def of(rows: Tensor) -> Sums:
        return Sums.of(posterior, rows, origin, usual_kl)

    total = reduce(add, map(of, groups))
    variances, kls, gaps = [], [], []
    for rows in groups if len(groups) > 1 else ():  # the sums of all groups at once would be large: [G, D, D]
        rest = total - of(rows)
        variances.append(rest.covariance_of_means.diagonal())
        kls.append(rest.kl / rest.count)
        gaps.append(rest.covariance_gap(origin) or 0.0)
    variance, kl, gap = total.covariance_of_means.diagonal(), total.kl / total.count, total.covariance_gap(origin)
    figures = {"active_units": number_of_active(variance, variances)}
    absent = {} if gap is not None else {"covariance_gap": SINGULAR}
    if gap is not None:
        figures["covariance_gap"] = jackknife(gap, torch.tensor(gaps, dtype=torch.float64))
    profile = {"variance_of_means": variance, "mean": origin + total.location / total.count, "variance": variance}
    if posterior.has_density:
        figures |= {"kl": total.mean_kl(usual_kl), "informative_units": number_of_informative(kl, kls)}
        within = total.variance / total.count
        profile |= {"kl": kl, "mean_variance": within, "variance": variance + within}
    return SummedFigures(figures, absent, {name: values.tolist() for name, values in profile.items()})
