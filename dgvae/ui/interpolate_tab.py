"""The Interpolate tab: from one sentence to another through both latent spaces."""

from __future__ import annotations

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.decoding import path_column
from dgvae.ui.render import comparison, notice, read_as
from dgvae.ui.shelf import Shelf

MOST_CHARACTERS = 2000
EXAMPLES = ("the food was delicious and the staff was so friendly .", "i waited an hour and nobody came back .")


class InterpolateTab:
    """Components and handlers of the tab. `draw` is called when a model or a setting changes."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        gr.Markdown(
            "Both sentences are encoded to their posterior mean, and the latents between are decoded. A smooth latent space "
            "changes meaning a little at a time; a collapsed one says the same whatever z is.",
            elem_classes="hint",
        )
        with gr.Row():
            start = gr.Textbox(EXAMPLES[0], label="From", max_length=MOST_CHARACTERS, elem_id="from", min_width=280)
            end = gr.Textbox(EXAMPLES[1], label="To", max_length=MOST_CHARACTERS, elem_id="to", min_width=280)
        with gr.Row():
            steps = gr.Slider(3, 21, value=8, step=1, label="Steps", min_width=140)
            path = gr.Radio(["linear", "spherical"], value="linear", label="Path", min_width=140)
            go = gr.Button("Interpolate", variant="primary", elem_id="interpolate", min_width=140, scale=0)
        self.controls = [start, end, steps, path]
        self.triggers = [start.submit, end.submit, steps.change, path.change, go.click]
        self.output = gr.HTML(elem_id="interpolation")

    def draw(self, name_a: str | None, name_b: str | None, start: str, end: str, steps: int, path: str) -> str:
        """The comparison as HTML."""
        if not start.strip() or not end.strip():
            return notice("Write a sentence in both fields.")
        # The browser's limit does not bind what else may call.
        texts, steps = (start[:MOST_CHARACTERS], end[:MOST_CHARACTERS]), int(steps)
        columns = [path_column(self.shelf, name, texts, steps, path) for name in (name_a, name_b)]
        heads = [f"{i / (steps - 1):.0%}" for i in range(steps)]
        return self._read_as(name_a, name_b, texts) + comparison(heads, *columns)

    def _read_as(self, name_a: str | None, name_b: str | None, texts: tuple[str, str]) -> str:
        """The sentences as the models read them, once if both read them alike."""
        readings: dict[str, str] = {}
        for side, name in (("A", name_a), ("B", name_b)):
            try:
                tokenizer = self.shelf.get(name).tokenizer
            except UserError:
                continue
            reading = " → ".join(read_as((w, tokenizer.is_known(w)) for w in tokenizer.words(text)) for text in texts)
            readings[reading] = f"{readings[reading]} and {side}" if reading in readings else side
        return "".join(f"<p class='hint'>{sides} read: {reading}</p>" for reading, sides in readings.items())
