"""The kept page, through real HTTP: byte for byte what Gradio answers, with nothing of another visitor in it."""

from __future__ import annotations

import asyncio
import inspect
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import gradio as gr
import gradio.routes
import httpx2
import pytest
from starlette.types import Scope

from dgvae.ui.requests import kept_page
from dgvae.ui.requests.answer import Answer
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.requests.kept_page import MOST_PACKED
from dgvae.ui.requests.limits import limits
from dgvae.ui.requests.packed import pack
from tests.awaited import awaited

GRADIOS_OWN = {"all_endpoints": ""}  # a query that changes nothing in the answer, and that is not kept
PATHS = ("/", "/config", "/config/")
ADDRESSES: list[dict[str, str]] = [
    {},
    {"Host": "127.0.0.1"},
    {"Host": "[::1]:7860"},
    {"Host": "Explorer.Example:80"},
    {"X-Forwarded-Host": "explorer.example, inner.example", "X-Forwarded-Proto": "https"},
    {"X-Forwarded-Host": "explorer.example/below/it"},
    {"X-Forwarded-Host": "a'b&c.example"},
    {"X-Forwarded-Host": "</script><b>"},
    {"X-Forwarded-Host": 'a"b\\c'},
    {"X-Forwarded-Host": "müller.example"},
    {"X-Forwarded-Host": "a" * 5000},
    {"X-Gradio-Server": "https://explorer.example/below"},
    {"Cookie": "access-token-x=1", "Accept-Language": "de", "User-Agent": "curl"},
]


def count(number: int) -> int:
    return number


def build() -> GuardedBlocks:
    with GuardedBlocks(title="A page", analytics_enabled=False) as page:
        gr.Textbox("text")
        gr.api(count)  # pyright: ignore[reportPrivateImportUsage]
    return page


