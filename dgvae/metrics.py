"""What a latent space is worth, in numbers: nats, per sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from dgvae.aggregate import AggregatedPosterior
from dgvae.holes import Holes, density_gap_at, holes
from dgvae.posteriors import Posterior

ACTIVE_VARIANCE = 0.01  # a dimension with more variance of its means, as a share of the prior's, is active (Burda et al. 2016)
CONSISTENT_KL = 0.03  # a dimension with a smaller marginal KL is consistent with the prior (Zhang et al. 2022)

F = TypeVar("F", int, float)


@dataclass(frozen=True)
class LatentMetrics:
    """Figures of an evaluation set's posteriors.

    kl: E_x KL(q(z|x) ‖ p(z)). mi: KL − KL(q(z) ‖ p(z)) with q(z) over the whole set of `sentences`; it cannot exceed their log.
    active_units: dimensions with Var_x(μ_i) > 0.01. consistent_units: dimensions with KL(q(z_i) ‖ p(z_i)) < 0.03.
    covariance_gap: ½ (tr C + mᵀm − log det C − d), the Gaussian part of KL(q(z) ‖ p(z)).
    A figure is None where the kind of posterior has none (`AggregatedPosterior.absent` says why), or q(z) is degenerate.
    """

    sentences: int
    kl: float | None
    mi: float | None
    active_units: int
    consistent_units: int | None
    covariance_gap: float | None


def latent_metrics(posterior: Posterior, generator: torch.Generator | None = None) -> LatentMetrics:
    """Compute all figures that need nothing but the posteriors. MI uses one sample of each."""
    aggregated = AggregatedPosterior.of(posterior)

    def known(figure: str, compute: Callable[[], F]) -> F | None:
        return None if figure in aggregated.absent else compute()

    return LatentMetrics(
        sentences=len(aggregated),
        kl=known("kl", lambda: float(aggregated.posterior.kl().mean())),
        mi=known("mi", lambda: mutual_information(aggregated, generator)),
        active_units=int((aggregated.variance_of_locations() > ACTIVE_VARIANCE).sum()),
        consistent_units=known("consistent_units", lambda: int((aggregated.marginal_kl() < CONSISTENT_KL).sum())),
        covariance_gap=None if "covariance_gap" in aggregated.absent else covariance_gap(aggregated),
    )


def mutual_information(aggregated: AggregatedPosterior, generator: torch.Generator | None = None) -> float:
    """MI = KL − KL(q(z) ‖ p(z)) = E log q(z|x) − log q(z), nats. With one sample in both terms it keeps under log N."""
    z = aggregated.sample_each(generator)
    return float((aggregated.posterior.log_prob(z) - aggregated.log_prob(z)).mean())


def covariance_gap(aggregated: AggregatedPosterior) -> float | None:
    """KL(N(m, C) ‖ N(0, I)) with the mean m and covariance C of q(z), nats. None where C is singular: it has no bound then."""
    mean, covariance = aggregated.moments()
    if torch.linalg.matrix_rank(covariance, hermitian=True) < len(mean):
        return None
    trace, log_det = torch.trace(covariance), torch.linalg.slogdet(covariance).logabsdet
    return float(0.5 * (trace + mean.square().sum() - log_det - len(mean)))


def hole_metrics(posterior: Posterior, prior_samples: torch.Tensor, generator: torch.Generator) -> Holes | None:
    """Hole mass and AUC, every posterior sample left out of its own mixture; None where there is no density."""
    aggregated = AggregatedPosterior.of(posterior)
    if "hole_mass" in aggregated.absent:
        return None
    own = torch.arange(len(aggregated), device=prior_samples.device)
    posterior_gap = density_gap_at(aggregated.sample_each(generator), aggregated, leave_out=own)
    return holes(posterior_gap, density_gap_at(prior_samples, aggregated))
