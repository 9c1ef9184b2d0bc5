"""Pictures of how many points lie in each cell of a view of a map: of more points than can be drawn one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from dgvae.charts.colors import rgb
from dgvae.charts.heat import POSTERIOR, PRIOR, data_url

Extent = tuple[float, float]

CELLS = 320  # along each side
_QUIET = rgb("quiet")
_FULL = 0.999  # of the cells that hold a point: beyond, all have the full color


def inside(xy: np.ndarray, view: tuple[Extent, Extent]) -> np.ndarray:
    """Which places lie in a view: [S, 2] -> [S], bool."""
    (x0, x1), (y0, y1) = view
    x, y = xy[:, 0], xy[:, 1]
    return (x >= x0) & (x < x1) & (y >= y0) & (y < y1)


def counts(xy: np.ndarray, view: tuple[Extent, Extent], cells: int = CELLS) -> np.ndarray:
    """How many places lie in each cell of a view.

    Args:
        xy: [S, 2]; what lies outside of the view is in no cell.
        view: the ends of x and y.
        cells: along each side.

    Returns:
        [cells, cells], row 0 lowest.
    """
    low, high = np.transpose(np.array(view, dtype=np.float64))
    at = ((xy[inside(xy, view)] - low) * (cells / (high - low))).astype(np.int64).clip(0, cells - 1)
    return np.bincount(at[:, 1] * cells + at[:, 0], minlength=cells * cells).reshape(cells, cells)


def picture(prior: np.ndarray, posterior: np.ndarray, view: tuple[Extent, Extent], by_source: bool = True) -> dict[str, Any]:
    """A picture of the points of the prior and of the posteriors, the fuller in color the more there are.

    The strength of a color goes with the logarithm of the count: a cell with one point is seen beside one with thousands.

    Args:
        prior: counts of the prior's points, as of `counts`.
        posterior: counts of the posteriors' points.
        view: the ends of x and y.
        by_source: whether each source has its color; else all are gray, where colors mean something else.

    Returns:
        A row for the chart: x, y, right and top, and the picture's url.
    """
    strengths = [_strength(count) for count in (prior, posterior)]
    colors = np.array([PRIOR, POSTERIOR] if by_source else [_QUIET, _QUIET], dtype=np.float64)
    total = strengths[0] + strengths[1]
    share = np.divide(strengths[1], total, out=np.zeros_like(total), where=total > 0)[..., None]
    alpha = 1 - (1 - strengths[0]) * (1 - strengths[1])
    (x0, x1), (y0, y1) = view
    url = data_url(0.85 * alpha, (1 - share) * colors[0] + share * colors[1])
    return {"x": x0, "y": y0, "right": x1, "top": y1, "url": url}


def _strength(count: np.ndarray) -> np.ndarray:
    """From 0 to 1."""
    most = np.quantile(count[count > 0], _FULL) if count.any() else 1.0
    return np.clip(np.log1p(count) / np.log1p(max(most, 1.0)), 0, 1)
