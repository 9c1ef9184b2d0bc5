"""A measured checkpoint, and the table of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dgvae.aggregate import AggregatedPosterior, aggregate
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.measured import Measured
from dgvae.evaluation.record import Record
from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import Posterior
from dgvae.text.corpora import Split

TERMINAL = ("prior_ll", "post_ll", "kl", "mi", "active_units", "consistent_units", "smoothed_gap", "hole_mass", "bleu")


@dataclass(frozen=True)
class Row:
    """A measured checkpoint. posterior: of the sentences it was measured on; text: these themselves, if they are at hand."""

    name: str
    folder: Path
    config: TextVAEConfig
    record: Record
    posterior: Posterior
    text: Split | None = None

    @property
    def title(self) -> str:
        """The method, and the checkpoint's name where that says more."""
        return f"{self.config.title} · {self.name}"

    @property
    def measured(self) -> Measured:
        """The checkpoint as tables and charts show it."""
        return Measured.of(self.name, self.config, self.record)

    @property
    def aggregated(self) -> AggregatedPosterior:
        """q(z) over these sentences."""
        return aggregate(self.posterior)


def table(rows: Sequence[Row], figures: Sequence[str] = TERMINAL, errors: bool = False) -> str:
    """Checkpoints and figures as a Markdown table, aligned for reading as it is.

    Args:
        rows: of the table.
        figures: its columns, keys of FIGURES.
        errors: whether standard errors are shown.

    Returns:
        Markdown.
    """
    head = ["checkpoint", *(FIGURES[figure].name for figure in figures)]
    lines = [[row.title, *(_cell(row.record, figure, errors) for figure in figures)] for row in rows]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]

    def written(cells: Sequence[str]) -> str:
        first, *others = (cell.replace("|", "\\|") for cell in cells)
        numbers = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        return f"| {' | '.join([first.ljust(widths[0]), *numbers])} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    return "\n".join([written(head), f"|{rule}|", *map(written, lines)])


def _cell(record: Record, figure: str, errors: bool) -> str:
    error = record.error_text(figure) if errors else ""
    return record.text(figure) + (f" ± {error}" if error else "")
