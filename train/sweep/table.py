"""The table of a sweep: on a terminal one that fills, elsewhere a line for every run that ends; at the end, all figures."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from statistics import fmean, stdev
from types import TracebackType
from typing import Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.record import Record
from train.sweep.run import is_finished
from train.sweep.status import Status, SweepRun

COLUMNS = ("reconstruction", "kl", "mi", "active_units", "consistent_units", "covariance_gap")
NAMES = [*(FIGURES[figure].name for figure in COLUMNS), "s / epoch"]
HEAD = f"| method | {' | '.join(NAMES)} |\n|---|{'---|' * len(NAMES)}"
WIDTHS = (10, 6, 5, 6, 10, 10, 5)  # on a terminal, where 80 columns have to do; names go over two lines
STYLES = {"running": "bold", "failed": "red", "waiting": "dim", "finished": ""}

Statuses = Mapping[SweepRun, Status]


class Display(Protocol):
    """What shows a sweep while it goes on. Use as a context manager."""

    def __enter__(self) -> Display: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def show(self, statuses: Statuses, stopping: bool, alone: bool) -> None:
        """Show how the runs stand.

        Args:
            statuses: of all runs.
            stopping: no more are begun.
            alone: this process trains none at present.
        """


def make_display() -> Display:
    """A table that fills if stdout is a terminal, else lines."""
    return LiveTable(Console()) if sys.stdout.isatty() else Lines()


class Lines:
    """A line for every run that ends, so that a log file stays readable."""

    def __init__(self) -> None:
        self._shown: dict[SweepRun, Status] | None = None
        self._note = ""

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def show(self, statuses: Statuses, stopping: bool, alone: bool) -> None:
        """Print what has changed."""
        if self._shown is None:
            self._shown = {run: status for run, status in statuses.items() if status.kind == "finished"}
            print(f"{len(self._shown)} of {len(statuses)} runs are finished\n\n{HEAD}", flush=True)
        for run, status in statuses.items():
            if status.kind == "finished" and run not in self._shown:
                print(_markdown(run.name, cells(run)), flush=True)
                self._shown[run] = status
            elif status.kind == "failed" and self._shown.get(run) != status:
                print(failure(run, status), flush=True)
                self._shown[run] = status
        if (note := remark(statuses, stopping, alone)) and not self._note:
            print(note, flush=True)
        self._note = note


class LiveTable:
    """A row per run, which fills; it gives way to the whole table at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._statuses: Statuses = {}
        self._cells: dict[SweepRun, list[str]] = {}  # of finished runs, which change no more

    def __enter__(self) -> LiveTable:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.__exit__(kind, error, trace)
        for run, status in self._statuses.items():
            if status.kind == "failed":
                print(failure(run, status))

    def show(self, statuses: Statuses, stopping: bool, alone: bool) -> None:
        """Draw the table anew."""
        self._statuses = statuses
        kinds = [status.kind for status in statuses.values()]
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("finished", "running", "failed", "waiting"))
        table = Table(
            caption=remark(statuses, stopping, alone) or counts,
            caption_justify="left",
            box=SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
        )
        table.add_column("run", no_wrap=True)
        table.add_column(_across(NAMES), no_wrap=True, overflow="ellipsis", min_width=sum(WIDTHS) + len(WIDTHS) - 1)
        for run in self._in_view(statuses):
            status = statuses[run]
            if status.kind == "finished" and run not in self._cells:
                self._cells[run] = cells(run)
            shown = _across(self._cells[run]) if run in self._cells else Text(status.text or status.kind)
            table.add_row(run.name, shown, style=STYLES[status.kind])
        self._live.update(table, refresh=True)

    def _in_view(self, statuses: Statuses) -> Iterable[SweepRun]:
        """All runs; if they are more than the terminal has lines, those first of which there is something to see."""
        if len(statuses) <= self._console.height - 8:
            return statuses
        return sorted(statuses, key=lambda run: ("running", "failed", "finished", "waiting").index(statuses[run].kind))


def _across(cells: Iterable[str]) -> Table:
    """Cells side by side in one cell of the live table, where a run that has no figures yet has its status instead."""
    grid = Table.grid(padding=(0, 1))
    for width in WIDTHS:
        grid.add_column(justify="right", width=width, overflow="ellipsis")
    grid.add_row(*cells)
    return grid


def runs_table(runs: Iterable[SweepRun]) -> str:
    """The finished runs as a Markdown table: a row per method, mean ± standard deviation where it has several seeds."""
    seeds: dict[str, list[Record]] = {}
    for run in runs:
        if is_finished(run.folder):
            seeds.setdefault(run.method, []).append(Record.load(run.folder))
    return "\n".join([HEAD, *(_seeds_row(method, records) for method, records in seeds.items())])


def cells(run: SweepRun) -> list[str]:
    """A finished run's figures as they are written."""
    return _cells([Record.load(run.folder)])


def failure(run: SweepRun, status: Status) -> str:
    """The sentence that names a failed run."""
    return f"{run.name} failed: {status.text}"


def remark(statuses: Statuses, stopping: bool, alone: bool) -> str:
    """What there is to say of the sweep as a whole: that it stops, or waits for runs that other processes train.

    Args:
        statuses: of all runs.
        stopping: no more are begun.
        alone: this process trains none at present.

    Returns:
        One line, or nothing.
    """
    if stopping:
        return "stopping when the current runs have saved their state; Ctrl-C again ends them at once"
    others = [f"{run.name} ({status.text})" for run, status in statuses.items() if status.kind == "running"]
    return f"waiting for other processes, which train {', '.join(others)}" if alone and others else ""


def _seeds_row(method: str, records: list[Record]) -> str:
    name = method if len(records) == 1 else f"{method} ({len(records)} seeds)"
    return _markdown(name, _cells(records))


def _cells(records: list[Record]) -> list[str]:
    """The figures of one run, or their means over several."""
    seconds = [m.training.get("seconds_per_epoch") for m in records]
    known = [number for number in seconds if number is not None]  # earlier versions did not keep it
    return [*(_over_seeds(records, figure) for figure in COLUMNS), f"{fmean(known):.0f}" if known else "–"]


def _over_seeds(records: list[Record], figure: str) -> str:
    values = [m.figures[figure].value for m in records if figure in m.figures]
    if len(values) < 2:
        return records[0].text(figure)
    return f"{FIGURES[figure].form.format(fmean(values))} ± {FIGURES[figure].error_form.format(stdev(values))}"


def _markdown(name: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join([name, *cells])} |"
