"""Attempts to log in: a wrong password keeps the next attempt for its name waiting, and nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from dgvae.ui.requests import login
from dgvae.ui.requests.login import MOST_ATTEMPTS, Attempts
from tests.awaited import awaited
from tests.ui.requests.test_kept_page import served


class Form:
    """Answers at once, and notes whom. The password is right if it says so."""

    auth = (("anna", "right"), ("ben", "right"))

    def __init__(self) -> None:
        self.answered: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = await Request(scope, receive).form()
        self.answered.append(str(form["username"]))
        await JSONResponse({}, 200 if form["password"] == "right" else 400)(scope, receive, send)


def attempt(attempts: Attempts, name: str, password: str = "wrong", address: str = "1.2.3.4") -> asyncio.Task[None]:
    body = f"username={name}&password={password}".encode()

    async def said() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def nothing(_: Any) -> None: ...

    kind = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {"type": "http", "client": (address, 1), "path": "/login", "method": "POST", "headers": [kind]}
    return asyncio.create_task(attempts(scope, said, nothing))  # pyright: ignore[reportArgumentType]


def test_after_a_wrong_password_the_next_for_its_name_waits_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "PAUSE", 600)

    async def visit() -> None:
        form = Form()
        attempts = Attempts(form, Form)
        wrong = [
            attempt(attempts, "anna" if n % 2 else " anna ", address=f"10.0.0.{n}") for n in range(30)
        ]  # of which 10 are refused
        unknown = [attempt(attempts, f"nobody{n}") for n in range(30)]
        await asyncio.gather(*(attempt(attempts, "ben", "right") for _ in range(5)))
        await asyncio.sleep(0.1)  # what does not wait for a turn has come to an end
        assert sorted(form.answered) == [" anna ", *["ben"] * 5, "nobody0"]
        assert sum(task.done() for task in wrong) == sum(task.done() for task in unknown) == 30 - MOST_ATTEMPTS
        for task in (*wrong, *unknown):
            task.cancel()
        await asyncio.gather(*wrong, *unknown, return_exceptions=True)
        assert not attempts._waiting

    awaited(visit())


def test_many_attempts_at_once_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "PAUSE", 0.01)
    with served(auth=[("anna", "secret")]) as (_, client):
        wrong = client.post("/login", data={"username": "anna", "password": "guess"})
        assert (wrong.status_code, wrong.json()["detail"]) == (400, "Incorrect credentials.")
        monkeypatch.setattr(login, "MOST_ATTEMPTS", 0)
        refused = client.post("/login", data={"username": "anna", "password": "secret"})
        assert refused.status_code == 429
        assert "try again in a moment" in refused.json()["detail"]
        monkeypatch.setattr(login, "MOST_ATTEMPTS", MOST_ATTEMPTS)
        assert client.post("/login", data={"username": "anna", "password": "secret"}).status_code == 200


@pytest.mark.parametrize("password", ["secret", "guess"])
def test_the_form_of_the_page_is_multipart(password: str) -> None:
    with served(auth=[("anna", "secret")]) as (_, client):
        answer = client.post("/login", files={"username": (None, "anna"), "password": (None, password)})
        assert answer.status_code == (200 if password == "secret" else 400)
        assert client.get("/config").status_code == (200 if password == "secret" else 401)


def test_a_form_that_brings_a_file_is_refused() -> None:
    with served(auth=[("anna", "secret")]) as (_, client):
        for path in ("/login", "/gradio_api/upload", "/gradio_api/login/upload"):
            assert client.post(path, files={"username": (None, "anna"), "password": ("a.txt", "secret")}).status_code == 413
        assert client.post("/login", files={"username": (None, 200_000 * "a"), "password": (None, "secret")}).status_code == 413
