"""The maps that are to be fitted: one at a time, a bounded number, and none begins that nobody waits for any more."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from dgvae.cancellation import check_cancelled
from dgvae.errors import UserError

MOST_WAITING = 8  # fits that have not begun
UNASKED = 30.0  # seconds without a question after which a visitor has left
MOST_REMEMBERED = 1000  # visitors, by their last wish
NOBODY = "nobody waited for it. Choose it again."
COMMON_SAID = "a common map, about a minute"
_ASK = 0.5  # seconds between two looks at how far one is


@dataclass(eq=False)
class Fitting:
    """A map in the making.

    said: what it is. share: how much is done. fault: why there will be none. asked: when each visitor who waits for it asked
    last.
    """

    work: Callable[[Fitting], str | None]  # fits the map, and returns what went wrong, if anything
    said: str = COMMON_SAID
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

    def why_end(self) -> str:
        """Why it is to be broken off, if so."""
        return "" if self.is_wanted() else NOBODY

    def __str__(self) -> str:
        if self.began is None:
            return f"Waiting until other maps are fitted: {time.monotonic() - self.came:.0f} s"
        took = f"{time.monotonic() - self.began:.0f} s"
        return f"Fitting {self.said}: {f'{self.share:.0%}' if self.share else 'finding neighbors'}, {took}"


class Fittings:
    """A queue of maps. All visitors who ask for the same map wait for one fit, and a visitor waits for one map at a time."""

    def __init__(self) -> None:
        self._by_key: dict[Hashable, Fitting] = {}  # those that wait, the one under way, and those that went well
        self._waiting: list[Fitting] = []
        self._wishes: dict[str | None, int] = {}  # the last one of each visitor
        self._count = itertools.count()
        self._is_working = False
        self._lock = threading.Lock()

    def ask(
        self,
        key: Hashable,
        visitor: str | None,
        work: Callable[[Fitting], str | None],
        said: str = COMMON_SAID,
        wish: int | None = None,
    ) -> Fitting:
        """Put a map in the queue, or find that it is there. What the visitor asked for before is given up.

        Args:
            key: which map.
            visitor: who asks.
            work: see `Fitting`.
            said: likewise.
            wish: what `leave` returned; if they have wished for something else since, this is not put in the queue.

        Returns:
            The map in the making. While it is not done, `follow` has to say that the visitor is still there.

        Raises:
            UserError: too many maps wait.
        """
        with self._lock:
            if wish is not None and self._wishes.get(visitor) != wish:
                return Fitting(work, said)  # which the visitor does not follow
            fitting = self._by_key.get(key)
            self._leave(visitor, fitting)
            if fitting is None:
                self._drop_unwanted()
                if len(self._waiting) >= MOST_WAITING:
                    raise UserError(
                        f"The app is busy: {len(self._waiting)} maps wait to be fitted, up to a minute each. Choose this map "
                        "again later."
                    )
                fitting = self._by_key[key] = Fitting(work, said)
                self._waiting.append(fitting)
            fitting.asked[visitor] = time.monotonic()
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._work, daemon=True, name="maps").start()
        return fitting

    def follow(self, fitting: Fitting, visitor: str | None) -> bool:
        """Say that a visitor is still there. Return False if they have asked for something else since."""
        with self._lock:
            is_theirs = visitor in fitting.asked
            if is_theirs:
                fitting.asked[visitor] = time.monotonic()
        return is_theirs

    def watch(self, fitting: Fitting, visitor: str | None) -> Iterator[tuple[str, bool]]:
        """Wait for a map that a visitor asked for.

        Args:
            fitting: the map.
            visitor: who asked.

        Yields:
            How far it is and False; at last what went wrong, or "", and True. ("", False) if they ask for something else.
        """
        while self.follow(fitting, visitor):
            if fitting.done:
                yield fitting.fault or "", True
                return
            yield str(fitting), False
            time.sleep(_ASK)
            check_cancelled()
        yield "", False  # what was said last may come after what the visitor asked for since

    def forget(self, key: Hashable) -> None:
        """A map that was fitted is not kept any more."""
        with self._lock:
            if (fitting := self._by_key.get(key)) and fitting.done:
                del self._by_key[key]

    def leave(self, visitor: str | None) -> int:
        """A visitor waits for no map any more. Returns the number of what they wish for next, for `ask`.

        What they asked for a moment ago may still be on its way to `ask`, since it loads a model first.
        """
        with self._lock:
            self._leave(visitor)
            self._wishes.pop(visitor, None)
            self._wishes[visitor] = wish = next(self._count)
            if len(self._wishes) > MOST_REMEMBERED:
                del self._wishes[next(iter(self._wishes))]
        return wish

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
        fitting.fault, fitting.done = fault and f"The map could not be fitted: {fault}", True
        fitting.work = lambda _: None  # it may hold a model
        if fault:
            self._by_key = {key: other for key, other in self._by_key.items() if other is not fitting}
