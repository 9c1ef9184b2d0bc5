"""The aggregated posterior q(z) = (1/N) Σ_n q(z|x_n), exactly. One file for each kind of posterior."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from dgvae.aggregate.base import AggregatedPosterior, Smoothed
from dgvae.aggregate.draws import AggregatedDraws
from dgvae.aggregate.gaussian import AggregatedGaussian
from dgvae.aggregate.points import AggregatedPoints
from dgvae.aggregate.von_mises_fisher import AggregatedVonMisesFisher
from dgvae.posteriors import DiagonalGaussian, Implicit, Points, Posterior, VonMisesFisher

__all__ = [
    "AggregatedDraws",
    "AggregatedGaussian",
    "AggregatedPoints",
    "AggregatedPosterior",
    "AggregatedVonMisesFisher",
    "Smoothed",
    "absent_figures",
    "aggregate",
]

_KINDS: dict[type[Posterior], Callable[..., AggregatedPosterior]] = {
    DiagonalGaussian: AggregatedGaussian,
    VonMisesFisher: AggregatedVonMisesFisher,
    Implicit: AggregatedDraws,
    Points: AggregatedPoints,
}


def aggregate(posterior: Posterior) -> AggregatedPosterior:
    """The aggregated posterior of a batch of posteriors, in fp64."""
    return _KINDS[type(posterior)](posterior.map(Tensor.double))


def absent_figures(kind: type[Posterior]) -> Mapping[str, str]:
    """The figures that a kind of posterior does not have, and why."""
    return _KINDS[kind].absent
