"""Reading what a run is asked for: the command line, and run.json where the run is resumed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dgvae.checkpoint.checkpoint import FILES, WEIGHTS_FILE
from dgvae.errors import UserError
from dgvae.methods.config import CONFIG_FILE
from dgvae.methods.table import METHODS, method_and_options
from dgvae.text.corpora import CORPORA
from dgvae.text.known_texts import OPTIONS_FILE
from train.corpora.reading import is_path
from train.run.arguments import given_options, make_parser
from train.run.logs import LOG_FILE
from train.run.options import CHANGEABLE, FitOptions
from train.run.run_file import read_run, recorded_options
from train.run.state import STATE_FILE


def read_options(arguments: Sequence[str] | None) -> FitOptions:
    """Parse the command line; a resumed run takes what is not given from its folder. Raises UserError."""
    given = given_options(make_parser(), arguments)
    options = _resumed(given) if given.get("resume") else FitOptions.of(given)
    refuse_what_is_there(options)
    method_and_options(options.method)
    _refuse_contradictions(options)
    return options


def refuse_what_is_there(options: FitOptions) -> None:
    """Raise UserError if a run that is not resumed would write over another, or over a checkpoint."""
    if options.resume:
        return
    if (options.out / STATE_FILE).exists():
        raise UserError(f"{options.out} already holds a run; add --resume to continue it, or choose another --out.")
    if _is_cut_off_at_once(options.out):
        return
    if there := [name for name in (*FILES, LOG_FILE) if (options.out / name).exists()]:
        what = "a checkpoint" if CONFIG_FILE in there else f"a file {there[0]}, which would be overwritten"
        raise UserError(f"{options.out} already holds {what}; choose another --out.")


def _resumed(given: dict[str, Any]) -> FitOptions:
    """The run's own options with those that are given; a run that was cut off before its first state begins anew."""
    out: Path = given["out"]
    cut_off_at_once = _is_cut_off_at_once(out)
    if not cut_off_at_once and not all((out / name).is_file() for name in (OPTIONS_FILE, STATE_FILE)):
        raise UserError(f"{out} holds no run to resume; start one without --resume.")
    begun_with = read_run(out).as_json()
    for name in sorted(given.keys() - CHANGEABLE):
        asked = list(given[name]) if isinstance(given[name], tuple) else given[name]
        if asked != begun_with[name]:
            raise UserError(
                f"A resumed run keeps its {name.replace('_', '-')} ({_shown(begun_with[name])}); leave the option out, or "
                "start another run in an empty folder."
            )
    options = read_run(out, **given | {"resume": not cut_off_at_once})
    _refuse_other_cycles(options)
    return options


def _shown(value: Any) -> str:
    if value is None or value is False or value == []:
        return "not given"
    return " ".join(value) if isinstance(value, list) else str(value)


def _refuse_other_cycles(options: FitOptions) -> None:
    row = METHODS[method_and_options(options.method)[0]]
    if row.schedule == "cyclic" and options.epochs != recorded_options(options.out)["epochs"]:
        raise UserError(f"The cycles of {row.id} fill its epochs: a resumed run keeps its epochs.")


def _is_cut_off_at_once(out: Path) -> bool:
    """Whether a run has begun in a folder and was killed before it had a state."""
    return (out / OPTIONS_FILE).is_file() and not any((out / name).exists() for name in (STATE_FILE, WEIGHTS_FILE))


def _refuse_contradictions(options: FitOptions) -> None:
    if bool(options.train_file) == bool(options.corpus):
        raise UserError("Name either --corpus, or --train-file with text of your own.")
    for file in (options.train_file, options.valid_file, options.test_file):
        if file and "://" in file and not file.startswith("https://huggingface.co/datasets/"):
            raise UserError(f"{file[:80]} is a web address; download the file and give its path.")
    if options.corpus and not options.data and options.corpus not in CORPORA and is_path(options.corpus):
        raise UserError("--corpus takes the name of a corpus or data set; give a file with --train-file.")
    if options.corpus and (options.valid_file or options.test_file):
        raise UserError("--valid-file and --test-file go with --train-file; a corpus has its own.")
