"""What a visitor may send, and how much of the machine they may hold: the only place where a request's size is limited."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import HTTP_PROTOCOLS

from dgvae.ui.requests.uploads import is_upload

MOST_SENT = 8_000_000  # bytes of a request with latents: 256 of 1,024 dimensions fit in
MOST_PARTS = 300_000  # values of such a request's JSON, for the same reason
MOST_SMALL = 100_000  # bytes of any other request: a page's fields, and texts of 20,000 letters
MOST_ARRIVING = 16  # bodies larger than MOST_SMALL that are on their way
SLOWEST = 60.0  # seconds for a body to arrive
TAKES_LATENTS = ("decode", "encode")  # endpoints with large arguments
LOGIN = re.compile(r"^(?:.*/)?login/?$")  # a form
HAS_FILE = re.compile(rb"content-disposition:[^\r\n]*filename", re.IGNORECASE)  # in a part of a form
LARGE = re.compile(rf"/(?:queue/join|(?:call|run|api)/(?:v2/)?(?:{'|'.join(TAKES_LATENTS)})|mcp(?:/.*)?)/?$")


def limits() -> dict[str, Any]:
    """The arguments of `launch` that bound what is taken in."""
    return {
        "app_kwargs": {"middleware": [Middleware(SmallRequests)]},
        "enable_monitoring": False,  # it prints at every request
        "max_file_size": 0,  # should a request get past the middleware
        "max_threads": 128,  # more than all handlers' limits together: those that wait keep none from computing
        "state_session_capacity": 500,  # of 42 kB each; Gradio's 10,000 would come to 420 MB
    }


def bound_headers() -> None:
    """Let servers that are started from now on refuse a request whose headers do not end within some 64 kB.

    What uvicorn prefers where it is installed, httptools, takes headers of any size, and copies them anew with each packet.
    """
    HTTP_PROTOCOLS["auto"] = HTTP_PROTOCOLS["h11"]


class _RefusedError(Exception):
    """A body that is not taken: the status, and the sentence that its sender gets."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class SmallRequests:
    """Refuses Gradio's uploads, and bodies that are too large or too slow; others are read here, once.

    A file of latents is read by `Uploads`, which has limits of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._arriving = 0  # large bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or is_upload(scope):
            return await self._app(scope, receive, send)
        request = Request(scope, receive)
        try:
            is_form = request.headers.get("content-type", "").lower().startswith("multipart/")
            if is_form and not LOGIN.search(request.url.path):
                # Gradio would keep what is uploaded, broken uploads included.
                raise _RefusedError(413, "This app takes no files.")
            if "content-length" in request.headers or "transfer-encoding" in request.headers:
                async with asyncio.timeout(SLOWEST):
                    body = await self._read(request)
                if is_form and HAS_FILE.search(body):
                    raise _RefusedError(413, "This app takes no files.")
                receive = once(body, receive)
        except _RefusedError as refused:
            answer = PlainTextResponse(str(refused), refused.status)
            return await answer(scope, receive, send)
        except TimeoutError:
            answer = PlainTextResponse(f"A request must arrive within {SLOWEST:.0f} s.", 408)
            return await answer(scope, receive, send)
        except ClientDisconnect:
            return None
        await self._app(scope, receive, send)

    async def _read(self, request: Request) -> bytes:
        most = MOST_SENT if LARGE.search(request.url.path) else MOST_SMALL
        too_large = _RefusedError(413, f"A request may have {said_bytes(most)} at most.")
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > most:
            raise too_large
        body, is_large = bytearray(), False
        try:
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise too_large
                if len(body) > MOST_SMALL and not is_large:
                    if self._arriving >= MOST_ARRIVING:
                        raise _RefusedError(503, "The app is busy with other large requests; try again in a moment.")
                    is_large = True
                    self._arriving += 1
        finally:
            self._arriving -= is_large
        return bytes(body)


def said_bytes(count: int) -> str:
    """A number of bytes, in words."""
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def once(body: bytes, receive: Receive) -> Receive:
    """The body as one message, and then whatever the server still says."""
    said = False

    async def next_message() -> Message:
        nonlocal said
        if said:
            return await receive()
        said = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
