"""What a method's parameter does: priorLL and postLL along the paper's grids (its figures 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from dgvae.evaluation.figures import FIGURES
from dgvae.methods.spec import Grid
from dgvae.methods.table import METHODS
from train.evaluate.report_table import Row

SHOWN = ("post_ll", "prior_ll")
_WIDTH, _HEIGHT, _COLUMNS = 210, 180, 3
_COLORS = ["#0b7a75", "#b9480c"]  # of methods that share a parameter


def parameter_chart(rows: Sequence[Row]) -> dict[str, Any] | None:
    """A panel for each parameter of which at least two values were measured. Methods with the same parameter share one.

    Args:
        rows: means over seeds.

    Returns:
        A Vega-Lite specification, or None if there is no such parameter.
    """
    panels: dict[str, list[Row]] = {}
    order = list(METHODS)
    for row in sorted(rows, key=lambda row: order.index(row.config.method)):
        if row.config.row.grid and set(SHOWN) <= row.record.figures.keys():
            panels.setdefault(row.config.row.grid.symbol, []).append(row)
    drawn = [_panel(symbol, family) for symbol, family in panels.items() if len({_value(row) for row in family}) > 1]
    if not drawn:
        return None
    return (
        alt.concat(*drawn, columns=_COLUMNS)
        .resolve_scale(color="independent", y="shared")
        .configure_legend(title=None)
        .to_dict()
    )


def _panel(symbol: str, rows: Sequence[Row]) -> Any:
    points = [
        {
            "method": row.config.row.title,
            "value": _value(row),
            "nats": row.record.figures[name].value,
            "figure": FIGURES[name].name,
        }
        for row in rows
        for name in SHOWN
    ]
    methods = list(dict.fromkeys(point["method"] for point in points))
    values = sorted({point["value"] for point in points})
    base = alt.Chart(alt.Data(values=points)).encode(
        x=alt.X("value:Q", title=symbol, scale=_scale(values), axis=alt.Axis(values=values, format="~g", grid=False)),
        y=alt.Y("nats:Q", title="nats per sentence", scale=alt.Scale(zero=False)),
        color=alt.Color(
            "method:N",
            scale=alt.Scale(domain=methods, range=_COLORS[: len(methods)]),
            legend=alt.Legend(orient="bottom") if len(methods) > 1 else None,
        ),
    )
    dash = alt.StrokeDash("figure:N", sort=[FIGURES[name].name for name in SHOWN], legend=alt.Legend(orient="top"))
    lines = base.mark_line().encode(strokeDash=dash)
    return alt.layer(lines, base.mark_circle(size=30, opacity=1)).properties(
        width=_WIDTH, height=_HEIGHT, title=" and ".join(methods)
    )


def _scale(values: Sequence[float]) -> alt.Scale:
    """Logarithmic where the grid's values double."""
    logarithmic = values[0] > 0 and values[-1] / values[0] >= 8
    return alt.Scale(type="log" if logarithmic else "linear", nice=False, zero=False, padding=12)


def _value(row: Row) -> float:
    grid = row.config.row.grid
    assert isinstance(grid, Grid)
    return float(row.config.options[grid.option])
