"""The sidebar: the two models, their figures, the checkpoints that can't be shown, and models that a visitor brings."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.given import MOST_DIMENSIONS, MOST_EXAMPLES, BusyError, label_of
from dgvae.ui.markup.render import facts, hint, notice
from dgvae.ui.requests.events import Sent
from dgvae.ui.requests.uploads import MOST_BYTES
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import EACH
from dgvae.ui.upload import CHOOSE, LatentsUpload

# An open sidebar covers a phone's whole screen; there the page is shown when it is closed (page.css).
CLOSE_SIDEBAR_ON_PHONES = """() => {
    if (innerWidth < 768) document.querySelector(".sidebar.open .toggle-button")?.click();
    document.querySelector(".app > .wrap")?.classList.add("settled");
}"""
WHAT_TO_GIVE = (
    "A .safetensors, .npz or Parquet file with <code>mean</code> and <code>log_var</code>, or <code>z</code> alone, each "
    "[examples, dimensions], and if you like with <code>label</code>, <code>text</code> and columns of numbers, by which the "
    "map can be colored. The prior is taken to be N(0, I). "
    f"At most {MOST_BYTES / 1e6:.0f} MB, {MOST_EXAMPLES:,} examples and {MOST_DIMENSIONS} "
    "dimensions. It may also be dropped on the page. Only you see it, and it is forgotten when you leave."
)


class Sidebar:
    """Builds its components where it is made. models: the fields of A and B. facts: what is said of each. broken: of others."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._first = shelf.defaults()
        self.models: list[gr.Dropdown] = []
        self.facts: list[gr.HTML] = []
        with gr.Sidebar(width=300, open=True):
            for side, name in zip("ab", self._first, strict=True):
                with gr.Column(elem_classes=f"model-{side}"):
                    model = gr.Dropdown(shelf.choices(), value=name, label=f"Model {side.upper()}", elem_id=f"model-{side}")
                    self.models.append(model)
                    self.facts.append(gr.HTML(elem_id=f"facts-{side}", elem_classes="facts-of"))
            self.broken = gr.HTML(elem_id="broken")
            with gr.Accordion("A model from the Hub", open=False):
                repository = gr.Textbox(label="Repository", placeholder="owner/name@revision", elem_id="repository")
                add = gr.Button("Fetch it as model B", elem_id="fetch")
                fetched = gr.HTML(elem_id="fetched")
            with gr.Accordion("Latents of your own model", open=False, elem_id="give"):
                gr.HTML(f"<p class='hint'>{WHAT_TO_GIVE}</p>")
                choose = gr.Button("Choose a file", elem_id="choose-file")
            upload = LatentsUpload()
            given = gr.HTML(elem_id="given")
        gr.on(
            [add.click, repository.submit],
            self.fetch,
            repository,
            [*self.models, fetched],
            api_visibility="private",
            concurrency_limit=2,
        )
        choose.click(None, None, None, js=CHOOSE, api_visibility="private")
        into = [*self.models, given]
        upload.sent(self.give, None, into, **EACH, concurrency_limit=32)

    def describe(self, *names: str | None) -> list[str]:
        """The models' figures."""
        described = []
        for name in names:
            try:
                described.append(facts(self._shelf.get(name)))
            except UserError as error:
                described.append(notice(str(error)))
        return described

    def whole_models(self, *names: str | None) -> list[Any]:
        """Other models than the page was built with, if one of those turned out to be broken when it was loaded."""
        first = self._shelf.defaults()
        changed = names == self._first != first
        return [gr.update(value=name) if changed else gr.skip() for name in first]

    def list_broken(self) -> str:
        """The checkpoints that can't be shown, each with its reason."""
        reasons = self._shelf.broken()
        if not reasons:
            return ""
        count = "1 checkpoint" if len(reasons) == 1 else f"{len(reasons)} checkpoints"
        items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
        return f"<details class='hint'><summary>{count} can't be shown</summary><ul>{items}</ul></details>"

    def fetch(self, text: str) -> Iterator[tuple[Any, Any, str]]:
        """Download a model, put it in both lists and choose it as B."""
        yield gr.skip(), gr.skip(), hint("Asking the Hub …")
        try:
            name = self._shelf.add_from_hub(text)
        except UserError as error:
            yield gr.skip(), gr.skip(), notice(str(error))
            return
        choices = self._shelf.choices()
        yield gr.update(choices=choices), gr.update(choices=choices, value=name), hint("The new model has become model B.")

    def give(self, event: Sent) -> Iterator[tuple[Any, Any, Any]]:
        """Measure a file of latents that has arrived, put it in both lists and choose it as B."""
        try:
            for said, name in self._shelf.given.give(event.ticket, event.name):
                if name is None:
                    yield gr.skip(), gr.skip(), hint(said)
                    continue
                choices = self._shelf.choices()
                told = hint(f"{label_of(name)} has become model B.")
                yield gr.update(choices=choices), gr.update(choices=choices, value=name), told
        except BusyError as error:  # what is said of the other file goes on
            gr.Warning(escape(str(error)))
            yield gr.skip(), gr.skip(), gr.skip()
        except UserError as error:
            yield gr.skip(), gr.skip(), notice(str(error))
