"""Scripts and styles, compressed once: Gradio compresses them anew for each visitor, 40 ms for the charts' script."""

from __future__ import annotations

import asyncio
import gzip
import posixpath
import re
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dgvae.ui.requests.answer import Answer, collect, of_nobody, route_path

# Files that are the same for all visitors as long as the app runs.
FILES = re.compile(r"/(?:assets|static|svelte)/.+\.(?:css|js|json|svg)|(?:/gradio_api)?/theme\.css|/gradio_api/vega-[^/]+\.js")
MOST_KEPT = 16_000_000  # bytes: all that Gradio brings along come to 7 MB
SMALLEST = 400  # bytes: Gradio compresses no less


class PackedFiles:
    """ASGI middleware. Answers with 304 who has the file already, with kept bytes who takes gzip, and others uncompressed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._packing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file; let all others through."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not FILES.fullmatch(path := route_path(scope)):
            await self._app(scope, receive, send)
            return
        headers, packed = Headers(scope=scope), None
        if posixpath.normpath(path) == path:  # else one file has any number of names
            packed = await self._packed(path, scope)
        if packed and _has(headers, packed):
            packed = Answer(304, packed.without(b"content-encoding", b"content-length", b"content-type"), b"")
        elif not packed or not takes_gzip(headers):
            await self._app(scope, receive, _as_it_is(send))
            return
        await packed.give(send)

    async def _packed(self, path: str, scope: Scope) -> Answer | None:
        """A file, compressed; None if there is no such file, or if it is too small."""
        async with self._packing:
            if path in self._kept:
                self._kept.move_to_end(path)
                return self._kept[path]
            answer = await collect(self._app, of_nobody(scope, path, "localhost"))
            if answer.status != 200 or len(answer.body) < SMALLEST:
                return None
            self._kept[path] = packed = await asyncio.to_thread(pack, answer)
            while sum(len(kept.body) for kept in self._kept.values()) > MOST_KEPT:
                self._kept.popitem(last=False)
            return packed


def pack(answer: Answer) -> Answer:
    """An answer by gzip."""
    body = gzip.compress(answer.body, mtime=0)
    headers = MutableHeaders(raw=[*answer.without(b"accept-ranges")])
    headers.update({"content-encoding": "gzip", "content-length": str(len(body))})
    headers.add_vary_header("Accept-Encoding")
    if tag := headers.get("etag"):
        headers["etag"] = tag.removesuffix('"') + '-gzip"'  # other bytes than the file's own
    return Answer(200, tuple(headers.raw), body)


def _has(headers: Headers, packed: Answer) -> bool:
    """Whether the visitor has the file already, in either form."""
    tag = Headers(raw=[*packed.headers]).get("etag", "")
    had = {part.strip().removeprefix("W/") for part in headers.get("if-none-match", "").split(",")}
    return bool(tag) and bool(had & {tag, tag.replace("-gzip", ""), "*"})


def takes_gzip(headers: Headers) -> bool:
    """Whether who sends these headers takes gzip."""
    if "range" in headers:
        return False  # of the file's own bytes
    for part in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";q=")
        if coding in ("gzip", "*"):
            return weight.strip("0.") != "" or not weight
    return False


def _as_it_is(send: Send) -> Send:
    """Nothing compresses an answer that says it has an encoding, be it none."""

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=[*message.get("headers", ())])
            headers["content-encoding"] = "identity"
            headers.add_vary_header("Accept-Encoding")
            message = {**message, "headers": headers.raw}
        await send(message)

    return tell
