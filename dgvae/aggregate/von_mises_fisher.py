"""The aggregated posterior of von Mises–Fisher distributions."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from dgvae.aggregate.base import NO_MARGINAL, AggregatedPosterior, Smoothed
from dgvae.posteriors import VonMisesFisher
from dgvae.posteriors.von_mises_fisher import log_normalizer, mean_cosine


class AggregatedVonMisesFisher(AggregatedPosterior):
    """A mixture of von Mises–Fisher distributions with one κ."""

    widths = tuple(1 - 0.5**halvings for halvings in (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12))  # of κ
    absent = dict.fromkeys(
        ("informative_units", "consistent_units", "consistent_units_reverse", "covariance_gap", "pair_gap", "worst_pair_gap"),
        NO_MARGINAL,
    )

    def __init__(self, posterior: VonMisesFisher) -> None:
        super().__init__(posterior)
        self.vmf = posterior

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """See `AggregatedPosterior`."""
        return self.vmf.samples(1, generator)[:, 0]

    def variance_of_locations(self) -> Tensor:
        """Of the means, A_d(κ) times the directions μ; the prior's variance is 1/D in every dimension."""
        cosine = mean_cosine(self.prior.dim, self.vmf.kappa)
        return cosine**2 * self.vmf.direction.var(0, correction=0) * self.prior.dim

    def _log_pairs(self, z: Tensor) -> Tensor:
        return self.vmf.kappa * (z @ self.vmf.direction.T) + log_normalizer(self.prior.dim, self.vmf.kappa)

    def smooth(self, width: float) -> Smoothed:
        """The same directions with κ (1 − width), down to the uniform distribution."""
        return Smoothed(AggregatedVonMisesFisher(replace(self.vmf, kappa=(1 - width) * self.vmf.kappa)), width)
