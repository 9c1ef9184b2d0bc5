"""The aggregated posterior of points, which have no posteriors: q(z) is known in smoothed form alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dgvae.aggregate.gaussian import AggregatedGaussian
from dgvae.posteriors import DiagonalGaussian, Points

NO_POSTERIORS = "these are points, and it needs the mean and variance of posteriors"
_WIDTH = 0.01  # σ of a point, as a share of the prior's: a dimension in which all points agree keeps a density


class AggregatedPoints(AggregatedGaussian):
    """A mixture of narrow Gaussians about the points: what is read of it is smoothed. z: [N, D]."""

    absent = dict.fromkeys(
        (
            "kl", "elbo", "prior_ll", "post_ll", "mi", "informative_units", "consistent_units", "consistent_units_reverse",
            "pair_gap", "worst_pair_gap", "joint_gap",
        ),
        NO_POSTERIORS,
    )  # fmt: skip

    def __init__(self, posterior: Points) -> None:
        super().__init__(DiagonalGaussian(posterior.z, torch.full_like(posterior.z, 2 * math.log(_WIDTH))))
        self.posterior = posterior
        self.absent = type(self).absent

    @property
    def has_density(self) -> bool:
        """See `AggregatedPosterior`. The smoothed q(z) has one."""
        return True

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """The points, whatever the generator: [N, D]."""
        return self.mean

    def moments(self) -> tuple[Tensor, Tensor]:
        """See `AggregatedPosterior`. Of the points themselves: a dimension in which all agree has no variance."""
        return self.mean.mean(0), self._covariance_of_means

    def pair_density(self, pair: tuple[int, int], edges: tuple[Tensor, Tensor]) -> Tensor:
        """See `AggregatedGaussian`. Smoothed by Scott's rule, h = N^(−1/6), with the points drawn together by √(1 − h²).

        So the mean and the variance stay (West 1993). Narrow kernels would leave empty cells between the points everywhere.
        """
        h, middle = len(self) ** (-1 / 6), self.mean.mean(0)
        means = middle + math.sqrt(1 - h * h) * (self.mean - middle)
        log_var = (h * h * self.variance_of_locations()).clamp_min(_WIDTH**2).log()
        return AggregatedGaussian(DiagonalGaussian(means, log_var.expand_as(means))).pair_density(pair, edges)

    def profile(self) -> dict[str, Tensor]:
        """See `AggregatedPosterior`. Besides, mean and variance of every dimension."""
        variance = self.variance_of_locations()
        return {"variance_of_means": variance, "mean": self.mean.mean(0), "variance": variance}
