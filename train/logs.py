"""What a run says: a live progress line, a line per epoch, and log.jsonl for programs."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from tqdm import tqdm

from train.loop import Epoch, Step

SMOOTHING = 0.98  # of the losses in the progress line


class Progress:
    """Follows a run's events. Use as a context manager."""

    def __init__(self, log: Path, sentences_per_epoch: int, epochs: int, done: int) -> None:
        self._log = log
        self._start = time.perf_counter()
        self._sentences = 0
        self._reconstruction: float | None = None
        self._regularizer = 0.0
        # Where there is no terminal, a line every half minute keeps a log file readable.
        self._bar = tqdm(
            total=sentences_per_epoch * epochs,
            initial=done,
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
        self._bar.close()

    def step(self, event: Step) -> None:
        """Move the progress line."""
        if self._reconstruction is None:
            self._reconstruction, self._regularizer = float(event.reconstruction), float(event.regularizer)
        self._reconstruction += (1 - SMOOTHING) * (float(event.reconstruction) - self._reconstruction)
        self._regularizer += (1 - SMOOTHING) * (float(event.regularizer) - self._regularizer)
        self._sentences += event.sentences
        self._bar.set_description_str(f"epoch {event.epoch + 1} step {event.step}", refresh=False)
        self._bar.set_postfix_str(
            f"reconstruction {self._reconstruction:.2f}, regularizer {self._regularizer:.2f} × {event.weight:.2f}",
            refresh=False,
        )
        self._bar.update(event.sentences)

    def epoch(self, event: Epoch) -> None:
        """Print the validation figures and append them to the log."""
        v, seconds = event.validation, time.perf_counter() - self._start
        self._bar.write(
            f"epoch {event.epoch:3d}  reconstruction {v.reconstruction:8.2f}  regularizer {v.regularizer:6.2f}  "
            f"KL {_figure(v.latents.kl)}  MI {_figure(v.latents.mi)}  AU {v.latents.active_units}  "
            f"CU {_figure(v.latents.consistent_units)}  covariance gap {_figure(v.latents.covariance_gap)}  "
            f"{'* best' if event.improved else ''}",
            file=sys.stdout,
        )
        sys.stdout.flush()
        record = {"epoch": event.epoch, "seconds": round(seconds, 1), "sentences": self._sentences, **asdict(v)}
        with open(self._log, "a", encoding="utf-8") as log:
            log.write(json.dumps({**record, "improved": event.improved}) + "\n")


def _figure(value: float | None) -> str:
    return "n/a" if value is None else str(value) if isinstance(value, int) else f"{value:.2f}"
