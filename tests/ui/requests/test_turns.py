"""Whose turn it is, through real HTTP: no visitor blocks another, and nothing is done for who has left."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import gradio as gr
import httpx2
import pytest
from gradio.context import LocalContext
from gradio.queueing import Event, EventQueue, ProcessTime, Queue

from dgvae.ui.requests import turns
from dgvae.ui.requests.limits import MOST_SENT, limits
from dgvae.ui.requests.turns import (
    AT_ONCE,
    MOST_OF_VISITOR,
    MOST_RUNNING,
    MOST_UNREAD_RUNNING,
    Turns,
    take_turns,
    turns_of,
    waiting_here,
    wanted_here,
)
from tests.awaited import until


class App:
    """A page with a handler that works until it is let go, and one that works while it is wanted."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began: list[str] = []
        self.unwanted = threading.Event()
        with gr.Blocks() as page:
            gr.api(self.work, api_name="work")  # pyright: ignore[reportPrivateImportUsage]
            gr.api(self.greet, api_name="greet")  # pyright: ignore[reportPrivateImportUsage]
            gr.api(self.wait, api_name="wait")  # pyright: ignore[reportPrivateImportUsage]
            gr.api(self.watch, api_name="watch")  # pyright: ignore[reportPrivateImportUsage]
        take_turns(page)
        self.page = page
        _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **limits(), _frontend=False)
        self.http = httpx2.Client(base_url=address, trust_env=False, timeout=90)
        handlers = self.http.get("/config").json()["dependencies"]
        self._ids = {handler["api_name"]: handler["id"] for handler in handlers}

    def work(self, who: str) -> str:
        self.began.append(who)
        self.go.wait(30)
        return who

    def wait(self, who: str) -> str:
        with waiting_here():
            return self.work(who)

    def greet(self, who: str) -> str:
        return f"hello {who}"

    def watch(self) -> str:
        wanted = wanted_here()
        self.began.append("watch")
        while wanted() and not self.go.is_set():
            time.sleep(0.01)
        self.unwanted.set()
        return "done"

    @property
    def queue(self) -> Turns:
        queue = turns_of(self.page)
        assert queue is not None
        return queue

    def join(self, name: str, visitor: str, *data: Any) -> httpx2.Response:
        body = {"fn_index": self._ids[name], "session_hash": visitor, "data": data}
        return self.http.post("/gradio_api/queue/join", json=body)

    def read(self, visitor: str) -> list[Any]:
        """All answers that a visitor gets until nothing of theirs is left."""
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": visitor}) as stream:
            said = [json.loads(line[5:]) for line in stream.iter_lines() if line.startswith("data:")]
        return [message["output"]["data"][0] for message in said if message["msg"] == "process_completed"]


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.go.set()
    app.page.close()


QUEUE = {"active_jobs", "event_ids_to_events", "event_queue_per_concurrency_id", "pending_event_ids_session"}
QUEUE |= {"pending_messages_per_session", "process_time_per_fn", "sleep_when_free"}
EVENT = {"alive", "concurrency_id", "enqueue_time", "fn", "session_hash"}
EVENT_QUEUE = {"concurrency_limit", "current_concurrency", "queue"}


def test_gradio_has_what_turns_build_on() -> None:
    """None of it is documented: after an upgrade, this names what `Turns` has to do in another way."""
    with gr.Blocks() as page:
        page.load(lambda: None)
    page.queue()
    queue = page._queue
    handler = next(iter(page.fns.values()))
    assert type(queue) is Queue, "Blocks keeps its queue elsewhere"
    assert QUEUE - vars(queue).keys() == set(), "of Queue"
    assert EVENT - vars(Event("visitor", handler, MagicMock(), None)).keys() == set(), "of Event"
    assert EVENT_QUEUE - vars(EventQueue("", 1)).keys() == set(), "of EventQueue"
    assert {"avg_time", "count"} - vars(ProcessTime()).keys() == set(), "of ProcessTime"
    assert {"blocks", "event_id", "request"} - vars(LocalContext).keys() == set(), "of LocalContext"
    for name in ("push", "get_events", "compute_analytics_summary"):
        ours, theirs = (inspect.signature(getattr(kind, name)).parameters for kind in (Turns, Queue))
        assert [*ours] == [*theirs], f"of Queue.{name}"


