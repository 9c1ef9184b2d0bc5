"""Long computations that may be broken off: they ask between their parts whether they are still wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _never() -> None:
    """Nothing breaks off what a command or a program computes."""


_check: ContextVar[Callable[[], None]] = ContextVar("cancellation", default=_never)


def check_cancelled() -> None:
    """To be called between the parts of a long computation. Raises what `cancelled_by` was given to raise."""
    _check.get()()


@contextmanager
def cancelled_by(check: Callable[[], None]) -> Iterator[None]:
    """Let `check` break off what is computed within, in this thread, by raising an exception."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)
