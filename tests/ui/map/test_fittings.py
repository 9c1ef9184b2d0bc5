"""The queue of common maps: bounded, a map at a time for a visitor, and nothing begins for who has left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from dgvae.errors import UserError
from dgvae.ui.map import fittings
from dgvae.ui.map.fittings import MOST_WAITING, Fitting, Fittings
from tests.awaited import until


class Work:
    """Fits that end when they are let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began: list[str] = []
        self.queue = Fittings()

    def ask(self, name: str, visitor: str) -> Fitting:
        def work(_: Fitting) -> str | None:
            self.began.append(name)
            self.go.wait(30)
            return "it is broken" if name == "broken" else None

        return self.queue.ask(name, visitor, work)


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.go.set()


def test_one_is_fitted_at_a_time_and_all_who_ask_wait_for_it(work: Work) -> None:
    first, second = work.ask("first", "a"), work.ask("second", "b")
    assert work.ask("first", "c") is first
    until(lambda: work.began)
    assert str(first).startswith("Fitting a common map, about a minute: finding neighbors, 0 s")
    assert str(second) == "Waiting until other maps are fitted: 0 s"
    work.go.set()
    until(lambda: second.done)
    assert (work.began, first.fault, second.fault) == (["first", "second"], None, None)
    assert work.ask("first", "d") is first  # which is there


def test_too_many_are_refused_in_words(work: Work) -> None:
    work.ask("running", "first")
    until(lambda: work.began)
    for number in range(MOST_WAITING):
        work.ask(f"map {number}", f"visitor {number}")
    with pytest.raises(UserError, match=rf"The app is busy: {MOST_WAITING} maps wait to be fitted"):
        work.ask("one more", "another")
    assert work.ask("map 0", "another")  # which waits already


def test_a_visitor_waits_for_one_map_at_a_time(work: Work) -> None:
    work.ask("running", "first")
    until(lambda: work.began)
    earlier = [work.ask(f"map {number}", "restless") for number in range(3 * MOST_WAITING)]
    last = earlier.pop()
    assert not any(work.queue.follow(fitting, "restless") for fitting in earlier)
    assert work.queue.follow(last, "restless")
    work.go.set()
    until(lambda: last.done)
    assert work.began == ["running", f"map {3 * MOST_WAITING - 1}"]


def test_what_a_visitor_wished_for_before_does_not_come_after_what_they_wish_for_now(work: Work) -> None:
    queue = work.queue
    earlier = queue.leave("quick")  # and while its model is loaded:
    later = queue.leave("quick")
    assert [*queue.watch(queue.ask("earlier", "quick", lambda _: None, wish=earlier), "quick")] == [("", False)]
    assert [*queue.watch(queue.ask("later", "quick", lambda _: None, wish=later), "quick")][-1] == ("", True)
    assert not queue._waiting


def test_nothing_begins_for_a_visitor_who_has_left(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.ask("running", "first")
    until(lambda: work.began)
    monkeypatch.setattr(fittings, "UNASKED", 0.2)
    left, stays = work.ask("left", "gone"), work.ask("stays", "there")
    over = time.monotonic() + 0.4
    while time.monotonic() < over:
        assert work.queue.follow(stays, "there")
        time.sleep(0.01)
    work.queue.follow(stays, "there")
    work.go.set()
    until(lambda: stays.done)
    assert (work.began, stays.fault) == (["running", "stays"], None)
    assert left.fault == "The map could not be fitted: nobody waited for it. Choose it again."


def test_what_failed_may_be_asked_for_again(work: Work) -> None:
    work.go.set()
    failed = work.ask("broken", "a")
    until(lambda: failed.done)
    assert failed.fault == "The map could not be fitted: it is broken"
    assert work.ask("broken", "a") is not failed
