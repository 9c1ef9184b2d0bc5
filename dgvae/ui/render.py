"""What the page says about models and sentences, as HTML. Everything that is not ours is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from dgvae.figures import FIGURES

if TYPE_CHECKING:
    from dgvae.checkpoints import Checkpoint
    from dgvae.measurements import Measurements

SIDEBAR = ("active_units", "mi", "reconstruction", "consistent_units", "smoothed_gap", "hole_mass")


@dataclass(frozen=True)
class Line:
    """One sentence of a model, with the density gap (nats) of the latent that it was decoded from."""

    text: str
    gap: float | None = None


@dataclass(frozen=True)
class Column:
    """A model's side of a comparison: its lines, or the one sentence that says why there are none."""

    title: str
    lines: Sequence[Line] = ()
    fault: str | None = None


def comparison(heads: Sequence[str], a: Column, b: Column) -> str:
    """The lines of A and B side by side, a row per head."""
    rows = [_cell("", "corner"), _cell(escape(a.title), "model-a name"), _cell(escape(b.title), "model-b name")]
    if a.fault or b.fault:
        rows += [_cell("", "corner"), _fault_cell(a, "model-a"), _fault_cell(b, "model-b")]
    for i, head in enumerate(heads):
        rows.append(_cell(escape(head), "head"))
        rows += [_line_cell(column, i, side) for column, side in ((a, "model-a"), (b, "model-b"))]
    return f"<div class='comparison'>{''.join(rows)}</div>"


def facts(checkpoint: Checkpoint) -> str:
    """The figures of a checkpoint that say whether it collapsed or has holes."""
    measured, config = checkpoint.metrics, checkpoint.model.config
    cells = "".join(_fact(measured, figure, config.latent_dim) for figure in SIDEBAR)
    summary = config.row.summary
    return f"{hint(summary[:1].upper() + summary[1:] + '.')}<dl class='facts'>{cells}</dl>"


def _fact(measured: Measurements, figure: str, latent_dim: int) -> str:
    row = FIGURES[figure]
    of = f" of {latent_dim}" if row.of_units else ""
    value = measured.text(figure) + (of if figure in measured.figures else "")
    why = escape(measured.absent.get(figure, row.meaning))
    return f"<dt title='{why}'>{escape(row.name)}</dt><dd title='{why}'>{value}</dd>"


def read_as(words: Iterable[tuple[str, bool]]) -> str:
    """A typed sentence as the model reads it: (word, known) pairs, unknown words marked."""
    return " ".join(
        escape(word)
        if known
        else f"<span class='unknown' title='not in the vocabulary: read as &lt;unk&gt;'>{escape(word)}</span>"
        for word, known in words
    )


def hint(sentence: str) -> str:
    """A remark under a figure."""
    return f"<p class='hint'>{escape(sentence)}</p>"


def notice(sentence: str) -> str:
    """One sentence that says what went wrong and what to do."""
    return f"<p class='notice' role='alert'>{escape(sentence)}</p>"


def _cell(html: str, classes: str) -> str:
    return f"<div class='{classes}'>{html}</div>"


def _fault_cell(column: Column, side: str) -> str:
    return _cell(notice(column.fault) if column.fault else "", side)


def _line_cell(column: Column, i: int, side: str) -> str:
    if i >= len(column.lines):
        return _cell("", side)
    line = column.lines[i]
    text = escape(line.text) or "<span class='hint'>(an empty sentence)</span>"
    return _cell(f"<span class='sentence'>{text}</span>{_chip(line)}", side)


def _chip(line: Line) -> str:
    if line.gap is None:
        return ""
    meaning = "log p(z) − log q(z) in nats: the higher, the further from every encoded sentence"
    return f" <span class='gap' title='{meaning}'>{line.gap:+z.1f}</span>"
