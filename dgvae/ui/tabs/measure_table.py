"""The table of all measured checkpoints, as HTML that the page sorts (see measure_table.js)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from html import escape
from pathlib import Path

from dgvae.evaluation.figures import FIGURES, Figure
from dgvae.evaluation.measured import Measured, remarks
from dgvae.latent_space.wording import of_examples
from dgvae.text.corpora import CORPORA
from dgvae.ui.markup.render import hint

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_INVITATION = (
    "Point at a column header to read its meaning, or press it to sort. ● marks the best value of a column; ± is one "
    "standard error."
)


def measure_table(
    checkpoints: Sequence[Measured], group: str, name_a: str | None, name_b: str | None, folder: Callable[[str], Path]
) -> str:
    """A row per checkpoint and a column per figure of the group; then what the sentences themselves have.

    Args:
        checkpoints: in the order of the rows.
        group: of figures.
        name_a: of model A, whose row is marked.
        name_b: of model B, likewise.
        folder: where a checkpoint of a name lies, for the command that measures it.

    Returns:
        HTML.
    """
    figures = [figure for figure in FIGURES.values() if figure.group == group]
    best = {figure.id: _best(checkpoints, figure) for figure in figures}
    sides = {name_b: "model-b", name_a: "model-a"}
    rows = "".join(
        f"<tr class='{sides.get(c.name, '')}'><th scope='row'>{escape(c.title)}</th>"
        + "".join(_cell(c, figure, c.name in best[figure.id], folder) for figure in figures)
        + "</tr>"
        for c in checkpoints
    )
    table = (
        f"<table class='measure'><thead><tr>{_NAME_HEAD}{''.join(map(_head, figures))}</tr></thead><tbody>{rows}</tbody>"
        f"<tfoot>{_references(checkpoints, figures)}</tfoot></table>"
    )
    said = "".join(f"<p class='hint'>{escape(remark)}</p>" for remark in _remarks(checkpoints))
    return (
        f"<div class='measure-scroll' tabindex='0' role='region' aria-label='Figures of all checkpoints'>{table}</div>"
        f"<p class='hint definition' aria-live='polite'>{_INVITATION}</p>{said}"
    )


def _remarks(checkpoints: Sequence[Measured]) -> list[str]:
    """What to say below the table: of examples, if no model is one of sentences."""
    said = remarks(checkpoints)
    return said if any(c.method for c in checkpoints) else [*map(of_examples, said)]


def _head(figure: Figure) -> str:
    arrow = {"higher": " Higher is better.", "lower": " Lower is better.", None: ""}[figure.better]
    meaning = escape(f"{figure.name}: {figure.meaning}{arrow}")
    first = "ascending" if figure.better == "lower" else "descending"
    name = escape(figure.name).replace(" ≥", "&nbsp;≥")  # else a lone sign begins a line
    long = "long" if " " in figure.name else ""
    return (
        f"<th scope='col' class='{long}' aria-sort='none' data-first='{first}'>"
        f"<button type='button' data-meaning='{meaning}' title='{meaning}'>{name}</button></th>"
    )


_NAME_HEAD = (
    "<th scope='col' aria-sort='none' data-first='ascending'>"
    "<button type='button' data-meaning='Press to sort by name.'>checkpoint</button></th>"
)


def _cell(checkpoint: Measured, figure: Figure, is_best: bool, folder: Callable[[str], Path]) -> str:
    record = checkpoint.record
    if figure.id not in record.figures:
        data = " --data DATA" if record.corpus in CORPORA else ""  # a run on text of one's own knows its files
        command = f"python -m train.evaluate {folder(checkpoint.name)}{data}"
        why = record.absent.get(figure.id, f"not measured: {command}")
        return f"<td title='{escape(why)}'>{record.text(figure.id)}</td>"
    error = record.error_text(figure.id)
    said = f"<small title='± standard error'>±{error}</small>" if error else ""
    mark = "<span class='best' role='img' aria-label='best' title='the best of this column'>●</span>" if is_best else ""
    return f"<td data-value='{record.figures[figure.id].value}'>{mark}{record.text(figure.id)}{said}</td>"


def _best(checkpoints: Sequence[Measured], figure: Figure) -> set[str]:
    """Names of the best of those that compare, all whose value is written the same; none if there is but one."""
    by_set: dict[Hashable, list[Measured]] = {}
    for checkpoint in checkpoints:
        if figure.id in checkpoint.record.figures:
            by_set.setdefault(checkpoint.compares_by(figure), []).append(checkpoint)
    choose = {"higher": max, "lower": min}.get(figure.better or "")
    names = set()
    for together in by_set.values():
        values = {c.name: figure.judged(c.record.figures[figure.id].value) for c in together}
        texts = {name: figure.form.format(value) for name, value in values.items()}
        if choose and len(set(texts.values())) > 1:
            winner = figure.form.format(choose(values.values()))
            names |= {name for name, text in texts.items() if text == winner}
    return names


def _references(checkpoints: Sequence[Measured], figures: Sequence[Figure]) -> str:
    """What the evaluation sentences themselves have, a row for each corpus, or more where models read or know other text."""
    rows: dict[tuple[str, ...], str] = {}
    for checkpoint in checkpoints:
        reference = checkpoint.record.reference
        if any(figure.id in reference for figure in figures):
            cells = (figure.form.format(reference[figure.id]) if figure.id in reference else "" for figure in figures)
            rows.setdefault((checkpoint.record.corpus, *cells), checkpoint.title)
    corpora = Counter(corpus for corpus, *_ in rows)
    made = []
    for (corpus, *cells), model in rows.items():
        title = f"the sentences of {corpus} themselves" + (f", beside {model}" if corpora[corpus] > 1 else "")
        made.append(f"<tr><th scope='row'>{escape(title)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return "".join(made)


def findings(title: str, found: Sequence[tuple[str, str]]) -> str:
    """A model's diagnosis: (severity, sentence) pairs."""
    signs = {"fault": "✕", "note": "·", "good": "✓"}
    items = "".join(
        f"<li class='{severity}'><span role='img' aria-label='{severity}'>{signs[severity]}</span>"
        f"<span>{escape(text)}</span></li>"
        for severity, text in found
    )
    return f"<h3>{escape(title)}</h3>" + (f"<ul class='findings'>{items}</ul>" if items else hint("Nothing was measured."))
