"""What a run keeps on the disk while it goes on, and when."""

from __future__ import annotations

import time

import torch

from train.run.events import Epoch, Step
from train.run.loop import Run
from train.run.options import FitOptions
from train.run.processes import any_process, is_main_process
from train.run.state import save_state
from train.run.stopping import Stop


class Keeper:
    """Keeps the weights that are the best, and the last state: after each epoch, every few minutes, and at a signal."""

    def __init__(self, run: Run, options: FitOptions, stop: Stop) -> None:
        self._run, self._out, self._stop = run, options.out, stop
        self._seconds = 60 * options.save_minutes
        self._saved = time.perf_counter()

    def keep_best(self, event: Step | Epoch) -> None:
        """Write the weights if they are the best so far."""
        if isinstance(event, Epoch) and event.improved:
            self._run.model.save_pretrained(self._out, dtype=torch.float16)

    def keep_last(self, event: Step | Epoch) -> bool:
        """Save the state if it is time; all processes must call it. Returns whether a signal asks to stop."""
        due = isinstance(event, Epoch) or time.perf_counter() - self._saved > self._seconds
        stopping, saving = any_process(bool(self._stop.received), is_main_process() and due)
        if stopping or saving:
            save_state(self._run, self._out)
            self._saved = time.perf_counter()
        return stopping
