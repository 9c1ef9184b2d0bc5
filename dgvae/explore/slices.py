"""Two dimensions of a latent space: the densities q(z_i, z_j) and p(z_i, z_j) on a grid, and their gap (the paper's figure 4).

All other dimensions are integrated out, exactly: these are marginals and no cuts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.aggregate import AggregatedGaussian, AggregatedPosterior
from dgvae.aggregate.gaussian import NO_PAIR
from dgvae.errors import UserError

CELLS = 96  # along each side
MOST_REACH = 100_000
_NO_MASS = 1e-7  # of a cell: where neither density has more, their gap says nothing
Pair = tuple[int, int]


@dataclass(frozen=True)
class Plane:
    """Mean densities of the cells of a square of ±reach about 0, [CELLS, CELLS], row 0 at the lowest z_j.

    gap: log p − log q in nats, NaN where both are empty.
    """

    pair: Pair
    reach: float
    q: Tensor
    p: Tensor
    gap: Tensor


def plane(aggregated: AggregatedPosterior, pair: Pair, reach: float) -> Plane:
    """The densities over two dimensions.

    Args:
        aggregated: q(z).
        pair: the dimensions on the x-axis and on the y-axis, from 0.
        reach: the plane covers −reach to reach in both.

    Returns:
        p(z), q(z) and their gap, [CELLS, CELLS] each.

    Raises:
        UserError: the posteriors have no density.
    """
    mixture = with_marginals(aggregated)
    edge = torch.linspace(-reach, reach, CELLS + 1, dtype=torch.float64)
    q = mixture.pair_density(pair, (edge, edge))
    mass = torch.special.ndtr(edge).diff() / edge.diff()
    p = mass.unsqueeze(1) * mass
    area = float(edge[1] - edge[0]) ** 2
    empty = torch.maximum(p, q) * area < _NO_MASS
    floor = 1e-3 * _NO_MASS / area  # a density of zero would make the gap infinite
    gap = torch.log(p.clamp_min(floor)) - torch.log(q.clamp_min(floor))
    return Plane(pair, reach, q, p, gap.masked_fill(empty, torch.nan))


def with_marginals(aggregated: AggregatedPosterior) -> AggregatedGaussian:
    """The same, if it has marginals over pairs to compare with N(0, I). Raises UserError that says why not."""
    if aggregated.prior.dim < 2:
        raise UserError(f"There is no slice here: {NO_PAIR}.")
    if not isinstance(aggregated, AggregatedGaussian):
        raise UserError(f"There is no slice here: {aggregated.absent.get('pair_gap', 'it has no marginals')}.")
    return aggregated


def reach_of(aggregated: AggregatedPosterior, pair: Pair) -> float:
    """A whole number that holds the prior and nearly all posteriors in these dimensions, at most MOST_REACH."""
    furthest = torch.quantile(aggregated.posterior.location[:, list(pair)].abs(), 0.995)
    return float(min(MOST_REACH, max(4, furthest.ceil())))


def widest_pair(aggregated: AggregatedPosterior) -> Pair:
    """The two dimensions in which the posterior means vary most: those that say most."""
    return _two_largest(aggregated.variance_of_locations())


def worst_pair(aggregated: AggregatedPosterior) -> Pair:
    """The two dimensions whose marginals are furthest from N(0, 1), by KL(q(z_i) ‖ p(z_i)). Takes a second or two."""
    return _two_largest(with_marginals(aggregated).marginal_gaps().kl)


def most_correlated_pair(aggregated: AggregatedPosterior) -> Pair:
    """The two dimensions of q(z) with the largest correlation, of either sign. It has none on a prior of independent ones."""
    _, covariance = with_marginals(aggregated).moments()
    deviation = covariance.diagonal().sqrt()
    correlation = (covariance / (deviation.unsqueeze(1) * deviation)).abs().triu(1).nan_to_num(0)  # of a constant there is none
    i, j = divmod(int(correlation.argmax()), len(correlation))
    return i, j


def _two_largest(values: Tensor) -> Pair:
    i, j = values.topk(2).indices.tolist()
    return i, j


RANKINGS = {
    "largest variance of the means": widest_pair,
    "largest marginal KL": worst_pair,
    "largest correlation": most_correlated_pair,
}
