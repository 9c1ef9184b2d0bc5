"""The Interpolate tab: from one sentence to another through both latent spaces."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.charts.paths import gap_curves
from dgvae.errors import UserError
from dgvae.ui.decoding import EXAMPLES, MOST_CHARACTERS, decode_lines, decode_texts, encode_mean, latent_path, readings
from dgvae.ui.markup.export import code_to_load, csv_link
from dgvae.ui.markup.render import Column, Line, comparison, comparison_rows, hint, notice
from dgvae.ui.own_latents import own_model
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET, Slider, Tab
from dgvae.ui.vega.chart import VegaChart

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint

PATHS = {"straight": "linear", "along a great circle": "spherical", "where sentences are dense": "dense"}
FINE = 65  # points of the curve
TWO = "Two sentences at random"
SCORES = "Small numbers: ROUGE-L F1 between a line and the first and the second sentence."


@dataclass(frozen=True)
class Walk:
    """A model's side: its column of lines, and the gaps along the path, if it has any."""

    column: Column
    gaps: Sequence[float] = ()


class InterpolateTab(Tab):
    """See `Tab`."""

    key = "interpolate"
    title = "Interpolate"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        self.hint(
            "Both sentences are encoded to their posterior means, and points on a path between the means are decoded. In a "
            "smooth latent space, the meaning changes in small steps. A collapsed model decodes the same text for every z. "
            "The curve is the density gap: it is high where encoded sentences are rare compared with the prior, and low at "
            "an encoded sentence. The dense path goes through places with many encoded sentences."
        )
        with gr.Row():
            start = gr.Textbox(EXAMPLES[0], label="From", max_length=MOST_CHARACTERS, elem_id="from", min_width=280)
            end = gr.Textbox(EXAMPLES[1], label="To", max_length=MOST_CHARACTERS, elem_id="to", min_width=280)
        with gr.Row():
            path = gr.Radio(list(PATHS.items()), value="linear", label="Path", min_width=300)
            steps = Slider(3, 21, value=8, step=1, label="Steps", min_width=140)
            each = Slider(1, 4, value=1, step=1, label="Decodings of each", min_width=140)
        with gr.Row():
            go = gr.Button("Interpolate", variant="primary", elem_id="interpolate", min_width=140, scale=0)
            other = gr.Button(TWO, elem_id="random-pair", min_width=220, scale=0)
        output = gr.HTML(elem_id="interpolation")
        chart = VegaChart(label="Density gap along the path", elem_id="path-gap", height=230, elem_classes="if-any")
        self.worded.append((path, lambda say: gr.update(choices=[(say(name), key) for name, key in PATHS.items()])))
        self.worded.append((other, lambda say: say(TWO)))
        self.fields = {"from": start, "to": end, "path": path, "steps": steps, "each": each}
        picked = gr.Number(0, visible=False)
        self.triggers = [start.submit, end.submit, path.change, steps.change, each.change, go.click, picked.change]
        self.outputs = [output, chart]
        other.click(self.pick_pair, self.models, [start, end, picked], **QUIET)

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[str, Any]:
        """The comparison as HTML, and the curve."""
        start, end, path = fields["from"], fields["to"], fields["path"]
        if not start.strip() or not end.strip():
            return notice(self.shelf.given.said("Write a sentence in both fields.", name_a, name_b)), None
        # The browser's limit does not bind what else may call.
        texts, steps, each = (start[:MOST_CHARACTERS], end[:MOST_CHARACTERS]), int(fields["steps"]), int(fields["each"])
        walks = {side: self._walk(name, texts, path, steps, each) for side, name in (("A", name_a), ("B", name_b))}
        heads = [f"{i / (steps - 1):.0%}" if k == 0 else "" for i in range(steps) for k in range(each)]
        columns = [walk.column for walk in walks.values()]
        scores = "" if self.shelf.own(str(name_a)) and self.shelf.own(str(name_b)) else hint(SCORES)
        said = readings(self.shelf, (name_a, name_b), *texts) + scores + comparison(heads, *columns)
        said += csv_link("interpolation.csv", *comparison_rows(heads, *columns))
        curves = {side: walk.gaps for side, walk in walks.items() if len(walk.gaps)}
        return said, gap_curves(curves) if curves else None

    def _walk(self, name: str | None, texts: tuple[str, str], path: str, steps: int, each: int) -> Walk:
        """A model's latents from the one sentence to the other, decoded: greedily first, then drawn."""
        from dgvae.evaluation.holes import density_gap_at

        try:
            checkpoint = self.shelf.get(name)
            ends = encode_mean(checkpoint, texts[0]), encode_mean(checkpoint, texts[1])
            fine, z = (latent_path(self.shelf, name, path, ends, count) for count in (FINE, steps))
        except UserError as error:
            return Walk(Column(name or "no model", fault=str(error)))
        lines = _decodings(checkpoint, z, each)
        if not own_model(checkpoint):  # which reads numbers of points, no sentences
            words = [" ".join(checkpoint.tokenizer.words(text)) for text in texts]
            lines = [_with_rouge(line, words) for line in lines]
        gaps = density_gap_at(fine, checkpoint.aggregated).tolist() if checkpoint.aggregated.has_density else ()
        return Walk(Column(checkpoint.model.config.title, lines), gaps)

    def pick_pair(self, name_a: str | None, name_b: str | None) -> tuple[Any, Any, Any]:
        """Two of the encoded sentences, as text, or as A gives them back where the corpus is not at hand; and when."""
        try:
            checkpoint = self.shelf.get(name_a)
        except UserError:
            return gr.skip(), gr.skip(), gr.skip()
        count = len(checkpoint.latents.labels)
        chosen = random.sample(range(count), 2) if count > 1 else [0, 0]
        if own_model(checkpoint):
            return str(chosen[0] + 1), str(chosen[1] + 1), time.time()
        texts = [self.shelf.sentence(str(name_a), i) for i in chosen]
        if None in texts:
            texts = decode_texts(checkpoint, checkpoint.latents.posterior.location[chosen])
        return texts[0], texts[1], time.time()

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        start, end, path = fields["from"], fields["to"], fields["path"]
        graph = "DenseGraph(checkpoint.latents.posterior.location).path"
        way = {"spherical": "spherical_path", "dense": graph}.get(path, "linear_path")
        return code_to_load(self.shelf.source(name_a)) + (
            "from dgvae.model.generation import decode_latents\n"
            "from dgvae.explore.paths import DenseGraph, linear_path, spherical_path\n\n"
            f"texts = {start!r}, {end!r}\n"
            "limit = checkpoint.model.config.max_length\n"
            "ends = checkpoint.model.encode_all([checkpoint.tokenizer.encode_text(text, limit) for text in texts]).location\n"
            f"z = checkpoint.model.prior.project({way}(*ends, {int(fields['steps'])}))\n"
            "for ids in decode_latents(checkpoint.model, z):\n"
            "    print(checkpoint.tokenizer.decode(ids))\n"
        )


def _decodings(checkpoint: Checkpoint, z: Tensor, each: int) -> list[Line]:
    """`each` lines for every latent: the likeliest words, then words drawn at temperature 1."""
    import torch

    from dgvae.model.generation import GREEDY, Decoding

    ways = [GREEDY] + [Decoding(1.0)] * (each - 1)
    generator = torch.Generator().manual_seed(0)
    lines = [decode_lines(checkpoint, z, way, generator) for way in ways]
    return [line for step in zip(*lines, strict=True) for line in step]


def _with_rouge(line: Line, ends: Sequence[str]) -> Line:
    from dgvae.evaluation.text_figures import rouge_l

    return replace(line, note=" · ".join(f"{rouge_l(line.text, end):.2f}" for end in ends))
