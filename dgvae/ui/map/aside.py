"""A process beside the app's, in which maps are fitted one at a time. It is kept, since UMAP takes seconds to load."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

IDLE = 600.0  # seconds without work after which the process ends: it holds some hundred megabytes
_ASK = 0.5  # seconds after which it is asked whether the work is still wanted


class Aside:
    """The process, which begins with the first work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Any = None
        self._pipe: Connection | None = None
        self._idle: threading.Timer | None = None

    def run(
        self, work: Callable[..., None], given: tuple[Any, ...], hear: Callable[[Any], None], why_end: Callable[[], str]
    ) -> str:
        """Run a function there, after what others run.

        Args:
            work: takes what is given, and a Connection that it tells what it has; a text is what went wrong.
            given: arguments that can be pickled.
            hear: gets what is told.
            why_end: why the work is to be broken off; empty as long as it is wanted.

        Returns:
            What went wrong, if anything.
        """
        with self._lock:
            if self._idle:
                self._idle.cancel()
            try:
                pipe = self._begun()
                pipe.send((work, given))
                fault = _listen(pipe, hear, why_end)
            except (EOFError, ConnectionError):  # killed, for instance because there is no memory
                self._process.join()
                fault = f"its process ended with {self._process.exitcode}."
            if fault:
                self._end()
            self._idle = threading.Timer(IDLE, self._end_if_idle)
            self._idle.daemon = True
            self._idle.start()
        return fault

    def _begun(self) -> Connection:
        if self._pipe is None or not self._process.is_alive():
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()  # only the process holds it now, so that its end is heard
        return self._pipe

    def _end(self) -> None:
        self._process.terminate()
        self._process.join()
        self._pipe = None

    def _end_if_idle(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                if self._pipe:
                    self._end()
            finally:
                self._lock.release()


ASIDE = Aside()  # of all pages


def _listen(pipe: Connection, hear: Callable[[Any], None], why_end: Callable[[], str]) -> str:
    while True:
        if pipe.poll(_ASK):
            told = pipe.recv()
            if told is None or isinstance(told, str):
                return told or ""
            hear(told)
        elif fault := why_end():
            return fault


def _serve(pipe: Connection) -> None:
    from dgvae.environment import come_last

    come_last()
    while True:
        try:
            work, given = pipe.recv()
        except EOFError:  # the app has ended
            return
        work(*given, pipe)
        pipe.send(None)
