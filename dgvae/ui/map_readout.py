"""What is said of one point of the maps: what both models decode there, and the hole that it lies in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dgvae.errors import UserError
from dgvae.ui.decoding import decode_lines
from dgvae.ui.map_points import map_of, point_gaps, point_ids
from dgvae.ui.render import Column, comparison, hint
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    from dgvae.checkpoints import Checkpoint

MATCH = 0.02  # of the prior: twice what lies outside where q(z) and p(z) match


@dataclass(frozen=True)
class Hole:
    """The worst region of a model: the prior draw with its largest gap (from 1), that gap in nats, and shares of the prior."""

    draw: int
    gap: float
    share: float
    whole: float  # the share of all holes
    nearest: str  # what the model makes of the nearest sentence


def hole_of(checkpoint: Checkpoint) -> Hole:
    """Look for it among the prior draws of the map. Raises UserError if there is none to show."""
    from dgvae.holes import regions

    title, absent = checkpoint.model.config.title, checkpoint.aggregated.absent
    if "density_gap" in absent:
        raise UserError(f"{title} has no density to find holes with: {absent['density_gap']}.")
    stored = map_of(checkpoint)
    found = regions(checkpoint.aggregated, stored.z[: stored.priors])
    whole = sum(region.share for region in found)
    if whole < MATCH:
        raise UserError(f"{title} has no hole to show: {whole:.1%} of the prior lies outside, and 1% would in a match.")
    worst = found[0]
    draw = int((stored.z[: stored.priors] == worst.z).all(1).nonzero()[0, 0]) + 1
    nearest = decode_lines(checkpoint, checkpoint.latents.posterior.location[worst.nearest].unsqueeze(0))[0].text
    return Hole(draw, worst.gap, worst.share, whole, nearest)


def read_hole(side: str, hole: Hole) -> str:
    """What is said of a hole."""
    return hint(
        f"A hole in {side}: around this draw lie {hole.share:.1%} of the prior; here it is {hole.gap:.0f} nats denser than the "
        f"sentences; all holes hold {hole.whole:.1%}. The nearest encoded sentence reads in {side}: {hole.nearest}"
    )


def read_point(shelf: Shelf, name_a: str | None, name_b: str | None, number: int) -> str:
    """What both models decode at a point: a sentence from 1, or a prior draw from −1."""
    if number < 0:
        head, said = f"Prior draw {-number}", "The same z, decoded by both models."
    else:
        head, said = f"Sentence {number}", _reads(shelf, name_a, name_b, number - 1)
    return comparison([head], *(_at(shelf, name, number) for name in (name_a, name_b))) + hint(said)


def _reads(shelf: Shelf, name_a: str | None, name_b: str | None, sentence: int) -> str:
    """The text of a sentence: of each model's own, where they were trained on different corpora."""
    texts = {side: text for side, name in (("A", name_a), ("B", name_b)) if (text := _text(shelf, name, sentence))}
    if len(texts) == 2 and texts["A"] == texts["B"]:
        return f"It reads: {texts['A']}"
    return " ".join(f"In {side} it reads: {text}" for side, text in texts.items()) or (
        "A sample of its posterior in each model, decoded."
    )


def _text(shelf: Shelf, name: str | None, sentence: int) -> str | None:
    try:
        return shelf.sentence(name, sentence) if name else None
    except UserError:
        return None


def _at(shelf: Shelf, name: str | None, number: int) -> Column:
    point = number - 1 if number > 0 else number
    try:
        checkpoint = shelf.get(name)
    except UserError as error:
        return Column(name or "no model", fault=str(error))
    title = checkpoint.model.config.title
    stored = checkpoint.latents.map
    if not stored or not len(rows := (point_ids(stored) == point).nonzero()[0]):
        return Column(title, fault="This model's map has no such point.")
    gap = None if "density_gap" in checkpoint.aggregated.absent else point_gaps(checkpoint, int(rows[0]))
    return Column(title, decode_lines(checkpoint, stored.z[rows], gap=gap))
