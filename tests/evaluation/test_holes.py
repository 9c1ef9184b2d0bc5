"""Hole mass, AUC and holes on made-up spaces."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dgvae.aggregate import aggregate
from dgvae.evaluation.holes import auc, density_gap_at, find_holes, hole_mass
from dgvae.evaluation.latent_figures import mixture_figures
from dgvae.posteriors import DiagonalGaussian
from tests.aggregate.test_aggregate import on_the_sphere


def test_auc_equals_counting_pairs_with_ties() -> None:
    posterior_gap, prior_gap = torch.tensor([0.0, 1.0, 1.0, 2.0]), torch.tensor([1.0, 3.0])
    wins = [(p > q) + 0.5 * (p == q) for p in prior_gap.tolist() for q in posterior_gap.tolist()]
    assert auc(posterior_gap, prior_gap) == np.mean(wins)


def test_equal_gaps_are_a_match_whatever_their_rounding_errors() -> None:
    assert auc(1e-12 * torch.randn(100), 1e-12 * torch.randn(100)) == 0.5
    assert hole_mass(1e-12 * torch.randn(100), 1e-12 * torch.randn(100)) == 0


def test_hole_mass_is_the_share_beyond_the_99th_percentile() -> None:
    posterior_gap = torch.arange(101.0)
    assert hole_mass(posterior_gap, torch.tensor([98.0, 99.0, 99.5, 200.0])) == 0.5


def test_density_gap_is_zero_where_the_densities_agree() -> None:
    collapsed = aggregate(DiagonalGaussian(torch.zeros(10, 3), torch.zeros(10, 3)))
    assert float(density_gap_at(torch.randn(20, 3), collapsed).abs().max()) < 1e-9


def test_density_gap_on_the_sphere_compares_with_the_uniform_distribution() -> None:
    z = on_the_sphere(7, 30).direction
    aggregated = aggregate(on_the_sphere(40, 30))
    gap = density_gap_at(z, aggregated)
    np.testing.assert_allclose(gap, -np.log(8 / 3 * np.pi**2) - aggregated.smoothed.log_prob(z).numpy())


def with_two_holes() -> DiagonalGaussian:
    """N(0, I) but for |z_1| > 1.5, where no sentence is."""
    mean = torch.randn(6000, 2, generator=torch.Generator().manual_seed(0))
    mean = mean[mean[:, 0].abs() < 1.5]
    return DiagonalGaussian(mean, torch.full_like(mean, -5.0))


def test_regions_are_the_holes_on_both_sides() -> None:
    posterior = with_two_holes()
    samples = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1))
    found = find_holes(aggregate(posterior), samples, count=2)
    assert len(found) == 2
    assert {math.copysign(1, float(hole.z[0])) for hole in found} == {-1.0, 1.0}
    for hole in found:
        assert abs(float(hole.z[0])) > 1.5
        assert hole.share == pytest.approx(0.067, abs=0.03)  # P(z_1 > 1.5)
        distances = (posterior.mean - hole.z).norm(dim=1)
        assert hole.nearest == int(distances.argmin())
    assert found[0].share >= found[1].share
    assert sum(hole.share for hole in found) < float((samples[:, 0].abs() > 1.4).float().mean())


def test_a_large_hole_comes_before_deeper_draws_of_the_tail() -> None:
    mean = torch.randn(6000, 2, generator=torch.Generator().manual_seed(0))
    mean = mean[mean.norm(dim=1) > 0.7]  # a disc is missing, and in it 22% of the prior
    samples = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1))
    found = find_holes(aggregate(DiagonalGaussian(mean, torch.full_like(mean, -6.0))), samples)
    assert float(found[0].z.norm()) < 0.5
    assert found[0].share == max(hole.share for hole in found) > 0.04
    assert found[0].gap < max(hole.gap for hole in found if float(hole.z.norm()) > 3)


def test_the_error_of_a_hole_mass_of_few_sentences_is_not_small_by_chance() -> None:
    """Its limit rests on the two farthest of 150 sentences, in whose places the groups often agree."""
    values, errors = [], []
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
        mean = math.sqrt(0.95) * torch.randn(150, 2, generator=generator)
        q = aggregate(DiagonalGaussian(mean, torch.full_like(mean, math.log(0.05))))
        mass = mixture_figures(q, torch.randn(2000, 2, generator=generator), generator)["hole_mass"]
        values.append(mass.value)
        errors.append(mass.error)
    assert min(errors) > 0.5 * float(torch.tensor(values).std())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_holes_of_the_map_add_up_to_the_hole_mass_of_the_record(seed: int) -> None:
    aggregated = aggregate(with_two_holes())
    samples = torch.randn(2000, 2, generator=torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(0)
    shuffled = aggregated.reordered(torch.randperm(len(aggregated), generator=generator))
    recorded = mixture_figures(shuffled, samples, generator)["hole_mass"].value
    found = find_holes(aggregated, samples)
    assert sum(hole.share for hole in found) == pytest.approx(recorded)
    for hole in found:
        assert torch.equal(samples[hole.index], hole.z)


def test_few_prior_samples_in_holes_are_regions_of_their_own() -> None:
    samples = torch.tensor([[0.0, 0.0], [4.0, 0.0], [-4.0, 0.0]])
    assert len(find_holes(aggregate(with_two_holes()), samples)) == 2


def test_a_space_without_holes_has_no_large_region() -> None:
    mean = torch.randn(3000, 2, generator=torch.Generator().manual_seed(0)) * math.sqrt(0.5)
    posterior = DiagonalGaussian(mean, torch.full_like(mean, math.log(0.5)))
    found = find_holes(aggregate(posterior), torch.randn(3000, 2, generator=torch.Generator().manual_seed(1)))
    assert sum(hole.share for hole in found) < 0.03


def test_one_sentence_has_no_density_without_itself() -> None:
    aggregated = aggregate(DiagonalGaussian(torch.zeros(1, 2), torch.zeros(1, 2)))
    assert aggregated.log_prob(torch.zeros(1, 2), leave_out=torch.tensor([0])).isneginf().all()
    assert find_holes(aggregated, torch.randn(20, 2)) == []
