"""Charts that compare measured checkpoints: one figure against another, and the dimensions of two latents.

As in maps.py, colors are parameters that the page replaces by those of its theme. On the page a chart is as wide as its
place; for a file, set "width" and "height".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dgvae.charts.labels import without_common_end
from dgvae.charts.series_colors import color_parameters
from dgvae.charts.trade_off_points import trade_off_points
from dgvae.evaluation.figures import CONSISTENT_KL, FIGURES
from dgvae.evaluation.measured import Measured


@dataclass(frozen=True)
class Profile:
    """A kind of profile: its key in `Record.profile`, its title, and where a dashed line helps the reading."""

    key: str
    title: str
    note: str
    line: float


_PRIOR = "dashed: 1, the prior's variance"
PROFILES: dict[str, Profile] = {
    "marginal": Profile(
        "marginal_kl", "KL of q(z_i) to N(0, 1)", f"in nats; dashed: {CONSISTENT_KL:g}, consistent below", CONSISTENT_KL
    ),
    "means": Profile("variance_of_means", "variance of the posterior means", _PRIOR, 1.0),
    "width": Profile("mean_variance", "mean σ² of the posteriors", _PRIOR, 1.0),
}
_LEFT = 32  # pixels for the labels of y, so that ranks lie below each other in all profiles


_TO_THE_CORNER = {("mi", "hole_mass"), ("mi", "smoothed_gap")}  # trade-offs whose best corner is at the bottom, right


def trade_off(checkpoints: Sequence[Measured], x: str, y: str, a: str | None = None, b: str | None = None) -> dict[str, Any]:
    """One figure against another: a point per checkpoint that has both, with standard errors; families are joined by a line.

    Args:
        checkpoints: those without one of the figures are left out.
        x: the figure on the x-axis, a key of FIGURES.
        y: the figure on the y-axis.
        a: name of model A, if its letter is to stand before its name.
        b: name of model B.

    Returns:
        A Vega-Lite specification.
    """
    import altair as alt

    rows = trade_off_points([c for c in checkpoints if c.has(x, y)], x, y, a, b)
    drawing: dict[str, Any] = {"scale": alt.Scale(zero=False, nice=True, padding=24), "axis": alt.Axis(tickCount=6)}

    def at(field_x: str = "x", field_y: str = "y") -> dict[str, Any]:
        return {
            "x": alt.X(f"{field_x}:Q", title=_axis(x), **drawing),
            "y": alt.Y(f"{field_y}:Q", title=_axis(y), **drawing),
        }

    color = alt.Color(
        "model:N",
        legend=None,
        scale=alt.Scale(domain=["A", "B", "other"], range=[alt.expr("ink"), alt.expr("ink"), alt.expr("quiet")]),
    )
    label: dict[str, Any] = {name: alt.expr(f"datum.{name}") for name in ("align", "dx", "dy")}
    base = alt.Chart(alt.NamedData("points"))
    layers = [
        base.mark_line(color=alt.expr("quiet"), opacity=0.5, strokeWidth=1).encode(
            **at(), detail="family:N", order="option:Q"
        ),
        base.mark_rule().encode(**at(field_x="x_low"), x2="x_high:Q", color=color),
        base.mark_rule().encode(**at(field_y="y_low"), y2="y_high:Q", color=color),
        base.mark_circle(size=64, opacity=1).encode(**at(), color=color),
        base.mark_text(
            **label, baseline="middle", fontSize=11, color=alt.expr("ink"),
            fontWeight=alt.expr("datum.model == 'other' ? 400 : 700"),
        ).encode(**at(), text="label:N"),
    ]  # fmt: skip
    if (x, y) in _TO_THE_CORNER:  # said in the middle of the edge, since the corner is for the models that reach it
        corner = alt.Chart(alt.Data(values=[{}])).mark_text(
            text="says much, no holes ↘", align="right", dx=-6, fontSize=11, fontStyle="italic", color=alt.expr("quiet")
        )
        layers.append(corner.encode(x=alt.value(alt.expr("width")), y=alt.value(alt.expr("height * 0.6"))))
    tooltip = {"title": "checkpoint", "x_said": FIGURES[x].name, "y_said": FIGURES[y].name}
    title = f"{FIGURES[y].name} against {FIGURES[x].name}"
    return _finished(alt.layer(*layers), rows, {"tooltip": tooltip}, title, f"{title}, {len(rows)} checkpoints.", 320)


def profile(kind: str, a: Measured | None, b: Measured | None) -> dict[str, Any]:
    """A value of every dimension of the latents of A and B, dimensions ranked by the variance of their posterior means.

    Args:
        kind: a key of PROFILES.
        a: model A, if there is one.
        b: model B.

    Returns:
        A Vega-Lite specification.
    """
    import altair as alt

    shown = PROFILES[kind]
    drawn = {model: c for model, c in (("A", a), ("B", b)) if c and shown.key in c.record.profile}
    values = [bar for model, checkpoint in drawn.items() for bar in _bars(model, checkpoint, shown.key)]
    rows = [{"id": i, **bar} for i, bar in enumerate(values)]
    x = _rank_axis(max((row["rank"] for row in rows), default=1))
    y = _value_axis(max([row["y"] for row in rows] + [shown.line]), symlog=kind == "marginal")
    bars = alt.Chart(alt.NamedData("points")).mark_rect()
    bars = bars.encode(x=x, x2="right:Q", y=y, y2=alt.datum(0), color=_model_colors(drawn))
    line = alt.Chart(alt.Data(values=[{"y": shown.line}])).mark_rule(strokeDash=[3, 3], color=alt.expr("ink"))
    usermeta = {"tooltip": {"model": "model", "dimension": "dimension", "said": shown.title}, "nearest": "x"}
    described = f"{shown.title}, of {' and '.join(c.title for c in drawn.values()) or 'no model'}."
    title = alt.Title(shown.title, subtitle=shown.note)
    return _finished(alt.layer(bars, line.encode(y="y:Q")), rows, usermeta, title, described, 150)


def _rank_axis(ranks: int) -> Any:
    """The x axis: a place for both bars of each dimension."""
    import altair as alt

    return alt.X(
        "left:Q", title="rank of the dimension, by the variance of its means",
        scale=alt.Scale(domain=[0.5, ranks + 0.5], nice=False), axis=alt.Axis(grid=False, format="d", tickMinStep=1),
    )  # fmt: skip


def _value_axis(highest: float, symlog: bool) -> Any:
    """The y axis, from 0 to a little above the highest value."""
    import altair as alt

    scale: dict[str, Any] = {"domain": [0, 1.06 * highest], "nice": False}
    if symlog:
        return alt.Y("y:Q", title=None, scale=alt.Scale(type="symlog", constant=0.01, **scale), axis=_symlog_axis(highest))
    return alt.Y("y:Q", title=None, scale=alt.Scale(**scale), axis=alt.Axis(tickCount=4, minExtent=_LEFT))


def _model_colors(drawn: dict[str, Measured]) -> Any:
    """A's and B's color, with the checkpoints' names in the legend."""
    import altair as alt

    names = json.dumps(dict(zip(drawn, without_common_end([c.title for c in drawn.values()]), strict=True)))
    return alt.Color(
        "model:N",
        scale=alt.Scale(domain=list(drawn), range=[alt.expr(model.lower()) for model in drawn]),
        legend=alt.Legend(orient="top", title=None, labelExpr=f"({names})[datum.value]", labelLimit=300) if drawn else None,
    )


