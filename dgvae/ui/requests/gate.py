"""The gate: what a request must be before Gradio sees it, and what becomes of one that Gradio can't bear."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from contextlib import suppress
from typing import Annotated, Any

from gradio.route_utils import get_root_url
from gradio.server_messages import UnexpectedErrorMessage
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dgvae.ui.requests.fault_log import log, told
from dgvae.ui.requests.limits import LOGIN, MOST_PARTS, MOST_SMALL, TAKES_LATENTS, once, said_bytes
from dgvae.ui.requests.login import Attempts, user_of
from dgvae.ui.requests.plain import read_plain
from dgvae.ui.requests.uploads import is_upload

# What the page has no use for: Gradio's tools for who develops a page or a component (what asks for a component's files is
# printed, without a bound), and what takes files. A deep link writes a file at every call, and whose upload is waited for is
# remembered for ever.
CLOSED = re.compile(
    r"/(?:(?:dev/reload|vibe-edit|undo-vibe-edit|vibe-code|vibe-starter-queries|deep_link|upload_progress|process_recording|"
    r"component_server|runs)/?$|(?:custom_component|stream|run-history|profiling)(?:/|$)|proxy=)"
)
ANSWER = re.compile(r"/call/(?:v2/)?[^/]+/([^/]+)/?$")
STREAM = re.compile(r"/queue/data/?$")
NO_SESSION = f"data: {UnexpectedErrorMessage(message='404: Not Found', session_not_found=True).model_dump_json()}\n\n"
FUNCTION = re.compile(rb'"fn_index"\s*:\s*(\d+)')
PARSED_AT_ONCE = 2  # large requests
V2 = re.compile(r"/call/v2/([^/]+)/?$")
CALLS = re.compile(r"/(?:(?:call|run|api)/(?!v2/)[^/]+|queue/join)/?$")
API = re.compile(r"/(?:call|run|api)/(?:v2/)?([^/]+)/?$")


class Refusal(Exception):
    """A request that goes no further: the status, and the sentence that its sender gets."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Asked(BaseModel):
    """What Gradio reads of a request's body, as far as it does not check it itself."""

    model_config = ConfigDict(extra="ignore")
    session_hash: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")] | None = None
    event_id: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")] | None = None
    fn_index: Annotated[StrictInt, Field(ge=0, le=100_000)] | None = None
    trigger_id: Annotated[StrictInt, Field(ge=0, le=100_000)] | None = None
    batched: Annotated[bool, Field(strict=True)] | None = None


