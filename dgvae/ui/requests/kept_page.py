"""The page and its config, made once: Gradio copies the config of all components for each visitor, which takes 20 ms.

What Gradio answers depends on the visitor in two ways: it names the app's own address, which is that of the request, and who
logged in. So the page is made for a request that has nothing of any visitor, under a host's name and a user's name that nobody
can know, and each visitor gets it with their own in place of those. No request can change what is kept, and there are two pages
to keep: with a user's name and without. The description of the endpoints is kept likewise, since Gradio would keep it with the
address of the visitor who asks first, and tell all others to send their requests there.

Gradio does not compress the page, which has the script of every chart in it: 1.4 MB, and 0.3 MB by gzip.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gradio.route_utils import get_root_url
from starlette.datastructures import Headers as StarletteHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from dgvae.ui.requests.answer import Answer, Headers, collect, of_nobody, route_path
from dgvae.ui.requests.login import login_cookies, user_of
from dgvae.ui.requests.packed import pack, takes_gzip

INFO = ("/gradio_api/info", "/gradio_api/info/", "/gradio_api/openapi.json")  # descriptions of the endpoints
KEPT = {("HEAD", "/"), *(("GET", path) for path in ("/", "/config", "/config/", *INFO))}
ASKS_FOR_MORE = {"all_endpoints", "deep_link", "page"}  # of a query: all else in it the browser reads
MOST_PACKED = 8  # addresses and users; a page takes a third of a megabyte
# An address that reads the same in HTML, JSON and a program's text, and a user's name that does.
PLAIN = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9.~/_-]*)?")
PLAIN_NAME = re.compile(r"[A-Za-z0-9.@_ -]+")


@dataclass(frozen=True)
class _Kept:
    """A page cut where it names the address or the user: every other part is one of `names`. No parts: it can't be kept."""

    made_of: tuple[Any, ...]
    headers: Headers = ()
    parts: tuple[bytes, ...] = ()
    names: tuple[bytes, ...] = ()  # the address and the user that the page was made for
    packed: OrderedDict[tuple[str, str | None], Answer] = field(default_factory=OrderedDict)  # of the latest of these

    def at(self, root: str, user: str | None) -> Answer:
        own = dict(zip(self.names, (root.encode(), (user or "").encode()), strict=True))
        body = b"".join(own.get(part, part) if place % 2 else part for place, part in enumerate(self.parts))
        return Answer(200, (*self.headers, (b"content-length", str(len(body)).encode())), body)

    async def packed_at(self, root: str, user: str | None) -> Answer:
        """The same by gzip. To be asked one at a time."""
        if (root, user) not in self.packed:
            self.packed[root, user] = await asyncio.to_thread(pack, self.at(root, user))
            while len(self.packed) > MOST_PACKED:
                self.packed.popitem(last=False)
        self.packed.move_to_end((root, user))
        return self.packed[root, user]


class KeptPages:
    """ASGI middleware. A page that can't be kept is made one at a time, so that the app goes on meanwhile."""

    def __init__(self, app: ASGIApp, blocks: Any) -> None:
        self._app = app
        self._blocks = blocks
        self._host, self._user = f"{secrets.token_hex(16)}.invalid", secrets.token_hex(16)
        self._kept: dict[tuple[str, bool], _Kept] = {}
        self._making_kept, self._making_other, self._describing = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._packing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the page; let all others through."""
        if scope["type"] != "http" or (scope["method"], path := route_path(scope)) not in KEPT:
            await self._app(scope, receive, send)
            return
        answer = await self._page(path, scope)
        if not answer:
            async with self._making_other:
                answer = await self._collect(path, scope)
        await answer.give(send)

    async def _page(self, path: str, scope: Scope) -> Answer | None:
        """The kept page for the address and the user of a request; None if Gradio has to answer it."""
        if scope["app"].auth_dependency is not None or ASKS_FOR_MORE & Request(scope).query_params.keys():
            return None
        user = user_of(self._blocks, scope)
        try:
            root = self._root(path, scope)
        except Exception:
            return None  # Gradio finds no address, either
        if not PLAIN.fullmatch(root) or not (user is None or PLAIN_NAME.fullmatch(user)):
            return None
        async with self._making_kept:
            kept = self._kept.get((path, user is None))
            if not kept or not self._is_fresh(kept, scope):
                kept = self._kept[path, user is None] = await self._make(path, scope, user is None)
        if not kept.parts:
            return None
        is_packed = (root, user) in kept.packed
        if not takes_gzip(StarletteHeaders(scope=scope)) or (self._packing.locked() and not is_packed):
            return kept.at(root, user)  # many addresses that nobody has keep nobody waiting
        async with self._packing:
            return await kept.packed_at(root, user)

    async def _make(self, path: str, scope: Scope, of_nobody_at_all: bool) -> _Kept:
        made_of = self._made_of(scope)
        with self._logged_in(scope, not of_nobody_at_all) as cookies:
            asked = of_nobody(scope, path, self._host, cookies)
            answer = await self._collect(path, asked)
        names = (self._root(path, asked).encode(), self._user.encode())
        parts = re.split(b"(" + b"|".join(map(re.escape, names)) + b")", answer.body)
        if answer.status != 200 or any(self._host.encode() in part for part in parts[::2]):
            return _Kept(made_of)
        return _Kept(made_of, answer.without(b"content-length"), tuple(parts), names)

    @contextmanager
    def _logged_in(self, scope: Scope, wanted: bool) -> Iterator[str]:
        """The cookies of a user whom nobody knows, who is logged in only as long as their page is made; else none."""
        if not wanted:
            yield ""
            return
        token = secrets.token_urlsafe(32)
        scope["app"].tokens[token] = self._user
        try:
            yield login_cookies(self._blocks, token)
        finally:
            scope["app"].tokens.pop(token, None)

    async def _collect(self, path: str, scope: Scope) -> Answer:
        if path not in INFO:
            return await collect(self._app, scope)
        async with self._describing:
            scope["app"].api_info = None  # which Gradio keeps with the address of who asked
            return await collect(self._app, scope)

    def _made_of(self, scope: Scope) -> tuple[Any, ...]:
        """What a page is made of. Gradio puts another config in its place where something changes."""
        return self._blocks.config, self._blocks.share, scope["app"].root_path, self._blocks.auth

    def _is_fresh(self, kept: _Kept, scope: Scope) -> bool:
        config, *others = self._made_of(scope)
        return kept.made_of[0] is config and [*kept.made_of[1:]] == others

    def _root(self, path: str, scope: Scope) -> str:
        """The app's address, as Gradio takes it from a request. Raises Exception if the headers name none."""
        app = scope["app"]
        root_path = app.root_path or (path not in INFO and (scope.get("root_path") or self._blocks.custom_mount_path))
        return get_root_url(Request(scope), route_path=path.rstrip("/") or "/", root_path=root_path or None)
