"""The aggregated posterior of implicit posteriors, of which there are but draws."""

from __future__ import annotations

import torch
from torch import Tensor

from dgvae.aggregate.base import NO_DENSITY, AggregatedPosterior
from dgvae.posteriors import Implicit


class AggregatedDraws(AggregatedPosterior):
    """What is known of an implicit posterior's mixture: draws. draws: [N, S, D]."""

    absent = dict.fromkeys(
        (
            "kl", "elbo", "prior_ll", "post_ll", "mi", "informative_units", "consistent_units", "consistent_units_reverse",
            "pair_gap", "worst_pair_gap", "joint_gap", "smoothed_gap", "hole_mass", "auc",
        ),
        NO_DENSITY,
    )  # fmt: skip

    def __init__(self, posterior: Implicit) -> None:
        super().__init__(posterior)
        self.draws = posterior.draws

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """The first draw of each, whatever the generator: [N, D]."""
        return self.draws[:, 0]

    def variance_of_locations(self) -> Tensor:
        """See `AggregatedPosterior`. The share that is due to S draws not giving the mean itself is taken away."""
        within = self.draws.var(1).mean(0) / self.draws.shape[1]
        return self.draws.mean(1).var(0, correction=0) - within

    def moments(self) -> tuple[Tensor, Tensor]:
        """See `AggregatedPosterior`. Of all draws."""
        draws = self.draws.flatten(0, 1)
        return draws.mean(0), torch.cov(draws.T)