class Gate:
    """ASGI middleware. Bodies are read once, mended or refused; an exception of the app is a line of the log."""

    def __init__(self, app: ASGIApp, blocks: Any) -> None:
        self._app = app
        self._blocks = blocks
        self._parsing = asyncio.Semaphore(PARSED_AT_ONCE)
        self._attempts = Attempts(app, blocks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def tell(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if CLOSED.search(scope["path"]):
                raise Refusal(404, "There is nothing here.")
            if scope["method"] == "GET" and (found := ANSWER.search(scope["path"])):
                self._check_event(found[1])
            if scope["method"] == "GET" and STREAM.search(scope["path"]) and not self._has_mail(scope):
                await PlainTextResponse(NO_SESSION, media_type="text/event-stream")(scope, receive, send)
                return
            serve = self._app
            if scope["method"] == "POST":
                scope, receive = await self._checked(scope, receive)
                serve = self._attempts if LOGIN.search(scope["path"]) else serve
            await serve(scope, receive, tell)
        except Refusal as refusal:
            await JSONResponse({"detail": str(refusal)}, refusal.status)(scope, receive, send)
        except Exception as error:
            log.warning("%s %s: %s", scope["method"], scope["path"][:80], told(error))
            if begun:
                with suppress(Exception):  # it may have been the end already
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await JSONResponse({"detail": "The request is not understood."}, 400)(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        headers = Headers(scope=scope)
        self._check_host(scope)
        if LOGIN.search(scope["path"]):
            return scope, receive
        if not self._is_logged_in(scope):
            raise Refusal(401, "Not authenticated: log in first.")
        if is_upload(scope):
            return scope, receive
        kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise Refusal(415, "The request must be JSON, with the header Content-Type: application/json.")
        body = await _body(receive)
        self._check_size(scope["path"], body)
        try:
            if len(body) > MOST_SMALL:
                async with self._parsing:
                    asked, body = await asyncio.to_thread(_read, body)
            else:
                asked, body = _read(body)
        except ValueError as fault:
            raise Refusal(400, f"The request {fault}.") from None
        self._check(scope["path"], asked)
        kept = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
        return {**scope, "headers": [*kept, (b"content-length", str(len(body)).encode())]}, once(body, receive)

    def _check_size(self, path: str, body: bytes) -> None:
        """Only latents are large; and a small body may hold more lists than can be parsed while others wait."""
        if sum(map(body.count, (b",", b"[", b"{"))) > MOST_PARTS:
            raise Refusal(413, f"A request may have {MOST_PARTS:,} values at most.")
        if len(body) > MOST_SMALL and "/queue/join" in path:
            asked = {self._blocks.fns.get(int(number[:9])) for number in FUNCTION.findall(body)}
            if not asked or any(getattr(fn, "api_name", None) not in TAKES_LATENTS for fn in asked):
                raise Refusal(413, f"A request may have {said_bytes(MOST_SMALL)} at most.")

    def _is_logged_in(self, scope: Scope) -> bool:
        """Whether the visitor may come in, as Gradio will find: no endpoint is named to who may not."""
        if self._blocks.auth is None:
            return True
        return user_of(self._blocks, scope) is not None

    def _check_event(self, name: str) -> None:
        """Gradio would raise an exception for an event that it does not know, and wait for ever for one whose answer was read.

        An event is pending until its answer is read. Gradio's `event_ids_to_events` still holds it a moment longer.
        """
        if not any(name in ids for ids in self._blocks._queue.pending_event_ids_session.values()):
            raise Refusal(404, "There is no such event, or its answer has been read.")

    def _has_mail(self, scope: Scope) -> bool:
        """Whether there is a stream to read. Gradio would answer the same where there is none, and then fail."""
        session = Request(scope).query_params.get("session_hash")
        return session is None or session in self._blocks._queue.pending_messages_per_session

    def _check_host(self, scope: Scope) -> None:
        """Gradio takes its own address from the request's headers, in the middle of its work."""
        try:
            get_root_url(Request(scope), route_path=scope["path"], root_path=None)
        except Exception:
            raise Refusal(400, "The request's Host or X-Forwarded-Host is not an address.") from None

    def _check(self, path: str, asked: Any) -> None:
        """Refuse what Gradio would raise an exception for, in a sentence that says why."""
        if _names_file(asked):
            raise Refusal(422, "This app takes no files.")  # Gradio would download what the object names
        if "/mcp" in path:
            return  # the protocol's own library checks it
        if not isinstance(asked, dict):
            raise Refusal(422, "The request must be a JSON object.")
        try:
            known = Asked.model_validate(asked)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise Refusal(422, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}.") from None
        if CALLS.search(path) and not isinstance(asked.get("data"), list):
            raise Refusal(422, "data is missing: the list of the arguments.")
        if known.batched:
            raise Refusal(422, "Batched requests are not supported.")
        if known.fn_index is not None:
            function = self._blocks.fns.get(known.fn_index)
            if function is None:
                raise Refusal(404, f"There is no function {known.fn_index}; reload the page.")
            if function.fn is None:
                raise Refusal(404, f"Function {known.fn_index} runs in the browser; the app has nothing to do for it.")
        if found := API.search(path):
            self._check_endpoint(found[1], known, set(asked) if V2.search(path) else None)

    def _check_endpoint(self, name: str, known: Asked, named: set[str] | None) -> None:
        public = {fn.api_name: fn for fn in self._blocks.fns.values() if fn.api_visibility != "private" and fn.api_name}
        if name not in public:
            if known.fn_index is None:
                raise Refusal(404, f"There is no endpoint {name[:40]!r}; there are: {', '.join(public)}.")
            return
        if named is None:
            return
        parameters = inspect.signature(public[name].fn).parameters
        if unknown := sorted(named - parameters.keys() - {"session_hash", "oauth_token"}):
            raise Refusal(422, f"{name} takes no {unknown[0][:40]!r}; it takes {', '.join(parameters) or 'nothing'}.")
        if missing := [key for key, p in parameters.items() if p.default is p.empty and key not in named]:
            raise Refusal(422, f"{missing[0]} is missing: {name} takes {', '.join(parameters)}.")


def _read(body: bytes) -> tuple[Any, bytes]:
    """What a body says, and the same written anew. Raises ValueError."""
    asked = read_plain(body)
    return asked, json.dumps(asked).encode()


def _names_file(value: Any) -> bool:
    """Whether an object anywhere in it is what Gradio takes for a file, or for the address of one."""
    if isinstance(value, dict):
        meta = value.get("meta")
        return (isinstance(meta, dict) and "_type" in meta) or any(map(_names_file, value.values()))
    return isinstance(value, list) and any(map(_names_file, value))


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The request was cut off.")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)
