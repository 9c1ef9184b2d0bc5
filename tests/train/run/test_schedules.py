"""Schedules against their published formulas and hand-made values."""

from __future__ import annotations

import math

import pytest

from train.run.schedules import SCHEDULES, Timing, constant, cyclic, highest_share, learning_rate_share, linear

CYCLES = [(100, 4, 0.5), (103, 4, 0.5), (1000, 7, 0.3), (60, 60, 1.0), (400, 1, 0.25), (97, 10, 1.0)]


def printed_beta(t: int, total: int, cycles: int, ramp: float) -> float:
    """β_t as Fu et al. 2019 print it, t from 1: f(τ) = τ / R where τ ≤ R, 1 beyond; τ = mod(t − 1, ⌈T/M⌉) / (T/M)."""
    tau = math.fmod(t - 1, math.ceil(total / cycles)) / (total / cycles)
    return tau / ramp if tau <= ramp else 1.0


@pytest.mark.parametrize(("total", "cycles", "ramp"), CYCLES)
def test_cyclic_is_the_printed_formula(total: int, cycles: int, ramp: float) -> None:
    timing = Timing(total, warmup_steps=30, cycles=cycles, ramp=ramp)
    mine = [cyclic(step, timing) for step in range(total)]
    assert mine == pytest.approx([printed_beta(t, total, cycles, ramp) for t in range(1, total + 1)], abs=1e-12)


@pytest.mark.parametrize(("total", "cycles", "ramp"), [(100, 4, 0.5), (1200, 12, 0.25), (103, 4, 0.5)])
def test_cyclic_has_its_cycles_from_the_first_step_on(total: int, cycles: int, ramp: float) -> None:
    weights = [cyclic(step, Timing(total, 0, cycles, ramp)) for step in range(total)]
    starts = [step for step, weight in enumerate(weights) if weight == 0]
    period = math.ceil(total / cycles)
    assert starts == [period * i for i in range(cycles)]
    whole = [weights[a : a + period] for a in starts[:-1]]
    assert all(cycle == whole[0] for cycle in whole)  # the first is as long as the others, and they are all alike
    rise = [weight for weight in whole[0] if weight < 1]
    assert len(rise) == pytest.approx(ramp * total / cycles, abs=1)
    assert rise == sorted(rise)
    assert set(whole[0][len(rise) :]) == {1.0}


def test_linear_rises_over_the_warm_up_and_stays() -> None:
    assert [linear(step, Timing(100, 4)) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert [linear(step, Timing(100, 0)) for step in (0, 1, 99)] == [1.0, 1.0, 1.0]


def test_constant_has_the_whole_weight_at_once() -> None:
    assert [constant(step, Timing(100, 50)) for step in (0, 1, 99)] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("schedule", "timing", "expected"),
    [
        ("linear", Timing(100, 100), 1.0),
        ("linear", Timing(100, 400), 0.25),
        ("linear", Timing(0, 10), 0.0),
        ("constant", Timing(10, 400), 1.0),
        ("cyclic", Timing(100, 0, cycles=4, ramp=0.5), 1.0),
        ("cyclic", Timing(100, 0, cycles=50, ramp=1.0), 0.5),
        ("cyclic", Timing(100, 0, cycles=100, ramp=0.5), 0.0),  # cycles of one step never rise
        ("cyclic", Timing(10, 0, cycles=1000, ramp=0.5), 0.0),
    ],
)
def test_the_highest_share_is_that_of_the_best_step(schedule: str, timing: Timing, expected: float) -> None:
    assert highest_share(SCHEDULES[schedule], timing) == pytest.approx(expected)


def test_every_schedule_stays_between_zero_and_one() -> None:
    for schedule in SCHEDULES.values():
        for timing in (Timing(37, 5), Timing(37, 100, cycles=5, ramp=0.01), Timing(3, 0, cycles=7, ramp=1.0)):
            assert all(0 <= schedule(step, timing) <= 1 for step in range(50))


def test_the_learning_rate_is_whole_for_half_the_run_and_falls_to_its_floor() -> None:
    shares = [learning_rate_share(step, 100) for step in (0, 49, 50, 51, 75, 99)]
    assert shares == pytest.approx([1, 1, 1, 0.981, 0.525, 0.069])
    assert [learning_rate_share(step, 100) for step in (100, 250)] == pytest.approx([0.05, 0.05])
    assert learning_rate_share(-20, 100) == 1.0  # in a pre-training
    assert learning_rate_share(75, 100, floor=0.2) == pytest.approx(0.6)
    assert learning_rate_share(0, 0) == 1.0
