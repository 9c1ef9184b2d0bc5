"""Data → charts, as Vega-Lite specifications for `VegaChart`.

Colors are parameters of the chart, so that the page can replace them by those of its theme (see vega/chart.py); the
values here are mid-tones which can be read on white as well as on black.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dgvae.charts.colors import FULL_GAP
from dgvae.charts.map_rows import csv_rows
from dgvae.charts.series_colors import color_parameters
from dgvae.text.corpora import label_name

COLORINGS: dict[str, str] = {
    "source": "prior or posterior",
    "label": "label of the sentence",
    "length": "length of the sentence",
    "gap": "density gap",
    "dimension": "a latent dimension",
    "column": "a column of the file",
}
_PRIOR, _POSTERIOR = "<span class='prior'>Orange</span>", "<span class='posterior'>blue</span>"
LOOK_FOR: dict[str, str] = {  # by coloring, as HTML
    "source": f"{_PRIOR} dots are samples of the prior p(z); {_POSTERIOR} dots are encoded sentences, q(z). Orange without "
    "blue is a hole: the prior sends the decoder there, but no sentence was encoded there.",
    "label": f"{_PRIOR} dots are samples of the prior; the other dots are sentences. If the colors of the sentences form "
    "separate areas, the latent separates their labels.",
    "length": f"{_PRIOR} dots are samples of the prior; the other dots are sentences. If the color of the sentences changes "
    "steadily over the map, the latent encodes their length.",
    "gap": f"{_PRIOR} is a hole: the prior is denser than the encoded sentences. In {_POSTERIOR} areas, the encoded "
    "sentences are denser than the prior. Gray means that both match.",
    "dimension": "If the color changes steadily over the map, the sentences differ in this dimension. If the colors are "
    "mixed everywhere, the map does not show this dimension; Measure says how much it carries.",
    "column": f"{_PRIOR} dots are samples of the prior; the other dots are sentences. If the color of the sentences changes "
    "steadily over the map, the latent encodes what the column holds. Gray sentences have no number there.",
}

# Of up to twenty labels each has its own; neither the prior's orange nor the posterior's blue.
_LABEL_COLORS = [
    "#a05ab5", "#3c9a5f", "#d0587e", "#4fa6b8", "#8c6d46", "#7b7f2a", "#5a6ad0", "#b3477a", "#6b7581", "#1f6f54",
    "#c9a0dc", "#8fce9f", "#f2a6bd", "#7a3b69", "#5b4226", "#b9bd5a", "#aab4f0", "#2c8c99", "#b2b9c2", "#4a2c82",
]  # fmt: skip
_OF_EXAMPLES = ("label", "length", "column")  # known of the posterior only: the prior is the backdrop
# Column → what the visitor reads; an empty one is not shown.
_TOOLTIP = {"source": "drawn from", "label": "label", "length": "words", "gap": "log p − log q", "value": "value"}

MOST_LETTERS = 40  # of a column's name under a map

Extent = tuple[float, float]

OF_A_DIMENSION: tuple[str, Extent] = ("value of the dimension", (-2.5, 2.5))  # what a color stands for, and its ends


def latent_map(
    points: Mapping[str, np.ndarray],
    color: str,
    title: str,
    domain: tuple[Extent, Extent] | None = None,
    classes: Mapping[int, str] | None = None,
    value: tuple[str, Extent] = OF_A_DIMENSION,
    axes: tuple[str, str] | None = None,
    picture: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The scatter of a map of prior draws and posterior samples.

    Args:
        points: columns of one length: id, x, y, source ("prior" or "posterior"), label (-1 for none), length (-1 for none) and
            gap, log p(z) - log q(z) in nats: positive where the prior has mass and the aggregated posterior is thin, or NaN
            where it is not known; and value, of the latent dimension or the column that is shown, if any: NaN for none.
        color: a key of COLORINGS.
        title: of the chart.
        domain: the extents of x and y; by default all points fit in.
        classes: the names of the labels.
        value: what the column `value` is called, and the ends of its color scale.
        axes: what x and y are called; by default, as on a UMAP, they mean nothing and are not shown.
        picture: a picture below the points, by `dgvae.charts.density.picture`, of which the points are then but a part.

    Returns:
        A Vega-Lite specification.

    Raises:
        ValueError: there is no such coloring.
    """
    classes = classes or {}
    if color not in COLORINGS:
        raise ValueError(f"Unknown coloring {color!r}. Choose one of: {', '.join(COLORINGS)}.")
    import altair as alt

    points = _in_drawing_order(points, color)
    x_domain, y_domain = domain or (_extent(points["x"]), _extent(points["y"]))
    from_prior = int((points["source"] == "prior").sum())
    x = alt.X("x:Q", axis=_axis(axes, 0), scale=alt.Scale(domain=list(x_domain), nice=False, zero=False))
    y = alt.Y("y:Q", axis=_axis(axes, 1), scale=alt.Scale(domain=list(y_domain), nice=False, zero=False))
    dots = (
        alt.Chart(alt.NamedData("points", format=alt.CsvDataFormat(type="csv", parse=_COLUMN_TYPES)))
        .mark_circle(size=6 if picture else 16, invalid="show", clip=True)
        .encode(x=x, y=y, color=_color_channel(points, color, classes, value), opacity=_opacity_channel(color))
    )
    below = (
        alt.Chart(alt.NamedData("picture"))
        .mark_image(aspect=False, smooth=False, clip=True)
        .encode(x=x, y=y, x2="right:Q", y2="top:Q", url="url:N")
    )
    chart = (
        (alt.layer(below, dots) if picture else dots)
        .add_params(*color_parameters("prior", "posterior", "dense", "even", "hole"))
        .properties(
            title=title,
            width="container",
            height="container",
            description=f"{title}: a map of {len(points['id']) - from_prior} samples of the aggregated posterior and "
            f"{from_prior} of the prior, colored by {COLORINGS[color]}.",
            usermeta={
                "fields": {"x": "x", "y": "y"},
                "tooltip": _TOOLTIP | ({"value": f"column {value[0]}"} if color == "column" else {}),
                "brush": True,
                "zoom": True,
                "detail": bool(picture),
            },
        )
    )
    below_them = {"picture": [dict(picture)]} if picture else {}
    return chart.to_dict(validate=False) | {"datasets": {"points": csv_rows(points, classes)} | below_them}


