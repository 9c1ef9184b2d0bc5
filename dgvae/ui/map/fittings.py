"""The common maps that are to be fitted: one at a time, a bounded number, and none begins that nobody waits for any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from dgvae.errors import UserError

MOST_WAITING = 8  # fits that have not begun
UNASKED = 30.0  # seconds without a question after which a visitor has left
NOBODY = "nobody waited for it. Choose the common map again."


@dataclass(eq=False)
class Fitting:
    """A common map in the making.

    share: how much is done. fault: why there will be none. asked: when each visitor who waits for it asked last.
    """

    work: Callable[[Fitting], str | None]  # fits the map, and returns what went wrong, if anything
    asked: dict[str | None, float] = field(default_factory=dict)
    came: float = field(default_factory=time.monotonic)
    began: float | None = None
    share: float = 0.0
    fault: str | None = None
    done: bool = False

    def is_wanted(self) -> bool:
        """Whether a visitor waits for it."""
        now = time.monotonic()
        return any(now - at < UNASKED for at in [*self.asked.values()])

    def __str__(self) -> str:
        if self.began is None:
            return f"Waiting until other common maps are fitted: {time.monotonic() - self.came:.0f} s"
        took = f"{time.monotonic() - self.began:.0f} s"
        return f"Fitting a common map, about a minute: {f'{self.share:.0%}' if self.share else 'finding neighbors'}, {took}"


class Fittings:
    """A queue of maps. All visitors who ask for the same map wait for one fit, and a visitor waits for one map at a time."""

    def __init__(self) -> None:
        self._by_key: dict[Hashable, Fitting] = {}  # those that wait, the one under way, and those that went well
        self._waiting: list[Fitting] = []
        self._is_working = False
        self._lock = threading.Lock()

    def ask(self, key: Hashable, visitor: str | None, work: Callable[[Fitting], str | None]) -> Fitting:
        """Put a map in the queue, or find that it is there. What the visitor asked for before is given up.

        Args:
            key: which map.
            visitor: who asks.
            work: see `Fitting`.

        Returns:
            The map in the making. While it is not done, `follow` has to say that the visitor is still there.

        Raises:
            UserError: too many maps wait.
        """
        with self._lock:
            fitting = self._by_key.get(key)
            self._leave(visitor, fitting)
            if fitting is None:
                self._drop_unwanted()
                if len(self._waiting) >= MOST_WAITING:
                    raise UserError(
                        f"The app is busy: {len(self._waiting)} common maps wait to be fitted, about a minute each. Choose the "
                        "common map again later."
                    )
                fitting = self._by_key[key] = Fitting(work)
                self._waiting.append(fitting)
            fitting.asked[visitor] = time.monotonic()
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._work, daemon=True, name="common map").start()
        return fitting

    def follow(self, fitting: Fitting, visitor: str | None) -> bool:
        """Say that a visitor is still there. Return False if they have asked for something else since."""
        with self._lock:
            is_theirs = visitor in fitting.asked
            if is_theirs:
                fitting.asked[visitor] = time.monotonic()
        return is_theirs

    def leave(self, visitor: str | None) -> None:
        """A visitor waits for no map any more."""
        with self._lock:
            self._leave(visitor)

    def _leave(self, visitor: str | None, but: Fitting | None = None) -> None:
        for fitting in self._by_key.values():
            if fitting is not but:
                fitting.asked.pop(visitor, None)

    def _drop_unwanted(self) -> None:
        for fitting in [fitting for fitting in self._waiting if not fitting.is_wanted()]:
            self._waiting.remove(fitting)
            self._end(fitting, NOBODY)

    def _work(self) -> None:
        while fitting := self._next():
            try:
                fault = fitting.work(fitting)
            except UserError as error:
                fault = str(error)
            except OSError as error:
                fault = error.strerror or type(error).__name__  # its text names a path
            with self._lock:
                self._end(fitting, fault)

    def _next(self) -> Fitting | None:
        with self._lock:
            self._drop_unwanted()
            if not self._waiting:
                self._is_working = False
                return None
            fitting = self._waiting.pop(0)
            fitting.began = time.monotonic()
            return fitting

    def _end(self, fitting: Fitting, fault: str | None) -> None:
        """What failed may be asked for again."""
        fitting.fault, fitting.done = fault and f"The common map could not be fitted: {fault}", True
        if fault:
            self._by_key = {key: other for key, other in self._by_key.items() if other is not fitting}
