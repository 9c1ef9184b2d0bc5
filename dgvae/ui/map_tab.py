"""The Map tab: UMAP of prior and aggregated posterior, A and B side by side; a point under the pointer is read out by both."""

from __future__ import annotations

from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.charts import COLOURINGS, latent_map
from dgvae.ui.decoding import decode_lines
from dgvae.ui.map_points import map_points, point_gaps, point_ids
from dgvae.ui.render import Column, comparison, hint, notice
from dgvae.ui.shelf import Shelf
from dgvae.ui.vega_chart import VegaChart

INVITATION = hint("Point at a dot, or tap it: both models read out what they decode there.")


class MapTab:
    """Components and handlers of the tab. `draw` is called when a model or the colouring changes."""

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        self.shelf = shelf
        gr.Markdown(
            "Grey dots are samples of the prior p(z), coloured dots are encoded sentences, q(z). Where there is grey without "
            "colour is a hole: the prior sends the decoder there, and no sentence ever did.",
            elem_classes="hint",
        )
        self.colour = gr.Radio(
            [(name, key) for key, name in COLOURINGS.items()], value="source", label="Colour by", elem_id="map-colour"
        )
        with gr.Row():
            with gr.Column(min_width=320, elem_classes="model-a"):
                fault_a = gr.HTML(elem_id="map-fault-a")
                chart_a = VegaChart(group="maps", label="Map of model A", elem_id="map-a")
            with gr.Column(min_width=320, elem_classes="model-b"):
                fault_b = gr.HTML(elem_id="map-fault-b")
                chart_b = VegaChart(group="maps", label="Map of model B", elem_id="map-b")
        readout = gr.HTML(INVITATION, elem_id="map-readout", elem_classes="readout")
        self.outputs = [chart_a, fault_a, chart_b, fault_b]
        gr.on(  # what was read out was of another model
            [model_a.change, model_b.change],
            lambda: INVITATION,
            None,
            readout,
            show_progress="hidden",
            api_visibility="private",
        )
        for chart in (chart_a, chart_b):
            for event in (chart.hover, chart.pick):
                event(
                    self.read_out,
                    [model_a, model_b],
                    readout,
                    trigger_mode="always_last",
                    show_progress="hidden",
                    api_visibility="private",
                )

    def draw(self, name_a: str | None, name_b: str | None, colour: str) -> tuple[Any, str, Any, str]:
        """Chart and fault of A, chart and fault of B."""
        return *self._chart(name_a, colour), *self._chart(name_b, colour)

    def _chart(self, name: str | None, colour: str) -> tuple[dict[str, Any] | None, str]:
        try:
            checkpoint = self.shelf.get(name)
            absent = checkpoint.aggregated.absent.get("density_gap") if colour == "gap" else None
            gaps = self.shelf.map_gaps(name) if name and colour == "gap" and not absent else None
            chart = latent_map(map_points(checkpoint, gaps), "source" if absent else colour, checkpoint.model.config.title)
            return chart, hint(f"No density gap here: {absent}.") if absent else ""
        except UserError as error:
            return None, notice(str(error))

    def read_out(self, name_a: str | None, name_b: str | None, event: gr.EventData) -> Any:
        """What both models decode at the point under the pointer; nothing changes where there is none."""
        if event.id is None:
            return gr.skip()
        point = int(event.id)
        if point < 0:
            head, said = f"Prior draw {-point}", "The same z, decoded by both models."
        else:
            head, said = f"Sentence {point + 1}", self._reads(name_a, name_b, point)
        return comparison([head], self._at(name_a, point), self._at(name_b, point)) + hint(said)

    def _reads(self, name_a: str | None, name_b: str | None, sentence: int) -> str:
        """The text of a sentence: of each model's own, where they were trained on different corpora."""
        texts = {side: text for side, name in (("A", name_a), ("B", name_b)) if (text := self._text(name, sentence))}
        if len(texts) == 2 and texts["A"] == texts["B"]:
            return f"It reads: {texts['A']}"
        return " ".join(f"In {side} it reads: {text}" for side, text in texts.items()) or (
            "A sample of its posterior in each model, decoded."
        )

    def _text(self, name: str | None, sentence: int) -> str | None:
        try:
            return self.shelf.sentence(name, sentence) if name else None
        except UserError:
            return None

    def _at(self, name: str | None, point: int) -> Column:
        from dgvae.generation import GREEDY

        try:
            checkpoint = self.shelf.get(name)
        except UserError as error:
            return Column(name or "no model", fault=str(error))
        title = checkpoint.model.config.title
        stored = checkpoint.latents.map
        if not stored or not len(rows := (point_ids(stored) == point).nonzero()[0]):
            return Column(title, fault="This model's map has no such point.")
        gap = None if "density_gap" in checkpoint.aggregated.absent else point_gaps(checkpoint, int(rows[0]))
        return Column(title, decode_lines(checkpoint, stored.z[rows], GREEDY, gap=gap))
