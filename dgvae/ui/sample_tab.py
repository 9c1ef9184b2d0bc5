"""The Sample tab: the same prior draws through both models."""

from __future__ import annotations

import random

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.decoding import sample_column
from dgvae.ui.render import comparison, notice
from dgvae.ui.shelf import Shelf


class SampleTab:
    """Components and handlers of the tab. `draw` is called when a model or a setting changes."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        gr.Markdown(
            "The same draws from the prior go through both models. The number is the density gap log p(z) − log q(z) there: "
            "the higher, the further from every encoded sentence, and the more of a guess is what the decoder says.",
            elem_classes="hint",
        )
        with gr.Row():
            count = gr.Slider(1, 64, value=12, step=1, label="Draws", min_width=220)
            temperature = gr.Slider(0, 1.5, value=0, step=0.05, label="Temperature, 0 is greedy", min_width=220)
            top_p = gr.Slider(0.05, 1, value=1, step=0.05, label="Top-p", min_width=220)
        with gr.Row():
            seed = gr.Number(value=1, minimum=0, maximum=2**31, precision=0, label="Seed", min_width=120, scale=0)
            again = gr.Button("Draw again", variant="primary", elem_id="sample-again", min_width=140, scale=0)
        self.controls = [count, temperature, top_p, seed]
        self.triggers = [control.change for control in self.controls]
        self.output = gr.HTML(elem_id="samples")
        again.click(lambda: random.randrange(10_000), None, seed, show_progress="hidden", api_visibility="private")

    def draw(
        self, name_a: str | None, name_b: str | None, count: int, temperature: float, top_p: float, seed: int | None
    ) -> str:
        """The comparison as HTML."""
        from dgvae.generation import Decoding

        try:
            if seed is None:
                raise UserError("Give a seed: a whole number such as 1.")
            decoding = Decoding(float(temperature), float(top_p))
        except UserError as error:
            return notice(str(error))
        columns = (sample_column(self.shelf, name, int(count), int(seed), decoding) for name in (name_a, name_b))
        return comparison([str(i + 1) for i in range(int(count))], *columns)
