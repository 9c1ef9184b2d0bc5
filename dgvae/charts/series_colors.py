"""The colors of charts, as parameters that the page replaces by those of its theme (dgvae/ui/page.css, vega/chart.js)."""

from typing import Any

from dgvae.charts.colors import COLORS


def color_parameters(*names: str) -> list[Any]:
    """Altair parameters of these names, which the chart's channels use as expressions."""
    import altair as alt

    return [alt.param(name=name, value=COLORS[name]) for name in names]
