"""Who logged in, as Gradio finds it; and who tries to, with a pause after each wrong password."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from weakref import WeakValueDictionary

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dgvae.ui.requests.limits import once

PAUSE = 1.0  # seconds after a wrong password
MOST_ATTEMPTS = 20  # of one name at once
TOO_MANY = "Too many people try this name just now; try again in a moment."


def user_of(blocks: Any, scope: Scope) -> str | None:
    """The name of the user who logged in; None if nobody did, or if the app asks for no login."""
    app, cookies = blocks.app, Request(scope).cookies
    tokens = (cookies.get(name) for name in _cookie_names(blocks))
    return app.tokens.get(next(filter(None, tokens), None))


def login_cookies(blocks: Any, token: str) -> str:
    """The header by which a request is that of the user with this token."""
    return f"{_cookie_names(blocks)[0]}={token}"


def _cookie_names(blocks: Any) -> tuple[str, str]:
    cookie = blocks.app.cookie_id
    return f"access-token-{cookie}", f"access-token-unsecure-{cookie}"


class Attempts:
    """ASGI app. Passes attempts to log in on, one at a time of each user's name: nobody tries more than a password a second.

    Choice made: it goes by names and not by addresses. A proxy gives all visitors one address, and anybody as many as they like
    by a header. Whoever goes on trying a name keeps its owner waiting, and nobody else.
    """

    def __init__(self, app: ASGIApp, blocks: Any) -> None:
        self._app = app
        self._blocks = blocks
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an attempt. A wrong one keeps the next one of its name waiting."""
        body, status = await Request(scope, receive).body(), 0
        name = await self._name(scope, once(body, receive))
        if self._waiting[name] >= MOST_ATTEMPTS:
            await JSONResponse({"detail": TOO_MANY}, 429)(scope, receive, send)
            return

        async def note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        turn = self._turns.setdefault(name, asyncio.Lock())
        self._waiting[name] += 1
        try:
            async with turn:
                await self._app(scope, once(body, receive), note)
                if status != 200:
                    await asyncio.sleep(PAUSE)
        finally:
            self._waiting -= Counter([name])  # which forgets those that come to 0

    async def _name(self, scope: Scope, receive: Receive) -> str:
        """Whose password is tried; "" for all whom the app does not know."""
        try:
            name = (await Request(scope, receive).form()).get("username")
        except HTTPException:  # no form
            return ""
        name = name.strip() if isinstance(name, str) else ""  # as Gradio does
        return name if name in dict(self._blocks.auth or ()) else ""
