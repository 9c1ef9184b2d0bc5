"""Train many methods on one corpus and show one table.

    python -m train.sweep --methods all --out runs/all --jobs 2 --corpus short-yelp --data DATA --hidden-dim 256 --threads 1

What is not an option of this command goes to `train.fit` as it is. A run that is finished is not made again, and one that
was cut off goes on: after Ctrl-C the same command goes on from there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from dgvae.errors import UserError
from dgvae.figures import FIGURES
from dgvae.measurements import METRICS_FILE, Measurements
from dgvae.methods import METHODS, VARIANTS, method_and_options
from dgvae.storage import read_json
from train.options import OPTIONS_FILE, TEXTS, positive
from train.options import make_parser as make_fit_parser

COLUMNS = ("reconstruction", "kl", "mi", "active_units", "consistent_units", "covariance_gap")
HEAD = f"| method | {' | '.join(FIGURES[name].name for name in COLUMNS)} | s / epoch |\n|---|{'---|' * len(COLUMNS)}---|"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 1 if a run failed."""
    options, for_fit = make_parser().parse_known_args(arguments)
    try:
        methods = chosen_methods(options.methods)
        refuse_other_settings(methods, options.out, for_fit)
        failed = sweep(methods, options.out, for_fit, options.jobs)
    except UserError as error:
        print(f"train.sweep: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.sweep: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    print(f"\n{HEAD}\n" + "\n".join(row(options.out / method) for method in methods if is_finished(options.out / method)))
    return 1 if failed else 0


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


def refuse_other_settings(methods: list[str], out: Path, for_fit: list[str]) -> None:
    """Raise UserError if a run that is there was begun with other options, or if `for_fit` says what only a sweep decides."""
    for option in for_fit:
        if option.split("=")[0] in ("--method", "--resume", "--list"):
            raise UserError(f"{option} is for train.fit alone; a sweep takes --methods, and resumes by itself.")
    for method in methods:
        wanted = vars(make_fit_parser().parse_args([*for_fit, "--method", method, "--out", str(out / method)]))
        if (out / method / OPTIONS_FILE).exists():
            found = read_json(out / method / OPTIONS_FILE)
            for name in wanted.keys() - {"out", "resume", "threads", *TEXTS}:
                if found.get(name) != wanted[name]:
                    raise UserError(
                        f"{out / method} was begun with {name.replace('_', '-')} {found.get(name)}, not {wanted[name]}; "
                        "give the same options, or another --out."
                    )


def sweep(methods: list[str], out: Path, for_fit: list[str], jobs: int) -> list[str]:
    """Train what is not finished, `jobs` at a time; say how each ended; return those that failed."""
    waiting = [method for method in methods if not is_finished(out / method)]
    print(f"{len(methods) - len(waiting)} of {len(methods)} runs are finished\n\n{HEAD}", flush=True)
    failed = []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for method, fault in _as_they_end(pool, waiting, out, for_fit):
                print(f"{method} failed: {fault}" if fault else row(out / method), flush=True)
                failed += [method] * bool(fault)
        except KeyboardInterrupt:  # the runs have had it too, and are saving their state
            pool.shutdown(cancel_futures=True)
            raise
    return failed


def _as_they_end(pool: ThreadPoolExecutor, methods: list[str], out: Path, for_fit: list[str]) -> Iterator[tuple[str, str]]:
    futures = {pool.submit(train_one, method, out / method, for_fit): method for method in methods}
    for future in as_completed(futures):
        yield futures[future], future.result()


def train_one(method: str, folder: Path, for_fit: list[str]) -> str:
    """Train one method in a process of its own; return the sentence that it ended with if it failed, else nothing."""
    begun = (folder / OPTIONS_FILE).exists()
    arguments = ["--resume"] if begun else ["--method", method, *for_fit]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "fit.log", "a", encoding="utf-8") as log:
        command = [sys.executable, "-m", "train.fit", *arguments, "--out", str(folder)]
        if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode == 0:
            return "" if is_finished(folder) else "it was stopped; the same sweep goes on with it"
    lines = (folder / "fit.log").read_text(encoding="utf-8").splitlines()
    return lines[-1] if lines else "see its fit.log"


def is_finished(folder: Path) -> bool:
    """Whether a run has ended by itself. One that was stopped has metrics too."""
    if not (folder / METRICS_FILE).exists():
        return False
    return Measurements.load(folder).training.get("finished") is True


def row(folder: Path) -> str:
    """A finished run as a row of the table."""
    measured = Measurements.load(folder)
    cells = [*map(measured.text, COLUMNS), f"{measured.training['seconds_per_epoch']:.0f}"]
    return f"| {folder.name} | {' | '.join(cells)} |"


def make_parser() -> argparse.ArgumentParser:
    """The command's own options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.sweep",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--methods", default="all", metavar="NAMES", help="apart by commas; all methods and variants: all")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that gets a checkpoint per method")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="runs at a time (default: 1)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
