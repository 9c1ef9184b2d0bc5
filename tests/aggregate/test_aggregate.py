"""The aggregated posterior against quadrature, scipy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logsumexp

from dgvae.aggregate import AggregatedGaussian, Smoothed, aggregate
from dgvae.evaluation.estimates import group_slices
from dgvae.evaluation.figures import PAIR_BINS
from dgvae.posteriors import DiagonalGaussian, Implicit, VonMisesFisher
from tests.regularizers.test_density_gap import quadrature_gap


def made_up(sentences: int = 60, dimensions: int = 3, log_var: float = -1.0) -> DiagonalGaussian:
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(sentences, dimensions, generator=generator)
    return DiagonalGaussian(mean, log_var + 0.3 * torch.randn(mean.shape, generator=generator))


def test_log_prob_equals_the_mixture_written_plainly() -> None:
    posterior = made_up()
    aggregated = aggregate(posterior)
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
    np.testing.assert_allclose(aggregate(posterior).marginal_gaps().kl, expected, atol=1e-6)


def fine_marginal_kl(mean: np.ndarray, std: np.ndarray) -> float:
    """By trapezia a twelfth of the narrowest posterior wide, each posterior added where it is."""
    low, high = (mean - 9 * std).min(), (mean + 9 * std).max()
    z = np.linspace(low, high, int(12 * (high - low) / std.min()) + 2)
    q, step = np.zeros_like(z), z[1] - z[0]
    for m, s in zip(mean, std, strict=True):
        near = slice(max(0, int((m - 9 * s - low) / step)), int((m + 9 * s - low) / step) + 2)
        q[near] += stats.norm.pdf(z[near], m, s) / len(mean)
    return float(np.trapezoid(np.where(q > 0, q * (np.log(np.maximum(q, 1e-300)) - stats.norm.logpdf(z)), 0), z))


@pytest.mark.parametrize("sentences", [2, 60])
@pytest.mark.parametrize(("std", "spread"), [(0.5, 0.0), (0.3, 0.7), (0.02, 1.0), (0.0025, 0.0), (0.001, 0.0)])
def test_marginal_kl_is_exact_however_narrow_posteriors_are(sentences: int, std: float, spread: float) -> None:
    generator = torch.Generator().manual_seed(sentences)
    mean = torch.randn(sentences, 1, generator=generator).double()
    log_var = 2 * (math.log(std) + spread * torch.randn(mean.shape, generator=generator).double()).clamp_min(math.log(0.001))
    expected = fine_marginal_kl(mean[:, 0].numpy(), torch.exp(0.5 * log_var[:, 0]).numpy())
    gaps = aggregate(DiagonalGaussian(mean, log_var)).marginal_gaps(group_slices(sentences))
    assert float(gaps.kl) == pytest.approx(expected, abs=1e-7)


def test_marginal_kl_without_a_group_of_narrow_posteriors_is_that_of_the_others() -> None:
    mean = torch.randn(400, 1, generator=torch.Generator().manual_seed(0)).double()
    std, groups = torch.full((400,), 0.001, dtype=torch.float64), group_slices(400)
    gaps = aggregate(DiagonalGaussian(mean, 2 * std.log()[:, None])).marginal_gaps(groups)
    expected = fine_marginal_kl(mean[groups[0].stop :, 0].numpy(), std[groups[0].stop :].numpy())
    assert float(gaps.kl_without[0]) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("an outlier", 500.0),  # a thousandth of q(z) at 1000, where log p is −500,000
        ("narrow", 1.371),  # 1,000 spikes at log σ² = −16
        ("mixed", 0.0144),  # 0.5% of the posteriors at log σ² = −20
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
    measured = float(aggregate(DiagonalGaussian(mean, log_vars)).marginal_gaps().kl)
    assert measured == pytest.approx(expected, rel=0.2, abs=0.02)


def test_covariance_is_that_of_samples() -> None:
    posterior = made_up()
    aggregated = aggregate(posterior)
    torch.manual_seed(1)
    samples = torch.cat([posterior.rsample() for _ in range(5000)]).double()
    torch.testing.assert_close(aggregated.moments()[1], torch.cov(samples.T), atol=0.03, rtol=0)


def test_marginals_without_a_group_are_those_of_the_others() -> None:
    posterior = made_up(sentences=60)
    groups = group_slices(60)
    gaps, pairs = aggregate(posterior).marginal_gaps(groups), aggregate(posterior).pair_gaps(groups, PAIR_BINS)
    others = aggregate(posterior).without(groups[3])
    assert len(others) == 57
    torch.testing.assert_close(gaps.kl_without[3], others.marginal_gaps().kl, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(gaps.reverse_kl_without[3], others.marginal_gaps().reverse_kl, rtol=1e-3, atol=1e-5)
    expected = others.pair_gaps(group_slices(57), PAIR_BINS).kl
    off_diagonal = ~torch.eye(3, dtype=torch.bool)
    torch.testing.assert_close(pairs.kl_without[3][off_diagonal], expected[off_diagonal], rtol=0.01, atol=1e-4)


def density_of_pair(posterior: DiagonalGaussian, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """q(z_1, z_2) on a grid, written plainly: [Y, X]."""
    mean, std = posterior.mean.double().numpy(), torch.exp(0.5 * posterior.log_var).double().numpy()
    first = stats.norm.pdf(x, mean[:, :1], std[:, :1])
    second = stats.norm.pdf(y, mean[:, 1:2], std[:, 1:2])
    return np.mean(second[:, :, None] * first[:, None, :], axis=0)


def test_pair_gap_equals_quadrature_in_two_dimensions() -> None:
    posterior = made_up(sentences=40, dimensions=2)
    grid = np.linspace(-9, 9, 1201)
    q = density_of_pair(posterior, grid, grid)
    p = stats.norm.pdf(grid)[:, None] * stats.norm.pdf(grid)
    expected = np.sum(np.where(q > 1e-300, q * np.log(np.maximum(q, 1e-300) / p), 0)) * (grid[1] - grid[0]) ** 2
    measured = aggregate(posterior).pair_gaps(group_slices(40), PAIR_BINS).kl[0, 1]
    assert float(measured) == pytest.approx(expected, rel=0.01)
    assert float(measured) < expected + 1e-6  # KL of bins is a lower bound


def test_pair_gap_of_correlated_dimensions_is_that_of_their_gaussian() -> None:
    """Posteriors hardly spread about correlated means: q(z) is N(0, C), and the gap −½ log(1 − ρ²)."""
    mean = correlated_means(20_000, 0.6)
    posterior = DiagonalGaussian(math.sqrt(0.75) * mean, torch.full_like(mean, math.log(0.25)))
    correlation = 0.6 * 0.75
    measured = float(aggregate(posterior).pair_gaps(group_slices(20_000), PAIR_BINS).kl[0, 1])
    assert measured == pytest.approx(-0.5 * math.log(1 - correlation**2), abs=0.01)


def correlated_means(sentences: int, correlation: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    root = torch.linalg.cholesky(torch.tensor([[1.0, correlation], [correlation, 1.0]]))
    return torch.randn(sentences, 2, generator=generator) @ root.T


def test_pair_density_is_the_mean_over_its_cells() -> None:
    posterior = made_up(sentences=50)
    edges = torch.linspace(-3, 3, 61, dtype=torch.float64), torch.linspace(-4, 2, 81, dtype=torch.float64)
    aggregated = aggregate(posterior)
    assert isinstance(aggregated, AggregatedGaussian)
    density = aggregated.pair_density((0, 1), edges)
    assert density.shape == (80, 60)
    centers = [((e[1:] + e[:-1]) / 2).numpy() for e in edges]
    np.testing.assert_allclose(density, density_of_pair(posterior, *centers), rtol=0.02, atol=1e-4)


def test_the_prior_far_out_has_its_logarithm() -> None:
    """Masses of bins beyond 40 σ underflow; their logarithms do not."""
    posterior = DiagonalGaussian(torch.full((30, 2), 50.0), torch.full((30, 2), -2.0))
    gap = aggregate(posterior).pair_gaps(group_slices(30), PAIR_BINS).kl[0, 1]
    exact = 2 * float(DiagonalGaussian(torch.tensor([[50.0]]), torch.tensor([[-2.0]])).kl())
    assert float(gap) == pytest.approx(exact, rel=0.03)


# ---- smoothing


@pytest.mark.parametrize("width", range(12))
def test_every_smoothing_is_a_density_with_the_moments_of_the_mixture(width: int) -> None:
    posterior = made_up(sentences=30, dimensions=2)
    aggregated = aggregate(posterior)
    candidates = [Smoothed(aggregated), *map(aggregated.smooth, aggregated.widths)]
    grid = torch.linspace(-8, 8, 401, dtype=torch.float64)
    z = torch.cartesian_prod(grid, grid)
    mass = candidates[width].log_prob(z).exp() * (grid[1] - grid[0]) ** 2
    mean, covariance = aggregated.moments()
    assert float(mass.sum()) == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(mass @ z, mean, atol=1e-3, rtol=0)
    torch.testing.assert_close((z - mean).T * mass @ (z - mean), covariance, atol=2e-3, rtol=0)


def test_the_smoothest_is_the_gaussian_of_the_moments() -> None:
    aggregated = aggregate(made_up())
    smoothest = aggregated.smooth(1.0)
    mean, covariance = aggregated.moments()
    z = torch.randn(20, 3, dtype=torch.float64)
    torch.testing.assert_close(smoothest.log_prob(z), torch.distributions.MultivariateNormal(mean, covariance).log_prob(z))


def test_smoothing_covers_held_out_sentences() -> None:
    """Narrow posteriors of a smooth population: one that was left out lies between the others, and smoothing finds it there."""
    generator = torch.Generator().manual_seed(6)
    mean = torch.randn(2000, 4, generator=generator)
    aggregated = aggregate(DiagonalGaussian(mean, torch.full_like(mean, -8.0)))
    assert aggregated.smoothed.width > 0.3
    z, own = aggregated.sample_each(generator), torch.arange(2000)
    truth = float(aggregated.prior.log_prob(z).mean())  # the population's q is the prior, to 1%
    assert float(aggregated.log_prob(z, own).mean()) < truth - 10
    assert float(aggregated.smoothed.log_prob(z, own).mean()) == pytest.approx(truth, abs=0.2)


def test_exact_densities_stay_where_they_serve_best() -> None:
    collapsed = aggregate(DiagonalGaussian(torch.zeros(50, 3), torch.zeros(50, 3)))
    assert collapsed.smoothed.width == 0


def on_the_sphere(sentences: int, kappa: float) -> VonMisesFisher:
    directions = torch.randn(sentences, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return VonMisesFisher(torch.nn.functional.normalize(directions, dim=1), kappa)


def test_log_prob_of_von_mises_fisher_posteriors_equals_scipys() -> None:
    posterior = on_the_sphere(40, 30)
    z = posterior.rsample()[:7]
    densities = [stats.vonmises_fisher(mean, 30).pdf(z.numpy()) for mean in posterior.direction.numpy()]
    np.testing.assert_allclose(aggregate(posterior).log_prob(z), np.log(np.mean(densities, axis=0)), rtol=1e-9)


def test_von_mises_fisher_posteriors_are_smoothed_on_the_sphere() -> None:
    aggregated = aggregate(on_the_sphere(500, 2000))
    z, own = aggregated.sample_each(torch.Generator().manual_seed(0)), torch.arange(500)
    even = float(aggregated.prior.log_prob(z).mean())  # directions are even over the sphere, and so is their population's q
    assert float(aggregated.log_prob(z, own).mean()) < even - 5
    assert float(aggregated.smoothed.log_prob(z, own).mean()) == pytest.approx(even, abs=0.3)
    everywhere = aggregated.prior.sample(20_000, torch.Generator().manual_seed(1)).double()
    share = (aggregated.smoothed.log_prob(everywhere) - aggregated.prior.log_prob(everywhere)).exp()
    assert float(share.mean()) == pytest.approx(1, abs=0.05)  # it is a density: E_p q̂/p = 1


def test_an_implicit_posterior_has_no_density() -> None:
    with pytest.raises(NotImplementedError, match="no density"):
        aggregate(Implicit(torch.randn(10, 8, 3))).log_prob(torch.zeros(1, 3))


# ---- what changes nothing

SPACES = st.tuples(st.integers(3, 30), st.integers(2, 5), st.integers(0, 2**20))


@given(SPACES)
@settings(max_examples=20)
def test_the_order_of_sentences_and_of_dimensions_changes_nothing(space: tuple[int, int, int]) -> None:
    sentences, dimensions, seed = space
    generator = torch.Generator().manual_seed(seed)
    mean, log_var = torch.randn(2, sentences, dimensions, generator=generator).double()
    rows, columns = torch.randperm(sentences, generator=generator), torch.randperm(dimensions, generator=generator)
    z = torch.randn(5, dimensions, generator=generator).double()
    before = aggregate(DiagonalGaussian(mean, log_var))
    after = aggregate(DiagonalGaussian(mean[rows][:, columns], log_var[rows][:, columns]))
    torch.testing.assert_close(after.log_prob(z[:, columns]), before.log_prob(z))
    torch.testing.assert_close(after.marginal_gaps().kl, before.marginal_gaps().kl[columns])
    pairs = [q.pair_gaps(group_slices(sentences), PAIR_BINS).kl.fill_diagonal_(0) for q in (before, after)]
    torch.testing.assert_close(pairs[1], pairs[0][columns][:, columns], rtol=1e-3, atol=1e-5)


@given(SPACES)
@settings(max_examples=20)
def test_rotating_all_posteriors_changes_no_joint_density(space: tuple[int, int, int]) -> None:
    """Also none that is smoothed."""
    sentences, dimensions, seed = space
    generator = torch.Generator().manual_seed(seed)
    mean, z = (torch.randn(n, dimensions, generator=generator).double() for n in (sentences, 5))
    log_var = torch.randn(sentences, 1, generator=generator).double().expand(-1, dimensions)  # round ones stay diagonal
    rotation = torch.linalg.qr(torch.randn(dimensions, dimensions, generator=generator).double())[0]
    before, after = aggregate(DiagonalGaussian(mean, log_var)), aggregate(DiagonalGaussian(mean @ rotation, log_var))
    torch.testing.assert_close(after.log_prob(z @ rotation), before.log_prob(z))
    for width in before.widths:
        torch.testing.assert_close(after.smooth(width).log_prob(z @ rotation), before.smooth(width).log_prob(z))
