"""The page and its config, made once: Gradio copies the config of all components for each visitor, which takes 20 ms.

What Gradio answers depends on the visitor in one way if there is no login: it names the app's own address, which is that of the
request. So the page is made for a request that has nothing of any visitor, under a host's name that nobody can know, and each
visitor gets it with their address in place of that name. No request can change what is kept, and there is one page to keep.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass
from typing import Any

from gradio.route_utils import get_root_url
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from dgvae.ui.requests.answer import Answer, Headers, collect, of_nobody, route_path

KEPT = {("GET", "/"), ("HEAD", "/"), ("GET", "/config"), ("GET", "/config/")}
ASKS_FOR_MORE = {"all_endpoints", "deep_link", "page"}  # of a query: all else in it the browser reads
# An address that reads the same in HTML, JSON and a program's text.
PLAIN = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9.~/_-]*)?")


@dataclass(frozen=True)
class _Kept:
    """A page between the places where it names the app's address. No parts: it can't be kept."""

    made_of: tuple[Any, ...]
    headers: Headers = ()
    parts: tuple[bytes, ...] = ()

    def at(self, root: str) -> Answer:
        body = root.encode().join(self.parts)
        return Answer(200, (*self.headers, (b"content-length", str(len(body)).encode())), body)


class KeptPages:
    """ASGI middleware. A page that can't be kept is made one at a time, so that the app goes on meanwhile."""

    def __init__(self, app: ASGIApp, blocks: Any) -> None:
        self._app = app
        self._blocks = blocks
        self._host = f"{secrets.token_hex(16)}.invalid"
        self._kept: dict[str, _Kept] = {}
        self._making_kept, self._making_other = asyncio.Lock(), asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the page; let all others through."""
        if scope["type"] != "http" or (scope["method"], path := route_path(scope)) not in KEPT:
            await self._app(scope, receive, send)
            return
        answer = await self._page(path, scope)
        if not answer:
            async with self._making_other:
                answer = await collect(self._app, scope)
        await answer.give(send)

    async def _page(self, path: str, scope: Scope) -> Answer | None:
        """The kept page for the address of a request; None if Gradio has to answer it."""
        if self._blocks.auth is not None or scope["app"].auth_dependency is not None:
            return None
        if ASKS_FOR_MORE & Request(scope).query_params.keys():
            return None
        try:
            root = self._root(path, scope)
        except Exception:
            return None  # Gradio finds no address, either
        if not PLAIN.fullmatch(root):
            return None
        async with self._making_kept:
            kept = self._kept.get(path)
            if not kept or not self._is_fresh(kept, scope):
                kept = self._kept[path] = await self._make(path, scope)
        return kept.at(root) if kept.parts else None

    async def _make(self, path: str, scope: Scope) -> _Kept:
        asked, made_of = of_nobody(scope, path, self._host), self._made_of(scope)
        answer = await collect(self._app, asked)
        parts = answer.body.split(self._root(path, asked).encode())
        if answer.status != 200 or any(self._host.encode() in part for part in parts):
            return _Kept(made_of)
        return _Kept(made_of, answer.without(b"content-length"), tuple(parts))

    def _made_of(self, scope: Scope) -> tuple[Any, ...]:
        """What a page is made of. Gradio puts another config in its place where something changes."""
        return self._blocks.config, self._blocks.share, scope["app"].root_path

    def _is_fresh(self, kept: _Kept, scope: Scope) -> bool:
        config, *others = self._made_of(scope)
        return kept.made_of[0] is config and [*kept.made_of[1:]] == others

    def _root(self, path: str, scope: Scope) -> str:
        """The app's address, as Gradio takes it from a request. Raises Exception if the headers name none."""
        root_path = scope["app"].root_path or scope.get("root_path") or self._blocks.custom_mount_path
        return get_root_url(Request(scope), route_path=path.rstrip("/") or "/", root_path=root_path)
