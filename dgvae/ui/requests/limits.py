"""What a visitor may send, and how much of the machine they may hold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_SENT = 8_000_000  # bytes of a request: 256 latents of 1,024 dimensions fit in
TOO_LARGE = f"A request may have {MOST_SENT / 1e6:.0f} MB at most."


def limits() -> dict[str, Any]:
    """The arguments of `launch` that bound what is taken in."""
    return {
        "app_kwargs": {"middleware": [Middleware(SmallRequests)]},
        "enable_monitoring": False,  # it prints at every request
        "max_file_size": 0,  # should a request get past the middleware
        "max_threads": 128,  # more than all handlers' limits together: those that wait keep none from computing
        "state_session_capacity": 500,  # Gradio's 10,000 would come to 3 GB
    }


class _TooLargeError(Exception):
    pass


class SmallRequests:
    """Refuses files, of which the page takes none, and bodies that grow larger than MOST_SENT."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        kind = dict(scope["headers"]).get(b"content-type", b"")
        if kind.lower().startswith(b"multipart/"):  # Gradio would keep what is uploaded, broken uploads included
            return await PlainTextResponse("This app takes no files.", 413)(scope, receive, send)
        came, answered = 0, False

        async def receive_some() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > MOST_SENT:
                raise _TooLargeError
            return message

        async def send_unless_too_large(message: Message) -> None:
            nonlocal answered
            if came <= MOST_SENT or answered:
                answered = True
                await send(message)

        with suppress(_TooLargeError):  # FastAPI makes an answer of its own of it, which is held back
            await self._app(scope, receive_some, send_unless_too_large)
        if came > MOST_SENT and not answered:
            answer = PlainTextResponse(TOO_LARGE, 413)
            await answer(scope, receive, send)
