"""Points without posteriors: what a smoothed q(z) tells, and why there is no more."""

from __future__ import annotations

import pytest
import torch

from dgvae.aggregate import aggregate
from dgvae.aggregate.gaussian import NO_PAIR
from dgvae.aggregate.points import NO_POSTERIORS
from dgvae.errors import UserError
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.holes import find_holes
from dgvae.evaluation.latent_figures import LatentMeasures, measure_latents
from dgvae.explore.slices import plane
from dgvae.posteriors import Points


def measured(z: torch.Tensor) -> LatentMeasures:
    generator = torch.Generator().manual_seed(0)
    return measure_latents(Points(z), torch.randn(2000, z.shape[1], generator=generator), generator)


def draws(count: int, dim: int) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("dim", [1, 8])
def test_draws_of_the_prior_match_it(dim: int) -> None:
    figures = measured(draws(1000, dim)).figures
    assert figures["hole_mass"].value < 0.03
    assert figures["auc"].value == pytest.approx(0.5, abs=0.04)
    assert figures["covariance_gap"].value == pytest.approx(0, abs=0.05)
    assert figures["active_units"].value == dim


def test_a_ring_has_a_hole_in_its_middle() -> None:
    z = draws(1000, 2)
    z = z * (2 / z.norm(dim=1, keepdim=True))
    assert measured(z).figures["hole_mass"].value > 0.3
    holes = find_holes(aggregate(Points(z)), torch.randn(1000, 2, generator=torch.Generator().manual_seed(2)))
    assert min(float(hole.z.norm()) for hole in holes) < 1


def test_what_needs_posteriors_says_why_it_is_absent() -> None:
    of_points = measured(draws(200, 3))
    assert set(of_points.absent.values()) == {NO_POSTERIORS}
    assert not of_points.absent.keys() & of_points.figures.keys()
    assert of_points.absent.keys() <= FIGURES.keys()
    assert {"mi", "kl", "consistent_units"} <= of_points.absent.keys()


def test_a_dimension_in_which_all_points_agree_is_far_from_the_prior() -> None:
    z = draws(500, 3)
    z[:, 0] = 0.5
    figures = measured(z).figures
    assert figures["active_units"].value == 2
    assert figures["hole_mass"].value > 0.9


def test_a_slice_of_draws_of_the_prior_matches_it() -> None:
    for count in (300, 2000):
        shown = plane(aggregate(Points(draws(count, 2))), (0, 1), 4.0)
        assert float(shown.q.sum() / shown.p.sum()) == pytest.approx(1, abs=0.01)
        assert float(shown.p[shown.gap > 2].sum() / shown.p.sum()) < 0.01


def test_one_dimension_has_no_slice_and_no_wrong_reason() -> None:
    with pytest.raises(UserError, match=f"^There is no slice here: {NO_PAIR}"):
        plane(aggregate(Points(draws(30, 1))), (0, 1), 4.0)
