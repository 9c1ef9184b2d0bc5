"""What lies in a region of a map: shares of the prior and of the posterior, sentences, and what prior draws there become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dgvae.charts.map_rows import COORDINATE_DECIMALS
from dgvae.errors import UserError
from dgvae.ui.decoding import decode_lines
from dgvae.ui.map.points import map_of
from dgvae.ui.map.readout import why_other_draws
from dgvae.ui.map.sentences import sentence_table
from dgvae.ui.map.shapes import EXAMPLES, Polygon, Rectangle, parse_shape
from dgvae.ui.markup.render import Column, comparison, hint
from dgvae.ui.requests.events import Brushed
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import Checkpoint

MOST_DRAWS = 8  # prior draws that are decoded


@dataclass(frozen=True)
class Region:
    """A shape on the map of model A or B."""

    side: str
    shape: Rectangle | Polygon

    @classmethod
    def parse(cls, text: str) -> Region:
        """From "A: " and a shape (see `parse_shape`). Raises UserError."""
        side, _, shape = text.partition(":")
        if side.strip() not in ("A", "B"):
            raise UserError(EXAMPLES)
        return cls(side.strip(), parse_shape(shape))

    @classmethod
    def marked(cls, event: Brushed) -> Region | None:
        """What a visitor marked on a chart; None when it is gone."""
        side = "B" if event.target and event.target.elem_id == "map-b" else "A"
        if event.corners:
            return cls(side, Polygon(event.corners))
        return cls(side, Rectangle(event.x, event.y)) if event.x and event.y else None

    def __str__(self) -> str:
        return f"{self.side}: {self.shape}"

    def inside(self, xy: np.ndarray) -> np.ndarray:
        """Which points lie in it, [N, 2] -> [N], where the chart shows them."""
        return self.shape.inside(xy.astype(np.float64).round(COORDINATE_DECIMALS))


def region_report(shelf: Shelf, region: Region, xy: np.ndarray, names: Mapping[str, str | None]) -> str:
    """What lies in a region, and what the models decode there.

    Args:
        shelf: has the models.
        region: on the map of A or B.
        xy: [P + M, 2], that map.
        names: of the models, by their letters A and B.

    Returns:
        HTML.
    """
    checkpoint = shelf.get(names[region.side])
    stored = map_of(checkpoint)
    inside = region.inside(xy)
    from_prior, from_posterior = inside[: stored.priors], inside[stored.priors :]
    said = (
        f"<p><b>{from_prior.mean():.1%}</b> of the <span class='prior'>prior</span> and <b>{from_posterior.mean():.1%}</b> "
        f"of the <span class='posterior'>aggregated posterior</span> of {region.side} lie in this region.</p>"
    )
    if not inside.any():
        return said + hint("There is no point in this region; mark a larger one.")
    return (
        said + _draws(shelf, region.side, names, from_prior) + _sentences(shelf, names[region.side], checkpoint, from_posterior)
    )


def _draws(shelf: Shelf, side: str, names: Mapping[str, str | None], inside: np.ndarray) -> str:
    """What both models decode from the first prior draws there; the region's alone, where the other has other draws."""
    draws = np.flatnonzero(inside)[:MOST_DRAWS]
    if not len(draws):
        return hint("No prior draw lies in this region.")
    columns = {letter: _decoded(shelf, name, draws) for letter, name in names.items()}
    try:
        why = why_other_draws(shelf, *names.values())
    except UserError:
        why = None  # it is said in the other's column
    for letter in columns if why else ():
        if letter != side:
            columns[letter] = Column(columns[letter].title, fault=f"This model has other draws: {why}.")
    return "<h3>Prior draws in the region, decoded</h3>" + comparison([f"draw {row + 1}" for row in draws], *columns.values())


def _decoded(shelf: Shelf, name: str | None, draws: np.ndarray) -> Column:
    try:
        checkpoint = shelf.get(name)
        stored = map_of(checkpoint)
    except UserError as error:
        return Column(name or "no model", fault=str(error))
    return Column(checkpoint.model.config.title, decode_lines(checkpoint, stored.z[draws[draws < stored.priors]]))


def _sentences(shelf: Shelf, name: str | None, checkpoint: Checkpoint, inside: np.ndarray) -> str:
    """A table of the sentences there, and a file of all of them."""
    sentences = map_of(checkpoint).sentences[np.flatnonzero(inside)].tolist()
    if not sentences:
        return hint(shelf.given.said("No encoded sentence lies in this region.", name))
    head = f"<h3>{len(sentences):,} encoded {shelf.given.said('sentences', name)} there</h3>"
    return head + sentence_table(shelf, name, sentences, "region.csv")
