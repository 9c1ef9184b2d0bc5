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
from dgvae.posteriors import DiagonalGaussian, Implicit, VonMisesFisher
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
    samples = torch.cat([posterior.rsample() for _ in range(5000)]).double()
    torch.testing.assert_close(aggregated.moments()[1], torch.cov(samples.T), atol=0.03, rtol=0)


def test_a_collapsed_posterior() -> None:
    metrics = latent_metrics(DiagonalGaussian(torch.zeros(500, 4), torch.zeros(500, 4)))
    assert metrics.active_units == 0
    assert metrics.consistent_units == 4
    assert (metrics.kl, metrics.mi, metrics.covariance_gap) == pytest.approx((0, 0, 0), abs=1e-9)


def test_an_autoencoder_says_all_it_can_and_is_all_holes() -> None:
    """Narrow posteriors far apart: MI is its ceiling log N, and no prior sample lies in any of them."""
    generator = torch.Generator().manual_seed(2)
    posterior = DiagonalGaussian(20 * torch.randn(300, 4, generator=generator), torch.full((300, 4), -6.0))
    metrics = latent_metrics(posterior, generator)
    assert metrics.mi == pytest.approx(math.log(300), abs=1e-6)
    assert (metrics.active_units, metrics.consistent_units) == (4, 0)
    # A posterior like this has no held-out neighbour; where it has (many per place), its holes show.
    crowded = DiagonalGaussian(posterior.mean[:3].repeat(100, 1), posterior.log_var)
    measured = hole_metrics(crowded, torch.randn(300, 4, generator=generator), generator)
    assert measured
    assert measured.hole_mass > 0.99
    assert measured.auc > 0.99


def test_a_matching_posterior_has_no_holes() -> None:
    generator = torch.Generator().manual_seed(3)
    mean = math.sqrt(0.5) * torch.randn(4000, 2, generator=generator)
    posterior = DiagonalGaussian(mean, torch.full_like(mean, math.log(0.5)))
    measured = hole_metrics(posterior, torch.randn(4000, 2, generator=generator), generator)
    assert measured
    assert measured.hole_mass < 0.02
    assert abs(measured.auc - 0.5) < 0.03


def test_correlation_shows_in_the_covariance_gap_alone() -> None:
    """Marginals N(0, 1), correlation ρ: the gap is −½ log(1 − ρ²)."""
    generator = torch.Generator().manual_seed(4)
    root = torch.linalg.cholesky(torch.tensor([[1.0, 0.8], [0.8, 1.0]]))
    mean = torch.randn(20_000, 2, generator=generator) @ root.T * math.sqrt(0.999)
    posterior = DiagonalGaussian(mean, torch.full_like(mean, math.log(0.001)))
    aggregated = AggregatedPosterior.of(posterior)
    assert float(AggregatedPosterior.of(posterior.map(lambda tensor: tensor[:2000])).marginal_kl().max()) < 0.03
    assert covariance_gap(aggregated) == pytest.approx(-0.5 * math.log(1 - 0.64), abs=0.02)


def test_auc_equals_counting_pairs_with_ties() -> None:
    posterior_gap, prior_gap = torch.tensor([0.0, 1.0, 1.0, 2.0]), torch.tensor([1.0, 3.0])
    wins = [(p > q) + 0.5 * (p == q) for p in prior_gap.tolist() for q in posterior_gap.tolist()]
    assert holes(posterior_gap, prior_gap).auc == np.mean(wins)


def test_density_gap_is_nought_where_the_densities_agree() -> None:
    collapsed = AggregatedPosterior.of(DiagonalGaussian(torch.zeros(10, 3), torch.zeros(10, 3)))
    assert float(density_gap_at(torch.randn(20, 3), collapsed).abs().max()) < 1e-9


def on_the_sphere(sentences: int, kappa: int) -> VonMisesFisher:
    directions = torch.randn(sentences, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return VonMisesFisher(torch.nn.functional.normalize(directions, dim=1), kappa)


def test_log_prob_of_von_mises_fisher_posteriors_equals_scipys() -> None:
    posterior = on_the_sphere(40, 30)
    z = posterior.rsample()[:7]
    densities = [stats.vonmises_fisher(mean, 30).pdf(z.numpy()) for mean in posterior.direction.numpy()]
    aggregated = AggregatedPosterior.of(posterior)
    np.testing.assert_allclose(aggregated.log_prob(z), np.log(np.mean(densities, axis=0)), rtol=1e-9)
    np.testing.assert_allclose(density_gap_at(z, aggregated), -np.log(8 / 3 * np.pi**2) - aggregated.log_prob(z).numpy())


def test_metrics_of_von_mises_fisher_posteriors() -> None:
    """Far apart they say log N. Spread evenly all dimensions are active; what N(0, 1) is needed for is absent."""
    metrics = latent_metrics(on_the_sphere(200, 10_000))
    assert metrics.mi == pytest.approx(math.log(200), abs=0.01)
    assert (metrics.active_units, metrics.consistent_units, metrics.covariance_gap) == (5, None, None)
    together = VonMisesFisher(torch.eye(5)[:1].repeat(50, 1), 100.0)
    assert latent_metrics(together).active_units == 0
    assert latent_metrics(together).mi == pytest.approx(0, abs=1e-6)


def test_metrics_of_an_implicit_posterior() -> None:
    """What needs a density is absent; the spread of a mean of few draws is not taken for activity."""
    generator = torch.Generator().manual_seed(6)
    noise = torch.randn(4000, 8, 3, generator=generator)
    metrics = latent_metrics(Implicit(noise))
    assert (metrics.kl, metrics.mi, metrics.consistent_units) == (None, None, None)
    assert metrics.active_units == 0
    assert metrics.covariance_gap == pytest.approx(0, abs=0.01)
    noise[..., 0] += torch.randn(4000, 1, generator=generator)  # dimension 0 differs between sentences
    moved = latent_metrics(Implicit(noise))
    assert moved.active_units == 1
    assert moved.covariance_gap == pytest.approx(0.5 * (2 - 1 - math.log(2)), abs=0.02)
    assert hole_metrics(Implicit(noise), torch.randn(10, 3), generator) is None
    with pytest.raises(NotImplementedError, match="no density"):
        AggregatedPosterior.of(Implicit(noise)).log_prob(torch.zeros(1, 3))


def test_degenerate_posteriors_are_measured_as_far_as_they_can_be() -> None:
    """Two sentences' draws span no 32 dimensions; and a σ² that underflows leaves no width to a grid."""
    assert latent_metrics(Implicit(torch.randn(2, 8, 32))).covariance_gap is None
    narrow = DiagonalGaussian(torch.randn(50, 2), torch.full((50, 2), -2000.0))
    assert latent_metrics(narrow).consistent_units == 0
