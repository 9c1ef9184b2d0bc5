"""The points of a trade-off: where each checkpoint lies, whom it is joined with, and what is written beside it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dgvae.charts.labels import NOWHERE, place_labels, without_common_end

if TYPE_CHECKING:
    from dgvae.evaluation.measured import Measured
    from dgvae.evaluation.record import Record

_UPWARDS = ("other", "B", "A")  # what comes last lies on top


def trade_off_points(checkpoints: Sequence[Measured], x: str, y: str, a: str | None, b: str | None) -> list[dict[str, Any]]:
    """One figure against another, with a label for each checkpoint that has room for it.

    Args:
        checkpoints: all must have both figures.
        x: the figure on the x-axis, a key of FIGURES.
        y: the figure on the y-axis.
        a: name of model A, if it is to be marked.
        b: name of model B.

    Returns:
        One row per checkpoint, the columns of the chart's data.
    """
    titles = without_common_end([checkpoint.title for checkpoint in checkpoints])
    families = _families(checkpoints)
    rows = [
        {
            "title": c.title, "label": title, "family": family, "option": c.option or 0.0,
            "model": "A" if c.name == a else "B" if c.name == b else "other",
            **_extent(c.record, x, "x"), **_extent(c.record, y, "y"),
        }
        for c, title, family in zip(checkpoints, titles, families, strict=True)
    ]  # fmt: skip
    _shorten_labels(rows)
    rows.sort(key=lambda row: _UPWARDS.index(row["model"]))
    spots = place_labels([(row["x"], row["y"], row["label"]) for row in reversed(rows)])
    for row, spot in zip(reversed(rows), spots, strict=True):
        row |= asdict(spot or NOWHERE) | ({} if spot else {"label": ""})
    return [{"id": i, **row} for i, row in enumerate(rows)]


def _families(checkpoints: Sequence[Measured]) -> list[str]:
    """Whom a line joins: one method with several values of its option, measured on the same sentences. Others are alone."""
    families = [f"{c.method} {c.record.evaluation.sha256}" for c in checkpoints]
    options = defaultdict(set)
    for family, checkpoint in zip(families, checkpoints, strict=True):
        options[family].add(checkpoint.option)
    return [family if len(options[family]) > 1 else str(i) for i, family in enumerate(families)]


def _shorten_labels(rows: Sequence[dict[str, Any]]) -> None:
    """In a family, the first says who it is, and the others only the value of the option. A and B always say who they are."""
    first: dict[str, float] = {}
    for row in rows:
        first[row["family"]] = min(row["option"], first.get(row["family"], math.inf))
    for row in rows:
        if row["model"] == "other" and row["option"] > first[row["family"]]:
            row["label"] = f"{row['option']:g}"
        elif row["model"] != "other":
            row["label"] = f"{row['model']} · {row['label']}"


def _extent(record: Record, figure: str, axis: str) -> dict[str, Any]:
    """The figure, one standard error down and up, and as it is written."""
    value, error = record.figures[figure]
    said = record.text(figure)
    if not math.isfinite(error):
        return {axis: value, f"{axis}_low": value, f"{axis}_high": value, f"{axis}_said": said}
    said = f"{said} ± {record.error_text(figure)}"
    return {axis: value, f"{axis}_low": value - error, f"{axis}_high": value + error, f"{axis}_said": said}
