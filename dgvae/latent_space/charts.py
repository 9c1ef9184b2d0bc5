"""Charts of a latent space for a notebook. The page has its own frame around the same charts."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

from dgvae.aggregate import AggregatedPosterior
from dgvae.charts.maps import COLORINGS, OF_A_DIMENSION, latent_map
from dgvae.charts.slices import KINDS, slice_chart
from dgvae.checkpoint.latents import map_latents
from dgvae.checkpoint.umap import UmapOptions
from dgvae.errors import UserError
from dgvae.explore.map_columns import column_at, column_ends, map_columns, map_gaps, numbers_of
from dgvae.explore.slices import plane, reach_of
from dgvae.latent_space.checks import Contents

if TYPE_CHECKING:
    import altair

_OF_EVERY_SPACE = [color for color in COLORINGS if color != "column"]
_SIDE = 460  # of the map, in pixels
_SLICE = 250
_OF_THE_PAGE = ("$schema", "config", "datasets", "params", "usermeta")  # of a slice's chart


def map_chart(
    contents: Contents, aggregated: AggregatedPosterior, name: str, coloring: tuple[str, int], points: int, options: UmapOptions
) -> altair.Chart:
    """The map of a latent space.

    Args:
        contents: the examples.
        aggregated: their q(z).
        name: the title.
        coloring: a key of COLORINGS but "column", or the name of a column, which counts first; and the dimension of the latent.
        points: prior samples, and at most as many examples.
        options: of UMAP.

    Returns:
        The chart.

    Raises:
        UserError: there is no such color, or what it needs is missing.
    """
    import altair as alt

    color, dimension = coloring
    is_column = color in contents.columns  # also where a column is called as a color of every space
    _check_color(contents, color, dimension, name)
    if points < 2:
        raise UserError(f"A map has at least 2 points, not {points}.")
    stored = map_latents(contents.posterior, points, options)
    gaps = map_gaps(stored, aggregated) if color == "gap" and not is_column else None
    values, value = None, OF_A_DIMENSION
    if is_column:
        if (ends := column_ends(contents.columns[color])) is None:
            raise UserError(f"{color} has no finite number; choose another color.")
        values, value = column_at(contents.columns[color], numbers_of(stored)), (color, ends)
    elif color == "dimension":
        values = stored.z[:, dimension]
    drawn = map_columns(contents.latents, stored, gaps, None, values)
    kind = "column" if is_column else color
    spec = latent_map(drawn, kind, name, classes=contents.classes, value=value)
    return alt.Chart.from_dict(spec | {"width": _SIDE, "height": _SIDE}, validate=False)


def _check_color(contents: Contents, color: str, dimension: int, name: str) -> None:
    if color in contents.columns:
        return
    if color not in _OF_EVERY_SPACE:
        raise UserError(f"There is no color {color!r}; choose one of {', '.join([*_OF_EVERY_SPACE, *contents.columns])}.")
    if color == "label" and int(contents.labels.max()) < 0:
        raise UserError(f"{name} has no labels; give labels, or choose another color.")
    if color == "length" and contents.text is None:
        raise UserError(f"{name} has no text, hence no lengths; choose another color.")
    if color == "dimension":
        _check_dimensions(contents.posterior.location.shape[1], dimension)


def _check_dimensions(dim: int, *dimensions: int) -> None:
    if dim < len(dimensions):
        raise UserError(f"This takes {len(dimensions)} dimensions, and the latent has {dim}.")
    if not all(isinstance(dimension, Integral) and 0 <= dimension < dim for dimension in dimensions):
        raise UserError(f"Choose whole dimensions from 0 to {dim - 1}; there are no others.")


def slice_charts(aggregated: AggregatedPosterior, pair: tuple[int, int], name: str) -> altair.HConcatChart:
    """Both densities and their gap over two dimensions.

    Args:
        aggregated: q(z).
        pair: the dimensions on the x-axis and on the y-axis, from 0.
        name: the title.

    Returns:
        Three charts side by side.

    Raises:
        UserError: there are no such two dimensions.
    """
    import altair as alt

    _check_dimensions(aggregated.prior.dim, *pair)
    if pair[0] == pair[1]:
        raise UserError("Give two different dimensions, such as 0 and 1.")
    shown = plane(aggregated, pair, reach_of(aggregated, pair))
    most = max(float(shown.q.max()), float(shown.p.max()))
    charts = []
    for kind in KINDS:
        spec = slice_chart(kind, shown, most, (0.0, 0.0), name) | {"width": _SLICE, "height": _SLICE}
        kept = {key: part for key, part in spec.items() if key not in _OF_THE_PAGE}
        charts.append(alt.LayerChart.from_dict(kept, validate=False))
    return alt.hconcat(*charts, title=name).resolve_scale(color="independent")  # each has a legend
