"""Measure checkpoints, and write a report that compares them.

    python -m train.evaluate runs --out report
    python -m train.evaluate checkpoints/short-yelp --data DATA --out report

A CHECKPOINT is a checkpoint's folder, or a folder of them. What is measured is kept in the checkpoint's metrics.json part by
part, and is not measured again: after Ctrl-C, the same command continues from there. A run knows its text; for other
checkpoints --data or $DGVAE_DATA names it, and without it only what needs no text is measured. On sentences other than a
checkpoint's own evaluation set, the figures go to the report alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dgvae.aggregate import aggregate
from dgvae.checkpoint.checkpoint import check_vocabulary, check_weights
from dgvae.checkpoint.discover import find_checkpoints, tokenizer_path
from dgvae.checkpoint.latents import Latents
from dgvae.console import command
from dgvae.errors import UserError
from dgvae.evaluation.measured import remarks
from dgvae.evaluation.record import METRICS_FILE, Evaluation, Record
from dgvae.files.atomic import read_json
from dgvae.latent_space.measuring import add_latents
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import Posterior
from dgvae.text.corpora import CORPORA, Split, given_name, source_of
from dgvae.text.tokenizer import WordTokenizer
from train.claims import claimed
from train.corpora.account import count_of
from train.evaluate.card import write_card
from train.evaluate.find_text import place_of_text, read_texts, seen_in_training, trained_on
from train.evaluate.latents import Subject
from train.evaluate.report_table import Row, table
from train.evaluate.texts import PARTS, Texts, evaluation_of, parts
from train.run.argument_types import folder_name, names_among, thread_count
from train.run.arguments import add_text_options
from train.run.run_file import refuse_unfinished
from train.run.summary import TO_MEASURE, longer_than, reading_lines, unknown_words


@command("train.evaluate", interrupted="stopped; the same command continues from here")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 1 if some of the checkpoints could not be measured."""
    options = make_parser().parse_args(arguments)
    refuse_contradictions(options)
    if not options.out:
        return evaluate(options)
    with claimed(options.out) as mine:
        if not mine:
            raise UserError(f"Another process makes the report in {options.out}; wait for it, or choose another --out.")
        return evaluate(options)


def evaluate(options: argparse.Namespace) -> int:
    """Measure every checkpoint that can be, print a table, and write the report."""
    if options.threads:
        torch.set_num_threads(options.threads)
    folders = chosen(options.checkpoints)
    texts: dict[Path, Texts] = {}
    rows = []
    for name, folder in folders.items():
        try:
            rows.append(evaluate_one(name, folder, options, texts))
        except UserError as error:  # of this checkpoint; the others go on
            if len(folders) == 1:
                raise
            print(f"train.evaluate: {error}", file=sys.stderr)
    if rows:
        print(f"\n{table(rows)}")
        for remark in remarks(row.measured for row in rows):
            print(f"\n{remark}")
        if not texts:
            print("\nOnly what needs no text was measured; --data names the folder that holds the corpora.")
    if rows and options.out:
        from train.evaluate.report import write_report  # Altair, which a table needs not

        write_report(rows, options.out)
        print(f"\nThe report is {options.out / 'report.md'}.")
    return 0 if len(rows) == len(folders) else 1


def refuse_contradictions(options: argparse.Namespace) -> None:
    """Raise UserError if options don't go together."""
    if options.test_file and options.data:
        raise UserError("Name either --data or --test-file (with --train-file for perplexities).")
    if options.train_file and not options.test_file:
        raise UserError("--train-file goes with --test-file, the sentences to measure on.")
    if options.out and options.out.exists() and not options.out.is_dir():
        raise UserError(f"{options.out} is a file; --out names a folder.")


def evaluate_one(name: str, folder: Path, options: argparse.Namespace, known_texts: dict[Path, Texts]) -> Row:
    """Measure a checkpoint.

    Args:
        name: of the checkpoint in the report.
        folder: of the checkpoint.
        options: of the command.
        known_texts: the texts that were read so far, by their folders; this one's is added.

    Returns:
        Its row of the report.
    """
    model = load_model(folder)
    print(f"{name}: {model.config.title}", flush=True)
    record, tokenizer = carried_over(folder), WordTokenizer.load(tokenizer_path(folder))
    check_vocabulary(folder, tokenizer, record)
    if (place := place_of_text(options, record.corpus, folder)) and place not in known_texts:
        known_texts[place] = read_texts(place, training=not options.test_file or bool(options.train_file))
        if options.test_file:
            for what, how in reading_lines(source_of(place), known_texts[place].evaluation):
                print(f"  {what:<11} {how}", flush=True)
    texts = known_texts[place] if place else None
    if options.test_file and texts:
        print(f"  {unknown_words(texts.evaluation, tokenizer)}", flush=True)
        if seen := seen_in_training(folder, texts):
            of_all = f"{seen:,} of {count_of(len(texts.evaluation.sentences), *TO_MEASURE)}"
            print(f"  {of_all} are in the training text, and figures of these are better than of new ones", flush=True)
    if texts and texts.training:
        path, texts = given_name(texts.training.path), trained_on(folder, record, texts)
        if not texts.training:
            print(
                f"  {path} is not the text that it was trained on: what compares with training sentences stays as it is",
                flush=True,
            )
    longest = model.config.max_length
    if texts and (cut := longer_than(longest, texts.evaluation.sentences)):
        print(f"  {count_of(cut, *TO_MEASURE)} cut at {longest} words, the longest that the model reads", flush=True)
    record, posterior = add_missing_figures(folder, model, record, texts, again=options.again, wanted=options.parts)
    return Row(name, folder, model.config, record, posterior, texts and texts.evaluation)


