"""Who logged in, as Gradio finds it; and who tries to, with a pause after each wrong password."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAUSE = 1.0  # seconds after a wrong password
MOST_ATTEMPTS = 20  # of one address at once


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
    """Passes attempts to log in on, one at a time of each address, so that nobody tries more than a password a second.

    Choice made: nobody is locked out, since whoever shares an address, behind a proxy, would be locked out by another.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: Counter[str] = Counter()

    def is_full(self, scope: Scope) -> bool:
        """Whether too many attempts of this address wait already."""
        return self._waiting[_address(scope)] >= MOST_ATTEMPTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an attempt. A wrong one keeps the next one of its address waiting."""
        address, status = _address(scope), 0

        async def note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        turn = self._turns.setdefault(address, asyncio.Lock())
        self._waiting[address] += 1
        try:
            async with turn:
                await self._app(scope, receive, note)
                if status != 200:
                    await asyncio.sleep(PAUSE)
        finally:
            self._waiting -= Counter([address])  # which forgets those that come to 0


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
