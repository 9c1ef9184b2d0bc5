"""Charts of measured checkpoints: one figure against another, and what each dimension of a latent has.

As in charts.py, colours are parameters that the page replaces by those of its theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dgvae.config import TextVAEConfig
from dgvae.figures import CONSISTENT_KL, FIGURES
from dgvae.measurements import Measurements

# Kind of profile → its key in Measurements.profile, title, and where a line helps the reading.
PROFILES: dict[str, tuple[str, str, float | None]] = {
    "marginal": ("marginal_kl", "KL of q(z_i) to N(0, 1), nats", CONSISTENT_KL),
    "means": ("variance_of_means", "variance of posterior means", None),
    "width": ("mean_variance", "mean σ² of posteriors", 1.0),
}
_COLOURS = {"a": "#12908a", "b": "#d5590f", "prior": "#7d8690"}


@dataclass(frozen=True)
class Measured:
    """A checkpoint as tables and charts show it. `option` is the value of its method's grid option, which orders a family."""

    name: str
    title: str
    method: str
    option: float | None
    measured: Measurements

    @classmethod
    def of(cls, name: str, config: TextVAEConfig, measured: Measurements, title: str = "") -> Measured:
        """From what its files say."""
        grid = config.row.grid
        option = config.options[grid.option] if grid else None
        return cls(name, title or config.title, config.method, None if option is None else float(option), measured)


def trade_off(checkpoints: Sequence[Measured], x: str, y: str, a: str | None = None, b: str | None = None) -> dict[str, Any]:
    """One figure against another: a point per checkpoint that has both, with standard errors; families are joined by a line.

    a, b: names of the checkpoints that are drawn in the colours of model A and B.
    """
    import altair as alt

    rows = []
    for i, c in enumerate(checkpoints):
        if {x, y} <= c.measured.figures.keys():
            (x_value, x_error), (y_value, y_error) = c.measured.figures[x], c.measured.figures[y]
            rows.append({
                "id": i, "x": x_value, "y": y_value, "title": c.title, "family": c.method, "option": c.option or 0,
                "x_said": _said(c.measured, x), "y_said": _said(c.measured, y),
                "x_low": x_value - (x_error or 0), "x_high": x_value + (x_error or 0),
                "y_low": y_value - (y_error or 0), "y_high": y_value + (y_error or 0),
                "model": "A" if c.name == a else "B" if c.name == b else "other",
            })  # fmt: skip
    middle = sum({row["x"] for row in rows}) / max(1, len({row["x"] for row in rows}))
    for row in rows:
        on_the_right = row["x"] > middle  # its label would be cut off at the edge
        row |= {"align": "right" if on_the_right else "left", "dx": -9 if on_the_right else 9}
    scale = alt.Scale(zero=False, nice=True, padding=24)
    axes = {
        "x": alt.X("x:Q", title=_axis(x), scale=scale),
        "y": alt.Y("y:Q", title=_axis(y), scale=scale),
    }
    colour = alt.Color(
        "model:N",
        legend=None,
        scale=alt.Scale(domain=["A", "B", "other"], range=[alt.expr("a"), alt.expr("b"), alt.expr("prior")]),
    )
    base = alt.Chart(alt.NamedData("points"))
    families = base.mark_line(color=alt.expr("prior"), opacity=0.5, strokeWidth=1)
    layers = [
        families.encode(**axes, detail="family:N", order="option:Q"),
        base.mark_rule(opacity=0.6).encode(x=alt.X("x_low:Q", title=_axis(x)), x2="x_high:Q", y=axes["y"], color=colour),
        base.mark_rule(opacity=0.6).encode(y=alt.Y("y_low:Q", title=_axis(y)), y2="y_high:Q", x=axes["x"], color=colour),
        base.mark_circle(size=64, opacity=1).encode(**axes, color=colour),
        base.mark_text(
            align=alt.expr("datum.align"), dx=alt.expr("datum.dx"), dy=-8, fontSize=11, color=alt.expr("prior")
        ).encode(**axes, text="title:N"),
    ]
    tooltip = {"title": "checkpoint", "x_said": FIGURES[x].name, "y_said": FIGURES[y].name}
    return _page_chart(alt.layer(*layers), rows, tooltip, f"{FIGURES[y].name} against {FIGURES[x].name}", height=300)


def profile(kind: str, a: Measured | None, b: Measured | None) -> dict[str, Any]:
    """A value of every dimension of the latents of A and B, dimensions ranked by the variance of their posterior means."""
    import altair as alt

    key, title, line = PROFILES[kind]
    rows = []
    for model, shift, checkpoint in (("A", -0.17, a), ("B", 0.17, b)):
        values = checkpoint.measured.profile.get(key, []) if checkpoint else []
        variance = checkpoint.measured.profile.get("variance_of_means", values) if checkpoint else []
        for rank, dimension in enumerate(sorted(range(len(values)), key=lambda i: -variance[i]), start=1):
            rows.append({
                "id": len(rows), "x": rank + shift, "y": values[dimension], "zero": 0, "model": model,
                "dimension": dimension + 1, "said": f"{values[dimension]:.3g}",
            })  # fmt: skip
    ranks = max((row["x"] for row in rows), default=1)
    x = alt.X(
        "x:Q", title="rank of the dimension", scale=alt.Scale(domain=[0.4, ranks + 0.5], nice=False), axis=alt.Axis(grid=False)
    )
    y_scale = alt.Scale(type="symlog", constant=0.01) if kind == "marginal" else alt.Scale()
    colour = alt.Color("model:N", legend=None, scale=alt.Scale(domain=["A", "B"], range=[alt.expr("a"), alt.expr("b")]))
    base = alt.Chart(alt.NamedData("points"))
    layers: list[Any] = [
        base.mark_rule(strokeWidth=2.5, opacity=0.75).encode(
            x=x, y=alt.Y("y:Q", title=None, scale=y_scale), y2="zero:Q", color=colour
        ),
        base.mark_circle(size=22, opacity=1).encode(x=x, y=alt.Y("y:Q", scale=y_scale), color=colour),
    ]
    if line is not None:
        rule = alt.Chart(alt.Data(values=[{"y": line}])).mark_rule(strokeDash=[3, 3], color=alt.expr("prior"))
        layers.append(rule.encode(y="y:Q"))
    tooltip = {"model": "model", "dimension": "dimension", "said": title}
    return _page_chart(alt.layer(*layers), rows, tooltip, title, height=150)


def _page_chart(chart: Any, rows: list[dict[str, Any]], tooltip: dict[str, str], title: str, height: int) -> dict[str, Any]:
    """What every chart of the page has: its colours, its points for the pointer, its title."""
    import altair as alt

    return chart.add_params(*(alt.param(name=name, value=value) for name, value in _COLOURS.items())).properties(
        title=title,
        width="container",
        height=height,
        datasets={"points": rows},
        description=f"{title}, {len(rows)} points.",
        usermeta={"fields": {"x": "x", "y": "y"}, "tooltip": tooltip},
    ).to_dict()  # fmt: skip


def _axis(figure: str) -> str:
    arrow = {"higher": " →", "lower": " ←", None: ""}[FIGURES[figure].better]
    return f"{FIGURES[figure].name}{arrow}"


def _said(measured: Measurements, figure: str) -> str:
    error = measured.error_text(figure)
    return measured.text(figure) + (f" ± {error}" if error else "")
