"""What is said of one point of the maps: what both models decode there, and the hole that it lies in."""

from __future__ import annotations

from dgvae.errors import UserError
from dgvae.evaluation.estimates import hole_mass_by_chance
from dgvae.evaluation.figures import MATCH, percent
from dgvae.ui.decoding import decode_lines
from dgvae.ui.map.points import Point, gap_of, holes_of, latent_of
from dgvae.ui.markup.render import Column, comparison, hint
from dgvae.ui.own_latents import why_no_text
from dgvae.ui.pictures import Picture, shown
from dgvae.ui.shelf import Shelf

SHOWN = 2 * MATCH  # of the prior in holes: with less there is none to show


def next_hole(shelf: Shelf, name: str | None, side: str, after: Point | None = None) -> tuple[Point, str]:
    """The largest place in the holes of a model, or the place after the one that is shown.

    Args:
        shelf: all checkpoints.
        name: of the model.
        side: "A" or "B".
        after: the point that is shown now.

    Returns:
        The prior draw at which the hole is deepest, and what is said of it.

    Raises:
        UserError: there is none to show.
    """
    checkpoint = shelf.get(name)
    found = holes_of(shelf, name)
    whole = sum(hole.share for hole in found)
    title, sentences = checkpoint.model.config.title, len(checkpoint.aggregated)
    if (chance := hole_mass_by_chance(sentences)) > SHOWN and whole <= chance:
        kind = shelf.given.said("sentences", name)
        raise UserError(
            f"Too few {kind} to tell whether {title} has holes: {whole:.0%} of the draws on its map lie in holes, and with "
            f"{sentences:,} {kind} up to {chance:.0%} can appear to do so even if q(z) equals the prior."
        )
    if whole < SHOWN:
        raise UserError(
            f"{title} has no hole to show: {whole:.1%} of the draws on its map lie in holes, and {percent(MATCH)} is a match."
        )
    draws = [Point(hole.index, is_draw=True) for hole in found]
    at = (draws.index(after) + 1) % len(draws) if after in draws else 0
    hole = found[at]
    text, what = shelf.sentence(str(name), hole.nearest), "its text"
    if text is None and (why := why_no_text(checkpoint)):
        text, what = why, "it has no text here"
    elif text is None:
        mean = checkpoint.latents.posterior.location[hole.nearest]
        text, what = decode_lines(checkpoint, mean.unsqueeze(0))[0].text, f"{side} reconstructs it as"
    said = (
        f"Place {at + 1} of {len(found)} in the holes of {side}: {hole.share:.1%} of the draws on this map, out of {whole:.1%} "
        f"that lie in holes. It is deepest at prior draw {hole.index + 1}, where the prior is {hole.gap:.0f} nats denser than "
        f"the encoded sentences. The nearest sentence is number {hole.nearest + 1}; {what}"
    )
    said = shelf.given.said(said, name)
    return draws[at], (f"{hint(said + ':')}{shown(text)}" if isinstance(text, Picture) else hint(f"{said}: {text}"))


def read_point(shelf: Shelf, name_a: str | None, name_b: str | None, point: Point) -> str:
    """What both models decode at a point.

    Args:
        shelf: has the models.
        name_a: of model A.
        name_b: of model B.
        point: a draw or a sentence.

    Returns:
        HTML.
    """
    columns = [_at(shelf, name, point) for name in (name_a, name_b)]
    if point.is_draw:
        head, said = f"Prior draw {point.index + 1}", _of_draws(shelf, name_a, name_b)
    else:
        head, said = (
            f"{shelf.given.said('Sentence', name_a, name_b)} {point.index + 1}",
            _reads(shelf, name_a, name_b, point.index),
        )
    return comparison([head], *columns) + (hint(said) if any(column.lines for column in columns) else "")


def text_at(shelf: Shelf, name_a: str | None, name_b: str | None, point: Point) -> str:
    """The sentence of a point; where there is no text, as at a prior draw, what a model decodes there.

    A file of latents has no encoder that could read the text: there, the point's number stands for it.

    Args:
        shelf: has the models.
        name_a: of model A.
        name_b: of model B.
        point: a draw or a sentence.

    Returns:
        One sentence.

    Raises:
        UserError: neither map has the point.
    """
    for name in (name_a, name_b):
        if not point.is_draw and (text := _text(shelf, name, point.index)) and not shelf.own(str(name)):
            return text
    for name in (name_a, name_b):
        if (column := _at(shelf, name, point)).lines:
            return str(point.number) if shelf.own(str(name)) else column.lines[0].text
    raise UserError("Neither model's map has such a point.")


def why_other_draws(shelf: Shelf, name_a: str | None, name_b: str | None) -> str | None:
    """Why draw n of A's map is another latent than that of B's.

    Args:
        shelf: has the models.
        name_a: of model A.
        name_b: of model B.

    Returns:
        The reason; None if the latents are the same.

    Raises:
        UserError: a model can't be had.
    """
    from dgvae.checkpoint.shared_map import why_not_common

    return why_not_common(shelf.get(name_a).latents, shelf.get(name_b).latents)


def _of_draws(shelf: Shelf, name_a: str | None, name_b: str | None) -> str:
    try:
        why = why_other_draws(shelf, name_a, name_b)
    except UserError:
        return ""  # it is said in the model's place
    return f"Each model has its own draw: {why}." if why else "The same z, decoded by both models."


def _reads(shelf: Shelf, name_a: str | None, name_b: str | None, sentence: int) -> str:
    """The text of a sentence: of each model's own, where they were trained on different corpora."""
    texts = {side: text for side, name in (("A", name_a), ("B", name_b)) if (text := _text(shelf, name, sentence))}
    if len(texts) == 2 and texts["A"] == texts["B"]:
        return f"It reads: {texts['A']}"
    return " ".join(f"In {side} it reads: {text}" for side, text in texts.items()) or (
        shelf.given.said("Each model decodes a sample of its posterior for this sentence.", name_a, name_b)
    )


def _text(shelf: Shelf, name: str | None, sentence: int) -> str | None:
    try:
        if name and sentence < len(shelf.get(name).latents.labels):
            return shelf.sentence(name, sentence)
    except UserError:
        pass  # it is said in the model's place
    return None


def _at(shelf: Shelf, name: str | None, point: Point) -> Column:
    try:
        checkpoint = shelf.get(name)
    except UserError as error:
        return Column(name or "no model", fault=str(error))
    title = checkpoint.model.config.title
    if (z := latent_of(checkpoint, point)) is None:
        return Column(title, fault="This model's map has no such point.")
    return Column(title, decode_lines(checkpoint, z, gap=gap_of(checkpoint, point, z)))
