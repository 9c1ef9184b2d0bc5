"""Files that visitors send: each arrives as the body of a request, lies in a folder of this process, and is taken out once.

Gradio's own uploads stay closed: they would keep whatever arrives for ten minutes, whoever sends it and however much it is.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
import time
import weakref
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from dgvae.ui.requests.answer import route_path

MOST_BYTES = 100_000_000  # of a file
MOST_FILES = 6  # that arrive or wait to be taken
KEPT = 60.0  # seconds after which a file that nobody takes is deleted
UNTAKEN = 5.0  # seconds after which it makes room for another
SLOWEST = 300.0  # seconds for a file to arrive
PATIENCE = 15.0  # seconds for which it may be slow, or silent
SLOW = 20_000  # bytes a second, the least on average after that
PATH = "/gradio_api/latents"
KIND = "application/octet-stream"  # which no page of another site can send without asking
TOO_LARGE = f"A file may have {MOST_BYTES / 1e6:.0f} MB at most; save some ten thousand examples as float32."


def is_upload(scope: Scope) -> bool:
    """Whether a request brings such a file. Its body is for `Uploads` to read, and for nothing before it."""
    kinds = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    return scope["method"] == "POST" and kinds == [KIND.encode()] and route_path(scope) == PATH


class Uploads:
    """The files that have arrived, by their tickets."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._files: dict[str, tuple[Path, float]] = {}  # and when they arrived
        self._arriving = 0

    def route(self) -> Route:
        """Where a page takes them in."""
        return Route(PATH, self._receive, methods=["POST"])

    def take(self, ticket: str) -> Path | None:
        """A file that has arrived, once. Whoever takes it deletes it."""
        return self._files.pop(ticket, (None, 0.0))[0]

    def close(self) -> None:
        """Delete what is there."""
        if self._root:
            shutil.rmtree(self._root, ignore_errors=True)

    async def _receive(self, request: Request) -> Response:
        if not is_upload(request.scope):
            return PlainTextResponse(f"Send a file as {KIND}.", 415)
        declared = request.headers.get("content-length", "")
        if not declared.isdecimal() or int(declared[:20]) > MOST_BYTES:
            return PlainTextResponse(TOO_LARGE if declared.isdecimal() else "The file's length is missing.", 413)
        if not self._has_room():
            return PlainTextResponse("The app is busy with other files; try again in a minute.", 503)
        ticket = secrets.token_urlsafe(16)
        path = self._folder() / ticket
        self._arriving += 1
        try:
            async with asyncio.timeout(SLOWEST):
                await self._write(request, path)
        except (TimeoutError, ClientDisconnect, OSError, _TooLargeError) as error:
            path.unlink(missing_ok=True)
            if isinstance(error, _TooLargeError):
                return PlainTextResponse(TOO_LARGE, 413)
            return PlainTextResponse("The file did not arrive as a whole; send it again.", 408)
        finally:
            self._arriving -= 1
        self._files[ticket] = path, time.monotonic()
        asyncio.get_running_loop().call_later(KEPT, self._drop, ticket)
        return JSONResponse({"ticket": ticket})

    async def _write(self, request: Request, path: Path) -> None:
        size, begun = 0, time.monotonic()
        with path.open("wb") as file:
            stream = request.stream()
            while part := await asyncio.wait_for(anext(stream, b""), PATIENCE):
                size += len(part)
                if size > MOST_BYTES:
                    raise _TooLargeError
                if time.monotonic() - begun > PATIENCE + size / SLOW:
                    raise TimeoutError  # else a few who send a byte a second keep all others out
                file.write(part)

    def _has_room(self) -> bool:
        """Whether another file may arrive, if need be in the place of one that its page has not taken at once."""
        for ticket, (_, arrived) in [*self._files.items()]:
            if self._arriving + len(self._files) >= MOST_FILES and time.monotonic() - arrived > UNTAKEN:
                self._drop(ticket)
        return self._arriving + len(self._files) < MOST_FILES

    def _folder(self) -> Path:
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="dgvae-sent-"))
            weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        return self._root

    def _drop(self, ticket: str) -> None:
        if path := self.take(ticket):
            path.unlink(missing_ok=True)


class _TooLargeError(Exception):
    """More has come than was declared."""
