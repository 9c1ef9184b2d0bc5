"""The Map tab's search: sentences that contain what was typed light up on both maps."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.text.search import Query
from dgvae.ui.decoding import MOST_CHARACTERS
from dgvae.ui.map.points import Point
from dgvae.ui.map.sentences import same_sentences, sentence_table, texts_of
from dgvae.ui.markup.render import hint
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET
from dgvae.ui.vega.chart import ChartMarks, marks

PLACEHOLDER = 'words, or "a phrase"'


class SearchField:
    """The field, what is said beside it, and the list of what was found, which stands where `list_here` is called."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        with gr.Row(elem_id="map-search"):
            self.field = gr.Textbox(
                "",
                label="Find sentences",
                placeholder=PLACEHOLDER,
                max_length=MOST_CHARACTERS,
                min_width=220,
                elem_id="map-find",
            )
            self.said = gr.HTML(elem_id="map-found", min_height=44)

    def list_here(self) -> None:
        """Build the list."""
        self.listed = gr.HTML(elem_id="map-found-list")

    def wire(self, models: list[gr.Dropdown], over: ChartMarks) -> None:
        """Search while the visitor types; what is pasted is no `input` for Gradio."""
        self.field.change(self.search, [*models, self.field], [self.said, self.listed, over], **QUIET)

    def search(self, name_a: str | None, name_b: str | None, typed: str) -> tuple[str, str, str]:
        """What is said and listed, as HTML, and the marks."""
        found = find(self._shelf, {"A": name_a, "B": name_b}, typed)
        return found.said, found.listed, marks(map_a=found.mark("A"), map_b=found.mark("B"))


@dataclass(frozen=True)
class Found:
    """What was found: said and listed, as HTML, and the sentences of A and B that light up, by their numbers."""

    said: str = ""
    listed: str = ""
    numbers: Mapping[str, list[int]] = field(default_factory=dict)

    def mark(self, side: str) -> dict[str, Any]:
        """What lights up on the map of A or B, for `marks`."""
        return {"found": self.numbers.get(side, [])}


def find(shelf: Shelf, names: Mapping[str, str | None], typed: str) -> Found:
    """The sentences of both models that contain what was typed.

    Args:
        shelf: has the models.
        names: of the models, by their letters A and B.
        typed: words, and phrases in quotes.

    Returns:
        What was found, or why nothing was.
    """
    query = Query.parse(typed)
    found: dict[str, list[int] | None] = {}
    for side, name in names.items() if query else ():
        with suppress(UserError):  # it is said in the model's place
            is_same = found.get("A") is not None and same_sentences(shelf, names["A"], name)
            found[side] = found["A"] if is_same else _search(shelf, name, query)
    told = [*found]
    if len(told) == 2 and same_sentences(shelf, *names.values()):
        told = ["B" if found["A"] is None else "A"]
    numbers = {side: _on_map(shelf, names[side], indices or []) for side, indices in found.items()}
    said = [_said(shelf, names[side], query, found[side], "" if len(told) < len(found) else side, numbers) for side in told]
    lists = [_list(shelf, names[side], indices, f" of {side}" * (len(told) > 1)) for side in told if (indices := found[side])]
    return Found("".join(map(hint, said)), "".join(lists), numbers)


def _search(shelf: Shelf, name: str | None, query: Query) -> list[int] | None:
    texts = texts_of(shelf, name)
    return None if texts is None else query.find(texts)


def _on_map(shelf: Shelf, name: str | None, indices: list[int]) -> list[int]:
    """The numbers of those sentences that the model's map shows."""
    stored, wanted = shelf.get(name).latents.map, set(indices)
    return [Point(i, is_draw=False).number for i in (stored.sentences.tolist() if stored and wanted else ()) if i in wanted]


def _said(
    shelf: Shelf, name: str | None, query: Query, found: list[int] | None, side: str, numbers: Mapping[str, list[int]]
) -> str:
    """What was found, of one model, or of both if no side is named."""
    checkpoint = shelf.get(name)
    where = f"In {side}: " if side else ""
    if found is None and shelf.own(str(name)):
        return f"{checkpoint.model.config.title} has neither texts nor labels to search; save its file with text or label."
    if found is None:
        return (
            f"{where}the sentences are not at hand, so they can't be searched. The app finds them if it is started with --data "
            f"and the folder of {checkpoint.metrics.corpus}."
        )
    total, sentences = len(checkpoint.latents.labels), shelf.given.said("sentences", name)
    if not found:
        return f"{where}none of {total:,} {sentences} has {query}; only whole words count."
    have = f"{where}{len(found):,} of {total:,} {sentences} {'has' if len(found) == 1 else 'have'} {query}"
    shown = {letter: len(on_map) for letter, on_map in numbers.items() if letter == side or not side}
    if len({*shown.values()}) == 1:
        return f"{have}; {next(iter(shown.values())):,} of them are on the map, as filled dots."
    return f"{have}; {shown['A']:,} of them are on the map of A and {shown['B']:,} on that of B, as filled dots."


def _list(shelf: Shelf, name: str | None, indices: list[int], of: str) -> str:
    table = sentence_table(shelf, name, indices)
    return f"<details class='listed'><summary>What was found{of}, as a list</summary>{table}</details>"
