"""A sentence through every model, as the table of the Edit tab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from dgvae.errors import UserError
from dgvae.ui.decoding import TypedSentence, decode_texts
from dgvae.ui.markup.differences import marked_differences, share_kept
from dgvae.ui.markup.export import csv_link
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.shelf import MOST_LOADED, Shelf


@dataclass(frozen=True)
class Reconstruction:
    """What a model makes of a sentence, which it splits into the words `given`; or the one sentence that says why it can't.

    side: "a" or "b", or "" for the other models. kl: of the posterior to the prior, nats, if it has a density.
    """

    label: str
    side: str
    given: Sequence[str] = ()
    said: Sequence[str] = ()
    kl: float | None = None
    fault: str | None = None


def reconstructions(shelf: Shelf, models: tuple[str | None, str | None], sentence: TypedSentence) -> str:
    """The sentence through A, B and the others, as far as they fit in memory together.

    Args:
        shelf: all checkpoints.
        models: the names of A and B.
        sentence: what was typed.

    Returns:
        The table as HTML, with a link that saves it.
    """
    labels = {name: label for label, name in shelf.choices()}
    sides = {name: side for name, side in zip(reversed(models), "ba", strict=True) if name in labels}
    names = list(dict.fromkeys([*reversed(sides), *labels]))
    found = [_reconstruction(shelf, name, labels[name], sides.get(name, ""), sentence) for name in names[:MOST_LOADED]]
    header = ["model", "words kept", "KL (nats)", "reconstruction"]
    head = "".join(f"<th scope='col'>{name}</th>" for name in header)
    more = hint(f"The first {MOST_LOADED} of {len(names)} models are shown.") if len(names) > MOST_LOADED else ""
    cells = [[r.label, share_kept(r.given, r.said), r.kl, " ".join(r.said)] for r in found if not r.fault]
    return (
        "<div class='measure-scroll' tabindex='0'><table class='texts edits' aria-label='The sentence through every model'>"
        f"<thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(map(_row, found))}</tbody></table></div>{more}{csv_link('reconstructions.csv', header, cells)}"
    )


def _reconstruction(shelf: Shelf, name: str, label: str, side: str, sentence: TypedSentence) -> Reconstruction:
    try:
        checkpoint = shelf.get(name)
        posterior = sentence.posterior(name)
    except UserError as error:
        return Reconstruction(label, side, fault=str(error))
    said = decode_texts(checkpoint, posterior.location)[0].split()
    kl = float(posterior.kl()[0]) if posterior.has_density else None
    return Reconstruction(label, side, checkpoint.tokenizer.words(sentence.text), said, kl)


def _row(found: Reconstruction) -> str:
    label = escape(found.label)
    if found.side:
        label = f"<span class='name model-{found.side}'>{label}</span>"
    if found.fault:
        return f"<tr><td>{label}</td><td colspan=3>{notice(found.fault)}</td></tr>"
    kl = "n/a" if found.kl is None else f"{found.kl:.1f}"
    return (
        f"<tr><td>{label}</td><td>{share_kept(found.given, found.said):.0%}</td><td>{kl}</td>"
        f"<td class='sentence'>{marked_differences(found.given, found.said)}</td></tr>"
    )
