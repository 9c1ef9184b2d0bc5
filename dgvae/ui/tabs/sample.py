"""The Sample tab: the same prior draws through two to four models."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.decoding import decode_lines, nearest_sentences
from dgvae.ui.markup.export import code_to_load, csv_link
from dgvae.ui.markup.render import Column, comparison, comparison_rows, hint, notice
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import Number, Slider, Tab

if TYPE_CHECKING:
    from dgvae.model.generation import Decoding

HOW = {"the likeliest word": "greedy", "drawn": "drawn", "beam search": "beam"}
BEAMS = 5

NEAREST = "The nearest sentence of each"


class SampleTab(Tab):
    """See `Tab`."""

    key = "sample"
    title = "Sample"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        self.hint(
            "All models decode the same draws from the prior. The bar is the density gap log p(z) − log q(z) of the draw. "
            "Orange: the prior is denser than the encoded sentences; in a hole, the decoder can only guess. Blue: the "
            "encoded sentences are denser than the prior."
        )
        with gr.Row():
            count = Slider(1, 64, value=12, step=1, label="Draws", min_width=200)
            how = gr.Radio(list(HOW.items()), value="greedy", label="Words", min_width=280)
            temperature = Slider(0.05, 1.5, value=1, step=0.05, label="Temperature, if drawn", min_width=160)
            top_p = Slider(0.05, 1, value=1, step=0.05, label="Top-p, if drawn", min_width=160)
        with gr.Row():
            seed = Number(value=1, minimum=0, maximum=2**31, precision=0, label="Seed", min_width=120, scale=0)
            again = gr.Button("Draw again", variant="primary", elem_id="sample-again", min_width=140, scale=0)
            more = gr.Dropdown(
                shelf.choices(), value=[], multiselect=True, max_choices=2, label="More models, C and D", min_width=240
            )
            nearest = gr.Checkbox(value=False, label=NEAREST, min_width=200, scale=0)
        output = gr.HTML(elem_id="samples")
        self.fields = {
            "n": count, "how": how, "t": temperature, "top_p": top_p, "seed": seed, "more": more, "nearest": nearest,
        }  # fmt: skip
        self.triggers = [control.change for control in (count, how, temperature, top_p, seed, more, nearest)]
        self.outputs = [output]
        self.worded.append((nearest, lambda say: gr.update(label=say(NEAREST))))
        again.click(lambda: random.randrange(10_000), None, seed, show_progress="hidden", api_visibility="private")

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[str]:
        """The comparison as HTML."""
        count, seed = int(fields["n"]), fields["seed"]
        try:
            if seed is None:
                raise UserError("Give a seed: a whole number such as 1.")
            decoding = _decoding(fields["how"], float(fields["t"]), float(fields["top_p"]))
        except UserError as error:
            return (notice(str(error)),)
        heads = [str(i + 1) for i in range(count)]
        names = [name_a, name_b, *(fields["more"] or [])[:2]]
        columns = [self._column(name, count, int(seed), decoding, fields["nearest"]) for name in names]
        table = csv_link("samples.csv", *comparison_rows(heads, *columns))
        return (self._remark(names) + comparison(heads, *columns) + table,)

    def _column(self, name: str | None, count: int, seed: int, decoding: Decoding, nearest: bool) -> Column:
        """Decode `count` prior draws. One seed gives every model of the same latent size and prior the same draws."""
        import torch

        try:
            checkpoint = self.shelf.get(name)
        except UserError as error:
            return Column(name or "no model", fault=str(error))
        generator = torch.Generator().manual_seed(seed)
        z = checkpoint.model.prior.sample(count, generator)
        lines = decode_lines(checkpoint, z, decoding, generator)
        if nearest:
            said = nearest_sentences(self.shelf, name, z)
            lines = [replace(line, note=note) for line, note in zip(lines, said, strict=True)]
        return Column(checkpoint.model.config.title, lines)

    def _remark(self, names: list[str | None]) -> str:
        """Says so if the draws are not the same."""
        priors = set()
        for name in names:
            try:
                model = self.shelf.get(name).model
                priors.add((type(model.prior), model.config.latent_dim))
            except UserError:
                continue  # it is said in the model's column
        return (
            hint("These models have different priors or latent sizes, so each model has its own draws.")
            if len(priors) > 1
            else ""
        )

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        drawn = f"Decoding({fields['t']}, {fields['top_p']})"
        decoding = {"greedy": "Decoding()", "drawn": drawn}.get(fields["how"], f"Decoding(beams={BEAMS})")
        return code_to_load(self.shelf.source(name_a)) + (
            "import torch\n"
            "from dgvae.model.generation import Decoding, decode_latents\n\n"
            f"generator = torch.Generator().manual_seed({fields['seed']})\n"
            f"z = checkpoint.model.prior.sample({fields['n']}, generator)\n"
            f"for ids in decode_latents(checkpoint.model, z, {decoding}, generator):\n"
            "    print(checkpoint.tokenizer.decode(ids))\n"
        )


def _decoding(how: str, temperature: float, top_p: float) -> Decoding:
    """As it is chosen. Raises UserError."""
    from dgvae.model.generation import GREEDY, Decoding

    if how == "drawn":
        return Decoding(temperature, top_p)
    return Decoding(beams=BEAMS) if how == "beam" else GREEDY
