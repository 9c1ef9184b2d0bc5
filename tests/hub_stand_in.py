"""A small Hub on this machine, with one repository: the part of the Hub's API that a download and an upload use."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars

REPOSITORY = "someone/small-dg-vae"
COMMIT, OLDER = "c0ffee" + 34 * "0", "0dd" + 37 * "1"
TOKEN = "hf_of_someone"  # who alone may write


@dataclass
class Hub:
    """What the stand-in holds and what was asked of it. Every commit has the same `files`; without branches, there is no
    repository yet."""

    files: dict[str, bytes]
    branches: dict[str, str] = field(default_factory=lambda: {"main": COMMIT, "v1": OLDER})
    private: bool = False
    sizes: dict[str, int] = field(default_factory=dict)  # what the listing claims, where that is not the truth
    failure: tuple[int, str] | None = None  # status and X-Error-Code of every answer
    page: bytes | None = None  # what answers everything, as a network's log-in page does
    asked: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)  # the header Authorization of all requests
    pause: float = 0.0  # seconds after every 100 bytes of a file
    commits: list[tuple[str, set[str]]] = field(default_factory=list)  # message and files of each that was made by request
    large: dict[str, bytes] = field(default_factory=dict)  # what was uploaded by way of LFS, by its sha256
    stop: Callable[[], None] = lambda: None

    @property
    def fetched(self) -> set[str]:
        """The files whose content was asked for."""
        return {path.rpartition("/")[2] for path in self.asked if "/resolve/" in path}

    def commit_of(self, revision: str) -> str | None:
        return self.branches.get(revision, revision if revision in self.branches.values() else None)

    def listed_oid(self, name: str) -> str | None:
        """What tells an uploader that a file is there already."""
        data = self.files.get(name)
        if data is None:
            return None
        if is_large(name):
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    def commit(self, lines: list[dict[str, Any]]) -> str:
        """Add the files of a commit request, and move main."""
        for line in lines[1:]:
            value = line["value"]
            by_kind = {"file": lambda v: base64.b64decode(v["content"]), "lfsFile": lambda v: self.large[v["oid"]]}
            self.files[value["path"]] = by_kind[line["key"]](value)
        self.commits.append((lines[0]["value"]["summary"], {line["value"]["path"] for line in lines[1:]}))
        self.branches["main"] = hashlib.sha1(repr(self.commits).encode()).hexdigest()
        return self.branches["main"]


def is_large(name: str) -> bool:
    return name.endswith(".safetensors")


def make_handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    """A connection per request, so that a stopped Hub is gone at once."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if (path := self.path_if_well()) is None:
                return None
            root, _, rest = path.removeprefix("/api/models").strip("/").partition(REPOSITORY)
            if root or rest == path or not hub.branches:
                return self.refuse(401, "RepoNotFound")
            kind, _, rest = rest.strip("/").partition("/")
            revision, _, name = (rest or "main").partition("/")
            if (commit := hub.commit_of(revision)) is None:
                return self.refuse(404, "RevisionNotFound")
            if kind == "resolve":
                return self.file(commit, name)
            if kind == "tree":
                entries = [
                    {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for name, data in hub.files.items()
                ]
                return self.answer(200, json.dumps(entries).encode())
            siblings = [{"rfilename": name, "size": hub.sizes.get(name, len(data))} for name, data in hub.files.items()]
            return self.answer_json({"id": REPOSITORY, "sha": commit, "private": hub.private, "siblings": siblings})

        do_HEAD = do_GET

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if (path := self.path_if_well()) is None:
                return None
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                return self.refuse(403 if self.headers["Authorization"] else 401, "")
            here = f"http://{self.headers['Host']}"
            if path.endswith("/commit/main"):
                commit = hub.commit([json.loads(line) for line in body.splitlines()])
                return self.answer_json({"commitUrl": f"{here}/{REPOSITORY}/commit/{commit}", "commitOid": commit})
            asked = json.loads(body)
            match path:
                case "/api/repos/create":
                    if f"{asked['organization']}/{asked['name']}" != REPOSITORY:
                        return self.refuse(403, "")
                    status = 409 if hub.branches else 200
                    if status == 200:
                        hub.branches["main"], hub.private = COMMIT, asked.get("visibility") == "private"
                    return self.answer_json({"url": f"{here}/{REPOSITORY}"}, status)
                case "/api/validate-yaml":
                    return self.answer_json({"errors": [], "warnings": []})
                case _ if path.endswith("/preupload/main"):
                    names = [file["path"] for file in asked["files"]]
                    modes = [
                        {
                            "path": name,
                            "uploadMode": "lfs" if is_large(name) else "regular",
                            "shouldIgnore": False,
                            "oid": hub.listed_oid(name),
                        }
                        for name in names
                    ]
                    return self.answer_json({"files": modes})
                case _ if path.endswith("/info/lfs/objects/batch"):
                    for wanted in asked["objects"]:
                        if wanted["oid"] not in hub.large:
                            upload, verify = {"href": f"{here}/store/{wanted['oid']}"}, {"href": f"{here}/verify"}
                            wanted["actions"] = {"upload": upload, "verify": verify}
                    return self.answer_json({"transfer": "basic", "objects": asked["objects"]})
                case "/verify":
                    stored = hub.large.get(asked["oid"], b"")
                    return self.answer(200 if len(stored) == asked["size"] else 404, b"")
            return self.refuse(404, "")

        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if (path := self.path_if_well()) is None:
                return None
            hub.large[path.removeprefix("/store/")] = data
            return self.answer(200, b"")

        def path_if_well(self) -> str | None:
            """What is asked for, noted; None if that has been answered already, by a Hub that isn't well."""
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(path)
            hub.tokens.add(self.headers["Authorization"])
            if hub.page is not None:
                self.answer(200, hub.page)
            elif hub.failure:
                self.refuse(*hub.failure)
            else:
                return path
            return None

        def file(self, commit: str, name: str) -> None:
            if name not in hub.files:
                return self.refuse(404, "EntryNotFound")
            data = hub.files[name]
            return self.answer(200, data, {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'})

        def answer_json(self, data: dict[str, Any], status: int = 200) -> None:
            self.answer(status, json.dumps(data).encode())

        def refuse(self, status: int, code: str) -> None:
            self.answer(status, b'{"error": "Not today."}', {"X-Error-Code": code} if code else {})

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if not hub.pause:
                self.wfile.write(body)
                return
            with suppress(OSError):  # who asked has gone
                for start in range(0, len(body), 100):
                    self.wfile.write(body[start : start + 100])
                    time.sleep(hub.pause)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def served(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Let the library take `hub` for the Hub, with an empty cache.

    The library reads its environment once, when it is imported, so its constants are what is replaced.
    """
    listener = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(hub))
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()

    def stop() -> None:
        listener.shutdown()
        listener.server_close()

    hub.stop = stop
    endpoint = f"http://127.0.0.1:{listener.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    disable_progress_bars()
    yield hub
    stop()
