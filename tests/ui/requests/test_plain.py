"""What crosses the boundary between a visitor and the app: JSON that both can read, events as they should be, a short log."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import gradio as gr
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dgvae.errors import UserError
from dgvae.ui.requests.events import Brushed, Drew, Hovered, PageEvent, Placed, Ticked
from dgvae.ui.requests.fault_log import LONGEST, ShortLog
from dgvae.ui.requests.gate import Gate
from dgvae.ui.requests.plain import plain, read_plain
from dgvae.ui.requests.values import checked_value, with_defaults
from dgvae.ui.vega.chart import VegaChart

texts = st.text(st.characters(categories=None), max_size=5)  # surrogates, too
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=10)


@given(anything)
def test_what_is_sent_can_be_written_by_any_json_library(value: Any) -> None:
    written = orjson.dumps(plain(value))
    assert read_plain(written) == json.loads(written)


@given(anything)
def test_what_is_read_is_plain_or_refused(value: Any) -> None:
    with suppress(ValueError):
        orjson.dumps(read_plain(json.dumps(value).encode()))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[1e999]", "has a number that is too large"),
        (b"[-Infinity]", "has -Infinity, which is not a JSON number"),
        (b"[-18446744073709551617]", "has a whole number of more than 64 bits"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[" * 30 + b"]" * 30, "is nested too deeply"),
        (b"\xff", "is not UTF-8 text"),
        (b"", "is not JSON"),
    ],
)
def test_what_cannot_be_read_is_said(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_plain(body)


def test_half_an_emoji_is_one_sign_and_a_whole_one_stays() -> None:
    assert read_plain(rb'["a\ud83d", "\ud83d\ude00"]') == ["a\ufffd", "\U0001f600"]


def test_a_chart_with_numbers_that_are_none_is_drawn() -> None:
    with gr.Blocks():
        said = VegaChart().postprocess({"data": [{"x": float("nan"), "y": float("-inf"), "z": 1.5}]})
    assert json.loads(said or "") == {"data": [{"x": None, "y": None, "z": 1.5}]}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (Hovered, None),
        (Hovered, {"id": "seven"}),
        (Hovered, {"id": 2**40}),
        (Placed, {"x": 1}),
        (Placed, {"x": None, "y": 0}),
        (Brushed, {"x": [0, 1, 2], "y": None, "corners": None}),
        (Brushed, {"x": "ab", "y": [0, 1], "corners": None}),
        (Brushed, {"x": None, "y": None, "corners": [[0, 0], [1, 1]]}),
        (Brushed, {"x": None, "y": None, "corners": [[0, 0]] * 41}),
        (Brushed, {"x": None, "y": None, "corners": [[0, 0], [1, 1], [1, 1e13]]}),
        (Ticked, {"run": 1, "number": [], "steps": 1}),
        (Drew, {"text": 5}),
        (Drew, ["text"]),
    ],
)
def test_an_event_that_does_not_fit_is_a_sentence(kind: type[PageEvent], sent: Any) -> None:
    with pytest.raises(UserError, match=r"The page sent an event that is not understood .*; reload the page\."):
        kind(None, sent)


def test_an_event_that_fits_has_its_fields() -> None:
    assert Hovered(None, {"id": -3}).id == -3
    assert Ticked(None, {"run": 1_790_000_000_000.5, "number": 3, "steps": 0}).run > 1e12
    assert Brushed(None, {"x": [0, 1], "y": None, "corners": None, "more": 1}).x == (0, 1)


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        (gr.Textbox(label="it"), ["text"]),
        (gr.Textbox(label="it"), "x" * 20_001),
        (gr.Number(label="it"), "1"),
        (gr.Number(label="it"), 1e300),
        (gr.Slider(label="it"), True),
        (gr.Checkbox(label="it"), "yes"),
        (gr.Radio(["a"], label="it"), None),
        (gr.Radio(["a"], label="it"), {"a": 1}),
        (gr.Dropdown(["a"], multiselect=True, label="it"), "a"),
        (gr.Dropdown(["a"], multiselect=True, label="it"), [["a"]]),
    ],
)
def test_a_value_that_a_field_cannot_hold_is_a_sentence(field: Any, sent: Any) -> None:
    with pytest.raises(UserError, match=r"^“it” .*\.$"):
        checked_value(field, sent)


def test_an_endpoints_defaults_are_those_of_its_signature() -> None:
    def endpoint(model: str, count: int = 3, seed: int = 0) -> None: ...

    assert with_defaults(endpoint, ["a", None]) == ["a", 3, 0]
    with pytest.raises(UserError, match="model is missing: endpoint takes model, count, seed"):
        with_defaults(endpoint, [])


def test_a_flood_of_faults_is_a_few_lines_that_tell_how_many_there_were(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("dgvae.ui.requests.fault_log.time.monotonic", lambda: now)
    short = ShortLog(burst=2, every=60)
    try:
        raise ValueError("first\nsecond" * 1000)
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)

    def logged() -> str | None:
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "a.py", 1, "Exception\n%s", ("x",), info)
        return logging.Formatter().format(record) if short.filter(record) else None

    first, *others = [logged() for _ in range(1000)]
    assert first
    assert first.startswith("Exception: ValueError: first second")
    assert "test_plain.py" in first or len(first) >= LONGEST
    assert "\n" not in first
    assert len(first) < 2 * LONGEST
    assert sum(line is not None for line in others) == 1
    now = 61.0
    assert (logged() or "").startswith("(998 more were left out) Exception")


@pytest.mark.parametrize("pending", [True, False])
def test_an_answer_that_was_read_is_not_waited_for(pending: bool) -> None:
    """Also in the moment when Gradio's queue still holds the event."""
    queue = SimpleNamespace(
        event_ids_to_events={"event": ...}, pending_event_ids_session={"visitor": {"event"} if pending else set()}
    )
    reached = Starlette(routes=[Route("/call/models/event", lambda _: PlainTextResponse("the answer"))])
    client = TestClient(Gate(reached, SimpleNamespace(_queue=queue)))
    assert client.get("/call/models/event").status_code == (200 if pending else 404)
