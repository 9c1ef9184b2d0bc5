"""The fields of the Map tab that say what is drawn."""

from __future__ import annotations

from typing import Any

import gradio as gr

from dgvae.charts.maps import COLORINGS, LOOK_FOR
from dgvae.ui.map.drawing import COMMON, OWN
from dgvae.ui.tabs.tab import QUIET


class Controls:
    """The fields, what is said above and below them, and when a common map was fitted."""

    def __init__(self) -> None:
        self.look_for = gr.HTML(look_for("source"))
        with gr.Row(elem_id="map-controls"):
            colors = [(name, key) for key, name in COLORINGS.items()]
            self.color = gr.Radio(colors, value="source", label="Color by", scale=3, elem_id="map-color")
            self.dimension = gr.Number(
                1, precision=0, label="Dimension", min_width=90, scale=0, visible=False, elem_id="map-dimension"
            )
            kinds = [("one for each", OWN), ("one for both", COMMON)]
            self.which = gr.Radio(kinds, value=OWN, label="Map", scale=1, min_width=260, elem_id="map-which")
        self.remark = gr.HTML(elem_id="map-remark")
        self.progress = gr.HTML(elem_id="map-progress", elem_classes="status")
        self.fitted = gr.Number(0, visible=False)
        self.fields = {"colour": self.color, "dim": self.dimension, "map": self.which}
        self.triggers = [self.color.change, self.dimension.change, self.which.change, self.fitted.change]

    def wire(self) -> None:
        """The dimension's field is shown where it is used."""
        self.color.change(_show_if_used, self.color, self.dimension, **QUIET)


def look_for(color: str) -> str:
    """What to look for in a map of this coloring, as HTML."""
    return f"<p class='hint'>{LOOK_FOR[color]}</p>"


def _show_if_used(color: str) -> Any:
    return gr.update(visible=color == "dimension")
