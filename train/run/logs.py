"""What a run says: a live progress line, a line per epoch, and log.jsonl with a line per event for programs.

Losses are read from the device for many steps at once, since reading makes the host wait for it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from tqdm import tqdm

from dgvae.errors import UserError
from dgvae.files.atomic import write_bytes
from train.run.events import Epoch, Step
from train.run.loop import Run
from train.run.sinks import Sink

LOG_FILE = "log.jsonl"
READ_STEPS, READ_SECONDS = 50, 10.0  # steps are read together when there are as many, or when the first is so old


class Progress:
    """Follows a run's events. Use as a context manager; of several processes in the one that leads.

    Args:
        out: the run's folder.
        run: that is followed.
        sentences: of an epoch.
        steps: of an epoch.
        facts: for the log.
        sinks: where numbers go besides.
    """

    def __init__(self, out: Path, run: Run, sentences: int, steps: int, facts: dict[str, Any], sinks: Sequence[Sink]) -> None:
        self._path, self._run, self._steps, self._sinks = out / LOG_FILE, run, steps, sinks
        self._sentences_per_epoch = sentences
        self._unread: list[Step] = []
        self._read_at = time.perf_counter()
        forget_what_was_not_saved(out, run)
        self._log("start", epochs=run.epochs, epoch=run.epoch, step=run.step, **facts)
        # Where there is no terminal, a line every half minute keeps a log file readable.
        self._bar = tqdm(
            total=sentences * run.epochs,
            initial=self._sentences(run.epoch, run.step),
            unit=" sentences",
            unit_scale=True,
            mininterval=0.2 if sys.stderr.isatty() else 30,
            dynamic_ncols=True,
            smoothing=0.1,
            bar_format="{desc} {percentage:3.0f}% |{bar:12}| {rate_fmt}, {remaining} left{postfix}",
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if isinstance(error, UserError):  # such as a loss that is not finite
                self._log("error", message=str(error))
            else:
                self._read()
                if error is None:
                    self._log("end" if self._run.finished else "stop", epoch=self._run.epoch, step=self._run.step)
        finally:  # also where there is no room for a line
            self._bar.close()
            for sink in self._sinks:
                sink.close()

    def step(self, event: Step) -> None:
        """Move the progress line."""
        self._unread.append(event)
        if len(self._unread) >= READ_STEPS or time.perf_counter() - self._read_at > READ_SECONDS:
            self._read()
        self._bar.update(self._sentences(event.epoch, event.step) - self._bar.n)

    def epoch(self, event: Epoch) -> None:
        """Print the validation figures and log them."""
        self._read()
        v = event.validation
        self._bar.write(
            f"epoch {event.epoch:3d}  reconstruction {v.reconstruction:8.2f}  regularizer {v.regularizer:6.2f}  "
            f"KL {_figure(v.latents.kl)}  MI {_figure(v.latents.mi)}  AU {v.latents.active_units}  "
            f"CU {_figure(v.latents.consistent_units)}  covariance gap {_figure(v.latents.covariance_gap)}  "
            f"{'* best' if event.improved else ''}",
            file=sys.stdout,
        )
        sys.stdout.flush()
        self._log("epoch", epoch=event.epoch, learning_rate=event.learning_rate, **asdict(v), improved=event.improved)
        numbers = {k: float(x) for k, x in {**asdict(v), **asdict(v.latents)}.items() if isinstance(x, int | float)}
        self._send("validation", numbers, event.epoch * self._steps)

    def _sentences(self, epoch: int, step: int) -> int:
        """How many there were up to a step, nearly: a resumed run knows no better, and the progress line must end at 100%."""
        return round(self._sentences_per_epoch * (epoch + step / self._steps))

    def _read(self) -> None:
        """Fetch the losses of the steps since the last time, show their means and log them."""
        steps, self._unread, self._read_at = self._unread, [], time.perf_counter()
        if not steps:
            return
        losses = [torch.stack((s.reconstruction, s.regularizer, s.gradient_norm)) for s in steps]
        reconstruction, regularizer, norm = torch.stack(losses).mean(0).tolist()
        last = steps[-1]
        self._bar.set_description_str(f"epoch {last.epoch + 1} step {last.step}", refresh=False)
        self._bar.set_postfix_str(
            f"reconstruction {reconstruction:.2f}, regularizer {regularizer:.2f} × {last.weight:.2f}", refresh=False
        )
        numbers = {
            "reconstruction": reconstruction,
            "regularizer": regularizer,
            "gradient_norm": norm,
            "weight": last.weight,
        }
        self._log("steps", epoch=last.epoch + 1, step=last.step, steps=len(steps), **numbers)
        self._send("training", numbers, last.epoch * self._steps + last.step)

    def _log(self, event: str, **facts: Any) -> None:
        with open(self._path, "a", encoding="utf-8") as log:
            log.write(json.dumps({"event": event, "seconds": round(self._run.seconds, 2), **facts}) + "\n")

    def _send(self, kind: str, numbers: dict[str, float], step: int) -> None:
        for sink in self._sinks:
            sink.write({f"{kind}/{name}": value for name, value in numbers.items()}, step)


def read_log(folder: Path) -> list[dict[str, Any]]:
    """What a run has logged, in its order; nothing where there is no log. A line that is no entry, or half of one, is left out.

    Every entry has an "event": that of earlier versions, which logged epochs alone, is "epoch".
    """
    path, entries = folder / LOG_FILE, []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            entry = json.loads(line)
        except ValueError:  # it is being written, or its writer was killed
            continue
        if isinstance(entry, dict) and _is_whole(entry := {"event": "epoch", **entry}):
            entries.append(entry)
    return entries


def _is_whole(entry: dict[str, Any]) -> bool:
    """Whether an entry says of which epoch and step it is."""
    needed = {"epoch": ("epoch",), "steps": ("epoch", "step")}.get(str(entry["event"]), ())
    return isinstance(entry["event"], str) and all(isinstance(entry.get(name), int) for name in needed)


def forget_what_was_not_saved(folder: Path, run: Run) -> None:
    """Take from a log the steps and epochs that came after the state from which `run` goes on: they come again."""
    now = run.epoch, run.step
    ends = {"epoch": lambda entry: (entry["epoch"], 0), "steps": lambda entry: (entry["epoch"] - 1, entry["step"])}
    kept = [entry for entry in read_log(folder) if entry["event"] not in ends or ends[entry["event"]](entry) <= now]
    write_bytes(folder / LOG_FILE, "".join(json.dumps(entry) + "\n" for entry in kept).encode())


def _figure(value: float | None) -> str:
    return "n/a" if value is None else str(value) if isinstance(value, int) else f"{value:.2f}"
