"""What is computed once for all: who waits gets it, nobody's computation goes on for nobody, and fetched models share a few."""

from __future__ import annotations

import threading
import time

import pytest

from dgvae.cancellation import check_cancelled
from dgvae.errors import UserError
from dgvae.ui import derived
from dgvae.ui.derived import FETCHED_AT_ONCE, Derived
from tests.awaited import until


def test_ten_visitors_get_one_computation() -> None:
    results, made, found = Derived(), [], []

    def make() -> int:
        made.append(1)
        time.sleep(0.1)
        return 7

    threads = [threading.Thread(target=lambda: found.append(results.get("a", "key", make, True))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), found) == (1, [7] * 10)


def test_it_ends_when_the_last_who_waits_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    here, results, said = threading.Event(), Derived(), []
    here.set()
    monkeypatch.setattr(derived, "wanted_here", lambda: here.is_set)

    def forever() -> None:
        while True:
            check_cancelled()
            time.sleep(0.005)

    def ask() -> None:
        with pytest.raises(UserError) as caught:
            results.get("a", "key", forever, False)
        said.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: results._making and len(next(iter(results._making.values())).asked) == 3)
    assert all(thread.is_alive() for thread in threads)
    here.clear()
    for thread in threads:
        thread.join(30)
    assert said == ["This visit has ended; reload the page."] * 3
    assert not results._making


def test_it_ends_after_its_time_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "MOST_SECONDS", 0.0)
    with pytest.raises(UserError, match="This takes longer than 0 s here: large is too large for it"):
        Derived().get("large", "key", lambda: (time.sleep(0.01), check_cancelled()), False)


def test_fetched_models_that_compute_leave_room_for_others() -> None:
    results, go = Derived(), threading.Event()
    names = [f"fetched {number}" for number in range(FETCHED_AT_ONCE + 2)]
    threads = [threading.Thread(target=results.get, args=(name, "key", lambda: go.wait(60), True)) for name in names]
    for thread in threads:
        thread.start()
    until(lambda: len(results._making) == FETCHED_AT_ONCE)
    assert results.get("own", "key", lambda: 1, False) == 1
    assert len(results._making) == FETCHED_AT_ONCE
    go.set()
    for thread in threads:
        thread.join()
    assert [results.get(name, "key", lambda: False, True) for name in names] == [True] * len(names)
