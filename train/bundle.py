"""Make small checkpoints of finished runs, such as those that come with the project.

    python -m train.bundle runs/shelf --data DATA --out checkpoints/short-yelp

A bundled checkpoint takes a quarter of the bytes of its run: its weights have 8 bits each, its latents are compact, and the
checkpoints of the folder share one tokenizer. So its figures are measured anew, those of the text included, and the command
says how far they are from the run's. What is already there is not made again; after Ctrl-C, give the same command again.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch

from dgvae.checkpoint.checkpoint import FILES, check_weights, weights_sha256
from dgvae.checkpoint.discover import TOKENIZER_FILE, tokenizer_path
from dgvae.checkpoint.latents import Latents
from dgvae.console import command
from dgvae.errors import UserError
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.record import METRICS_FILE, Record
from dgvae.files.atomic import write_bytes
from dgvae.model.text_vae import TextVAE
from dgvae.text.corpora import CORPORA
from train.claims import claimed
from train.corpora import find_corpus
from train.evaluate.card import KEPT, SOURCE, portable_text_options
from train.evaluate.command import add_missing_figures, chosen, load_model
from train.evaluate.find_text import read_texts, trained_on
from train.evaluate.finish import add_map, finish
from train.evaluate.texts import Texts
from train.run.argument_types import folder_name, thread_count, whole
from train.run.options import MAP_POINTS
from train.run.run_file import OPTIONS_FILE, read_run
from train.run.start import corpus_folder


@command("train.bundle", interrupted="stopped; the same command continues from here")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 1 if some of the runs could not be bundled."""
    options = make_parser().parse_args(arguments)
    with claimed(options.out) as mine:
        if not mine:
            raise UserError(f"Another process writes into {options.out}; wait for it, or choose another --out.")
        return bundle(options)


def bundle(options: argparse.Namespace) -> int:
    """Bundle every run that is finished; return the exit status."""
    if options.threads:
        torch.set_num_threads(options.threads)
    texts: dict[Path, Texts] = {}
    skipped = 0
    runs = chosen(options.runs)
    if own := [run for run in runs.values() if (options.out / run.name).resolve() == run.resolve()]:
        raise UserError(f"{own[0]} would be replaced by its own small form; choose another --out.")
    last = {run.name: run for run in runs.values()}
    if hidden := next((run for run in runs.values() if last[run.name].resolve() != run.resolve()), None):
        raise UserError(f"{hidden} and {last[hidden.name]} have one name; bundle them into two folders, with --out.")
    for name, run in runs.items():
        if not (run / METRICS_FILE).is_file():
            print(f"{name}: left out, since its training is not finished")
            skipped += 1
            continue
        place = place_of_text(run, options.data)
        if place not in texts:
            texts[place] = read_texts(place, training=True)
        bundle_one(run, options.out / run.name, texts[place], options.points)
    return 1 if skipped else 0


def place_of_text(run: Path, data: Path | None) -> Path:
    """The folder of a run's text: in `data`, or where the run had it."""
    if data or not (run / OPTIONS_FILE).is_file():
        return find_corpus(Record.load(run).corpus, data)
    return corpus_folder(read_run(run))


def bundle_one(run: Path, folder: Path, texts: Texts, points: int) -> None:
    """Make the small checkpoint of a run, or what it still lacks.

    Args:
        run: the run's folder.
        folder: the checkpoint's, new or begun before.
        texts: the sentences to measure on; the evaluation set must be the run's own.
        points: of the map, of each kind; 0 for no map.

    Raises:
        UserError: the text is another, or the run has not the tokenizer of the checkpoints beside `folder`.
    """
    known = Record.load(run)
    source = known.weights
    check_weights(run, source)
    if texts.evaluation.sha256 != known.evaluation.sha256:
        raise UserError(f"{texts.evaluation.path} is not the text that {run} was measured on; give that text with --data.")
    own = trained_on(run, known, texts)
    if texts.training and not own.training:
        raise UserError(f"{texts.training.path} is not the text that {run} was trained on; give that text with --data.")
    if not is_begun(folder, source):
        model = TextVAE.from_pretrained(run)
        share_tokenizer(run, folder.parent)
        model.save_pretrained(folder, torch.int8)
        of_text = {} if known.corpus in CORPORA else {KEPT: portable_text_options(run)}
        finish(folder, texts.evaluation, known.corpus, known.training | {SOURCE: source} | of_text, compact=True)
    model = load_model(folder)
    stopped = ", whose training was stopped before the end" if known.training.get("finished") is False else ""
    print(f"{folder.name}: {model.config.title}{stopped}", flush=True)
    record, _ = add_missing_figures(folder, model, Record.load(folder), own, again=False)
    if points and Latents.load(folder, model.config).map is None:
        print("  map …", flush=True)
        add_map(folder, points)
    size = sum((folder / name).stat().st_size for name in FILES if (folder / name).is_file())
    print(f"  {size / 1e6:.2f} MB; {compare(known, record)}", flush=True)


def is_begun(folder: Path, source: str) -> bool:
    """Whether the folder holds this run's weights and all that needs them."""
    try:
        record = Record.load(folder)
        return record.training.get(SOURCE) == source and record.weights == weights_sha256(folder)
    except (UserError, OSError):
        return False


def share_tokenizer(run: Path, folder: Path) -> None:
    """Put the run's tokenizer beside the checkpoints of a folder. Raises UserError if they have another."""
    data = tokenizer_path(run).read_bytes()
    shared = folder / TOKENIZER_FILE
    if not shared.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(shared, data)
    elif shared.read_bytes() != data:
        raise UserError(
            f"{run} has another vocabulary than the checkpoints in {folder}; bundle it into another folder, with --out."
        )


def compare(run: Record, bundled: Record) -> str:
    """How far the figures of a bundled checkpoint are from its run's, in standard errors of one of them."""
    distances = {
        name: abs(bundled.figures[name].value - value) / error
        for name, (value, error) in run.figures.items()
        if name in bundled.figures and math.isfinite(error) and error > 0
    }
    if not distances:
        return "the run has no figures to compare with"
    farthest = max(distances, key=distances.__getitem__)
    return (
        f"{len(distances)} figures are within {distances[farthest]:.2f} standard errors of the run's "
        f"(farthest: {FIGURES[farthest].name}, {run.text(farthest)} and {bundled.text(farthest)})"
    )


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.bundle",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run's folder, or a folder of runs")
    parser.add_argument(
        "--out", type=folder_name, required=True, metavar="DIR", help="folder that gets a checkpoint for each run"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with <corpus>/train.txt and test.txt (default: where the run had its text)",
    )
    parser.add_argument(
        "--points",
        type=whole,
        default=MAP_POINTS,
        metavar="N",
        help=f"points of each kind on the map, 0 for no map (default: {MAP_POINTS})",
    )
    parser.add_argument("--threads", type=thread_count, default=0, metavar="N", help="CPU threads, 0 for torch's default")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
