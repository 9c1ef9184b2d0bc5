"""Figures of two dimensions together: how far each pair is from the prior, and which of them depend on each other."""

from __future__ import annotations

import torch

from dgvae.aggregate import AggregatedPosterior
from dgvae.aggregate.base import MOST_PAIRED
from dgvae.aggregate.gaussian import AggregatedGaussian
from dgvae.evaluation.estimates import Estimate, group_slices, interval, jackknife, jackknife_of_steps
from dgvae.evaluation.figures import FEWEST_BINNED, PAIR_BINS, WIDE_BINS
from dgvae.evaluation.record import Dependence, PairGap

SHOWN_PAIRS = 5
MOST_TIED = 500  # pairs among which the worst is looked for


def pair_figures(aggregated: AggregatedPosterior) -> tuple[dict[str, Estimate], list[PairGap]]:
    """The figures of all pairs of dimensions, and the pairs with the largest gap."""
    gaps = aggregated.pair_gaps(group_slices(len(aggregated)), PAIR_BINS)
    covariance = aggregated.moments()[1]
    std = covariance.diagonal().sqrt()
    correlation = covariance / torch.outer(std, std)
    first, second = torch.triu_indices(*gaps.kl.shape, offset=1)
    gap, without = gaps.kl[first, second], gaps.kl_without[:, first, second]  # [pairs], [G, pairs]
    ranked = gap.argsort(descending=True)
    worst = ranked[:MOST_TIED]  # any of which might be the worst by other sentences
    figures = {
        "pair_gap": jackknife(float(gap.mean()), without.mean(1)),
        "worst_pair_gap": jackknife_of_steps(gap[worst], without[:, worst], lambda gaps: gaps.amax(-1)),
    }
    pairs = []
    for k in ranked[:SHOWN_PAIRS].tolist():
        i, j = int(first[k]), int(second[k])
        pairs.append(PairGap((i, j), float(correlation[i, j]), float(gap[k])))
    return figures, pairs


def most_dependent(aggregated: AggregatedPosterior) -> list[Dependence]:
    """The two dimensions that depend on each other most surely under q(z); none where that can't be told.

    Their mutual information is what KL(q(z_i, z_j) ‖ N(0, I)) has more than both marginals' KL. N sentences suffice for the
    masses of few cells, also where posteriors are narrow, or are points.
    """
    dim, groups = aggregated.prior.dim, group_slices(len(aggregated))
    if not isinstance(aggregated, AggregatedGaussian) or not 2 <= dim <= MOST_PAIRED or len(groups) < 2:
        return []
    if len(aggregated.posterior.location.unique(dim=0)) < FEWEST_BINNED:
        return []
    gaps = aggregated.pair_information(groups, WIDE_BINS)
    first, second = torch.triu_indices(dim, dim, offset=1)
    nats, without = gaps.kl[first, second], gaps.kl_without[:, first, second]  # [pairs], [G, pairs]
    bias = (len(groups) - 1) * (without.mean(0) - nats)
    error = ((len(groups) - 1) / len(groups) * (without - without.mean(0)).square().sum(0)).sqrt()
    # of all pairs together
    reach = interval(Estimate(0.0, 1.0), len(aggregated), comparisons=len(nats))[1]
    best = int((nats - bias - reach * error).argmax())
    return [Dependence((int(first[best]), int(second[best])), float(nats[best] - bias[best]), float(error[best]))]
