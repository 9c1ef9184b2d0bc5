"""The colours of charts, as parameters that the page replaces by those of its theme (page.css, vega_chart.js).

The values here are for a chart in a file: mid-tones which can be read on white as well as on black.
"""

from typing import Any

COLOURS = {
    "prior": "#e08214",
    "posterior": "#2f6fd0",
    # a density gap: negative, nought, positive
    "dense": "#2f6fd0",
    "even": "#d5d9de",
    "hole": "#e08214",
    # models A and B; what is neither; lines and labels
    "a": "#2b333c",
    "b": "#98a2ae",
    "quiet": "#8a929c",
    "ink": "#4a5460",
}


def colour_parameters(*names: str) -> list[Any]:
    """Altair parameters of these names, which the chart's channels use as expressions."""
    import altair as alt

    return [alt.param(name=name, value=COLOURS[name]) for name in names]
