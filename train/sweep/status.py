"""The runs of a sweep, and how each stands by what its folder holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from train.claims import holder
from train.run.logs import read_log
from train.sweep.run import is_finished


@dataclass(frozen=True)
class SweepRun:
    """A method with a seed, or with the one that `train.fit` is given."""

    method: str
    seed: int | None
    out: Path

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.method}-seed{self.seed}" if self.seed else self.method

    @property
    def folder(self) -> Path:
        """Where its checkpoint is made."""
        return self.out / self.name

    @property
    def options(self) -> list[str]:
        """Its own options for `train.fit`."""
        return ["--method", self.method, *([] if self.seed is None else ["--seed", str(self.seed)])]


@dataclass(frozen=True)
class Status:
    """How a run stands: `text` says how far it is and on which machine, or why it failed."""

    kind: Literal["waiting", "running", "failed", "finished"]
    text: str = ""


def status(run: SweepRun, fault: str | None, now: float) -> Status:
    """How a run stands.

    Args:
        run: its folder is looked at.
        fault: that it ended with here, if it did.
        now: by `file_system_time`.

    Returns:
        The status.
    """
    if is_finished(run.folder):
        return Status("finished")
    if host := holder(run.folder, now):
        return Status("running", f"{progress(run.folder)} on {host}")
    return Status("failed", fault) if fault else Status("waiting")


def progress(folder: Path) -> str:
    """How far a run is, by its log."""
    epoch = epochs = 0
    for entry in read_log(folder):
        if entry["event"] == "start":
            epochs = entry["epochs"]
        elif entry["event"] == "epoch":
            epoch = entry["epoch"]
    if epochs and epoch >= epochs:
        return "completing"
    return f"epoch {epoch + 1} of {epochs}" if epochs else f"epoch {epoch + 1}"
