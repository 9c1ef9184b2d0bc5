"""What lies in a polygon, beside a plain loop and beside areas that are known."""

from __future__ import annotations

import numpy as np
import pytest

from dgvae.ui.map.shapes import Polygon, Rectangle, parse_shape

Corners = tuple[tuple[float, float], ...]
GRID = np.stack(np.meshgrid(np.linspace(0.05, 9.95, 100), np.linspace(0.05, 9.95, 100)), -1).reshape(-1, 2)


def windings(corners: Corners, x: float, y: float) -> int:
    """How often the corners go round a point: the angles under which it sees the edges, added up."""
    angles = [np.arctan2(at_y - y, at_x - x) for at_x, at_y in (*corners, corners[0])]
    turns = (np.diff(angles) + np.pi) % (2 * np.pi) - np.pi
    return round(float(turns.sum()) / (2 * np.pi))


@pytest.mark.parametrize("seed", range(20))
def test_a_point_lies_inside_if_the_polygon_goes_round_it_an_odd_number_of_times(seed: int):
    rng = np.random.default_rng(seed)
    corners = tuple((float(x), float(y)) for x, y in rng.uniform(0, 10, (rng.integers(3, 41), 2)))
    points = rng.uniform(-1, 11, (200, 2))
    inside = Polygon(corners).inside(points)
    assert inside.tolist() == [windings(corners, x, y) % 2 == 1 for x, y in points]
    assert inside.any()


@pytest.mark.parametrize(
    ("corners", "area"),
    [
        ("1 1, 9 1, 9 9, 1 9", 64),
        ("9 9, 9 1, 1 1, 1 9", 64),  # the other way round
        ("0 0, 10 0, 5 10", 50),
        ("0 0, 10 0, 10 10, 5 5, 0 10", 75),  # a notch
        ("0 0, 10 10, 10 0, 0 10", 50),  # an hourglass
        ("1 1, 9 1, 9 9, 1 9, 1 1, 9 1, 9 9, 1 9", 0),  # twice round
        ("1 1, 9 9, 5 5", 0),
    ],
)
def test_polygons_have_their_areas(corners: str, area: float):
    assert parse_shape(corners).inside(GRID).mean() * 100 == pytest.approx(area, abs=1)


def test_each_point_of_a_grid_lies_in_one_of_the_parts_of_a_square():
    corners = [(x, y) for x in range(4) for y in range(4)]
    center = (1.3, 1.7)
    ring: list[tuple[float, float]] = [(0, 0), (3, 0), (3, 3), (0, 3)]
    parts = [Polygon((a, b, center)) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    inside = np.sum([part.inside(np.array(corners, dtype=float)) for part in parts], axis=0)
    assert inside.max() == 1
    assert inside.sum() == 9  # the low edges belong to the square, the high ones do not


def test_a_rectangle_holds_its_edges():
    assert Rectangle((0, 1), (2, 3)).inside(np.array([[0, 2], [1, 3], [1.1, 2], [0, 1.9]])).tolist() == [1, 1, 0, 0]
