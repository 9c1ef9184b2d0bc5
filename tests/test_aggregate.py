"""The aggregated posterior, metrics and holes against quadrature, closed forms and made-up spaces whose fault is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import logsumexp

from dgvae.aggregate import AggregatedPosterior
from dgvae.holes import density_gap_at, holes
from dgvae.metrics import covariance_gap, hole_metrics, latent_metrics
from dgvae.posteriors import DiagonalGaussian
from tests.test_density_gap import quadrature_gap


def made_up(sentences: int = 60, dimensions: int = 3, log_var: float = -1.0) -> DiagonalGaussian:
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(sentences, dimensions, generator=generator)
    return DiagonalGaussian(mean, log_var + 0.3 * torch.randn(mean.shape, generator=generator))


def test_log_prob_equals_the_mixture_written_plainly() -> None:
    posterior = made_up()
    aggregated = AggregatedPosterior.of(posterior)
    z = torch.randn(25, 3)
    std = np.exp(0.5 * posterior.log_var.double().numpy())
    pairs = stats.norm.logpdf(z.double().numpy()[:, None], posterior.mean.double().numpy(), std).sum(-1)
    np.testing.assert_allclose(aggregated.log_prob(z), np.asarray(logsumexp(pairs, axis=1)) - math.log(60), rtol=1e-10)

    own = torch.arange(25)
    pairs[np.arange(25), np.arange(25)] = -np.inf
    np.testing.assert_allclose(
        aggregated.log_prob(z, leave_out=own), np.asarray(logsumexp(pairs, axis=1)) - math.log(59), rtol=1e-10
    )


def test_marginal_kl_equals_adaptive_quadrature() -> None:
    posterior = made_up()
    expected = [
        quadrature_gap(m.double().numpy(), v.double().numpy())
        for m, v in zip(posterior.mean.T, posterior.log_var.T, strict=True)
    ]
    np.testing.assert_allclose(AggregatedPosterior.of(posterior).marginal_kl(), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("an outlier", 500.0),  # a thousandth of q(z) at 1000, where log p is −500,000
        ("narrow", 1.371),  # 1,000 spikes at log σ² = −16
        ("mixed", 0.0144),  # 0.5 % of the posteriors at log σ² = −20
    ],
)
def test_marginal_kl_sees_what_falls_between_the_points_of_a_grid(fault: str, expected: float) -> None:
    """The expected values are of large Monte Carlo runs."""
    generator = torch.Generator().manual_seed(0)
    log_var = {"an outlier": -8.0, "narrow": -16.0, "mixed": -2.0}[fault]
    mean = math.sqrt(1 - math.exp(log_var)) * torch.randn(1000, 1, generator=generator)
    log_vars = torch.full_like(mean, log_var)
    if fault == "an outlier":
        mean[0] = 1000
    if fault == "mixed":
        log_vars[:5] = -20
    measured = float(AggregatedPosterior.of(DiagonalGaussian(mean, log_vars)).marginal_kl())
    assert measured == pytest.approx(expected, rel=0.2, abs=0.02)


def test_covariance_is_that_of_samples() -> None:
    posterior = made_up()
    aggregated = AggregatedPosterior.of(posterior)
    torch.manual_seed(1)
    samples = posterior.rsample(5000).reshape(-1, 3).double()
    torch.testing.assert_close(aggregated.covariance(), torch.cov(samples.T), atol=0.03, rtol=0)


def test_a_collapsed_posterior() -> None:
    metrics = latent_metrics(DiagonalGaussian(torch.zeros(500, 4), torch.zeros(500, 4)))
    assert metrics.active_units == 0
    assert metrics.consistent_units == 4
    assert abs(metrics.kl) < 1e-9
    assert abs(metrics.mi) < 1e-9
    assert abs(metrics.covariance_gap) < 1e-9


def test_an_autoencoder_says_all_it_can_and_is_all_holes() -> None:
    """Narrow posteriors far apart: MI is its ceiling log N, and no prior sample lies in any of them."""
    generator = torch.Generator().manual_seed(2)
    posterior = DiagonalGaussian(20 * torch.randn(300, 4, generator=generator), torch.full((300, 4), -6.0))
    metrics = latent_metrics(posterior, generator)
    assert abs(metrics.mi - math.log(300)) < 1e-6
    assert (metrics.active_units, metrics.consistent_units) == (4, 0)
    # A posterior like this has no held-out neighbour; where it has (many per place), its holes show.
    crowded = DiagonalGaussian(posterior.mean[:3].repeat(100, 1), posterior.log_var)
    measured = hole_metrics(crowded, torch.randn(300, 4, generator=generator), generator)
    assert measured.hole_mass > 0.99
    assert measured.auc > 0.99


def test_a_matching_posterior_has_no_holes() -> None:
    generator = torch.Generator().manual_seed(3)
    mean = math.sqrt(0.5) * torch.randn(4000, 2, generator=generator)
    posterior = DiagonalGaussian(mean, torch.full_like(mean, math.log(0.5)))
    measured = hole_metrics(posterior, torch.randn(4000, 2, generator=generator), generator)
    assert measured.hole_mass < 0.02
    assert abs(measured.auc - 0.5) < 0.03


def test_correlation_shows_in_the_covariance_gap_alone() -> None:
    """Marginals N(0, 1), correlation ρ: the gap is −½ log(1 − ρ²)."""
    generator = torch.Generator().manual_seed(4)
    root = torch.linalg.cholesky(torch.tensor([[1.0, 0.8], [0.8, 1.0]]))
    mean = torch.randn(20_000, 2, generator=generator) @ root.T * math.sqrt(0.999)
    posterior = DiagonalGaussian(mean, torch.full_like(mean, math.log(0.001)))
    aggregated = AggregatedPosterior.of(posterior)
    assert float(AggregatedPosterior(aggregated.mean[:2000], aggregated.log_var[:2000]).marginal_kl().max()) < 0.03
    assert abs(covariance_gap(aggregated) + 0.5 * math.log(1 - 0.64)) < 0.02


def test_auc_equals_counting_pairs_with_ties() -> None:
    posterior_gap, prior_gap = torch.tensor([0.0, 1.0, 1.0, 2.0]), torch.tensor([1.0, 3.0])
    wins = [(p > q) + 0.5 * (p == q) for p in prior_gap.tolist() for q in posterior_gap.tolist()]
    assert holes(posterior_gap, prior_gap).auc == np.mean(wins)


def test_density_gap_is_nought_where_the_densities_agree() -> None:
    collapsed = AggregatedPosterior.of(DiagonalGaussian(torch.zeros(10, 3), torch.zeros(10, 3)))
    assert float(density_gap_at(torch.randn(20, 3), collapsed).abs().max()) < 1e-9
