"""The processes that train the runs of a sweep: starting one on its GPU, ending them, and why one failed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from train.claims import TAKEN
from train.sweep.run import is_finished
from train.sweep.status import SweepRun


@dataclass(frozen=True)
class Child:
    """A process that trains a run, and the GPU that it was given, if there is a choice."""

    process: subprocess.Popen[bytes]
    gpu: str | None


def start(run: SweepRun, for_fit: list[str], others: Iterable[Child]) -> Child:
    """Train a run in a process of its own, on the GPU that the fewest others have.

    Args:
        run: of the sweep.
        for_fit: options of train.fit that all runs have.
        others: the processes under way.

    Returns:
        The process.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    gpu = min(gpus(), key=[child.gpu for child in others].count, default=None)
    with open(run.folder / "fit.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "train.sweep.run", str(run.folder), *for_fit, *run.options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | ({"CUDA_VISIBLE_DEVICES": gpu} if gpu else {}),
            start_new_session=True,  # Ctrl-C at the terminal reaches the sweep alone, which ends its runs by SIGTERM
        )
    return Child(process, gpu)


def gpus() -> list[str]:
    """The GPUs among which runs are shared out; none if there is no choice."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(i) for i in range(torch.cuda.device_count())] if given is None else given.split(",")
    return names if len(names) > 1 else []


def end(children: Iterable[Child], at_once: bool) -> None:
    """Ask the runs under way to save their state and end, which may be asked again and again; or end them at once.

    At once, too, a run goes on from its last state: files are replaced in one step.
    """
    for child in children:
        child.process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)


@contextmanager
def signals_noted() -> Iterator[list[int]]:
    """Within it signals that ask to stop are only collected, but for those that were ignored, as SIGHUP under nohup."""
    received: list[int] = []

    asking = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, lambda number, _: received.append(number))
        for number in asking
        if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def fault_of(run: SweepRun, code: int) -> str:
    """Why a run that ended with exit status `code` did not end well; nothing if it did, or if another process has it."""
    if code == TAKEN:
        return ""
    if code == 0:
        return "" if is_finished(run.folder) else "it was stopped; the same sweep continues it"
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}; the same sweep continues it"
    lines = (run.folder / "fit.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "see its fit.log"
