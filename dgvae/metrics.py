"""What a latent space is worth, in numbers: nats, per sentence."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dgvae.aggregate import AggregatedPosterior
from dgvae.holes import Holes, density_gap_at, holes
from dgvae.posteriors import DiagonalGaussian

ACTIVE_VARIANCE = 0.01  # a dimension with more variance of its means is active (Burda et al. 2016)
CONSISTENT_KL = 0.03  # a dimension with a smaller marginal KL is consistent with the prior (Zhang et al. 2022)


@dataclass(frozen=True)
class LatentMetrics:
    """Figures of an evaluation set's posteriors.

    kl: E_x KL(q(z|x) ‖ p(z)). mi: KL − KL(q(z) ‖ p(z)) with q(z) over the whole set of `sentences`; it cannot exceed their log.
    active_units: dimensions with Var_x(μ_i) > 0.01. consistent_units: dimensions with KL(q(z_i) ‖ p(z_i)) < 0.03.
    covariance_gap: ½ (tr C + mᵀm − log det C − d), the Gaussian part of KL(q(z) ‖ p(z)).
    """

    sentences: int
    kl: float
    mi: float
    active_units: int
    consistent_units: int
    covariance_gap: float


def latent_metrics(posterior: DiagonalGaussian, generator: torch.Generator | None = None) -> LatentMetrics:
    """Compute all figures that need nothing but the posteriors. MI uses one sample of each."""
    aggregated = AggregatedPosterior.of(posterior)
    z = aggregated.sample_each(generator)
    # MI = KL − KL(q(z) ‖ p(z)) = E log q(z|x) − log q(z). With the same samples in both terms it keeps under log N.
    own = DiagonalGaussian(aggregated.mean, aggregated.log_var).log_prob(z)
    return LatentMetrics(
        sentences=len(aggregated),
        kl=float(posterior.kl().double().sum(1).mean()),
        mi=float((own - aggregated.log_prob(z)).mean()),
        active_units=int((posterior.mean.var(0, correction=0) > ACTIVE_VARIANCE).sum()),
        consistent_units=int((aggregated.marginal_kl() < CONSISTENT_KL).sum()),
        covariance_gap=covariance_gap(aggregated),
    )


def covariance_gap(aggregated: AggregatedPosterior) -> float:
    """KL(N(m, C) ‖ N(0, I)) with the mean m and covariance C of q(z), nats."""
    mean, covariance = aggregated.mean.mean(0), aggregated.covariance()
    trace, log_det = torch.trace(covariance), torch.linalg.slogdet(covariance).logabsdet
    return float(0.5 * (trace + mean.square().sum() - log_det - len(mean)))


def hole_metrics(posterior: DiagonalGaussian, prior_samples: torch.Tensor, generator: torch.Generator) -> Holes:
    """Hole mass and AUC, every posterior sample left out of its own mixture."""
    aggregated = AggregatedPosterior.of(posterior)
    own = torch.arange(len(aggregated), device=aggregated.mean.device)
    posterior_gap = density_gap_at(aggregated.sample_each(generator), aggregated, leave_out=own)
    return holes(posterior_gap, density_gap_at(prior_samples, aggregated))
