"""Figures of latent spaces against closed forms, and their standard errors against repetition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dgvae.aggregate import aggregate
from dgvae.evaluation.estimates import Estimate, group_slices, jackknife, mean_of, ratio_of
from dgvae.evaluation.figures import CONSISTENT_KL
from dgvae.evaluation.latent_figures import LatentMeasures, latent_metrics, measure_latents, mutual_information
from dgvae.evaluation.mixture_figures import mixture_figures
from dgvae.posteriors import DiagonalGaussian, Implicit, Posterior, VonMisesFisher
from tests.aggregate.test_aggregate import correlated_means, on_the_sphere


def measured(posterior: Posterior, seed: int = 0, prior_samples: int = 2000) -> LatentMeasures:
    generator = torch.Generator().manual_seed(seed)
    dim = posterior.location.shape[1]
    return measure_latents(posterior, posterior.prior(dim).sample(prior_samples, generator), generator)


def population(sentences: int, seed: int, share: float = 0.8) -> DiagonalGaussian:
    """Three dimensions whose population's q(z) is N(0, I); the means have `share` of the variance."""
    mean = math.sqrt(share) * torch.randn(sentences, 3, generator=torch.Generator().manual_seed(seed))
    return DiagonalGaussian(mean, torch.full_like(mean, math.log(1 - share)))


# ---- spaces whose figures are known


def test_a_collapsed_posterior() -> None:
    posterior = DiagonalGaussian(torch.zeros(500, 4), torch.zeros(500, 4))
    metrics = latent_metrics(posterior)
    assert (metrics.active_units, metrics.consistent_units) == (0, 4)
    assert (metrics.kl, metrics.mi, metrics.covariance_gap) == pytest.approx((0, 0, 0), abs=1e-9)
    figures = measured(posterior).figures
    for figure in ("kl", "mi", "joint_gap", "smoothed_gap", "covariance_gap"):
        assert figures[figure] == pytest.approx((0, 0), abs=1e-9)
    assert figures["pair_gap"].value == pytest.approx(0, abs=1e-4)
    assert figures["hole_mass"].value <= 0.02
    assert figures["auc"].value == pytest.approx(0.5, abs=0.03)


def test_an_autoencoder_says_all_it_can() -> None:
    """Narrow posteriors far apart: MI is its ceiling log N, and the bound of the joint gap stays near the Gaussian part."""
    generator = torch.Generator().manual_seed(2)
    posterior = DiagonalGaussian(20 * torch.randn(300, 4, generator=generator), torch.full((300, 4), -6.0))
    metrics = latent_metrics(posterior, generator)
    assert metrics.mi == pytest.approx(math.log(300), abs=1e-6)
    assert (metrics.active_units, metrics.consistent_units) == (4, 0)
    figures = measured(posterior).figures
    truth = 4 * 0.5 * (400 - 1 - math.log(400))  # of the population's q(z), N(0, 20² I)
    assert figures["joint_gap"].value < 0
    assert figures["smoothed_gap"].value == pytest.approx(truth, rel=0.1)
    assert figures["auc"].value > 0.95


def test_holes_are_found_where_posteriors_are_narrow_and_cover_no_other_sentence() -> None:
    """The means lie in half of the space; without smoothing a held-out sentence is as far from the others as a prior sample."""
    mean = torch.randn(1000, 8, generator=torch.Generator().manual_seed(1))
    mean[:, 0] = mean[:, 0].abs() + 1.5
    posterior = DiagonalGaussian(mean, torch.full_like(mean, -8.0))
    figures = measured(posterior).figures
    assert figures["hole_mass"].value > 0.7
    assert figures["auc"].value > 0.95


def test_a_matching_posterior_has_no_holes() -> None:
    figures = measured(population(4000, seed=3, share=0.5), prior_samples=4000).figures
    assert figures["hole_mass"].value < 0.02
    assert abs(figures["auc"].value - 0.5) < 0.03
    assert abs(figures["smoothed_gap"].value) < 0.03
    assert (figures["consistent_units"].value, figures["consistent_units_reverse"].value) == (3, 3)


