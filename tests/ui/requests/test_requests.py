"""What visitors send, through the real HTTP interface: whatever it is, it gets an answer, and the log stays short."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dgvae.ui.vega.chart import bundle_path
from tests.running import RunningApp, running_app

EXAMPLES, REQUESTS = 200, 10  # of an example, one after the other
LOG_LINES = 130  # the burst that the log allows, and what the app says when it starts

numbers = st.sampled_from([0, 1, -1, 1.5, 12, 2**31, 2**53 + 1, 1e300, -1e308])
texts = st.sampled_from(
    ["", "A", "own", "\ud800", "a\udfffb", "<b>", "../../etc/passwd", "dg-vae", "x" * 3000, "A: 0, 1, 2, 3"]
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)
unbearable = st.sampled_from([2**64, -(10**30), float("nan"), float("inf"), [[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]])
sound = {
    "id": st.integers(-99, 99), "x": st.floats(-9, 9), "y": st.floats(-9, 9), "query": texts, "run": numbers,
    "steps": st.integers(0, 9), "number": numbers, "text": texts,
}  # fmt: skip
events = st.one_of(
    st.fixed_dictionaries(sound),
    st.fixed_dictionaries({**sound, "x": st.lists(st.floats(-9, 9), max_size=3), "y": st.just([0, 1])}),
    st.fixed_dictionaries({}, optional={name: st.one_of(of, junk) for name, of in sound.items()}),
    junk,
)
sessions = st.one_of(*[st.just("visitor")] * 9, texts, scalars)


@pytest.fixture(scope="module")
def app(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    folder = tmp_path_factory.mktemp("fuzz")
    for method in ("dg-vae", "vae", "ivae-mi", "vmf-vae"):
        shutil.copytree(checkpoints / "short-yelp" / method, folder / "shelf" / method)
    shutil.copytree(folder / "shelf" / "vae", folder / "shelf" / "broken")
    (folder / "shelf" / "broken" / "model.safetensors").write_bytes(b"broken")
    with running_app(folder, "--checkpoints", "shelf") as app:
        yield app


@st.composite
def requests(draw: st.DrawFn, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A path and a body that is forged in one place: a value, the event, an endpoint's arguments, or what is round them."""
    values = {part["id"]: part["props"].get("value") for part in config["components"]}
    slow = ("compare",)  # a second each; of the lab's own tests
    row = draw(st.sampled_from([r for r in config["dependencies"] if r["backend_fn"] and r["api_name"] not in slow]))
    data = [values[part] for part in row["inputs"]]
    where = draw(st.sampled_from(["value", "value", "event", "event", "round"]))
    if row["api_visibility"] == "public":
        kind = draw(st.sampled_from(["call", "call/v2", "run"]))
        given = draw(st.lists(junk, max_size=5))
        named: dict[str, Any] = dict(zip(("model", "count", "seed", "sentences"), given, strict=False))
        return f"{kind}/{row['api_name']}", named if kind == "call/v2" else {"data": given}
    if where == "value" and data:
        data[draw(st.integers(0, len(data) - 1))] = draw(st.one_of(*[junk] * 9, unbearable))
    body = {
        "data": data,
        "event_data": draw(events),
        "trigger_id": draw(st.sampled_from([None, *values])),
        "fn_index": row["id"],
    }
    if where == "round":
        body[draw(st.sampled_from([*body, "event_id", "batched", "simple_format"]))] = draw(st.one_of(junk, unbearable))
    return "queue/join", body | {"session_hash": ""}


def test_half_an_emoji_and_huge_numbers_do_not_silence_a_visitor(app: RunningApp) -> None:
    row = next(row for row in app.config["dependencies"] if row["api_name"] == "move")
    bodies = [
        ("dg-vae", "vae", text, strength, "", "") for text, strength in (("good \ud83d", 1), ("good", 2**70), ("good", 2))
    ]
    answers = []
    for data in bodies:
        body = json.dumps({"data": data, "fn_index": row["id"], "session_hash": "emoji"})
        answers.append(app.post("queue/join", content=body, headers={"Content-Type": "application/json"}))
    assert [answer.status_code for answer in answers] == [200, 400, 200]
    assert answers[1].json() == {"detail": "The request has a whole number of more than 64 bits."}
    assert [message["success"] for message in app.finished("emoji")] == [True, True]


