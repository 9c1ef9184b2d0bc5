"""Who logged in, as Gradio finds it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import Scope


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
