"""Files that visitors send, through real HTTP: they arrive whole or not at all, and nothing else gets past the limits."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import httpx2
import pytest

from dgvae.ui.requests import uploads
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.requests.limits import limits
from dgvae.ui.requests.turns import take_turns
from dgvae.ui.requests.uploads import KIND, PATH, Uploads
from tests.awaited import until

SOUND = {"Content-Type": KIND}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Uploads()


@pytest.fixture
def client(files: Uploads) -> Iterator[httpx2.Client]:
    with GuardedBlocks() as page:
        gr.Markdown("a page")
    page.routes = [files.route()]
    take_turns(page)
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **limits())
    yield httpx2.Client(base_url=address, trust_env=False, timeout=90)
    page.close()


def there(folder: Path) -> list[Path]:
    return [path for path in folder.glob("dgvae-sent-*/*")]


def test_a_file_arrives_and_is_taken_once(client: httpx2.Client, files: Uploads) -> None:
    data = bytes(range(256)) * 1000  # more than a usual request may have
    answer = client.post(PATH, content=data, headers=SOUND)
    assert answer.status_code == 200
    path = files.take(answer.json()["ticket"])
    assert path
    assert path.read_bytes() == data
    assert files.take(answer.json()["ticket"]) is None
    files.close()
    assert not path.exists()


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        (PATH, "application/json", 422),
        (PATH, "text/plain", 415),
        (PATH, "multipart/form-data; boundary=x", 413),
        ("/gradio_api/upload", KIND, 415),
        ("/gradio_api/upload", "multipart/form-data; boundary=x", 413),
        ("/gradio_api/queue/join", KIND, 415),
        (f"/gradio_api/run{PATH}", KIND, 415),
    ],
)
def test_nothing_else_is_let_through(path: str, kind: str, status: int, client: httpx2.Client, tmp_path: Path) -> None:
    assert client.post(path, content=b"1234", headers={"Content-Type": kind}).status_code == status
    assert not there(tmp_path)


def test_too_large_a_file_is_refused(client: httpx2.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    answer = client.post(PATH, content=bytes(1001), headers=SOUND)
    assert (answer.status_code, answer.text) == (413, uploads.TOO_LARGE)
    unknown = client.post(PATH, content=iter([bytes(2000)]), headers=SOUND)  # in chunks
    assert (unknown.status_code, unknown.text) == (413, "The file's length is missing.")
    assert not there(tmp_path)


def test_files_that_nobody_takes_are_few_and_soon_deleted(
    client: httpx2.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_FILES", 1)
    assert client.post(PATH, content=b"1", headers=SOUND).status_code == 200
    assert client.post(PATH, content=b"2", headers=SOUND).status_code == 503
    assert len(there(tmp_path)) == 1
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    monkeypatch.setattr(uploads, "KEPT", 0.0)
    ticket = client.post(PATH, content=b"3", headers=SOUND).json()["ticket"]
    client.get("/config")  # the server has had time
    assert ticket not in {path.name for path in there(tmp_path)}


def test_a_file_that_its_page_does_not_take_makes_room(client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    monkeypatch.setattr(uploads, "UNTAKEN", 0.0)
    assert [client.post(PATH, content=b"1", headers=SOUND).status_code for _ in range(5)] == 5 * [200]


def test_who_sends_too_slowly_makes_room(client: httpx2.Client, files: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_FILES", 1)
    monkeypatch.setattr(uploads, "PATIENCE", 0.2)
    with socket.create_connection((client.base_url.host, client.base_url.port)) as slow:
        head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {KIND}\r\nContent-Length: 1000000\r\n\r\n"
        slow.sendall(head.encode() + b"1")
        until(lambda: files._arriving)
        until(lambda: not files._arriving)  # a byte, and then nothing
        assert b" 408 " in slow.recv(100)
    assert client.post(PATH, content=b"1", headers=SOUND).status_code == 200


def test_who_has_not_logged_in_sends_nothing(files: Uploads, tmp_path: Path) -> None:
    with GuardedBlocks() as page:
        gr.Markdown("a page")
    page.routes = [files.route()]
    take_turns(page)
    _, address, _ = page.launch(auth=[("me", "secret")], prevent_thread_lock=True, quiet=True, **limits())
    client = httpx2.Client(base_url=address, trust_env=False, timeout=90)
    assert client.post(PATH, content=b"1", headers=SOUND).status_code == 401
    client.post("/login", data={"username": "me", "password": "secret"})
    assert client.post(PATH, content=b"1", headers=SOUND).status_code == 200
    assert len(there(tmp_path)) == 1
    page.close()
