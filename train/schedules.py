"""Pure functions of the step, so that resuming is exact."""

from __future__ import annotations


def warmup(step: int, warmup_steps: int) -> float:
    """Share of the regularizer's weight at `step`: linear from 0 to 1 (Bowman et al. 2016)."""
    return min(1.0, (step + 1) / warmup_steps) if warmup_steps > 0 else 1.0


def learning_rate_share(step: int, total_steps: int, floor: float = 0.05) -> float:
    """Share of the learning rate at `step`: 1 for the first half of the run, then linear to `floor`."""
    progress = step / max(1, total_steps)
    return 1.0 if progress < 0.5 else max(floor, 1.0 - (1.0 - floor) * (2 * progress - 1))
