"""Two dimensions of q(z) on a grid."""

from __future__ import annotations

import math

import pytest
import torch

from dgvae.aggregate import aggregate
from dgvae.checkpoint.latents import Latents
from dgvae.errors import UserError
from dgvae.explore.directions import attribute_direction
from dgvae.explore.slices import CELLS, RANKINGS, most_correlated_pair, plane, reach_of, widest_pair, worst_pair
from dgvae.posteriors import DiagonalGaussian, VonMisesFisher


def space(correlation: float = 0.0, count: int = 4000) -> DiagonalGaussian:
    """Means and variances that make up N(0, I) but for one correlation, of z_2 and z_4, and a wide z_1."""
    torch.manual_seed(0)
    mean = math.sqrt(0.5) * torch.randn(count, 4)
    mean[:, 3] = correlation * mean[:, 1] + math.sqrt(1 - correlation**2) * mean[:, 3]
    mean[:, 0] *= 1.5
    return DiagonalGaussian(mean, torch.full_like(mean, math.log(0.5)))


def test_a_space_that_matches_has_no_gap_where_there_is_mass() -> None:
    shown = plane(aggregate(space()), (1, 2), reach=4)
    area = (8 / CELLS) ** 2
    assert float(shown.q.sum()) * area == pytest.approx(1, abs=0.01)
    assert float(shown.p.sum()) * area == pytest.approx(1, abs=0.001)
    dense = shown.p > 0.01
    assert float(shown.gap[dense].abs().mean()) < 0.1


def test_a_correlation_leaves_holes_in_the_other_corners() -> None:
    shown = plane(aggregate(space(correlation=0.95)), (1, 3), reach=4)
    low, high = CELLS // 4, 3 * CELLS // 4  # −2 and +2
    assert float(shown.gap[low, high]) > 1
    assert float(shown.gap[high, low]) > 1
    assert float(shown.gap[high, high]) < 0
    assert not torch.isinf(shown.gap).any()


def test_the_first_dimension_lies_to_the_right() -> None:
    shown = plane(aggregate(DiagonalGaussian(torch.tensor([[2.0, -1.0]]), torch.full((1, 2), -4.0))), (0, 1), reach=4)
    row, column = divmod(int(shown.q.argmax()), CELLS)
    assert (column, row) == (CELLS * 6 // 8, CELLS * 3 // 8) or abs(column - CELLS * 6 // 8) + abs(row - CELLS * 3 // 8) <= 2


def test_dimensions_are_ranked() -> None:
    aggregated = aggregate(space(correlation=0.95))
    assert set(most_correlated_pair(aggregated)) == {1, 3}
    assert 0 in widest_pair(aggregated)
    assert worst_pair(aggregated)[0] == 0
    assert reach_of(aggregated, (0, 1)) >= 4


def test_the_sphere_has_no_plane_and_says_why() -> None:
    sphere = aggregate(VonMisesFisher(torch.nn.functional.normalize(torch.randn(50, 4), dim=1), 50.0))
    for ranking in (*list(RANKINGS.values())[1:], lambda mixture: plane(mixture, (0, 1), 4)):
        with pytest.raises(UserError, match="There is no slice here: it compares with"):
            ranking(sphere)


def test_the_direction_of_a_label_is_that_of_its_means() -> None:
    posterior = space()
    labels = (posterior.mean[:, 2] > 0).long()
    latents = Latents(posterior, labels, torch.full_like(labels, 5))
    direction = attribute_direction(latents)
    assert int(direction.abs().argmax()) == 2
    assert float(direction[2]) == pytest.approx(2 * math.sqrt(0.5) * math.sqrt(2 / math.pi), rel=0.05)
    with pytest.raises(UserError, match="no encoded sentence has the label 1"):
        attribute_direction(Latents(posterior, torch.zeros_like(labels), labels))