def load_model(folder: Path) -> TextVAE:
    """The model of a checkpoint, on the GPU if there is one: figures of the text take minutes on a CPU."""
    return TextVAE.from_pretrained(folder).to("cuda" if torch.cuda.is_available() else "cpu")


def chosen(paths: list[Path]) -> dict[str, Path]:
    """The folder of every checkpoint that is named or lies in a folder that is named, by a short name."""
    folders: dict[str, Path] = {}
    for path in paths:
        if not (found := find_checkpoints(path)):
            raise UserError(f"There is no checkpoint in {path}; make one with: python -m train.fit --out {path} …")
        for below, folder in found.items():
            name = path.resolve().name if below == "." else below
            folders[name if name not in folders else folder.as_posix()] = folder
    return folders


def carried_over(folder: Path) -> Record:
    """What is known of a checkpoint; of a metrics.json of an earlier version, only what says how it was made."""
    refuse_unfinished(folder)
    data = read_json(folder / METRICS_FILE)
    check_weights(folder, str(data.get("weights")))
    if data.get("format") != 1:
        return Record.load(folder)
    try:
        evaluation = Evaluation(**data["evaluation"])
        return Record(str(data["corpus"]), data["weights"], evaluation, {}, {}, dict(data["training"]))
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{folder / METRICS_FILE} is broken; copy or download it again.") from None


def add_missing_figures(
    folder: Path, model: TextVAE, known: Record, texts: Texts | None, again: bool, wanted: Sequence[str] = PARTS
) -> tuple[Record, Posterior]:
    """Add to what is known all that the texts allow, and keep it in the checkpoint if it is of its own evaluation set.

    Args:
        folder: the checkpoint's.
        model: the checkpoint's.
        known: its record.
        texts: the sentences to measure on; without them only the latents are measured, which the checkpoint keeps.
        again: measure what is known, too.
        wanted: the parts to measure, of PARTS.

    Returns:
        The record, and the posteriors of the sentences that were measured.
    """
    tokenizer = WordTokenizer.load(tokenizer_path(folder))
    is_own, record = True, known
    if texts is None or texts.evaluation.sha256 == known.evaluation.sha256:
        posterior = Latents.load(folder, model.config).posterior
    else:
        is_own = False
        record, posterior = _begin_on_other_sentences(model, tokenizer, known, texts.evaluation)
    subject = Subject(model, tokenizer, posterior, texts.evaluation) if texts else None
    missing = _missing_parts(record, posterior, subject, texts, again)
    todo = {name: add for name, add in missing.items() if name in wanted}
    if todo and is_own and not os.access(folder, os.W_OK):
        raise UserError(f"{folder} can't be written, and what is measured is kept there; copy it to a folder of your own.")
    if "latents" in todo:
        record = replace(record, outliers=int(aggregate(posterior).outliers.sum()))
    for name, add in todo.items():
        print(f"  {name} …", flush=True)
        add(record)
        if is_own:
            record.save(folder)
            write_card(folder, model, record)
    return record, posterior


def _begin_on_other_sentences(
    model: TextVAE, tokenizer: WordTokenizer, known: Record, evaluation: Split
) -> tuple[Record, Posterior]:
    """A record without figures, of sentences that are not the checkpoint's own evaluation set, and their posteriors."""
    print(f"  {given_name(evaluation.path)} is not the text that it was measured on: its metrics.json stays as it is")
    posterior = model.encode_all(tokenizer.encode_all(evaluation.sentences, model.config.max_length)).map(Tensor.cpu)
    return replace(known, evaluation=evaluation_of(evaluation), **_nothing()), posterior


def _missing_parts(
    record: Record, posterior: Posterior, subject: Subject | None, texts: Texts | None, again: bool
) -> dict[str, Callable[[Record], None]]:
    """What adds the figures that the record lacks, by the name of the part; `again`: what adds any figure."""
    if not (subject and texts):
        latents = {"latents": lambda record: add_latents(record, posterior)}
        return latents if again or "active_units" not in record.figures else {}
    return {
        name: add
        for name, (shown_by, add) in parts(subject, texts).items()
        if again or not record.figures.keys() | record.absent.keys() >= set(shown_by)
    }


def _nothing() -> dict[str, Any]:
    return {"figures": {}, "absent": {}, "profile": {}, "pairs": [], "dependent": [], "reference": {}, "interpolation": {}}


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("checkpoints", nargs="+", type=Path, metavar="CHECKPOINT", help="a checkpoint, or a folder of them")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with <corpus>/train.txt and test.txt")
    parser.add_argument("--corpus", choices=CORPORA, help="a corpus to measure on (default: the one each was trained on)")
    parser.add_argument(
        "--test-file", metavar="FILE", help="your own sentences to measure on, in any format that train.fit reads"
    )
    parser.add_argument("--train-file", metavar="FILE", help="with --test-file: the training text, for perplexities")
    add_text_options(parser.add_argument)
    parser.add_argument("--out", type=folder_name, metavar="DIR", help="folder that gets a report: Markdown, CSV and charts")
    parser.add_argument(
        "--parts",
        type=names_among(PARTS),
        default=PARTS,
        metavar="NAMES",
        help=f"measure only these, separated by commas: {', '.join(PARTS)} (default: all)",
    )
    parser.add_argument("--again", action="store_true", help="measure again what was measured before")
    parser.add_argument("--threads", type=thread_count, default=0, metavar="N", help="CPU threads, 0 for torch's default")
    return parser
