"""Several runs of the toy side by side, on the same points with the same seed, and what happened so far."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dgvae.errors import UserError
from dgvae.toy.run import Frame, ToyRun
from dgvae.toy.setup import MOST_MOMENTS, MOST_STEPS, Settings, Setup

LIVE_NODES = 6  # of a live frame's quadrature, which is coarser than a table's and much quicker


class Lab:
    """`moments` holds a frame of every method, moment by moment, the first being the start."""

    def __init__(self, setup: Setup, settings: Settings | None = None) -> None:
        self.setup = setup
        self.runs = [ToyRun(name, setup.problem, setup.seed, settings, setup.drawn) for name in setup.methods]
        self.moments: list[Sequence[Frame]] = [self._frames()]

    @property
    def step(self) -> int:
        """Steps that every method has taken."""
        return self.runs[0].step

    def advance(self, steps: int, settings: Settings | None = None, seconds: float = float("inf")) -> Sequence[Frame]:
        """Take some steps with every method.

        Args:
            steps: how many.
            settings: new ones from now on; by default they stay.
            seconds: fewer steps are taken if this time is over before.

        Returns:
            The moment then, one frame per method.

        Raises:
            UserError: a method diverges, or the lab has gone far enough.
        """
        if self.step + steps > MOST_STEPS:
            raise UserError(f"The lab stops at {MOST_STEPS:,} steps; start again.")
        if settings:
            for run in self.runs:
                run.use(settings)
        began = time.monotonic()
        for _ in zip(*(run.train(steps) for run in self.runs), strict=True):
            if time.monotonic() - began > seconds:
                break
        self._remember(self._frames())
        return self.moments[-1]

    def _frames(self) -> Sequence[Frame]:
        return [run.frame(LIVE_NODES, draws=4) for run in self.runs]

    def _remember(self, frames: Sequence[Frame]) -> None:
        if len(self.moments) >= MOST_MOMENTS:
            self.moments[1 : MOST_MOMENTS // 2] = self.moments[2 : MOST_MOMENTS // 2 : 2]
        self.moments.append(frames)