@contextmanager
def served(**options: Any) -> Iterator[tuple[GuardedBlocks, httpx2.Client]]:
    page = build()
    page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **limits(), **options)
    try:
        address, uncompressed = f"http://127.0.0.1:{page.server_port}", {"Accept-Encoding": "identity"}
        with httpx2.Client(base_url=address, trust_env=False, timeout=60, headers=uncompressed) as client:
            yield page, client
    finally:
        page.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The path of every page that Gradio makes."""
    paths, collect = [], kept_page.collect

    async def counted(app: Any, scope: Scope) -> Answer:
        paths.append(scope["path"])
        return await collect(app, scope)

    monkeypatch.setattr(kept_page, "collect", counted)
    return paths


def test_gradio_has_what_kept_pages_build_on() -> None:
    """Whatever else Gradio takes from a request, `ASKS_FOR_MORE` or `_made_of` must name."""
    assert {*re.findall(r"query_params\W+(?:get\W+)?(\w+)", inspect.getsource(gradio.routes))} == {"all_endpoints", "__sign"}
    with served() as (page, _):
        routes: list[Any] = [route for route in page.app.routes if getattr(route, "path", None) in PATHS]
        asked = {route.path: {*inspect.signature(route.endpoint).parameters} for route in routes}
        assert asked == {
            "/": {"request", "user", "page", "deep_link"},
            "/config": {"request", "user", "page", "deep_link"},
            "/config/": {"request", "user", "page", "deep_link"},
        }
        assert {"config", "share", "auth", "custom_mount_path"} <= vars(page).keys()
        assert {"auth_dependency", "root_path"} <= vars(page.app).keys()


@pytest.mark.parametrize("root_path", [None, "/explorer", "https://proxy.example/explorer"])
def test_an_address_gets_what_gradio_answers_it(root_path: str | None, made: list[str]) -> None:
    with served(root_path=root_path) as (_, client):
        for address in ADDRESSES:
            headers = httpx2.Headers([(name.encode(), value.encode()) for name, value in address.items()])
            for path in PATHS:
                kept = client.get(path, params={"tab": "map"}, headers=headers)
                theirs = client.get(path, params=GRADIOS_OWN, headers=headers)
                assert (kept.status_code, kept.content) == (theirs.status_code, theirs.content), (path, address)
                assert kept.headers.items() - theirs.headers.items() <= {("date", kept.headers.get("date"))}
            assert client.head("/", headers=headers).status_code == theirs.status_code
        assert client.head("/config").status_code == 405
    strange = 4 if (root_path or "/").startswith("/") else 0  # addresses with signs that HTML or JSON writes in its own way
    assert made.count("/config") == len(ADDRESSES) + 1 + strange


def test_a_proxy_may_pass_on_the_whole_path() -> None:
    with served(root_path="/explorer") as (_, client):
        for path in PATHS:
            kept = client.get("/explorer" + path)
            theirs = client.get("/explorer" + path, params=GRADIOS_OWN)
            assert (kept.status_code, kept.content) == (theirs.status_code, theirs.content)


def test_nothing_of_a_visitor_comes_into_anothers_page(made: list[str]) -> None:
    of_one = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Gradio-Server": "http://evil.example",
        "Origin": "http://evil.example",
        "Cookie": "evil=1",
        "Accept-Language": "evil",
        "User-Agent": "evil",
        "Referer": "http://evil.example",
    }
    with served() as (_, client):
        for path in PATHS:
            first = client.get(path, params={"evil": "evil", "__theme": "evil"}, headers=of_one)
            assert "http://evil.example" in first.text
            assert first.headers["access-control-allow-origin"] == "http://evil.example"
            other = client.get(path)
            assert "evil" not in other.text + str(other.headers)
            assert "access-control-allow-origin" not in other.headers
            assert f"http://127.0.0.1:{client.base_url.port}" in other.text
    assert made == [*PATHS]


def test_who_takes_gzip_gets_their_own_page_by_it(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[Answer] = []
    monkeypatch.setattr(kept_page, "pack", lambda answer: packed.append(answer) or pack(answer))
    with served() as (_, client):
        packed.clear()  # what Gradio asks for as it starts
        for host in ("one.example", "two.example", "one.example", *(f"host{i}.example" for i in range(MOST_PACKED))):
            for path in PATHS:
                mine = client.get(path, headers={"Host": host, "Accept-Encoding": "br, gzip"})
                assert mine.headers["content-encoding"] == "gzip"
                assert "Accept-Encoding" in mine.headers["vary"]
                assert mine.content == client.get(path, headers={"Host": host}).content
                assert f"http://{host}" in mine.text
        assert len(packed) == (2 + MOST_PACKED) * len(PATHS)  # once for a host
        client.get("/", headers={"Host": "one.example", "Accept-Encoding": "gzip"})
        assert len(packed) == (2 + MOST_PACKED) * len(PATHS) + 1  # many hosts fill no memory
    assert made == [*PATHS]


def test_many_hosts_at_once_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    packing, go = threading.Event(), threading.Event()

    def slow(answer: Answer) -> Answer:
        packing.set()
        go.wait(90)
        return pack(answer)

    monkeypatch.setattr(kept_page, "pack", slow)
    gzip = {"Accept-Encoding": "gzip"}
    with served() as (_, client), ThreadPoolExecutor(1) as aside:
        first = aside.submit(client.get, "/", headers={**gzip, "Host": "one.example"})
        assert packing.wait(90)
        other = client.get("/", headers={**gzip, "Host": "two.example"})
        assert "content-encoding" not in other.headers
        assert "http://two.example" in other.text
        go.set()
        assert first.result().headers["content-encoding"] == "gzip"


def test_many_hosts_at_once_make_one_page_and_fill_no_memory(made: list[str]) -> None:
    async def flood(address: str) -> list[httpx2.Response]:
        async with httpx2.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
            return await asyncio.gather(*(client.get("/", headers={"Host": f"host{i}.example"}) for i in range(40)))

    with served() as (_, client):
        answers = awaited(flood(str(client.base_url)))
        assert [f"http://host{i}.example" in answer.text for i, answer in enumerate(answers)] == [True] * 40
        assert made == ["/"]


def test_what_asks_for_more_is_not_kept(made: list[str]) -> None:
    with served() as (_, client):
        for _ in range(2):
            assert '"deep_link_state":"invalid"' in client.get("/", params={"deep_link": "none"}).text
        assert '"deep_link_state":"none"' in client.get("/").text
    assert made == ["/"] * 3


def test_another_config_is_not_stale(made: list[str]) -> None:
    with served() as (page, client):
        assert client.get("/config").json()["title"] == "A page"
        page.title = "Another page"
        page.config = page.get_config_file()
        for _ in range(2):
            assert client.get("/config").json()["title"] == "Another page"
            assert "Another page" in client.get("/").text
    with served() as (restarted, client):
        assert client.get("/config").json()["app_id"] == restarted.app_id != page.app_id


def log_in(client: httpx2.Client, name: str) -> None:
    client.cookies.clear()
    client.post("/login", data={"username": name, "password": "secret"}).raise_for_status()


def test_a_page_with_login_is_made_once_and_names_each_user(made: list[str]) -> None:
    names = ["anna", "ben.b@example.org", "Clara C"]
    with served(auth=[(name, "secret") for name in names]) as (page, client):
        assert "anna" not in client.get("/").text  # the form
        for name in names:
            log_in(client, name)
            for path in PATHS:
                kept, theirs = client.get(path), client.get(path, params=GRADIOS_OWN)
                assert kept.content == theirs.content
                assert f'"username":"{name}"' in kept.text
        assert [made.count(path) - len(names) for path in PATHS] == [2, 1, 1]  # the form, too
        assert {*page.app.tokens.values()} == {*names}  # nobody whom we made up is still logged in


@pytest.mark.parametrize("name", ['a"b', "</script>", "müller", "a'b&c"])
def test_names_that_html_writes_in_its_own_way_are_left_to_gradio(name: str) -> None:
    with served(auth=[(name, "secret"), ("anna", "secret")]) as (_, client):
        log_in(client, "anna")
        assert client.get("/config").json()["username"] == "anna"
        log_in(client, name)
        assert client.get("/config").json()["username"] == name
        assert client.get("/").content == client.get("/", params=GRADIOS_OWN).content


def test_who_logs_out_gets_the_form_again() -> None:
    with served(auth=[("anna", "secret")]) as (_, client):
        log_in(client, "anna")
        old = dict(client.cookies)
        assert '"username":"anna"' in client.get("/").text
        client.get("/logout")
        for cookies in (old, {}, {name: "forged" for name in old}):
            client.cookies.clear()
            client.cookies.update(cookies)
            assert '"auth_required":true' in client.get("/").text
            assert client.get("/config").status_code == client.get("/gradio_api/info").status_code == 401


@pytest.mark.parametrize("path", ["/gradio_api/info", "/gradio_api/info/", "/gradio_api/openapi.json"])
def test_the_endpoints_are_described_with_the_address_of_who_asks(path: str) -> None:
    """Gradio's own answer names the host of the first visitor to all others."""
    with served() as (_, client):
        client.get(path, headers={"Host": "evil.example"})
        client.get(path, headers={"X-Forwarded-Host": "a'b.example"})
        info = client.get("/gradio_api/info")
        assert not [host for host in ("b.example", "evil", ".invalid") if host in info.text]
        assert str(client.base_url).rstrip("/") in info.text
        assert "http://other.example" in client.get("/gradio_api/info", headers={"Host": "other.example"}).text
        assert info.json()["named_endpoints"]["/count"]
        assert ".invalid" not in client.get("/").text


def test_who_logged_in_is_told_to_nobody_else() -> None:
    with served(auth=[("anna", "secret")]) as (_, client):
        assert '"auth_required":true' in client.get("/").text
        client.post("/login", data={"username": "anna", "password": "secret"}).raise_for_status()
        assert client.get("/config").json()["username"] == "anna"
        assert '"username":"anna"' in client.get("/").text
        client.cookies.clear()
        assert "anna" not in client.get("/").text
        assert client.get("/config").status_code == 401
