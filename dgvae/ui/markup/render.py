"""What the page says about models and sentences, as HTML. Everything that is not ours is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from dgvae.charts.colors import FULL_GAP
from dgvae.evaluation.figures import FIGURES
from dgvae.latent_space.wording import of_examples
from dgvae.ui.own_latents import own_model
from dgvae.ui.pictures import shown

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.evaluation.record import Record

UNSURE = 0.05  # standard error of a hole mass that is shown
SIDEBAR = ("active_units", "mi", "reconstruction", "consistent_units", "smoothed_gap", "hole_mass")


@dataclass(frozen=True)
class Line:
    """One sentence of a model, with the density gap (nats) of the latent that it was decoded from, and a remark on it."""

    text: str
    gap: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A model's side of a comparison: its lines, or the one sentence that says why there are none."""

    title: str
    lines: Sequence[Line] = ()
    fault: str | None = None


def comparison(heads: Sequence[str], *columns: Column) -> str:
    """The lines of A and B, and of C and D if they are given, side by side, a row per head."""
    sides = [(column, f"model-{letter}") for column, letter in zip(columns, "abcd", strict=False)]
    rows = [_cell("", "corner"), *(_cell(escape(column.title), f"{side} name") for column, side in sides)]
    if any(column.fault for column in columns):
        rows += [_cell("", "corner"), *(_fault_cell(column, side) for column, side in sides)]
    for i, head in enumerate(heads):
        rows += [_cell(escape(head), "head"), *(_line_cell(column, i, side) for column, side in sides)]
    return f"<div class='comparison' style='--columns: {len(columns)}'>{''.join(rows)}</div>"


def comparison_rows(heads: Sequence[str], *columns: Column) -> tuple[list[str], list[list[object]]]:
    """The same as a table for a file: its head, and a row per head and model."""
    rows: list[list[object]] = [
        [head, column.title, line.text, line.gap, line.note]
        for column in columns
        for head, line in zip(heads, column.lines, strict=False)
    ]
    return ["place", "model", "text", "density gap (nats)", "remark"], rows


def facts(checkpoint: Checkpoint) -> str:
    """The figures of a checkpoint that say whether it collapsed or has holes."""
    measured, config = checkpoint.metrics, checkpoint.model.config
    cells = "".join(_fact(measured, figure, config.latent_dim) for figure in SIDEBAR)
    cells = of_examples(cells) if own_model(checkpoint) else cells
    summary = config.row.summary
    return f"{hint(summary[:1].upper() + summary[1:] + '.')}<dl class='facts'>{cells}</dl>"


def _fact(measured: Record, figure: str, latent_dim: int) -> str:
    row = FIGURES[figure]
    of = f" of {latent_dim}" if row.of_units else ""
    value = with_error(measured, figure) + (of if figure in measured.figures else "")
    why = escape(measured.absent.get(figure, row.meaning))
    return f"<dt title='{why}'>{escape(row.name)}</dt><dd title='{why}'>{value}</dd>"


def with_error(measured: Record, figure: str) -> str:
    """A figure as text, an unsure hole mass with its error."""
    text = measured.text(figure)
    if figure == "hole_mass" and figure in measured.figures and (error := measured.figures[figure].error) >= UNSURE:
        text += f" ± {error:.1%}"
    return text


def read_as(words: Iterable[tuple[str, bool]], unread: int = 0) -> str:
    """A typed sentence as the model reads it: (word, known) pairs, unknown words marked, and how many come after the last."""
    end = f" … ({unread} {'word' if unread == 1 else 'words'} more than the model reads)" if unread else ""
    shown = " ".join(
        escape(word)
        if known
        else f"<span class='unknown' title='not in the vocabulary: read as &lt;unk&gt;'>{escape(word)}</span>"
        for word, known in words
    )
    return shown + end


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
    text = shown(line.text) or "<span class='hint'>(an empty sentence)</span>"
    note = hint(line.note) if line.note else ""
    return _cell(f"<span class='sentence'>{text}</span>{_gap_bar(line)}{note}", side)


def _gap_bar(line: Line) -> str:
    """The density gap as a number over a bar, to the right for a hole; one scale for all, so that they compare."""
    if line.gap is None:
        return ""
    meaning = (
        "log p(z) − log q(z) in nats. A high value means that encoded sentences are rare here compared with the prior. The "
        f"bar is full from {FULL_GAP:g} nats."
    )
    share = min(abs(line.gap) / FULL_GAP, 1)
    kind = "hole" if line.gap > 0 else "dense"
    return f" <span class='gap {kind}' style='--share: {share:.2f}' title='{meaning}'>{line.gap:+z.1f}</span>"
