"""The labs of all visitors. They train in one thread, a picture at a time, and only while their visitor asks for pictures.

Choices made: a visitor who leaves asks no more, so nothing has to be stopped; one thread, since several would only wait for
Python's lock and keep the rest of the app from answering; and a picture's time is shared by those who play.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dgvae.errors import UserError
from dgvae.ui.requests.turns import LEFT_SAID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dgvae.toy.lab import Lab
    from dgvae.toy.run import Frame
    from dgvae.toy.setup import Settings, Setup

PICTURE = 0.12  # seconds of training for one, of all visitors together
PLAYING = 1.5  # seconds since the last picture
MOST_AWAITED = 3  # pictures of a session: what was asked for before a reset may still be on its way
MOST_LABS = 64  # up to five megabytes each
IDLE = 10.0  # seconds after which a lab that does not train makes room for another visitor's
TURN = 300.0  # seconds that a lab which trains without a pause keeps its place while others want one
GONE = 10.0  # seconds in which what a visitor asked for before they left may still come


class NoPlaceError(UserError):
    """All places are taken; `seconds` until one becomes free at the latest."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(
            f"All {MOST_LABS} places of the lab are in use; one becomes free in at most {self.seconds} s. This page goes on "
            "by itself then."
        )


@dataclass
class _Place:
    run: float  # the page's number for it: another one is a new beginning
    lab: Lab
    asked: float = field(default_factory=time.monotonic)  # to train
    since: float = field(default_factory=time.monotonic)  # begun, for the first time in this visit


class Labs:
    """A lab for each session, made when it is first asked for."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._awaited: Counter[str] = Counter()  # pictures on their way, by session
        self._gone: dict[str, float] = {}  # sessions that ended, and when
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lab")

    async def advance(self, session: str, run: float, setup: Setup, settings: Settings, steps: int) -> Sequence[Frame]:
        """Take some steps, as many as there is time for.

        Args:
            session: of the visitor.
            run: the page's number for its run.
            setup: what is trained.
            settings: what can be changed while it runs.
            steps: how many; 0 for the last moment again.

        Returns:
            The moment then, one frame per method.

        Raises:
            UserError: too many pictures of this session are on their way, all places are taken, a method diverges, or the lab
                has gone far enough.
        """
        if self._awaited[session] >= MOST_AWAITED:
            raise UserError("The app is busy and has not sent your last pictures yet; press Play again in a moment.")
        self._awaited[session] += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._advance, session, run, setup, settings, steps)
        finally:
            self._awaited -= Counter([session])  # which forgets those that come to 0

    def _advance(self, session: str, run: float, setup: Setup, settings: Settings, steps: int) -> Sequence[Frame]:
        lab = self._lab(session, run, setup, settings)
        if not steps:
            return lab.moments[-1]
        self._places[session].asked = time.monotonic()
        return lab.advance(steps, settings, PICTURE / self.playing())

    def _lab(self, session: str, run: float, setup: Setup, settings: Settings) -> Lab:
        from dgvae.toy.lab import Lab

        if time.monotonic() - self._gone.get(session, -GONE) < GONE:
            raise UserError(LEFT_SAID)
        place = self._places.get(session)
        if not place or (place.run, place.lab.setup) != (run, setup):
            if not place:
                self._make_room()
            since = place.since if place else time.monotonic()  # to begin anew is no new turn
            place = self._places[session] = _Place(run, Lab(setup, settings), since=since)
        return place.lab

    def _make_room(self) -> None:
        """Take the place of who does not train, or else of who has had one for longer than a turn. Raises NoPlaceError."""
        if len(self._places) < MOST_LABS:
            return
        places, now = [*self._places.items()], time.monotonic()
        idle, place = min(places, key=lambda item: item[1].asked)
        if now - place.asked >= IDLE:
            return self.leave(idle)
        longest, place = min(places, key=lambda item: item[1].since)
        if (more := TURN - (now - place.since)) <= 0:
            return self.leave(longest)
        raise NoPlaceError(more)

    def playing(self) -> int:
        """How many visitors are looking at a run that goes on."""
        now = time.monotonic()
        return sum(now - place.asked < PLAYING for place in [*self._places.values()])

    def of(self, session: str | None) -> Lab:
        """A session's lab, to be looked at. Raises UserError if there is none."""
        place = self._places.get(session or "")
        if not place:
            raise UserError("Nothing has been trained here yet; press Play.")
        return place.lab

    def leave(self, session: str | None, gone: bool = False) -> None:
        """Forget a session's lab. gone: what the session may still ask for makes none."""
        self._places.pop(session or "", None)
        now = time.monotonic()
        self._gone = {name: at for name, at in self._gone.items() if now - at < GONE}
        if gone and session:
            self._gone[session] = now