def test_one_visitors_flood_is_refused_in_words_and_blocks_nobody(app: App) -> None:
    answers = [app.join("work", "flood", "flood") for _ in range(MOST_OF_VISITOR + 5)]
    assert [answer.status_code for answer in answers] == [200] * MOST_OF_VISITOR + [429] * 5
    assert answers[-1].json()["detail"].startswith(f"{MOST_OF_VISITOR} of your requests are still waiting")
    until(lambda: len(app.began) == MOST_UNREAD_RUNNING)
    app.join("greet", "other", "other")
    assert app.read("other") == ["hello other"]
    assert len(app.began) == MOST_UNREAD_RUNNING
    app.go.set()
    assert app.read("flood") == ["flood"] * MOST_OF_VISITOR  # nothing that was taken in is lost


def test_all_visitors_together_are_bounded(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 3)
    answers = [app.join("work", f"visitor {number}", "") for number in range(20)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["detail"].startswith("The app is busy: 3 requests are waiting")


def test_what_nobody_reads_does_not_begin_and_is_dropped(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PAUSE", 1e-9)
    for number in range(8):
        assert app.join("work", f"gone {number}", "gone").status_code == 200
    app.join("greet", "reader", "reader")
    assert app.read("reader") == ["hello reader"]
    assert not app.began
    monkeypatch.setattr(turns, "LEFT", 0.0)
    app.join("greet", "next", "next")
    assert not [name for name in app.queue.pending_messages_per_session if name.startswith("gone")]
    assert {event.session_hash for event in app.queue.event_ids_to_events.values()} <= {"reader", "next"}


def heartbeats() -> int:
    """How many of Gradio's tasks that keep a stream alive there are."""
    tasks = [each for each in gc.get_objects() if type(each) is asyncio.Task and not each.done()]
    return sum("heartbeat" in str(task.get_coro()) for task in tasks)


def test_readers_of_one_stream_leave_nothing_behind(app: App) -> None:
    """Gradio's task that keeps a stream alive ended for the first reader alone."""
    app.join("work", "ann", "ann")
    before = heartbeats()
    readers = [app.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "ann"}) for _ in range(5)]
    for reader in readers:
        reader.__enter__()
    until(lambda: heartbeats() == before + 5)
    for reader in readers:
        reader.__exit__(None, None, None)
    until(lambda: heartbeats() == before)


def test_a_handler_learns_that_its_visitor_has_left(app: App) -> None:
    app.join("watch", "visitor")
    with app.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "visitor"}) as stream:
        until(lambda: app.began)
        next(stream.iter_lines())
        assert not app.unwanted.is_set()
    assert app.unwanted.wait(30)


@pytest.mark.parametrize(("handler", "is_answered"), [("wait", True), ("work", False)])
def test_handlers_that_wait_for_another_hold_no_place(app: App, handler: str, is_answered: bool) -> None:
    for number in range(AT_ONCE):
        app.join(handler, f"visitor {number // MOST_RUNNING}", str(number))
    readers = [threading.Thread(target=app.read, args=[f"visitor {number}"]) for number in range(AT_ONCE // MOST_RUNNING)]
    for reader in readers:
        reader.start()
    until(lambda: len(app.began) == AT_ONCE)
    answers: list[Any] = []
    other = threading.Thread(target=lambda: (app.join("greet", "other", "other"), answers.extend(app.read("other"))))
    other.start()
    other.join(10 if is_answered else 1)
    assert answers == (["hello other"] if is_answered else [])
    app.go.set()
    for thread in (*readers, other):
        thread.join()


def test_programs_that_name_no_session_are_served(app: App) -> None:
    joined = app.http.post("/gradio_api/call/greet", json={"data": ["you"]}).json()
    assert "hello you" in app.http.get(f"/gradio_api/call/greet/{joined['event_id']}").text


def test_nothing_is_taken_past_the_queue(app: App) -> None:
    assert app.http.post("/gradio_api/run/greet", json={"data": ["you"]}).status_code == 404
    assert app.http.get("/monitoring/summary").status_code == 403


def test_files_and_huge_requests_are_refused(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for path in ("/gradio_api/upload", "/gradio_api/component_server", "/process_recording"):
        refused = app.http.post(path, files={"files": ("a.txt", b"x" * 10_000)})
        assert (refused.status_code, refused.text) == (413, "This app takes no files.")
    assert not [*tmp_path.iterdir()]
    refused = app.join("greet", "large", "x" * MOST_SENT)
    assert (refused.status_code, refused.text) == (413, "A request may have 8 MB at most.")
    app.join("greet", "small", "x")
    assert app.read("small") == ["hello x"]
