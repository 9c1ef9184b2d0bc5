"""Where the prior has mass and the aggregated posterior has none."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.aggregate import AggregatedPosterior


def density_gap_at(z: Tensor, aggregated: AggregatedPosterior, leave_out: Tensor | None = None) -> Tensor:
    """log p(z) − log q(z) in nats: [S, D] -> [S]. Large and positive is a hole."""
    return aggregated.prior.log_prob(z.double()) - aggregated.log_prob(z, leave_out)


@dataclass(frozen=True)
class Holes:
    """How the prior and the aggregated posterior overlap.

    hole_mass: share of prior samples where q(z)/p(z) is lower than at 99 % of held-out posterior samples; 0.01 is a match.
    auc: how well log q(z) − log p(z) tells held-out posterior samples from prior samples; 0.5 is a match.

    Both need posteriors wide enough to cover a held-out sentence. Where KL is far above log N they are not: every held-out
    sample then lies as far from the others as a prior sample does, and both figures come near a match whatever q(z) is.
    """

    hole_mass: float
    auc: float


def holes(posterior_gap: Tensor, prior_gap: Tensor) -> Holes:
    """Compare the density gaps (log p − log q) at held-out posterior samples, [N], and at prior samples, [M]."""
    threshold = torch.quantile(posterior_gap, 0.99)
    # AUC = P(gap at a prior sample > gap at a posterior sample), by counting (Mann & Whitney 1947)
    ranked = posterior_gap.sort().values
    below = torch.searchsorted(ranked, prior_gap, side="left")
    upto = torch.searchsorted(ranked, prior_gap, side="right")
    auc = ((below + upto) / 2 / len(ranked)).mean()
    return Holes(hole_mass=float((prior_gap > threshold).double().mean()), auc=float(auc))
