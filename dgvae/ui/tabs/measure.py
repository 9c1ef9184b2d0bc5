"""The Measure tab: what is wrong with A and B in words, the figures of all checkpoints, trade-offs, and every dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from dgvae.charts.comparisons import PROFILES, profile, trade_off
from dgvae.evaluation.diagnosis import diagnose
from dgvae.evaluation.figures import FIGURES, GROUPS, HOLES
from dgvae.evaluation.measured import Measured
from dgvae.ui.markup.export import code_to_load, csv_link
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.measure_table import SCRIPT, findings, measure_table
from dgvae.ui.tabs.tab import Tab
from dgvae.ui.vega.chart import VegaChart

# What the visitor reads → figures on x and y.
TRADE_OFFS = {
    "priorLL against postLL": ("post_ll", "prior_ll"),
    "joint gap against MI": ("mi", "smoothed_gap"),
    "reconstruction against KL": ("kl", "reconstruction"),
    "hole mass against MI": ("mi", "hole_mass"),
    "reverse against forward perplexity": ("forward_perplexity", "reverse_perplexity"),
}


class MeasureTab(Tab):
    """See `Tab`."""

    key = "measure"
    title = "Measure"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        with gr.Row():
            with gr.Column(min_width=320, elem_classes="model-a"):
                findings_a = gr.HTML(elem_id="findings-a")
            with gr.Column(min_width=320, elem_classes="model-b"):
                findings_b = gr.HTML(elem_id="findings-b")
        group = gr.Radio(list(GROUPS), value=HOLES, label="Figures of all checkpoints", elem_id="measure-group")
        table = gr.HTML(elem_id="measure-table", js_on_load=SCRIPT)
        axes = gr.Dropdown(
            list(TRADE_OFFS), value=first_trade_off(shelf.measured()[0]), label="Trade-off", elem_id="trade-off-axes"
        )
        chart = _chart("Trade-off", "trade-off", height=360)
        absent = gr.HTML(elem_id="trade-off-absent")
        gr.Markdown("## Every dimension of A and B")
        lacking = gr.HTML(elem_id="profile-absent")
        profiles = [_chart(shown.title, f"profile-{kind}", height=240) for kind, shown in PROFILES.items()]
        self.fields = {"figures": group, "axes": axes}
        self.triggers = [group.change, axes.change]
        self.outputs = [findings_a, findings_b, table, chart, absent, lacking, *profiles]

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[Any, ...]:
        """Findings of A and B, the table, the trade-off and its remark, the profiles' remark, the profiles."""
        checkpoints, faults = self.shelf.measured()
        by_name = {checkpoint.name: checkpoint for checkpoint in checkpoints}
        a, b = by_name.get(name_a or ""), by_name.get(name_b or "")
        table = measure_table(checkpoints, fields["figures"], name_a, name_b, self.shelf.shown_folder)
        return (
            _findings(a),
            _findings(b),
            table + _table_link(checkpoints) + "".join(map(notice, faults)),
            *_trade_off(checkpoints, fields["axes"], name_a, name_b),
            "".join(_lacking(checkpoint) for checkpoint in ((a, b) if a is not b else (a,)) if checkpoint),
            *(profile(kind, a, b) if _has(shown.key, a, b) else None for kind, shown in PROFILES.items()),
        )

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        return code_to_load(self.shelf.source(name_a)) + (
            "measured = checkpoint.metrics\n"
            "for name in measured.figures:\n"
            '    print(name, measured.text(name), "±", measured.error_text(name))\n'
        )


def _chart(label: str, elem_id: str, height: int) -> VegaChart:
    """A chart that takes no room as long as there is nothing to draw."""
    return VegaChart(label=label, elem_id=elem_id, height=height, elem_classes="if-any")


def first_trade_off(checkpoints: Sequence[Measured]) -> str:
    """The first for which there are points to compare; the first of all if there are none."""
    drawable = (text for text, axes in TRADE_OFFS.items() if sum(c.has(*axes) for c in checkpoints) > 1)
    return next(drawable, next(iter(TRADE_OFFS)))


def _table_link(checkpoints: Sequence[Measured]) -> str:
    """All figures of all checkpoints, as a file."""
    rows = [(c.title, FIGURES[name].name, *estimate) for c in checkpoints for name, estimate in c.record.figures.items()]
    return csv_link("figures.csv", ["checkpoint", "figure", "value", "standard error"], rows)


def _findings(checkpoint: Measured | None) -> str:
    if checkpoint is None:
        return hint("This model's figures could not be read.")
    from dgvae.latent_space.measuring import findings as of_examples  # needs torch

    is_file = not checkpoint.method  # of latents, which need not be of sentences
    found = of_examples(checkpoint.record) if is_file else diagnose(checkpoint.record)
    return findings(checkpoint.title, [(finding.severity, finding.text) for finding in found])


def _trade_off(checkpoints: Sequence[Measured], axes: str, a: str | None, b: str | None) -> tuple[dict[str, Any] | None, str]:
    """The chart, and what is to be said if nothing can be drawn."""
    x, y = TRADE_OFFS.get(axes, next(iter(TRADE_OFFS.values())))
    if any(checkpoint.has(x, y) for checkpoint in checkpoints):
        return trade_off(checkpoints, x, y, a, b), ""
    return None, hint(
        f"No checkpoint has both {FIGURES[x].name} and {FIGURES[y].name} yet; "
        "measure them with: python -m train.evaluate CHECKPOINT (and --data DATA for a corpus of the paper)"
    )


def _has(profile_key: str, *models: Measured | None) -> bool:
    return any(model and profile_key in model.record.profile for model in models)


def _lacking(checkpoint: Measured) -> str:
    """Says what is not in a model's profile, and why."""
    missing = [shown.title for shown in PROFILES.values() if shown.key not in checkpoint.record.profile]
    if not missing:
        return ""
    why = checkpoint.record.absent.get("consistent_units", "not measured")
    return hint(f"{checkpoint.title} has no {' and no '.join(missing)}: {why}.")
