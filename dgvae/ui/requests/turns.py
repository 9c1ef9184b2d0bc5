"""Whose turn it is: Gradio's queue, with a share for each visitor and nothing done for who has left.

Gradio keeps a queue for each handler, first come, first served, without a bound. Choices made here:

- Every event is due some time after it came, in proportion to what its handler usually takes and to how much of the same
  visitor goes before it. The one due first is next. So short work passes long work, one visitor's many events do not delay
  another's first, and nothing waits for ever.
- Handlers that have no limit of their own compute, and share the cores: a few of them run at once. The others mostly wait.
  A handler that waits for what another one computes says so (`waiting_here`), and lets another begin meanwhile.
- A visitor who has left no longer reads what they are sent. Nothing of theirs begins, and what runs may ask `is_wanted`.
- What is too much is refused in a sentence that says how long the rest takes.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import gradio as gr
from fastapi import HTTPException
from gradio.block_function import BlockFunction
from gradio.context import LocalContext
from gradio.queueing import Event, Queue
from gradio.server_messages import EventMessage
from gradio.utils import LRUCache

AT_ONCE = 6  # computing handlers
MOST_EXCUSED = 48  # computing handlers that wait for another: they have threads, if no place
MOST_OF_VISITOR = 16  # events that are not answered yet
MOST_RUNNING = 3  # computing handlers of a visitor
MOST_WAITING = 400  # events of all visitors
MOST_UNREAD_RUNNING = 2  # computing handlers from which on nothing begins that nobody reads just now
PATIENCE = 10  # an event is due after so many times what its handler takes
USUAL = 0.1  # seconds that a handler takes of which nothing is known yet
UNREAD = 1.0  # seconds that an event is put off if nobody reads its visitor's answers just now
PAUSE = 2.0  # seconds that a visitor may take from one answer to the next
LEFT = 30.0  # seconds without reading after which a visitor has left
MOST_UNREAD = 50  # visitors that may leave answers unread
LEFT_SAID = "This visit has ended; reload the page."


class Mailbox(asyncio.Queue[EventMessage]):
    """What a visitor is sent. It knows when it was last read."""

    def __init__(self) -> None:
        super().__init__()
        self.readers = 0
        self.read_at = time.monotonic()

    async def get(self) -> EventMessage:
        """The next message. While this waits, the visitor is there."""
        self.readers += 1
        try:
            return await super().get()
        finally:
            self.readers -= 1
            self.read_at = time.monotonic()

    def unread_for(self) -> float:
        """Seconds in which nobody has asked for a message."""
        return 0.0 if self.readers else time.monotonic() - self.read_at


class _Mailboxes(LRUCache):
    """The visitors' mailboxes. Gradio deletes that of a visitor once for each reader who leaves, and fails the second time."""

    def __delitem__(self, session: str) -> None:
        if session in self:
            super().__delitem__(session)


