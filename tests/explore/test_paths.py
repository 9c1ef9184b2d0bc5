"""Paths between latents."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dgvae.explore.paths import DenseGraph, linear_path, spherical_path

VECTORS = st.lists(st.floats(-5, 5), min_size=3, max_size=3).map(torch.tensor)


@given(VECTORS, VECTORS, st.integers(2, 9), st.sampled_from([linear_path, spherical_path]))
def test_paths_end_where_they_should(start, end, steps, path) -> None:
    points = path(start, end, steps)
    assert points.shape == (steps, 3)
    torch.testing.assert_close(points[0], start, atol=1e-2, rtol=0)
    torch.testing.assert_close(points[-1], end, atol=1e-2, rtol=0)


def test_a_spherical_path_keeps_the_norm_and_turns_evenly() -> None:
    points = spherical_path(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), 4)
    torch.testing.assert_close(points.norm(dim=1), torch.full((4,), 2.0))
    angles = torch.atan2(points[:, 1], points[:, 0])
    torch.testing.assert_close(angles, torch.linspace(0, math.pi / 2, 4))


def ring(count: int = 400) -> torch.Tensor:
    """Latents on a circle of radius 3, none inside."""
    angle = torch.linspace(0, 2 * math.pi, count + 1)[:-1]
    return 3 * torch.stack([angle.cos(), angle.sin()], dim=1)


def test_a_dense_path_goes_round_a_void() -> None:
    latents = ring()
    points = DenseGraph(latents).path(torch.tensor([3.0, 0.1]), torch.tensor([-3.0, 0.1]), 21)
    torch.testing.assert_close(points[[0, -1]], torch.tensor([[3.0, 0.1], [-3.0, 0.1]]))
    assert float(points.norm(dim=1).min()) > 2.9
    hops = (points[1:] - points[:-1]).norm(dim=1)
    assert float(hops.max() / hops.min()) < 1.1


def test_ends_that_are_nearer_to_each_other_than_to_any_sentence_are_joined_straight() -> None:
    torch.manual_seed(0)
    start = torch.full((8,), 1.5)
    end = start + 0.01
    points = DenseGraph(torch.randn(500, 8)).path(start, end, 5)
    torch.testing.assert_close(points, linear_path(start, end, 5))


def test_islands_are_joined() -> None:
    islands = torch.cat([ring(), ring() + 20, torch.tensor([[-30.0, 0.0], [-30.0, 0.0]])])
    points = DenseGraph(islands).path(islands[0], islands[-1], 9)
    assert torch.isfinite(points).all()
    torch.testing.assert_close(points[-1], islands[-1])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_or_equal_latents_are_no_fault(count: int) -> None:
    points = DenseGraph(torch.zeros(count, 2)).path(torch.zeros(2), torch.ones(2), 5)
    torch.testing.assert_close(points[-1], torch.ones(2))
