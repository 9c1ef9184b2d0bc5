"""The Measure tab: what is wrong with A and B in words, the figures of all checkpoints, trade-offs, and every dimension."""

from __future__ import annotations

from typing import Any

import gradio as gr

from dgvae.diagnosis import diagnose
from dgvae.figures import FIGURES, GROUPS, HOLES
from dgvae.ui.measure_charts import PROFILES, Measured, profile, trade_off
from dgvae.ui.measure_table import SCRIPT, findings, measure_table
from dgvae.ui.render import hint
from dgvae.ui.shelf import Shelf
from dgvae.ui.vega_chart import VegaChart

TRADE_OFFS = {
    "priorLL against postLL": ("post_ll", "prior_ll"),
    "joint gap against MI": ("mi", "smoothed_gap"),
    "reconstruction against KL": ("kl", "reconstruction"),
    "hole mass against MI": ("mi", "hole_mass"),
}


class MeasureTab:
    """Components and handlers of the tab. `draw` is called when a model or a choice changes."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        with gr.Row():
            with gr.Column(min_width=320, elem_classes="model-a"):
                findings_a = gr.HTML(elem_id="findings-a")
            with gr.Column(min_width=320, elem_classes="model-b"):
                findings_b = gr.HTML(elem_id="findings-b")
        group = gr.Radio(list(GROUPS), value=HOLES, label="Figures", elem_id="measure-group")
        table = gr.HTML(elem_id="measure-table", js_on_load=SCRIPT)
        axes = gr.Dropdown(list(TRADE_OFFS), value=next(iter(TRADE_OFFS)), label="Trade-off", elem_id="trade-off-axes")
        chart = VegaChart(label="Trade-off", elem_id="trade-off", height=340)
        absent = gr.HTML(elem_id="trade-off-absent")
        gr.Markdown(
            "Dimensions of both latents, each ranked by the variance of its posterior means. Dashed: where a marginal still "
            "counts as the prior's (0.03 nats), and the prior's variance (1).",
            elem_classes="hint",
        )
        profiles = [VegaChart(label=title, elem_id=f"profile-{kind}", height=190) for kind, (_, title, _) in PROFILES.items()]
        lacking = gr.HTML(elem_id="profile-absent")
        self.controls = [group, axes]
        self.triggers = [group.change, axes.change]
        self.outputs = [findings_a, findings_b, table, chart, absent, *profiles, lacking]

    def draw(self, name_a: str | None, name_b: str | None, group: str, axes: str) -> tuple[Any, ...]:
        """All outputs: findings of A and B, table, chart, its remark, profiles, their remark."""
        checkpoints, faults = self.shelf.measured()
        by_name = {checkpoint.name: checkpoint for checkpoint in checkpoints}
        a, b = by_name.get(name_a or ""), by_name.get(name_b or "")
        x, y = TRADE_OFFS.get(axes, next(iter(TRADE_OFFS.values())))
        drawable = sum({x, y} <= checkpoint.measured.figures.keys() for checkpoint in checkpoints)
        remark = "" if drawable else hint(
            f"No checkpoint has both {FIGURES[x].name} and {FIGURES[y].name} yet; "
            "measure them with: python -m train.evaluate CHECKPOINT --data DATA"
        )  # fmt: skip
        return (
            self._findings(a),
            self._findings(b),
            measure_table(checkpoints, faults, group, name_a, name_b),
            trade_off(checkpoints, x, y, name_a, name_b) if drawable else None,
            remark,
            *(profile(kind, a, b) for kind in PROFILES),
            self._lacking(a, b),
        )

    def _findings(self, checkpoint: Measured | None) -> str:
        if checkpoint is None:
            return hint("This model's figures could not be read.")
        found = [(finding.severity, finding.text) for finding in diagnose(checkpoint.measured)]
        return findings(checkpoint.title, found)

    def _lacking(self, a: Measured | None, b: Measured | None) -> str:
        """Says which model has no profile of a kind, since its posteriors are no Gaussians."""
        titles = {
            checkpoint.title: None
            for checkpoint in (a, b)
            if checkpoint and any(key not in checkpoint.measured.profile for key, _, _ in PROFILES.values())
        }
        return (
            hint(f"{' and '.join(titles)}: no marginals or variances to show, as the posteriors are no Gaussians.")
            if titles
            else ""
        )
