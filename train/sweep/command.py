"""Train many methods on one corpus, on one machine or on several, show one table, and write a report.

    python -m train.sweep --methods all --seeds 3 --out runs/all --jobs 2 --corpus short-yelp --data DATA --threads 1

Other options are passed to `train.fit`. A finished run is not made again, and an interrupted run continues: after Ctrl-C,
give the same command again.

Several machines share a sweep through a folder that all of them see: start the same command on each, or as a Slurm array,

    sbatch --array=0-7 --wrap "python -m train.sweep …"

Every run is trained by one process at a time. If a machine dies, another one takes over its run after three minutes. Why a
folder, and not Ray or a queue: a cluster or a few workstations always have a common file system, which needs no service,
and an array is the same command many times.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dgvae.console import command
from dgvae.errors import UserError
from dgvae.evaluation.record import METRICS_FILE
from dgvae.methods.table import METHODS, VARIANTS, method_and_options
from dgvae.text.tokenizer import WordTokenizer
from train.claims import claimed, file_system_time, note_of
from train.run.argument_types import folder_name, positive
from train.run.arguments import parse_options
from train.run.options import FOUND, MAY_DIFFER, FitOptions
from train.run.run_file import OPTIONS_FILE, read_run, recorded_options
from train.run.start import corpus_name, longest_sentence, read_corpus, refuse_other_text
from train.run.summary import summary, text_facts
from train.sweep.run import is_finished
from train.sweep.status import SweepRun
from train.sweep.table import make_display, runs_table
from train.sweep.training import sweep

OF_ONE_PROCESS = {"out", "resume", *FOUND, *MAY_DIFFER}


@command("train.sweep", interrupted="stopped; the same command continues from here")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 1 if a run failed."""
    options, for_fit = make_parser().parse_known_args(arguments)
    out: Path = options.out
    runs = grid(chosen_methods(options.methods), options.seeds, out)
    refuse_other_settings(runs, for_fit)
    for_evaluate = prepare_text(options_for(runs[0], for_fit), runs)
    with announced(runs, for_fit):
        started = file_system_time(out)
        with make_display() as display:
            failed = sweep(runs, for_fit, options.jobs, display)
        refuse_other_settings(runs, for_fit)  # of a sweep that has come since
        print(f"\n{runs_table(runs)}", flush=True)
        reported = 0 if options.no_report else report(runs, for_evaluate, out, started)
    return reported or int(failed)


def chosen_methods(text: str) -> list[str]:
    """The methods and variants named, apart by commas. Raises UserError for one that there isn't.

    `all` are all of them, but for variants that are their method's default.
    """
    if text != "all":
        names = list(dict.fromkeys(text.split(",")))
        for name in names:
            method_and_options(name)
        return names
    chosen = {}
    for name in [*METHODS, *VARIANTS]:
        method, given = method_and_options(name)
        chosen.setdefault((method, *METHODS[method].resolve(given).items()), name)
    return list(chosen.values())


def grid(methods: list[str], seeds: int, out: Path) -> list[SweepRun]:
    """Every method with every seed; all methods with the first seed first. A single seed is train.fit's own.

    Args:
        methods: their names.
        seeds: how many.
        out: folder of the sweep.

    Returns:
        The runs, in the order in which they are begun.
    """
    return [SweepRun(method, seed, out) for seed in (range(seeds) if seeds > 1 else [None]) for method in methods]


def refuse_other_settings(runs: list[SweepRun], for_fit: list[str]) -> None:
    """Raise UserError if a run that is there was begun with other options, or if `for_fit` says what only a sweep decides."""
    for option in (word.split("=")[0] for word in for_fit):
        if option in ("--method", "--resume", "--list"):
            raise UserError(f"{option} is an option of train.fit alone; a sweep takes --methods, and resumes by itself.")
        if option == "--seed" and runs[0].seed is not None:
            raise UserError("--seed is for a sweep of one seed; --seeds N takes the seeds from 0 to N − 1.")
    for run in runs:
        if (run.folder / OPTIONS_FILE).exists():
            found, wanted = recorded_options(run.folder), what_all_agree_on(options_for(run, for_fit))
            for name in wanted.keys() & found.keys():
                if found[name] != wanted[name]:
                    raise UserError(
                        f"{run.folder} was trained with {name.replace('_', '-')} {found[name]}, not {wanted[name]}; give the "
                        "same options, or another --out. If only this run was continued with others, move its folder away."
                    )