def _symlog_axis(highest: float) -> Any:
    """Ticks at 1 and 3 of each decade: Vega's own are evenly spaced in value."""
    import altair as alt

    ticks = [m * 10.0**k for k in range(-2, 4) for m in (1, 3) if m * 10.0**k <= 1.06 * highest]
    return alt.Axis(values=[0, *ticks], tickCount=1 + len(ticks), format="~g", labelOverlap="greedy", minExtent=_LEFT)


def _bars(model: str, checkpoint: Measured, key: str) -> list[dict[str, Any]]:
    """A bar per dimension: those of A left of their rank, those of B right of it."""
    values = checkpoint.record.profile[key]
    variance = checkpoint.record.profile.get("variance_of_means", values)
    ranked = sorted(range(len(values)), key=lambda i: -variance[i])
    left = -0.4 if model == "A" else 0.02
    return [
        {
            "model": model, "rank": rank, "dimension": i + 1, "y": values[i], "said": f"{values[i]:.3g}",
            "left": rank + left, "x": rank + left + 0.19, "right": rank + left + 0.38,
        }
        for rank, i in enumerate(ranked, start=1)
    ]  # fmt: skip


def _finished(
    chart: Any, rows: list[dict[str, Any]], usermeta: dict[str, Any], title: Any, description: str, height: int
) -> dict[str, Any]:
    """What every chart of the page has: its colors, its points for the pointer, its title."""

    return chart.add_params(*color_parameters("a", "b", "quiet", "ink")).properties(
        title=title,
        width="container",
        height=height,
        datasets={"points": rows},
        description=description,
        usermeta={"fields": {"x": "x", "y": "y"}, **usermeta},
    ).to_dict()  # fmt: skip


def _axis(figure: str) -> str:
    """Its name, with an arrow to where it is better: on the y axis, the text and the arrow are turned upwards."""
    arrow = {"higher": " →", "lower": " ←", None: ""}[FIGURES[figure].better]
    return f"{FIGURES[figure].name}{arrow}"