def test_correlation_shows_in_pairs_and_covariance_and_in_no_marginal() -> None:
    """Marginals N(0, 1), correlation ρ: the gap is −½ log(1 − ρ²)."""
    mean = correlated_means(4000, 0.8) * math.sqrt(0.99)
    found = measured(DiagonalGaussian(mean, torch.full_like(mean, math.log(0.01))))
    truth = -0.5 * math.log(1 - (0.8 * 0.99) ** 2)
    assert found.figures["consistent_units"].value == 2
    for figure in ("covariance_gap", "pair_gap", "worst_pair_gap"):
        assert found.figures[figure].value == pytest.approx(truth, abs=0.05)
    assert found.figures["smoothed_gap"].value == pytest.approx(truth, abs=0.05)
    (pair,) = found.pairs
    assert pair.dimensions == (0, 1)
    assert pair.correlation == pytest.approx(0.8 * 0.99, abs=0.02)


def test_consistent_units_in_both_directions_differ_where_q_has_a_hole() -> None:
    """A narrow gap in q costs KL(q ‖ p) little and KL(p ‖ q) much."""
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(20_000, 1, generator=generator)
    mean = mean[(mean - 1.5).abs() > 0.1][:, None]
    gaps = aggregate(DiagonalGaussian(mean, torch.full_like(mean, -9.0))).marginal_gaps()
    assert float(gaps.kl) < CONSISTENT_KL < float(gaps.reverse_kl)


@pytest.mark.parametrize("log_var", [-9.0, -3.0, -0.5])
def test_what_a_marginal_differs_by_at_least_is_no_more_than_its_kl(log_var: float) -> None:
    """For the mixture of these sentences, whether its mean and variance tell more or its shares of intervals."""
    mean = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    mean[:, 1] = mean[:, 1].sign() + 0.1 * mean[:, 2]
    mean[:, 2] = 0.3 * mean[:, 2] - 0.5
    profile = measured(DiagonalGaussian(mean, torch.full_like(mean, log_var))).profile
    bounds, exact = torch.tensor(profile["marginal_kl_bound"]), torch.tensor(profile["marginal_kl"])
    assert (bounds <= exact + 1e-6).all()
    assert bounds[1] > 0.08  # the shares: mean and variance of two clusters are nearly the prior's
    assert bounds[2] > 0.1


def test_metrics_of_von_mises_fisher_posteriors() -> None:
    """Far apart they say log N. Spread evenly all dimensions are active; what N(0, 1) is needed for is absent."""
    metrics = latent_metrics(on_the_sphere(200, 10_000))
    assert metrics.mi == pytest.approx(math.log(200), abs=0.01)
    assert (metrics.active_units, metrics.consistent_units, metrics.covariance_gap) == (5, None, None)
    wide = VonMisesFisher(on_the_sphere(3000, 1.0).location, 0.5)  # each has nearly the prior's mean
    means = wide.samples(4000, torch.Generator().manual_seed(0)).mean(1)
    assert float(means.var(0).mean()) == pytest.approx(float(aggregate(wide).variance_of_locations().mean()) / 5, rel=0.1)
    assert latent_metrics(wide).active_units == 0
    together = VonMisesFisher(torch.eye(5)[:1].repeat(50, 1), 100.0)
    assert latent_metrics(together).active_units == 0
    assert latent_metrics(together).mi == pytest.approx(0, abs=1e-6)
    found = measured(on_the_sphere(500, 300))
    assert found.figures["auc"].value == pytest.approx(0.5, abs=0.08)
    assert abs(found.figures["smoothed_gap"].value) < 0.2
    assert "pair_gap" in found.absent


def test_a_joint_gap_is_no_larger_than_the_kl_which_is_exact() -> None:
    """Of posteriors that say nothing, samples would show more by chance."""
    figures = measured(VonMisesFisher(on_the_sphere(1, 1.0).location.repeat(400, 1).float(), 13.0)).figures
    assert figures["smoothed_gap"].value <= figures["kl"].value < figures["smoothed_gap"].value + 0.1


