"""The density gap along paths through the latent spaces of A and B, as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from dgvae.charts.series_colors import color_parameters


def gap_curves(curves: Mapping[str, Sequence[float]], height: int = 170) -> dict[str, Any]:
    """A Vega-Lite specification. curves: of "A" and "B", gaps in nats at even steps from 0 to 1 of the path."""
    rows = [
        {"id": i, "at": step / max(1, len(gaps) - 1), "gap": round(gap, 3), "model": model}
        for model, gaps in curves.items()
        for i, (step, gap) in enumerate(enumerate(gaps))
    ]
    highest = ", ".join(f"{model} at most {max(gaps):.1f}" for model, gaps in curves.items())
    said = {"description": f"Density gap along the path in nats: {highest}."}
    return _template(tuple(curves), height) | said | {"datasets": {"points": rows}}


@cache
def _template(models: tuple[str, ...], height: int) -> dict[str, Any]:
    """The chart without its rows: Altair takes a twentieth of a second to make one."""
    import altair as alt

    colors = alt.Scale(domain=list(models), range=[alt.expr(model.lower()) for model in models])
    lines = (
        alt.Chart(alt.NamedData("points"))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("at:Q", title="from the first sentence to the second", axis=alt.Axis(format="%", grid=False)),
            y=alt.Y("gap:Q", title="log p − log q, nats", axis=alt.Axis(tickCount=5)),
            color=alt.Color("model:N", scale=colors, legend=alt.Legend(orient="top", title=None)),
            strokeDash=alt.StrokeDash("model:N", scale=alt.Scale(domain=["A", "B"], range=[[1, 0], [6, 4]]), legend=None),
        )
    )
    zero = alt.Chart(alt.Data(values=[{"y": 0}])).mark_rule(color=alt.expr("ink"), opacity=0.5).encode(y="y:Q")
    return (
        alt.layer(zero, lines)
        .add_params(*color_parameters("a", "b", "ink"))
        .properties(
            width="container",
            height=height,
            usermeta={"fields": {"x": "at", "y": "gap"}, "tooltip": {"model": "model", "gap": "gap"}},
        )
        .to_dict()
    )
