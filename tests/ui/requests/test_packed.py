"""Scripts and styles, compressed once: the bytes are the file's own, and whoever has them is told so."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.testclient import TestClient

from dgvae.ui.requests import packed
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.requests.packed import PackedFiles
from dgvae.ui.vega import chart as vega_chart
from dgvae.ui.vega.chart import script_route

SCRIPT = "/assets/script.js"
TEXT = "let it = 'a script'; // ü\n" * 1000


@pytest.fixture
def read(tmp_path: Path) -> tuple[TestClient, list[str]]:
    """A client of an app that serves a file as Gradio does, and the path of every time it is read."""
    (tmp_path / "script.js").write_text(TEXT)
    (tmp_path / "small.js").write_text("small")
    paths: list[str] = []

    async def serve(request: Request, path: str) -> Response:
        paths.append(request.url.path)
        assert not request.cookies
        file = tmp_path / Path(path).name
        return FileResponse(file) if file.exists() else Response("none", 404)

    app = FastAPI()
    app.get("/assets/{path:path}")(serve)
    app.add_middleware(PackedFiles)
    app.add_middleware(GZipMiddleware, minimum_size=400)
    return TestClient(app), paths


def test_a_file_is_read_and_compressed_once(read: tuple[TestClient, list[str]]) -> None:
    client, paths = read
    for _ in range(20):
        answer = client.get(SCRIPT, params={"any": "query"}, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert (answer.status_code, answer.text, answer.headers["content-encoding"]) == (200, TEXT, "gzip")
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(gzip.compress(TEXT.encode(), mtime=0))
    assert client.head(SCRIPT, headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert paths == [SCRIPT]


@pytest.mark.parametrize("accepted", ["br", "gzip;q=0, br", "identity", "gzip;q=0.0"])
def test_who_takes_no_gzip_gets_the_file_as_it_is(read: tuple[TestClient, list[str]], accepted: str) -> None:
    """Also who takes another compression: it would be made for each visitor."""
    answer = read[0].get(SCRIPT, headers={"Accept-Encoding": accepted})
    assert (answer.text, answer.headers["content-encoding"]) == (TEXT, "identity")
    assert int(answer.headers["content-length"]) == len(TEXT.encode())


def test_a_range_is_of_the_files_own_bytes(read: tuple[TestClient, list[str]]) -> None:
    answer = read[0].get(SCRIPT, headers={"Accept-Encoding": "gzip", "Range": "bytes=4-5"})
    assert (answer.status_code, answer.text) == (206, "it")


def test_who_has_a_file_is_told_so(read: tuple[TestClient, list[str]]) -> None:
    client, _ = read
    tags = [client.get(SCRIPT, headers={"Accept-Encoding": coding}).headers["etag"] for coding in ("gzip", "identity")]
    assert len({*tags}) == 2
    for had in (*tags, f"W/{tags[0]}", f'"other", {tags[0]}', "*"):
        answer = client.get(SCRIPT, headers={"If-None-Match": had})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tags[0])
        assert "content-encoding" not in answer.headers
        assert "content-length" not in answer.headers
    assert client.get(SCRIPT, headers={"If-None-Match": '"other"'}).text == TEXT


def test_what_is_no_file_or_small_goes_through(read: tuple[TestClient, list[str]]) -> None:
    client, _ = read
    assert client.get("/assets/none.js").status_code == 404
    assert client.get("/assets/small.js").text == "small"
    assert client.post(SCRIPT).status_code == 405


def test_a_file_has_one_name_and_little_is_kept(
    read: tuple[TestClient, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, paths = read
    answer = client.get("/assets/%2E/script.js")
    assert (answer.text, answer.headers["content-encoding"]) == (TEXT, "identity")
    paths.clear()
    (tmp_path / "other.js").write_text(TEXT + "other")
    monkeypatch.setattr(packed, "MOST_KEPT", 1.5 * len(gzip.compress(TEXT.encode())))
    for name in ("script", "other", "other", "script"):
        client.get(f"/assets/{name}.js")
    assert paths == [SCRIPT, "/assets/other.js", SCRIPT]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GuardedBlocks]:
    monkeypatch.setattr(vega_chart, "bundle_path", lambda: tmp_path / "vega-1.2.3.js")
    with GuardedBlocks(analytics_enabled=False) as page:
        gr.Markdown("a page")
    page.routes = [script_route()]
    page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield page
    page.close()


def test_the_charts_script_and_gradios_own_files_are_packed(page: GuardedBlocks, tmp_path: Path) -> None:
    client = TestClient(page.app)
    script = "/gradio_api/vega-1.2.3.js"
    missing = client.get(script)
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
    (tmp_path / "vega-1.2.3.js").write_text(TEXT)
    for _ in range(2):
        answer = client.get(script, headers={"Accept-Encoding": "gzip, br"})
        assert (answer.text, answer.headers["content-encoding"]) == (TEXT, "gzip")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].partition(";")[0] == "text/javascript"
        known = client.get(script, headers={"If-None-Match": answer.headers["etag"]})
        assert (known.status_code, known.headers["cache-control"]) == (304, answer.headers["cache-control"])
    asset = next(part for part in client.get("/").text.split('"') if part.startswith("./assets/") and part.endswith(".js"))
    theirs = client.get(asset[1:], headers={"Accept-Encoding": "identity"})
    ours = client.get(asset[1:], headers={"Accept-Encoding": "gzip, br"})
    assert (ours.status_code, ours.headers["content-encoding"]) == (200, "gzip")
    assert ours.content == theirs.content