def test_an_argument_that_is_missing_takes_its_default(app: RunningApp) -> None:
    assert app.ask("sample", "vae") == app.ask("sample", "vae", 8, None, 0.0)
    assert "latents is missing: decode takes model, latents, temperature, top_p, seed." in app.ask("decode", "vae")
    named = app.post("call/v2/encode", json={"model": "vae"})
    assert named.json() == {"detail": "sentences is missing: encode takes model, sentences."}


def test_a_broken_checkpoint_is_called_by_its_name(app: RunningApp) -> None:
    said = app.ask("sample", "broken")
    assert "broken: model.safetensors is broken" in said
    assert "shelf" not in said


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        ("call/sample", {"path": "http://127.0.0.1:9/a", "meta": {"_type": "gradio.FileData"}}),
        ("call/encode", [{"more": [{"path": "x", "url": "http://127.0.0.1:9/a", "meta": {"_type": "gradio.FileData"}}]}]),
        ("queue/join", {"meta": {"_type": "gradio._StaticFile"}}),
    ],
)
def test_nothing_that_names_a_file_is_looked_at(app: RunningApp, path: str, argument: Any) -> None:
    answer = app.post(path, json={"data": ["vae", argument], "fn_index": 0})
    assert (answer.status_code, answer.json()["detail"]) == (422, "This app takes no files.")