class Turns(Queue):
    """See above. `take_turns` gives it to a page."""

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__(
            live_updates=False,  # else every event that begins is told to all that wait
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=None,  # see push
            blocks=blocks,
            default_concurrency_limit=AT_ONCE,
        )
        self.pending_messages_per_session = _Mailboxes(self.pending_messages_per_session.max_size)
        self._excused: set[str] = set()  # events whose handlers wait for another
        self.sleep_when_free = 0.004  # looked at 1,000 times a second, a queue that waits takes a tenth of a core

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """Take an event in.

        Args:
            body: of the request.
            request: as the server got it.
            username: of a visitor who logged in.

        Returns:
            As Gradio's.

        Raises:
            HTTPException: the visitor, or all visitors together, wait for too much already; it says so in one sentence.
        """
        self._forget_who_left()
        session = body.session_hash = body.session_hash or uuid.uuid4().hex
        mine = sum(event.session_hash == session for event in self.event_ids_to_events.values())
        if mine >= MOST_OF_VISITOR:
            raise HTTPException(429, f"{mine} of your requests are still waiting{self._takes()}.")
        if len(self) >= MOST_WAITING:
            raise HTTPException(429, f"The app is busy: {len(self)} requests are waiting{self._takes()}.")
        mailbox = self.pending_messages_per_session.get(session)
        if not isinstance(mailbox, Mailbox):
            mailbox = self.pending_messages_per_session[session] = Mailbox()
        if not self.pending_event_ids_session.get(session):
            mailbox.read_at = time.monotonic()  # a browser reads again as soon as it knows that the event is taken in
        return await super().push(body=body, request=request, username=username)

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """What is next, if there is room for it."""
        queues = [*self.event_queue_per_concurrency_id.values()]
        begun = sum(queue.current_concurrency for queue in queues if queue.concurrency_limit == AT_ONCE)
        jobs = [event for events in self.active_jobs if events for event in events]
        going = Counter(event.session_hash for event in jobs)
        excused = Counter([event.concurrency_id for event in jobs if event._id in self._excused][:MOST_EXCUSED])
        computing = begun - excused.total()
        first, due = None, math.inf
        for queue in queues:
            limit = math.inf if queue.concurrency_limit is None else queue.concurrency_limit
            if queue.current_concurrency - excused[queue.concurrency_id] >= limit or (
                limit == AT_ONCE and computing >= AT_ONCE
            ):
                continue
            ahead = going.copy()
            for event in queue.queue:
                if limit == AT_ONCE and going[event.session_hash] >= MOST_RUNNING:
                    continue
                unread = self._unread_for(event)
                if unread and begun >= MOST_UNREAD_RUNNING:
                    continue
                at = event.enqueue_time + PATIENCE * self._takes_usually(event.fn) * (1 + ahead[event.session_hash])
                ahead[event.session_hash] += 1
                at += UNREAD if unread else 0
                if at < due and unread < PAUSE:
                    first, due = event, at
        if first is None:
            return None
        self.event_queue_per_concurrency_id[first.concurrency_id].queue.remove(first)
        return [first], False, first.concurrency_id

    @contextmanager
    def excused(self, event: Event) -> Iterator[None]:
        """Within it the handler of an event waits for another, and counts as none that computes."""
        self._excused.add(event._id)
        try:
            yield
        finally:
            self._excused.discard(event._id)

    def is_wanted(self, event: Event) -> bool:
        """Whether the visitor of an event is still there."""
        return event.alive and self._unread_for(event) < LEFT

    def compute_analytics_summary(self, records: Any) -> dict[str, Any]:
        """Nothing: Gradio's own makes a table of the last 10,000 events after each one."""
        return {"functions": {}}

    def _unread_for(self, event: Event) -> float:
        mailbox = self.pending_messages_per_session.get(event.session_hash)
        return mailbox.unread_for() if isinstance(mailbox, Mailbox) else math.inf

    def _takes_usually(self, handler: BlockFunction) -> float:
        known = self.process_time_per_fn.get(handler)
        return known.avg_time if known and known.count else USUAL

    def _takes(self) -> str:
        """How long it is until all that waits is done, as the end of a sentence."""
        waiting = [event for queue in self.event_queue_per_concurrency_id.values() for event in queue.queue]
        seconds = math.ceil(sum(self._takes_usually(event.fn) for event in waiting) / AT_ONCE)
        return f"; try again in about {seconds} s" if seconds else "; try again in a moment"

    def _forget_who_left(self) -> None:
        """Drop the events and the answers of visitors who do not read them."""
        unread = sorted(
            (box.unread_for(), session)
            for session, box in self.pending_messages_per_session.items()
            if isinstance(box, Mailbox) and (box.qsize() or self.pending_event_ids_session.get(session))
        )
        for number, (seconds, session) in enumerate(unread):
            if seconds > LEFT or (number >= MOST_UNREAD and seconds > PAUSE):
                self._forget(session)

    def _forget(self, session: str) -> None:
        for queue in self.event_queue_per_concurrency_id.values():
            queue.queue = [event for event in queue.queue if event.session_hash != session]
        running = {event for events in self.active_jobs if events for event in events}
        for name in self.pending_event_ids_session.pop(session, set()):
            if event := self.event_ids_to_events.get(name):
                event.alive = False
                if event not in running:
                    del self.event_ids_to_events[name]
        del self.pending_messages_per_session[session]


def take_turns(page: gr.Blocks) -> None:
    """Let a page that has been built serve its visitors in turn, all of them by the queue."""
    page.queue(api_open=False, default_concurrency_limit=AT_ONCE)
    page._queue = Turns(page)  # Gradio has no public way to give it a queue; test_turns.py says what an upgrade may break


def turns_of(page: gr.Blocks | None) -> Turns | None:
    """The turns that a page was given by `take_turns`."""
    queue = getattr(page, "_queue", None)
    return queue if isinstance(queue, Turns) else None


def wanted_here() -> Callable[[], bool]:
    """To be asked in a handler: whether the visitor for whom it works is still there."""
    served = _served_here()
    return partial(served[0].is_wanted, served[1]) if served else lambda: True


@contextmanager
def waiting_here() -> Iterator[None]:
    """To be used in a handler: within it, it waits for what another one computes."""
    served = _served_here()
    with served[0].excused(served[1]) if served else nullcontext():
        yield


def _served_here() -> tuple[Turns, Event] | None:
    """The queue and the event for which this handler works; None where there is no queue, as in tests."""
    queue, name = turns_of(LocalContext.blocks.get(None)), LocalContext.event_id.get(None)
    if queue is not None and name and (event := queue.event_ids_to_events.get(name)):
        return queue, event
    return None


def visitor_here() -> str | None:
    """To be asked in a handler: the session for which it works."""
    request = LocalContext.request.get(None)
    return getattr(request, "session_hash", None)
