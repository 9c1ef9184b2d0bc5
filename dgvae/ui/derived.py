"""What is computed from checkpoints: once for all visitors who ask, while any of them is there, and for a bounded time.

One of those who ask computes; the others wait without a place among the handlers that compute. Of one checkpoint one thing is
computed at a time, and of fetched ones, which may be made to be slow, few things in all: so the other models' visitors go on.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from dgvae.cancellation import cancelled_by
from dgvae.errors import UserError
from dgvae.ui.requests.turns import LEFT_SAID, waiting_here, wanted_here

MOST_KEPT = 64  # results of one checkpoint; the oldest makes room
MOST_SECONDS = 60.0  # for one result
FETCHED_AT_ONCE = 2
_ASK = 0.5  # seconds after which who waits looks whether they are still wanted


@dataclass(eq=False)
class _Making:
    """A result that somebody computes. asked: whether each visitor who asked for it is still there."""

    name: str
    is_fetched: bool
    asked: list[Callable[[], bool]] = field(default_factory=list)
    over: float = field(default_factory=lambda: time.monotonic() + MOST_SECONDS)
    error: Exception | None = None

    def check(self) -> None:
        """Raise UserError if nobody waits for it any more, or it takes too long."""
        if not any(is_wanted() for is_wanted in [*self.asked]):
            raise UserError(LEFT_SAID)
        if time.monotonic() > self.over:
            raise UserError(
                f"This takes longer than {MOST_SECONDS:.0f} s here: {self.name} is too large for it, or the machine is busy; "
                "try again later."
            )


class Derived:
    """Results by checkpoint and key."""

    def __init__(self) -> None:
        self._kept: defaultdict[str, dict[Hashable, Any]] = defaultdict(dict)
        self._making: dict[tuple[str, Hashable], _Making] = {}
        self._changed = threading.Condition()

    def get(self, name: str, key: Hashable, make: Callable[[], Any], is_fetched: bool) -> Any:
        """A result as it was kept, or as it is computed now.

        Args:
            name: of the checkpoint.
            key: what the result is called.
            make: computes it; asks `dgvae.cancellation.check_cancelled` if that takes long.
            is_fetched: whether the checkpoint comes from a visitor.

        Returns:
            The result of `make`.

        Raises:
            UserError: it takes too long, nobody waits for it any more, or `make` raises it.
        """
        is_wanted = wanted_here()
        with self._changed:
            kept, known = self._kept[name], (name, key)
            while key not in kept:
                making = self._making.get(known)
                if not making and self._has_room(name, is_fetched):
                    making = self._making[known] = _Making(name, is_fetched, [is_wanted])
                    break
                if making:
                    making.asked.append(is_wanted)
                with waiting_here():
                    self._wait(known, making, is_fetched, is_wanted)
                if making and making.error and str(making.error) != LEFT_SAID:
                    raise making.error
            else:
                return kept[key]
        return self._make(known, making, kept, make)

    def pop(self, name: str, default: None = None) -> None:
        """Forget all results of a checkpoint."""
        with self._changed:
            self._kept.pop(name, default)

    def _make(self, known: tuple[str, Hashable], making: _Making, kept: dict[Hashable, Any], make: Callable[[], Any]) -> Any:
        try:
            with cancelled_by(making.check):
                result = make()
        except Exception as error:
            making.error = error
            raise
        else:
            kept[known[1]] = result
            if len(kept) > MOST_KEPT:
                del kept[next(iter(kept))]
            return result
        finally:
            with self._changed:
                del self._making[known]
                self._changed.notify_all()

    def _has_room(self, name: str, is_fetched: bool) -> bool:
        going = [*self._making.values()]
        few = not is_fetched or sum(making.is_fetched for making in going) < FETCHED_AT_ONCE
        return few and all(making.name != name for making in going)

    def _wait(
        self, known: tuple[str, Hashable], making: _Making | None, is_fetched: bool, is_wanted: Callable[[], bool]
    ) -> None:
        """Wait until a result has been made, or, where nobody makes it yet, until there is room for that."""
        name, _ = known

        def has_come() -> bool:
            return self._making.get(known) is not making or (making is None and self._has_room(name, is_fetched))

        while not self._changed.wait_for(has_come, _ASK):
            if not is_wanted():
                raise UserError(LEFT_SAID)