@pytest.mark.parametrize("path", ["call/encode", "call/v2/encode", "queue/join", "call/upload", "run/x/upload"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_only_json_is_taken(app: RunningApp, path: str, kind: str) -> None:
    assert app.post(path, content=b'{"data": [NaN]}', headers={"Content-Type": kind}).status_code == 415
    assert app.post(path, content=b'{"data": [NaN]}', headers={"Content-Type": "application/json"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "unit", "size", "said"),
    [
        ("queue/join", b"[],", 7_900_000, "A request may have 300,000 values at most."),
        ("call/decode", b"1,", 7_900_000, "A request may have 300,000 values at most."),
        ("queue/join", b'"' + 1000 * b"x" + b'",', 200_000, "A request may have 100 kB at most."),
        ("call/sample", b"1,", 200_000, "A request may have 100 kB at most."),
        ("reset", b"1,", 200_000, "A request may have 100 kB at most."),
        ("call/decode", b"1,", 8_100_000, "A request may have 8 MB at most."),
    ],
)
def test_a_large_request_is_refused_before_it_is_parsed(app: RunningApp, path: str, unit: bytes, size: int, said: str) -> None:
    body = b'{"fn_index": 0, "data": [' + unit * (size // len(unit)) + b"0]}"
    answer = app.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert said in answer.text


def test_many_latents_are_taken_by_name_and_by_number(app: RunningApp) -> None:
    latents = [[0.123456789 + i, *[0.25] * 1023] for i in range(250)]
    assert "Every latent must be a list of 4 finite numbers." in app.ask("decode", "vae", latents)
    row = next(row for row in app.config["dependencies"] if row["api_name"] == "decode")
    body = {"data": ["vae", latents, 0, 1, 0], "fn_index": row["id"], "session_hash": "latents"}
    assert app.post("queue/join", json=body).status_code == 200
    assert "Every latent must be a list of 4" in json.dumps(app.finished("latents"))


def test_what_is_not_there_is_said(app: RunningApp) -> None:
    event = app.post("call/models", json={"data": []}).json()["event_id"]
    url = f"{app.address}/gradio_api/call/models/{event}"
    assert "complete" in app.client.get(url).text
    for address in (url, url + "0", f"{app.address}/gradio_api/call/v2/models/none"):
        answer = app.client.get(address)
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such event, or its answer has been read.")
    stream = app.client.get(f"{app.address}/gradio_api/queue/data", params={"session_hash": "nobody"})
    assert stream.headers["content-type"].startswith("text/event-stream")
    said = json.loads(stream.text.removeprefix("data:"))  # as Gradio says it
    assert (said["msg"], said["session_not_found"], said["success"]) == ("unexpected_error", True, False)
    assert "queue/data" not in app.log.read_text()
    for path in ("dev/reload", "custom_component/x/client/component/y"):
        answer = app.client.get(f"{app.address}/gradio_api/{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is nothing here.")


def test_a_function_of_the_browser_alone_is_said(app: RunningApp) -> None:
    row = next(row for row in app.config["dependencies"] if not row["backend_fn"])
    answer = app.post("queue/join", json={"data": [], "fn_index": row["id"], "session_hash": "browser"})
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        f"Function {row['id']} runs in the browser; the app has nothing to do for it.",
    )


@pytest.mark.parametrize("path", ["", "config"])
def test_the_kept_page_is_what_gradio_answers(app: RunningApp, path: str) -> None:
    address = {"X-Forwarded-Host": "explorer.example", "X-Forwarded-Proto": "https"}
    kept = app.client.get(f"{app.address}/{path}", headers=address)
    theirs = app.client.get(f"{app.address}/{path}", headers=address, params={"all_endpoints": ""})
    assert b"https://explorer.example" in kept.content
    assert kept.content == theirs.content


def test_a_page_does_not_tell_where_its_files_lie(app: RunningApp) -> None:
    config = app.client.get(f"{app.address}/config").text
    assert str(bundle_path().parent) not in config
    script = next(
        part["props"]["props"]["library"] for part in app.config["components"] if part["props"].get("elem_id") == "map-a"
    )
    answer = app.client.get(f"{app.address}/gradio_api/{script}")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
    assert app.client.get(f"{app.address}/gradio_api/file={bundle_path()}").status_code == 403


def test_forged_requests_get_a_sentence_and_leave_no_traceback(app: RunningApp) -> None:
    seen = 0

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )
    @given(st.lists(requests(app.config), min_size=REQUESTS, max_size=REQUESTS), sessions)
    def send(forged: list[tuple[str, dict[str, Any]]], session: Any) -> None:
        nonlocal seen
        seen += 1
        answers, awaited = [], set()
        session = f"visitor-{seen}" if session == "visitor" else session
        for path, body in forged:
            if "session_hash" in body:
                body = {**body, "session_hash": session}
            answer = app.post(path, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
            answers.append(answer.text)
            assert answer.status_code in (200, 400, 404, 413, 422, 500), answer.text
            if path == "queue/join" and answer.status_code == 200:
                awaited.add(answer.json()["event_id"])
        if awaited:
            finished = app.finished(str(session))
            assert {message["event_id"] for message in finished} == awaited
            for message in finished:
                assert message["success"] or message["output"]["error"], message
            answers.append(json.dumps(finished))
        assert not any(str(app.log.parent) in answer or "Traceback" in answer for answer in answers)

    send()
    assert "dg-vae" in app.ask("models")
    log = app.log.read_text()
    assert "Traceback" not in log
    assert len(log.splitlines()) < LOG_LINES


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "deep_link?session_hash=visitor"), ("GET", "upload_progress?upload_id=a"), ("GET", "runs"),
        ("GET", "run-history/buckets"), ("GET", "stream/a/b/1/playlist.m3u8"), ("POST", "stream/a"),
        ("POST", "component_server"), ("POST", "process_recording"), ("POST", "vibe-starter-queries/"),
        ("GET", "proxy=https://example.org"), ("GET", "custom_component/a/client/b/c"), ("GET", "profiling/traces"),
    ],
)  # fmt: skip
def test_what_the_page_has_no_use_for_is_closed(app: RunningApp, method: str, path: str) -> None:
    answer = app.client.request(method, f"{app.address}/gradio_api/{path}", json={"data": []} if method == "POST" else None)
    assert (answer.status_code, answer.json()) == (404, {"detail": "There is nothing here."})


def test_headers_that_do_not_end_are_refused(app: RunningApp) -> None:
    host, port = app.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as visitor:
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000)
        assert visitor.recv(100).startswith(b"HTTP/1.1 400")
    assert app.client.get(f"{app.address}/config", headers={"X": "a" * 10_000}).status_code == 200
