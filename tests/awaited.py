"""Waiting in tests: for states, and for coroutines in tests that are none themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 90.0  # seconds: a busy machine is slow, and only a failure waits as long


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Its result, from a thread beside this one, in which the browser's tests may have left a running loop."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, work).result()


def until(holds: Callable[[], object], wait: Callable[[float], object] = time.sleep) -> None:
    """Wait until something holds. wait: for some seconds, as a browser's page does that must go on meanwhile."""
    over = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < over, "it did not come to hold"
        wait(0.01)
