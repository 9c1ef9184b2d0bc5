"""Pure functions of the step, so that resuming is exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """What a schedule of the regularizer's weight goes by. Steps count from the end of a pre-training, if there is one."""

    total_steps: int
    warmup_steps: int
    cycles: int = 4
    ramp: float = 0.5


def constant(step: int, timing: Timing) -> float:
    """The whole weight from the start."""
    return 1.0


def linear(step: int, timing: Timing) -> float:
    """Linear from 0 to 1 over the warm-up (Bowman et al. 2016)."""
    return min(1.0, (step + 1) / timing.warmup_steps) if timing.warmup_steps > 0 else 1.0


def cyclic(step: int, timing: Timing) -> float:
    """M cycles, linear from 0 to 1 over a share R of each, then 1 (Fu et al. 2019, with t − 1 = step)."""
    period = timing.total_steps / timing.cycles
    position = (step % math.ceil(period)) / period
    return min(1.0, position / timing.ramp)


SCHEDULES: dict[str, Callable[[int, Timing], float]] = {"constant": constant, "linear": linear, "cyclic": cyclic}


def highest_share(schedule: Callable[[int, Timing], float], timing: Timing) -> float:
    """The largest share of its weight that the regularizer ever gets."""
    return max((schedule(step, timing) for step in range(timing.total_steps)), default=0.0)


def learning_rate_share(step: int, total_steps: int, floor: float = 0.05) -> float:
    """Share of the learning rate: 1 for the first half of the run, then linear to `floor`.

    Args:
        step: steps taken so far.
        total_steps: of the run.
        floor: the smallest share.

    Returns:
        From floor to 1.
    """
    progress = step / max(1, total_steps)
    return 1.0 if progress < 0.5 else max(floor, 1.0 - (1.0 - floor) * (2 * progress - 1))
