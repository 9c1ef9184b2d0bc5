"""The charts of a slice: one image each, over two dimensions of the latent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dgvae.charts.colors import FULL_PLANE_GAP
from dgvae.charts.heat import POSTERIOR, PRIOR, css, density_image, gap_image
from dgvae.charts.series_colors import color_parameters

if TYPE_CHECKING:
    from dgvae.explore.slices import Plane

KINDS = {"q": "aggregated posterior q", "p": "prior p", "gap": "density gap log p − log q"}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def z_name(dimension: int) -> str:
    """How a dimension, counted from 0, is written: z₁ for the first."""
    return f"z{dimension + 1}".translate(_SUBSCRIPTS)


def slice_chart(
    kind: str, plane: Plane, most: float, marker: tuple[float, float], model: str, centers: np.ndarray | None = None
) -> dict[str, Any]:
    """A density or the density gap over two dimensions.

    Args:
        kind: a key of KINDS.
        plane: the densities.
        most: the density at the end of the color scale.
        marker: where the cross-hair is.
        model: the model's title, for the description.
        centers: [M, 3], posterior means as rows (sentence, z_i, z_j), drawn as dots.

    Returns:
        A Vega-Lite specification.
    """
    names = [z_name(dimension) for dimension in plane.pair]
    rows = [] if centers is None else [{"id": int(i), "x": round(u, 3), "y": round(v, 3)} for i, u, v in centers.tolist()]
    what = {
        "@x": names[0], "@y": names[1], "@low": -plane.reach, "@high": plane.reach, "@image": _image(kind, plane, most),
        "@most": most, "@ends": [0.0, most], "@marker x": marker[0], "@marker y": marker[1],
        "@description": f"{model}: {KINDS[kind]} over {names[0]} and {names[1]}.",
    }  # fmt: skip
    return _filled(_template(kind, centers is not None), what) | {"datasets": {"points": rows}}


@cache
def _template(kind: str, with_centers: bool) -> dict[str, Any]:
    """The chart with names in place of all that differs: Altair takes a twentieth of a second to make one."""
    import altair as alt

    scale = alt.Scale(domain=["@low", "@high"], nice=False)
    axes = [alt.Axis(title=f"@{name}", grid=False, tickCount=5) for name in "xy"]
    x, y = alt.X("x:Q", scale=scale, axis=axes[0]), alt.Y("y:Q", scale=scale, axis=axes[1])
    picture = alt.Data(values=[{"x": "@low", "y": "@low", "right": "@high", "top": "@high", "url": "@image"}])
    image = alt.Chart(picture).mark_image(aspect=False, smooth=True).encode(x=x, y=y, x2="right:Q", y2="top:Q", url="url:N")
    layers: list[Any] = [image, _legend(kind)]
    if with_centers:
        layers.append(
            alt.Chart(alt.NamedData("points"))
            .mark_circle(size=5, clip=True, opacity=0.35, color=alt.expr("ink"))
            .encode(x=x, y=y)
        )
    spec = (
        alt.layer(*layers)
        .add_params(*color_parameters("ink"))
        .properties(
            title=KINDS[kind],
            width="container",
            height=250,
            description="@description",
            usermeta={"drag": True, "marker": {"x": "@marker x", "y": "@marker y"}},
        )
    )
    return spec.to_dict()


def _filled(part: Any, what: Mapping[str, Any]) -> Any:
    """A copy with values in place of their names, and of expressions that are a name where Altair takes no other."""
    if isinstance(part, dict):
        if part.get("expr") in what:
            return what[part["expr"]]
        return {key: _filled(value, what) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, what) for value in part]
    return what.get(part, part) if isinstance(part, str) else part


def _image(kind: str, plane: Plane, most: float) -> str:
    if kind == "gap":
        return gap_image(plane.gap.numpy(), FULL_PLANE_GAP)
    return density_image((plane.q if kind == "q" else plane.p).numpy(), most, POSTERIOR if kind == "q" else PRIOR)


def _legend(kind: str) -> Any:
    """Two invisible points, for the sake of their color scale."""
    import altair as alt

    if kind == "gap":
        ends, colors = [-FULL_PLANE_GAP, 0.0, FULL_PLANE_GAP], [css(POSTERIOR), css(PRIOR, 0), css(PRIOR)]
        title, shown, values = f"nats, ±{FULL_PLANE_GAP:g} and beyond", "d", ends
    else:
        color = POSTERIOR if kind == "q" else PRIOR
        ends, colors = [0.0, "@most"], [css(color, 0), css(color)]
        title, shown, values = "density", ".2~g", alt.expr("@ends")
    legend = alt.Legend(
        orient="bottom", title=title, gradientLength=150, gradientThickness=8, gradientOpacity=1, values=values, format=shown
    )
    points = alt.Chart(alt.Data(values=[{"d": end} for end in ends])).mark_point(opacity=0)
    return points.encode(color=alt.Color("d:Q", scale=alt.Scale(domain=ends, range=colors), legend=legend))
