"""Where the prior has mass and the aggregated posterior has none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from torch import Tensor

from dgvae.aggregate import AggregatedPosterior
from dgvae.evaluation.estimates import QUANTILE

MOST_HELD_OUT = 10_000  # posterior samples that the prior's gap is compared with


def density_gap_at(z: Tensor, aggregated: AggregatedPosterior, leave_out: Tensor | None = None) -> Tensor:
    """log p(z) − log q̂(z) in nats, q̂ being q(z) smoothed: [S, D] -> [S]. Large and positive is a hole.

    leave_out: as of `AggregatedPosterior.log_prob`.
    """
    return aggregated.prior.log_prob(z.double()) - aggregated.smoothed.log_prob(z, leave_out)


def hole_mass(posterior_gap: Tensor, prior_gap: Tensor) -> float:
    """Share of prior samples whose density gap is larger than at 99 % of held-out posterior samples; 0.01 is a match."""
    if posterior_gap.isnan().any():
        return math.nan
    return float((_rounded(prior_gap) > torch.quantile(_rounded(posterior_gap), QUANTILE)).double().mean())


def auc(posterior_gap: Tensor, prior_gap: Tensor) -> float:
    """P(the gap at a prior sample > that at a held-out posterior sample), by counting (Mann & Whitney 1947); 0.5 is a match."""
    if posterior_gap.isnan().any():
        return math.nan
    ranked, prior_gap = _rounded(posterior_gap).sort().values, _rounded(prior_gap)
    below = torch.searchsorted(ranked, prior_gap, side="left")
    upto = torch.searchsorted(ranked, prior_gap, side="right")
    return float(((below + upto) / 2 / len(ranked)).double().mean())


def _rounded(gap: Tensor) -> Tensor:
    """To a millionth of a nat: where densities agree, rounding errors must not rank the samples."""
    return gap.double().round(decimals=6)


@dataclass(frozen=True)
class Region:
    """A place of the prior where the aggregated posterior is thin.

    z: the prior sample with the region's largest gap, [D]. gap: the gap there, nats. share: the region's share of the prior.
    nearest: the sentence whose posterior lies nearest to z, by its mean.
    """

    z: Tensor
    gap: float
    share: float
    nearest: int


def regions(aggregated: AggregatedPosterior, prior_samples: Tensor, count: int = 5) -> list[Region]:
    """The holes, gathered in at most `count` clusters of prior samples, the one with the largest gap first.

    A prior sample, one of [S, D], lies in a hole if its gap is larger than at 99 % of held-out posterior samples:
    of one of each sentence, or of MOST_HELD_OUT sentences, evenly spread, where there are more.
    """
    own = torch.linspace(0, len(aggregated) - 1, min(len(aggregated), MOST_HELD_OUT)).round().long()
    z = aggregated.sample_each(torch.Generator().manual_seed(0))[own]
    threshold = torch.quantile(density_gap_at(z, aggregated, leave_out=own), QUANTILE)
    gap = density_gap_at(prior_samples, aggregated)
    inside = torch.nonzero(gap > threshold).squeeze(1)
    if not len(inside):
        return []
    found = []
    for cluster in _clusters(prior_samples[inside].double(), count):
        members = inside[cluster]
        worst = members[gap[members].argmax()]
        distance = torch.linalg.vector_norm(aggregated.posterior.location - prior_samples[worst].double(), dim=1)
        share = len(members) / len(prior_samples)
        found.append(Region(prior_samples[worst], float(gap[worst]), share, int(distance.argmin())))
    return sorted(found, key=lambda region: -region.gap)


def _clusters(z: Tensor, count: int) -> list[Tensor]:
    """Indices of the members of each k-means cluster of [S, D] that has any."""
    if len(z) <= count:
        return list(torch.arange(len(z)).split(1))
    _, label = kmeans2(z.numpy(), count, minit="++", rng=np.random.default_rng(0))
    return [members for i in range(count) if len(members := torch.from_numpy(np.flatnonzero(label == i)))]
