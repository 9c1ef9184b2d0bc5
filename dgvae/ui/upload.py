"""Where a visitor gives a file of latents: chosen or dropped anywhere on the page, it is sent, and then measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
from gradio.events import EventListener

from dgvae.ui.requests.uploads import KIND, MOST_BYTES, PATH, TOO_LARGE

HTML = """<input type="file" accept=".safetensors,.npz,.parquet" aria-label="A file of latents" hidden>
<p id="sending" class="hint" role="status"></p>"""
CHOOSE = "() => document.querySelector('#upload input').click()"


class LatentsUpload(gr.HTML):
    """Says how far a file is that is being sent. `sent` is the event of one that has arrived.

    It must be on the page from the start, so that a file may be dropped: not within an accordion. CHOOSE, the script of a
    button elsewhere, lets the visitor choose a file.
    """

    EVENTS: ClassVar[list] = [EventListener("sent", doc="`ticket`: of the file. `name`: what the visitor calls it.")]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=HTML,
            js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            path=PATH,
            kind=KIND,
            most=MOST_BYTES,
            too_large=TOO_LARGE,
            elem_id="upload",
            **kwargs,
        )
