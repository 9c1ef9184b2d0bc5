"""The sentences of models: their texts, whether two models have the same, and tables of some."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dgvae.text.corpora import label_name
from dgvae.ui.decoding import written
from dgvae.ui.markup.export import csv_link
from dgvae.ui.markup.render import hint
from dgvae.ui.pictures import shown as shown_as
from dgvae.ui.shelf import Shelf

MOST_LISTED = 50  # sentences of a table; the file has all
_APART = "\0"  # between a text and a label, which no phrase crosses


def texts_of(shelf: Shelf, name: str | None) -> list[str] | None:
    """What is known in words of every sentence: its text, and in a file of latents its label.

    None if there are neither. Raises UserError if there is no such model.
    """
    checkpoint = shelf.get(name)
    count = len(checkpoint.latents.labels)
    first = shelf.sentence(str(name), 0)
    texts = None if first is None else [shelf.sentence(str(name), i) or "" for i in range(count)]
    if shelf.own(str(name)) is None or int(checkpoint.latents.labels.max()) < 0:
        return texts
    labels = [label_name(label, checkpoint.classes) for label in checkpoint.latents.labels.tolist()]
    return [f"{text} {_APART} {label}" for text, label in zip(texts, labels, strict=True)] if texts else labels


def same_sentences(shelf: Shelf, name_a: str | None, name_b: str | None) -> bool:
    """Whether sentence n of A is sentence n of B. Raises UserError if there is no such model."""
    a, b = shelf.get(name_a).metrics.evaluation, shelf.get(name_b).metrics.evaluation
    return (a.sha256, a.sentences) == (b.sha256, b.sentences)


def sentence_table(shelf: Shelf, name: str | None, sentences: Sequence[int], file: str = "") -> str:
    """A table of the first of some sentences.

    Args:
        shelf: has the model.
        name: of the model.
        sentences: by their indices from 0. Where they have no text, their reconstructions are shown.
        file: the name of a CSV file with all of them; by default there is none.

    Returns:
        HTML.
    """
    checkpoint = shelf.get(name)
    shown = [*sentences[:MOST_LISTED]]
    texts, are = written(shelf, name, shown)
    head = "reconstructed sentence (the original text is not available)" if are == "reconstructions" else "sentence"
    head = shelf.given.said(head, name)
    if file and are == "originals":
        texts += [shelf.sentence(str(name), i) or "" for i in sentences[len(shown) :]]
    labels = [label_name(label, checkpoint.classes) for label in checkpoint.latents.labels[[*sentences]].tolist()]
    texts += [""] * (len(sentences) - len(texts))
    rows = [(i + 1, label, text) for i, label, text in zip(sentences, labels, texts, strict=True)]
    cells = "".join(
        f"<tr><td>{number}</td><td>{escape(label)}</td><td>{shown_as(text)}</td></tr>"
        for number, label, text in rows[: len(shown)]
    )
    rest = "; the CSV file has all of them." if file else "."
    more = hint(f"The first {MOST_LISTED} are shown{rest}") if len(sentences) > MOST_LISTED else ""
    return (
        "<div class='measure-scroll region-sentences'><table class='texts'><thead><tr><th>number</th><th>label</th>"
        f"<th>{head}</th></tr></thead><tbody>{cells}</tbody></table></div>{more}"
        + (csv_link(file, ["sentence", "label", head], rows) if file else "")
    )
