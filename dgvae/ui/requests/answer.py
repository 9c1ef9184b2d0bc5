"""An answer of the app as a whole, to be kept and given again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Scope, Send

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Answer:
    """What an app answered. It is given to many visitors, so nothing in it may change."""

    status: int
    headers: Headers
    body: bytes

    async def give(self, send: Send) -> None:
        """Send it. The headers are a new list, because those that send it on add to the list what is of one visitor."""
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers]})
        await send({"type": "http.response.body", "body": self.body})

    def without(self, *names: bytes) -> Headers:
        """The headers but for those of these names, in lower case."""
        return tuple((name, value) for name, value in self.headers if name.lower() not in names)


async def collect(app: ASGIApp, scope: Scope) -> Answer:
    """What an app answers to a request without a body."""
    status, headers, parts = 500, (), []
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()  # what streams an answer watches meanwhile for the visitor to leave; nobody does
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], tuple((name, value) for name, value in message.get("headers", ()))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(status, headers, b"".join(parts))


def of_nobody(scope: Scope, path: str, host: str, cookies: str = "") -> Scope:
    """A GET of a path that has nothing of the visitor's request: no cookie, no header, no query.

    Args:
        scope: of the visitor's request.
        path: that is asked for.
        host: its address.
        cookies: those of nobody's; no header if empty.

    Returns:
        A scope of its own.
    """
    asked = {"method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "extensions": {}}
    headers = [(b"host", host.encode()), *([(b"cookie", cookies.encode())] if cookies else [])]
    return {**scope, **asked, "headers": headers}


def route_path(scope: Scope) -> str:
    """The path below the app's root, if the proxy passes on the whole path; else the path."""
    root, path = scope.get("root_path", "").rstrip("/"), scope["path"]
    return path[len(root) :] if root and path.startswith(root + "/") else path
