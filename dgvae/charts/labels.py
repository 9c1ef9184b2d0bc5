"""Where the labels of a scatter's points go, so that they hide neither each other nor a point, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

_WIDTHS, _HEIGHT, _PADDING = (340, 860), 290, 24  # of the plot on a phone and on a desk, in pixels
_CHARACTER, _LINE, _DOT = 6.2, 13, 5
_HIDDEN = 0.25  # of a label's area: with more it cannot be read

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Spot:
    """Where a label is from its point: `dx`, `dy` in pixels to where the text begins, ends or has its middle."""

    align: str
    dx: float
    dy: float

    def box(self, x: float, y: float, text: str) -> Box:
        """The rectangle that a label covers.

        Args:
            x: of the point that is labeled, in pixels.
            y: likewise.
            text: the label.

        Returns:
            Left, top, right and bottom, in pixels.
        """
        width = _CHARACTER * len(text)
        left = x + self.dx - {"left": 0, "center": 0.5, "right": 1}[self.align] * width
        return left, y + self.dy - _LINE / 2, left + width, y + self.dy + _LINE / 2


_SPOTS = (
    *(Spot(align, dx, dy) for dy, (align, dx) in product((-9, 9, 0), (("left", 7), ("right", -7)))),
    *(Spot("center", 0, dy) for dy in (-13, 13)),
    *(Spot(align, dx, dy) for dy, (align, dx) in product((-20, 20), (("left", 5), ("right", -5)))),
)
NOWHERE = Spot("left", 0, 0)


def place_labels(points: Sequence[tuple[float, float, str]]) -> list[Spot | None]:
    """A spot for the label of every point (x, y, text): the first that is free, or the best; None if there is no room.

    Points that come first have the choice.
    """
    ys = [_HEIGHT - y for y in _pixels([y for _, y, _ in points], _HEIGHT)]
    plots = [_Plot(width, list(zip(_pixels([x for x, _, _ in points], width), ys, strict=True))) for width in _WIDTHS]
    chosen: list[Spot | None] = []
    for i, (_, _, text) in enumerate(points):
        costs = [max(plot.cost(spot.box(*plot.centers[i], text)) for plot in plots) for spot in _SPOTS]
        spot = _SPOTS[costs.index(min(costs))]
        readable = min(costs) <= _HIDDEN * _LINE * _CHARACTER * len(text)
        chosen.append(spot if readable else None)
        if readable:
            for plot in plots:
                plot.taken.append(spot.box(*plot.centers[i], text))
    return chosen


class _Plot:
    """What is taken of a plot of a certain width: its points at first."""

    def __init__(self, width: float, centers: Sequence[tuple[float, float]]) -> None:
        self.width, self.centers = width, centers
        self.taken: list[Box] = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in centers]

    def cost(self, box: Box) -> float:
        """The area that a label would hide, and what of it would lie outside."""
        left, top, right, bottom = box
        hidden = sum(
            _overlap(left, right, other[0], other[2]) * _overlap(top, bottom, other[1], other[3]) for other in self.taken
        )
        beside, beyond = max(0.0, -left) + max(0.0, right - self.width), max(0.0, -top) + max(0.0, bottom - _HEIGHT)
        return hidden + _LINE * beside + 100 * beyond


def _overlap(low: float, high: float, other_low: float, other_high: float) -> float:
    return max(0.0, min(high, other_high) - max(low, other_low))


def _pixels(values: Sequence[float], size: float) -> list[float]:
    """Where values lie on an axis that they fill."""
    if not values:
        return []
    low, high = min(values), max(values)
    return [_PADDING + (size - 2 * _PADDING) * ((value - low) / (high - low) if high > low else 0.5) for value in values]


def without_common_end(titles: Sequence[str]) -> list[str]:
    """Titles of the form "method · where from", without "where from" if it is the same in all of them."""
    ends = {title.partition(" · ")[2] for title in titles}
    return [title.partition(" · ")[0] for title in titles] if len(ends) == 1 else list(titles)