def _in_drawing_order(points: Mapping[str, np.ndarray], color: str) -> dict[str, np.ndarray]:
    """What cannot be drawn left out, and the rest in the order of drawing: later points lie on top."""
    columns = {name: np.asarray(column) for name, column in points.items()}
    columns.setdefault("value", np.full(len(columns["id"]), np.nan))
    drawable = np.flatnonzero(np.isfinite(columns["x"]) & np.isfinite(columns["y"]))
    order = np.random.default_rng(0).permutation(drawable)  # else whichever source comes last hides the other
    if color in _OF_EXAMPLES:
        order = order[np.argsort(columns["source"][order] != "prior", kind="stable")]
    return {name: column[order] for name, column in columns.items()}


def _color_channel(points: Mapping[str, np.ndarray], color: str, classes: Mapping[int, str], value: tuple[str, Extent]) -> Any:
    import altair as alt

    if color == "source":
        scale = alt.Scale(domain=["prior", "posterior"], range=[alt.expr("prior"), alt.expr("posterior")])
        return alt.Color("source:N", scale=scale, legend=_symbols())
    if color == "gap":
        scale = alt.Scale(
            domain=[-FULL_GAP, 0, FULL_GAP],
            range=[alt.expr("dense"), alt.expr("even"), alt.expr("hole")],
            interpolate="rgb",  # the default goes through purple, which means nothing here
            clamp=True,
        )
        return alt.Color("gap:Q", scale=scale, legend=_gradient(f"log p − log q (nats; ±{FULL_GAP:g} and beyond)"))
    if color == "dimension":
        scale = alt.Scale(scheme=alt.SchemeParams(name="viridis", extent=[0.05, 0.95]), domain=list(value[1]), clamp=True)
        return alt.Color("value:Q", scale=scale, legend=_gradient(value[0]))
    if color == "length":
        scale = alt.Scale(scheme=_viridis(), zero=False)
        field = alt.Color("length:Q", scale=scale, legend=_gradient("length (words)"))
    elif color == "column":
        scale = alt.Scale(scheme=_viridis(), domain=list(value[1]), zero=False)
        others = {"datum.source === 'prior'": "prior", "!isValid(datum.value)": "even"}  # alt.when can't chain before a field
        conditions = [{"test": test, "value": {"expr": name}} for test, name in others.items()]
        legend = _gradient(value[0] if len(value[0]) <= MOST_LETTERS else f"{value[0][:MOST_LETTERS]}…", format="~g")
        return alt.Color("value:Q", scale=scale, legend=legend, condition=conditions)
    else:
        labels = sorted({int(label) for label in points["label"] if label >= 0})
        colors = [_LABEL_COLORS[label % len(_LABEL_COLORS)] for label in labels]
        scale = alt.Scale(domain=[label_name(label, classes) for label in labels], range=colors)
        field = alt.Color("label:N", scale=scale, legend=_symbols())
    return alt.when(alt.datum.source == "prior").then(alt.value(alt.expr("prior"))).otherwise(field)


def _viridis() -> Any:
    import altair as alt

    return alt.SchemeParams(name="viridis", extent=[0.12, 0.92])


def _opacity_channel(color: str) -> Any:
    import altair as alt

    if color in _OF_EXAMPLES:
        return alt.when(alt.datum.source == "prior").then(alt.value(0.18)).otherwise(alt.value(0.6))
    return alt.value(0.65 if color in ("gap", "dimension") else 0.5)


def _axis(titles: tuple[str, str] | None, which: int) -> Any:
    import altair as alt

    return alt.Axis(title=titles[which], tickCount=5, grid=False) if titles else None


def _symbols() -> Any:
    import altair as alt

    # In as many rows as a narrow page needs: in one, labels would be cut off.
    columns = alt.ExprRef("max(2, floor(width / 75))")
    return alt.Legend(orient="bottom", title=None, symbolOpacity=1, symbolSize=70, symbolStrokeWidth=0, columns=columns)


def _gradient(title: str, **more: Any) -> Any:
    import altair as alt

    return alt.Legend(
        orient="bottom",
        title=title,
        titleLimit=0,
        gradientLength=180,
        gradientThickness=8,
        gradientOpacity=1,
        tickCount=4,
        **more,
    )


def _extent(values: np.ndarray) -> Extent:
    """The range of the values with 3% of air on each side."""
    if not len(values):
        return -1.0, 1.0
    low, high = float(values.min()), float(values.max())
    air = 0.03 * (high - low) or 1.0
    return round(low - air, 3), round(high + air, 3)


_COLUMN_TYPES = {"id": "number", "x": "number", "y": "number", "length": "number", "gap": "number", "value": "number"}
