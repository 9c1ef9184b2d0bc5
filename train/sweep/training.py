"""The runs of a sweep under way: which are trained here, which by others, and which are left."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field

from train.claims import file_system_time
from train.sweep.children import Child, end, fault_of, signals_noted, start
from train.sweep.status import Status, SweepRun, status
from train.sweep.table import Display

LOOK = 1.0  # seconds between looks at the folders
STARTING = Status("running", "starting")


def sweep(runs: list[SweepRun], for_fit: list[str], jobs: int, display: Display) -> bool:
    """Train what is not finished nor trained by others, until all have ended.

    A run that failed on another machine is tried here as well: the fault may have been the machine's.

    Args:
        runs: all runs of the sweep, in the order in which they are begun.
        for_fit: options of train.fit that all of them have.
        jobs: how many are trained here at a time.
        display: what shows how they stand.

    Returns:
        Whether one failed.

    Raises:
        KeyboardInterrupt: after SIGINT, SIGTERM or SIGHUP, once the runs under way have ended.
    """
    under_way = _UnderWay(runs, for_fit, jobs)
    with signals_noted() as received:
        while True:
            under_way.look()
            if received:
                end(under_way.children.values(), at_once=received.count(signal.SIGINT) > 1)
            else:
                under_way.start_waiting()
            statuses = under_way.statuses_with_started()
            display.show(statuses, stopping=bool(received), alone=not under_way.children)
            if not under_way.children and (received or not _some_left(statuses)):
                break
            time.sleep(LOOK)
    if received:
        raise KeyboardInterrupt
    return any(status.kind == "failed" for status in statuses.values())


def _some_left(statuses: dict[SweepRun, Status]) -> bool:
    return any(status.kind in ("waiting", "running") for status in statuses.values())


@dataclass
class _UnderWay:
    """How the runs stand, and the processes that train some of them here."""

    runs: list[SweepRun]
    for_fit: list[str]
    jobs: int
    children: dict[SweepRun, Child] = field(default_factory=dict)
    faults: dict[SweepRun, str] = field(default_factory=dict)
    statuses: dict[SweepRun, Status] = field(default_factory=dict)

    def look(self) -> None:
        """Note which processes have ended, and how every run stands by its folder."""
        for run in [run for run, child in self.children.items() if child.process.poll() is not None]:
            if fault := fault_of(run, self.children.pop(run).process.returncode):
                self.faults[run] = fault
        now = file_system_time(self.runs[0].out)
        for run in self.runs:
            if run not in self.statuses or self.statuses[run].kind != "finished":
                self.statuses[run] = status(run, self.faults.get(run), now)

    def start_waiting(self) -> None:
        """Train runs that wait, as many as there is room for."""
        waiting = [run for run in self.runs if self.statuses[run].kind == "waiting" and run not in self.children]
        for run in waiting[: self.jobs - len(self.children)]:
            self.children[run] = start(run, self.for_fit, self.children.values())

    def statuses_with_started(self) -> dict[SweepRun, Status]:
        """How the runs stand; one that was started here, and has not claimed its folder yet, is starting."""
        started = {run: STARTING for run in self.children if self.statuses[run].kind == "waiting"}
        self.statuses |= started
        return self.statuses