def test_metrics_of_an_implicit_posterior() -> None:
    """What needs a density is absent; the spread of a mean of few draws is not taken for activity."""
    generator = torch.Generator().manual_seed(6)
    noise = torch.randn(4000, 8, 3, generator=generator)
    metrics = latent_metrics(Implicit(noise))
    assert (metrics.kl, metrics.mi, metrics.consistent_units) == (None, None, None)
    assert metrics.active_units == 0
    assert metrics.covariance_gap == pytest.approx(0, abs=0.01)
    noise[..., 0] += torch.randn(4000, 1, generator=generator)  # dimension 0 differs between sentences
    found = measured(Implicit(noise))
    assert found.figures.keys() == {"active_units", "covariance_gap"}
    assert found.figures["active_units"].value == 1
    assert found.figures["covariance_gap"].value == pytest.approx(0.5 * (2 - 1 - math.log(2)), abs=0.02)
    assert found.profile.keys() == {"variance_of_means"}


@pytest.mark.slow
def test_degenerate_posteriors_are_measured_as_far_as_they_can_be() -> None:
    """Two sentences' draws span no 32 dimensions; and a σ² that underflows leaves no width to a grid."""
    assert latent_metrics(Implicit(torch.randn(2, 8, 32))).covariance_gap is None
    assert "singular" in measured(Implicit(torch.randn(2, 8, 32))).absent["covariance_gap"]
    narrow = DiagonalGaussian(torch.randn(50, 2), torch.full((50, 2), -2000.0))
    assert latent_metrics(narrow).consistent_units == 0
    assert measured(narrow).figures["active_units"].value == 2
    two = measured(DiagonalGaussian(torch.randn(2, 1), torch.zeros(2, 1)))
    assert math.isnan(two.figures["mi"].error)
    assert "one dimension" in two.absent["pair_gap"]
    assert "too many pairs" in measured(DiagonalGaussian(torch.randn(40, 600), torch.zeros(40, 600))).absent["pair_gap"]


# ---- bounds


@pytest.mark.parametrize("log_var", [0.0, -2.0, -5.0, -12.0])
def test_mi_keeps_under_the_log_of_the_number_of_sentences(log_var: float) -> None:
    for seed in range(5):
        mean = torch.randn(50, 4, generator=torch.Generator().manual_seed(seed))
        mi = mutual_information(aggregate(DiagonalGaussian(mean, torch.full_like(mean, log_var))))
        assert mi <= math.log(50) + 1e-9


@pytest.mark.slow
def test_gaps_are_lower_bounds_in_expectation() -> None:
    """q(z) of the population is N(0, 2 I), whose KL is known; leave-one-out and smoothed gaps of 40 sets stay below."""
    truth = 3 * 0.5 * (2 - 1 - math.log(2))
    found = [
        measured(DiagonalGaussian(math.sqrt(1.9) * torch.randn(200, 3), torch.full((200, 3), math.log(0.1))), seed).figures
        for seed in range(40)
    ]
    for figure, closest in (("joint_gap", -0.4), ("smoothed_gap", 0.2)):
        values = np.array([figures[figure].value for figures in found])
        error = values.std() / math.sqrt(len(values))
        assert truth - 1.0 + closest < values.mean() < truth + 3 * error, figure


def test_the_smoothed_gap_is_a_lower_bound_of_few_sentences_in_many_dimensions_too() -> None:
    """The moments of a smoothing have 64 · 67 / 2 numbers to fit to 200 sentences; who is held out has no part in them."""
    truth = 64 * 0.5 * (1.4 - 1 - math.log(1.4))
    found = []
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        mean, prior = (torch.randn(count, 64, generator=generator) for count in (200, 2000))
        aggregated = aggregate(DiagonalGaussian(mean, torch.full_like(mean, math.log(0.4))))
        found.append(mixture_figures(aggregated, prior, generator)["smoothed_gap"].value)
    assert np.mean(found) < truth