def what_all_agree_on(options: FitOptions) -> dict[str, Any]:
    """The options, by name, that are the same for a run whoever trains it, from the start or from its last state."""
    return {name: value for name, value in options.as_json().items() if name not in OF_ONE_PROCESS}


@contextmanager
def announced(runs: list[SweepRun], for_fit: list[str]) -> Iterator[None]:
    """Tell other sweeps what this one trains. Raises UserError if one trains the same runs with other options by now.

    For a while there is no run.json yet by which `refuse_other_settings` could tell.
    """
    names = sorted(run.name for run in runs)
    wanted = what_all_agree_on(options_for(runs[0], for_fit))
    del wanted["method"]
    with claimed(runs[0].out / ".sweep", {"runs": names, "options": wanted}) as mine:
        theirs = None if mine else note_of(runs[0].out / ".sweep")
        if theirs and not set(names).isdisjoint(theirs["runs"]):
            for name, value in theirs["options"].items():
                if name in wanted and wanted[name] != value:
                    raise UserError(
                        f"Another sweep trains in {runs[0].out} with {name.replace('_', '-')} {value}, not {wanted[name]}; "
                        "give the same options, or another --out."
                    )
        yield


def options_for(run: SweepRun, for_fit: list[str]) -> FitOptions:
    """The options of train.fit for a run."""
    return parse_options([*for_fit, *run.options, "--out", str(run.folder)])


def prepare_text(options: FitOptions, runs: Sequence[SweepRun] = ()) -> list[str]:
    """Prepare the text, and say what it is: here, before many processes want it.

    Args:
        options: of train.fit.
        runs: of the sweep; those that are there must have been begun with this text.

    Returns:
        train.evaluate's options.

    Raises:
        UserError: a run was begun with another text, which can't be compared with this one.
    """
    if options.corpus or options.train_file:  # else train.fit says what it lacks
        training, validation, evaluation = read_corpus(options)
        for run in runs:
            if (run.folder / OPTIONS_FILE).exists():
                refuse_other_text(read_run(run.folder), training, validation, evaluation)
        tokenizer = WordTokenizer.train(training.sentences, options.max_vocab, options.min_count)
        longest = longest_sentence(options, training)
        facts = text_facts(training, validation, evaluation, tokenizer, longest, options.min_count)
        print(summary(corpus_name(options), facts, training), flush=True)
    return ["--threads", str(options.threads), *(["--data", options.data] if options.data else [])]


def report(runs: list[SweepRun], for_evaluate: list[str], out: Path, started: float) -> int:
    """Measure the finished runs and compare them in OUT/report, unless another process does, or has since `started`.

    Args:
        runs: of the sweep.
        for_evaluate: options of train.evaluate.
        out: folder of the sweep.
        started: when the sweep began, as files tell it.

    Returns:
        The exit status of train.evaluate.
    """
    from train.evaluate.command import evaluate
    from train.evaluate.command import make_parser as make_evaluate_parser  # text metrics, which take a second

    folder, finished = out / "report", [run.folder for run in runs if is_finished(run.folder)]
    if not finished:
        return 0
    with claimed(folder) as mine:
        if not mine:
            print(f"\nAnother process makes the report, {folder / 'report.md'}.")
            return 0
        newest = max(started, *((path / METRICS_FILE).stat().st_mtime for path in finished))
        if (folder / "report.md").exists() and (folder / "report.md").stat().st_mtime >= newest:
            print(f"\nThe report is {folder / 'report.md'}.")
            return 0
        print(flush=True)
        return evaluate(make_evaluate_parser().parse_args([*map(str, finished), *for_evaluate, "--out", str(folder)]))


def make_parser() -> argparse.ArgumentParser:
    """The command's own options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.sweep",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--methods", default="all", metavar="NAMES", help="names, separated by commas (default: all methods and variants)"
    )
    parser.add_argument("--seeds", type=positive, default=1, metavar="N", help="runs per method, each with its own seed")
    parser.add_argument("--out", type=folder_name, required=True, metavar="DIR", help="folder that gets a checkpoint per run")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="runs at a time (default: 1)")
    parser.add_argument(
        "--no-report", action="store_true", help="only train; without this option, OUT/report compares the runs at the end"
    )
    return parser
