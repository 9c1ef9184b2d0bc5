"""The report of `train.evaluate`: a folder with Markdown, CSV, and charts as SVG and PNG."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dgvae.checkpoint.discover import tokenizer_path
from dgvae.checkpoint.latents import prior_samples
from dgvae.evaluation.diagnosis import diagnose, has_holes
from dgvae.evaluation.figures import FIGURES, GROUPS
from dgvae.evaluation.holes import find_holes
from dgvae.evaluation.measured import remarks
from dgvae.files.atomic import printable, write_bytes
from dgvae.files.spreadsheet import harmless
from dgvae.model.generation import decode_latents
from dgvae.model.text_vae import TextVAE
from dgvae.text.corpora import given_name
from dgvae.text.tokenizer import WordTokenizer
from train.evaluate.report_charts import draw_all
from train.evaluate.report_table import Row, table
from train.evaluate.seeds import over_seeds

PRIOR_SAMPLES = 10_000  # among which holes are looked for


def write_report(rows: Sequence[Row], out: Path) -> None:
    """Write report.md, figures.csv and the charts into a folder, over an earlier report."""
    out.mkdir(parents=True, exist_ok=True)
    averaged = over_seeds(rows)
    drawn = draw_all(rows, averaged, out)
    write_bytes(out / "figures.csv", _csv(rows).encode())
    if len(averaged) < len(rows):
        write_bytes(out / "seeds.csv", _csv(averaged).encode())
    write_bytes(out / "report.md", printable(_markdown(rows, averaged, drawn)).encode())


def _csv(rows: Sequence[Row]) -> str:
    """A row per checkpoint; a column for every figure and for its error. What was not measured is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["checkpoint", "method", "corpus", "sentences", *(name for figure in FIGURES for name in (figure, f"{figure}_error"))]
    )
    for row in rows:
        record = row.record
        cells = [record.figures.get(figure, ("", "")) for figure in FIGURES]
        numbers = ["" if isinstance(x, float) and math.isnan(x) else x for cell in cells for x in cell]
        named = map(harmless, (row.name, row.config.method, record.corpus))
        writer.writerow([*named, record.evaluation.sentences, *numbers])
    return text.getvalue()


def _markdown(rows: Sequence[Row], averaged: Sequence[Row], drawn: dict[str, str]) -> str:
    counts = sorted({row.record.evaluation.sentences for row in rows})
    ceilings = ", ".join(f"log {count:,} = {math.log(count):.2f}" for count in counts)
    parts = [
        "# Latent spaces, measured",
        "Made by `python -m train.evaluate`. ± is one standard error: how much another evaluation set of the same size would "
        f"change the figure. MI cannot exceed the log of the number of sentences: {ceilings}.",
    ]
    if len(averaged) < len(rows):
        parts += [
            "## Over seeds",
            "Means over runs that differ only by their seed; ± is the standard deviation over the seeds.",
        ]
        parts += [table(averaged, [f.id for f in FIGURES.values() if f.group == group], errors=True) for group in GROUPS]
    parts += [remark.replace("<unk>", "`<unk>`") for remark in remarks(row.measured for row in rows)]
    for group in GROUPS:
        figures = [figure for figure in FIGURES.values() if figure.group == group]
        parts += [f"## {group}", table(rows, [figure.id for figure in figures], errors=True)]
        parts.append("\n".join(f"- **{figure.name}**: {figure.meaning}" for figure in figures))
        if group == GROUPS[-1] and (reference := _reference(rows)):
            parts.append(reference)
    parts += [f"![{alt}]({file})" for file, alt in drawn.items()]
    for row in rows:
        findings = "\n".join(f"- {finding.text}" for finding in diagnose(row.record))
        parts += [f"## {row.title}", findings, _holes(row)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _reference(rows: Sequence[Row]) -> str:
    """What the sentences themselves have, where the models are compared with them."""
    texts: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.record.reference:
            said = ", ".join(f"{FIGURES[name].name} {FIGURES[name].form.format(x)}" for name, x in row.record.reference.items())
            file = given_name(row.text.path) if row.text else f"{row.record.corpus}'s {row.record.evaluation.file}"
            texts.setdefault((file, said), row.title)
    files = Counter(file for file, _ in texts)
    return "\n\n".join(
        f"The sentences of {file} themselves{f', beside {title}' if files[file] > 1 else ''}: {said}."
        for (file, said), title in texts.items()
    )


def _holes(row: Row) -> str:
    """The largest places in holes: what the model says there, and the sentence that is nearest."""
    if not has_holes(row.record):
        return ""
    aggregated = row.aggregated
    if not (found := find_holes(aggregated, prior_samples(aggregated.prior, PRIOR_SAMPLES))):
        return ""
    model = TextVAE.from_pretrained(row.folder)
    tokenizer = WordTokenizer.load(tokenizer_path(row.folder))
    lines = ["| density gap of a place in holes | share of the prior | decoded there | nearest sentence |", "|---|---|---|---|"]
    for hole in found:
        said = tokenizer.decode(decode_latents(model, hole.z.unsqueeze(0))[0])
        nearest = row.text.sentences[hole.nearest] if row.text else f"number {hole.nearest + 1}"
        cells = (f"{hole.gap:.1f}", f"{hole.share:.1%}", said, nearest)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)