# ---- standard errors


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["kl", "mi", "covariance_gap", "joint_gap", "smoothed_gap", "auc", "pair_gap"])
def test_standard_errors_are_the_spread_over_repetitions(figure: str, repeated: list[LatentMeasures]) -> None:
    estimates = [found.figures[figure] for found in repeated]
    spread = np.std([estimate.value for estimate in estimates])
    reported = math.sqrt(np.mean([estimate.error**2 for estimate in estimates]))
    # q̂ goes with its sentences, so that an AUC varies less than between samples of a fixed q̂.
    assert 0.7 < reported / spread < (2.5 if figure == "auc" else 1.5)


@pytest.fixture(scope="module")
def repeated() -> list[LatentMeasures]:
    """Sixty evaluation sets of one population, whose dimensions are correlated."""
    found = []
    for seed in range(60):
        generator = torch.Generator().manual_seed(seed)
        mean = torch.randn(300, 3, generator=generator)
        mean[:, 1] = 0.8 * mean[:, 1] + 0.5 * mean[:, 0]
        log_var = -1.5 + 0.3 * torch.randn(300, 3, generator=generator)
        found.append(measured(DiagonalGaussian(mean, log_var), seed, prior_samples=300))
    return found


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = torch.randn(2000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    without = [torch.cat([values[: part.start], values[part.stop :]]).mean() for part in group_slices(2000)]
    by_jackknife = jackknife(float(values.mean()), torch.stack(without))
    assert by_jackknife.value == mean_of(values).value
    assert by_jackknife.error == pytest.approx(mean_of(values).error, rel=0.4)
    assert math.isnan(jackknife(1.0, torch.zeros(1)).error)


def test_the_error_of_a_ratio_is_its_spread() -> None:
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(200):
        lengths = torch.randint(1, 20, (100,), generator=generator).double()
        found.append(ratio_of(lengths * 0.3 + torch.randn(100, generator=generator, dtype=torch.float64), lengths))
    assert np.mean([ratio.error for ratio in found]) == pytest.approx(np.std([ratio.value for ratio in found]), rel=0.2)
    assert Estimate(1.0, 2.0).error == 2.0


def test_informative_units_are_dimensions_with_a_mean_kl_of_a_tenth_of_a_nat() -> None:
    """Three dimensions whose means vary: by 0.7, 0.2 and 0.02 nats, one that only is narrow, and one that is the prior."""
    count = 4000
    wanted = torch.tensor([0.7, 0.2, 0.02, 0.3, 0.0])
    mean = torch.randn(count, 5, generator=torch.Generator().manual_seed(0)) * torch.sqrt(2 * wanted)
    log_var = torch.zeros(count, 5)
    mean[:, 3:], log_var[:, 3] = 0, -1.2  # ½ (e^−1.2 − 1 + 1.2) = 0.25 nats
    found = measure_latents(DiagonalGaussian(mean, log_var), torch.randn(500, 5), torch.Generator().manual_seed(0))
    assert found.figures["informative_units"].value == 3


@pytest.mark.parametrize("wrong", ["one dimension", "not finite", "a mean that is not finite"])
def test_latents_that_cannot_be_compared_give_an_error_and_no_number(wrong: str) -> None:
    mean, prior = torch.zeros(40, 4), torch.randn(50, 4)
    if wrong == "one dimension":
        prior = prior[:, :1]
    elif wrong == "not finite":
        prior[3, 2] = math.nan
    else:
        mean[3, 2] = math.inf
    with pytest.raises(ValueError, match="shape" if wrong == "one dimension" else "finite"):
        measure_latents(DiagonalGaussian(mean, torch.zeros(40, 4)), prior, torch.Generator())


def test_a_mean_and_a_variance_of_other_shapes_are_an_error() -> None:
    with pytest.raises(ValueError, match="must have one shape"):
        DiagonalGaussian(torch.zeros(5, 2), torch.zeros(5, 1))
