"""What lies in a region of a map: shares of the prior and of the posterior, sentences, and what prior draws there become."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from dgvae.errors import UserError
from dgvae.ui.decoding import decode_lines
from dgvae.ui.export import csv_link
from dgvae.ui.map_points import map_of, point_ids
from dgvae.ui.render import Column, comparison, hint
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    from dgvae.checkpoints import Checkpoint

MOST_DRAWS = 8  # prior draws that are decoded
MOST_SENTENCES = 50  # that are listed; the file has all


@dataclass(frozen=True)
class Region:
    """A rectangle on the map of model A or B."""

    side: str
    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def parse(cls, text: str) -> Region:
        """From "A: 0, 1, 2, 3", which are the ends of x and of y. Raises UserError."""
        side, _, rest = text.partition(":")
        try:
            x0, x1, y0, y1 = (float(part) for part in rest.split(","))
        except ValueError:
            x0 = float("nan")
        if side.strip() not in ("A", "B") or not np.isfinite(x0):
            raise UserError("Write a region as its map and the ends of x and y, such as A: 0, 2, -1, 1.")
        return cls(side.strip(), (min(x0, x1), max(x0, x1)), (min(y0, y1), max(y0, y1)))

    def __str__(self) -> str:
        return f"{self.side}: " + ", ".join(f"{value:.3g}" for value in (*self.x, *self.y))

    def inside(self, xy: np.ndarray) -> np.ndarray:
        """Which points lie in it: [N, 2] -> [N]."""
        low, high = np.transpose([self.x, self.y])
        return ((xy >= low) & (xy <= high)).all(1)


def region_report(shelf: Shelf, region: Region, xy: np.ndarray, names: dict[str, str | None]) -> str:
    """What there is to say of a region, as HTML. xy: the map of its model, [P + M, 2]; names: of the models A and B."""
    checkpoint = shelf.get(names[region.side])
    stored = map_of(checkpoint)
    inside = region.inside(xy)
    from_prior, from_posterior = inside[: stored.priors], inside[stored.priors :]
    said = (
        f"<p><b>{from_prior.mean():.1%}</b> of the <span class='prior'>prior</span> and <b>{from_posterior.mean():.1%}</b> "
        f"of the <span class='posterior'>aggregated posterior</span> of {region.side} lie in this region.</p>"
    )
    if not inside.any():
        return said + hint("There is no point in it: mark a larger one.")
    draws = np.flatnonzero(from_prior)[:MOST_DRAWS]
    if len(draws):
        heads = [f"draw {row + 1}" for row in draws]
        columns = [_decoded(shelf, name, draws) for name in names.values()]
        said += "<h3>Prior draws there, decoded by both models</h3>" + comparison(heads, *columns)
    return said + _sentences(shelf, str(names[region.side]), checkpoint, point_ids(stored)[inside])


def _decoded(shelf: Shelf, name: str | None, draws: np.ndarray) -> Column:
    """The same draws in a model, which has them as the other has if their latents are of one size."""
    try:
        checkpoint = shelf.get(name)
        stored = map_of(checkpoint)
    except UserError as error:
        return Column(name or "no model", fault=str(error))
    return Column(checkpoint.model.config.title, decode_lines(checkpoint, stored.z[draws[draws < stored.priors]]))


def _sentences(shelf: Shelf, name: str, checkpoint: Checkpoint, ids: np.ndarray) -> str:
    """A table of the sentences among some points."""
    sentences = [int(point) for point in ids if point >= 0]
    if not sentences:
        return hint("No encoded sentence lies in it: the decoder was never there.")
    texts = {i: text for i in sentences if (text := shelf.sentence(name, i)) is not None}
    head = "sentence"
    if not texts:
        head = "what the model makes of the sentence (its text is not at hand)"
        shown = sentences[:MOST_SENTENCES]
        lines = decode_lines(checkpoint, checkpoint.latents.posterior.location[shown])
        texts = {i: line.text for i, line in zip(shown, lines, strict=True)}
    rows = [(i + 1, _label(checkpoint, i), text) for i, text in texts.items()]
    cells = "".join(
        f"<tr><td>{number}</td><td>{label}</td><td>{escape(text)}</td></tr>" for number, label, text in rows[:MOST_SENTENCES]
    )
    more = f" The first {MOST_SENTENCES} are shown." if len(sentences) > MOST_SENTENCES else ""
    return (
        f"<h3>{len(sentences):,} encoded sentences there</h3>"
        "<div class='measure-scroll region-sentences'><table class='texts'><thead><tr><th>number</th><th>label</th>"
        f"<th>{head}</th></tr></thead><tbody>{cells}</tbody></table></div>{hint(more) if more else ''}"
        + csv_link("region.csv", ["sentence", "label", head], rows)
    )


def _label(checkpoint: Checkpoint, sentence: int) -> str:
    label = int(checkpoint.latents.labels[sentence])
    return "" if label < 0 else str(label)
