"""The points of a map as rows: CSV inside a chart, which has half the bytes of JSON, and JSON for those that come later."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from dgvae.text.corpora import label_name

COORDINATE_DECIMALS = 3


def written_points(points: Mapping[str, np.ndarray], classes: Mapping[int, str]) -> dict[str, list[Any]]:
    """The same columns as JSON, for points that are added to a drawn map: what a point does not have is None.

    Args:
        points: as of `latent_map`.
        classes: the names of the labels.

    Returns:
        A list for each column.
    """
    called = {label: label_name(label, classes) for label in set(points["label"].tolist())}
    written: dict[str, list[Any]] = {name: points[name].tolist() for name in ("id", "source")}
    written |= {name: [round(value, COORDINATE_DECIMALS + 1) for value in points[name].tolist()] for name in ("x", "y")}
    written["label"] = [called[label] for label in points["label"].tolist()]
    written["length"] = [length if length >= 0 else None for length in points["length"].tolist()]
    written["gap"] = [round(gap, 2) if np.isfinite(gap) else None for gap in points["gap"].tolist()]
    digits = _digits(points["value"])
    written["value"] = [float(_written(value, digits)) if np.isfinite(value) else None for value in points["value"].tolist()]
    return written


def _digits(values: np.ndarray) -> int:
    """Significant digits that tell apart what differs by a thousandth of the range of the values."""
    finite = values[np.isfinite(values)].astype(np.longdouble)
    if not finite.size or finite.max() == finite.min():
        return 6
    return 3 + max(0, math.ceil(np.log10(np.abs(finite).max() / (finite.max() - finite.min()))))


def _written(value: float, digits: int) -> str:
    """A value with its digits; a whole number as a whole."""
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.{digits}g}"


def csv_rows(points: Mapping[str, np.ndarray], classes: Mapping[int, str]) -> str:
    """Rows with three decimals for coordinates and two for the gap; what a point does not have is empty."""
    names = ("id", "x", "y", "source", "label", "length", "gap", "value")
    lines, digits = [",".join(names)], _digits(points["value"])
    called = {label: _cell(label_name(label, classes)) for label in set(points["label"].tolist())}
    for id_, x, y, source, label, length, gap, value in zip(*(points[name].tolist() for name in names), strict=True):
        known_length = length if length >= 0 else ""
        known_gap = f"{gap:.2f}" if np.isfinite(gap) else ""
        known_value = _written(value, digits) if np.isfinite(value) else ""
        place = f"{x:.{COORDINATE_DECIMALS}f},{y:.{COORDINATE_DECIMALS}f}"
        lines.append(f"{id_},{place},{source},{called[label]},{known_length},{known_gap},{known_value}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """A text as a cell of a CSV file."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text
