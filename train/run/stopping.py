"""SIGINT and SIGTERM: while a run trains they are noted, so that no step is cut in two and the checkpoint gets whole."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | int | None
NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """The signals that asked the run to stop. `received`: their numbers, in their order."""

    def __init__(self, at_once: bool) -> None:
        self.received: list[int] = []
        self.before: dict[int, Handler] = {number: signal.getsignal(number) for number in NUMBERS}
        self._at_once = at_once

    def note(self, number: int, _: FrameType | None) -> None:
        """The handler: remember the signal."""
        self.received.append(number)
        if self._at_once and number == signal.SIGINT:
            signal.signal(number, self.before[signal.SIGINT])

    def ignore_what_was_ignored(self) -> None:
        """Hear no longer what the caller ignores: a sweep asks again and again, and its runs are to be completed."""
        for number, handler in self.before.items():
            if handler == signal.SIG_IGN:
                signal.signal(number, handler)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within it a signal raises KeyboardInterrupt where the program is; so does one that came before, at the beginning."""

        def interrupt(number: int, frame: FrameType | None) -> None:
            raise KeyboardInterrupt

        now = {number: signal.getsignal(number) for number in NUMBERS}
        for number, handler in now.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, interrupt)
        try:
            if any(self.before[number] != signal.SIG_IGN for number in self.received):
                raise KeyboardInterrupt
            yield
        finally:
            for number, handler in now.items():
                signal.signal(number, handler)


@contextmanager
def stop_requested(at_once: bool) -> Iterator[Stop]:
    """Within it SIGINT and SIGTERM are only noted.

    `at_once`: a second Ctrl-C ends the process. Not among several processes, since torchrun repeats it.
    """
    stop = Stop(at_once)
    for number in NUMBERS:
        signal.signal(number, stop.note)
    try:
        yield stop
    finally:
        for number, handler in stop.before.items():
            signal.signal(number, handler)
