"""The shapes of a region on a map: a rectangle, or the polygon that a lasso draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dgvae.errors import UserError
from dgvae.ui.requests.events import LEAST_CORNERS, MOST_COORDINATE, MOST_CORNERS

EXAMPLES = (
    "Write a region as its map and the limits of x and y, such as A: 0, 2, -1, 1, or as its map and the corners of a polygon, "
    "such as A: 0 0, 2 0, 1 2."
)


@dataclass(frozen=True)
class Rectangle:
    """By the ends of x and of y."""

    x: tuple[float, float]
    y: tuple[float, float]

    def __str__(self) -> str:
        return ", ".join(map(_short, (*self.x, *self.y)))

    def inside(self, xy: np.ndarray) -> np.ndarray:
        """Which points lie in it: [N, 2] -> [N]."""
        low, high = np.transpose([self.x, self.y])
        return ((xy >= low) & (xy <= high)).all(1)

    def mark(self) -> dict[str, Any]:
        """For `marks`."""
        return {"x": self.x, "y": self.y}


@dataclass(frozen=True)
class Polygon:
    """By its corners. It may cross itself: by the even-odd rule, what it goes round twice is outside."""

    corners: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        return ", ".join(" ".join(map(_short, corner)) for corner in self.corners)

    def inside(self, xy: np.ndarray) -> np.ndarray:
        """Which points lie in it, [N, 2] -> [N], in the same operations as `isInPolygon` in lasso.js."""
        x, y = xy.astype(np.float64).T
        crossed = np.zeros(len(xy), dtype=bool)
        for (x0, y0), (x1, y1) in zip((self.corners[-1], *self.corners[:-1]), self.corners, strict=True):
            if y0 != y1:
                crossed ^= ((y0 > y) != (y1 > y)) & (x < (x0 - x1) * (y - y1) / (y0 - y1) + x1)
        return crossed

    def mark(self) -> dict[str, Any]:
        """For `marks`."""
        return {"corners": self.corners}


def parse_shape(text: str) -> Rectangle | Polygon:
    """From "0, 1, 2, 3", the ends of x and of y, or "0 0, 2 0, 1 2", corners. Raises UserError."""
    parts = [part.split() for part in text.split(",")]
    try:
        numbers = [[float(number) for number in part] for part in parts]
    except ValueError:
        raise UserError(EXAMPLES) from None
    if all(len(part) == 2 for part in numbers):
        return _polygon(numbers)
    if any(len(part) != 1 for part in numbers) or len(numbers) != 4 or not all(math.isfinite(part[0]) for part in numbers):
        raise UserError(EXAMPLES)
    (x0,), (x1,), (y0,), (y1,) = numbers
    return Rectangle((min(x0, x1), max(x0, x1)), (min(y0, y1), max(y0, y1)))


def _polygon(corners: list[list[float]]) -> Polygon:
    if len(corners) < LEAST_CORNERS:
        raise UserError(f"A polygon needs at least {LEAST_CORNERS} corners, such as A: 0 0, 2 0, 1 2.")
    if len(corners) > MOST_CORNERS:
        raise UserError(f"This polygon has {len(corners)} corners; leave some out, since it may have {MOST_CORNERS} at most.")
    if not all(abs(number) <= MOST_COORDINATE for corner in corners for number in corner):  # NaN is not, either
        raise UserError(f"The corners of a polygon need numbers from {-MOST_COORDINATE:g} to {MOST_COORDINATE:g}.")
    return Polygon(tuple((x, y) for x, y in corners))


def _short(value: float) -> str:
    return f"{value:.6g}"
