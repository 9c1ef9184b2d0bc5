"""Checkpoints from the Hub, end to end through huggingface_hub, against a small Hub on this machine."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars

from dgvae import hub
from dgvae.checkpoints import FILES, load_checkpoint
from dgvae.errors import UserError
from dgvae.hub import download_checkpoint, parse_repository

REPOSITORY = "someone/small-dg-vae"
COMMIT, OLDER = "c0ffee" + 34 * "0", "0dd" + 37 * "1"
PICKLE = "pytorch_model.bin"


@dataclass
class Hub:
    """What the stand-in holds and what was asked of it. `files` of every commit are the same, but for `changed`."""

    files: dict[str, bytes]
    branches: dict[str, str] = field(default_factory=lambda: {"main": COMMIT, "v1": OLDER})
    sizes: dict[str, int] = field(default_factory=dict)  # what the listing claims, where that is not the truth
    failure: tuple[int, str] | None = None  # status and X-Error-Code of every answer
    page: bytes | None = None  # what answers everything, as a network's log-in page does
    asked: list[str] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None

    @property
    def fetched(self) -> set[str]:
        """The files whose content was asked for."""
        return {path.rpartition("/")[2] for path in self.asked if "/resolve/" in path}

    def commit_of(self, revision: str) -> str | None:
        return self.branches.get(revision, revision if revision in self.branches.values() else None)


def make_handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    """The part of the Hub's API that a download uses. A connection per request, so that a stopped Hub is gone at once."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(path)
            if hub.page is not None:
                return self.answer(200, hub.page)
            if hub.failure:
                return self.refuse(*hub.failure)
            root, _, rest = path.removeprefix("/api/models").strip("/").partition(REPOSITORY)
            if root or rest == path:
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
            return self.answer(200, json.dumps({"id": REPOSITORY, "sha": commit, "siblings": siblings}).encode())

        do_HEAD = do_GET

        def file(self, commit: str, name: str) -> None:
            if name not in hub.files:
                return self.refuse(404, "EntryNotFound")
            data = hub.files[name]
            return self.answer(200, data, {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'})

        def refuse(self, status: int, code: str) -> None:
            self.answer(status, b"", {"X-Error-Code": code} if code else {})

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def server(checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with one repository: a checkpoint, and a pickle beside it. The cache is empty.

    The library reads its environment once, when it is imported, so its constants are what is replaced.
    """
    folder = checkpoints / "short-yelp" / "dg-vae"
    stand_in = Hub({name: (folder / name).read_bytes() for name in FILES} | {PICKLE: b"never to be read"})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(stand_in))
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()

    def stop() -> None:
        listener.shutdown()
        listener.server_close()

    stand_in.stop = stop
    endpoint = f"http://127.0.0.1:{listener.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    disable_progress_bars()
    yield stand_in
    stop()


def fault_of(repository: str = REPOSITORY, revision: str | None = None) -> str:
    """The sentence that the user reads when the download fails."""
    with pytest.raises(UserError) as caught:
        download_checkpoint(repository, revision)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_checkpoint_is_downloaded_and_loads(server: Hub, checkpoints: Path):
    downloaded = load_checkpoint(download_checkpoint(REPOSITORY))
    original = load_checkpoint(checkpoints / "short-yelp" / "dg-vae")
    assert downloaded.metrics == original.metrics
    assert (downloaded.latents.posterior.location == original.latents.posterior.location).all()


def test_a_branch_is_pinned_to_its_commit(server: Hub):
    assert download_checkpoint(REPOSITORY).name == COMMIT
    assert download_checkpoint(REPOSITORY, "v1").name == OLDER
    assert download_checkpoint(REPOSITORY, OLDER).name == OLDER
    assert all("/main/" not in path for path in server.asked if "/resolve/" in path or "/tree/" in path)


def test_a_moved_branch_is_followed(server: Hub):
    download_checkpoint(REPOSITORY)
    server.branches["main"] = OLDER
    assert download_checkpoint(REPOSITORY).name == OLDER


def test_only_the_files_of_a_checkpoint_are_fetched(server: Hub):
    folder = download_checkpoint(REPOSITORY)
    assert server.fetched == set(FILES) == {path.name for path in folder.iterdir()}


def test_nothing_is_fetched_twice(server: Hub):
    first = download_checkpoint(REPOSITORY)
    server.asked.clear()
    assert download_checkpoint(REPOSITORY) == first
    assert server.fetched == set()


@pytest.mark.parametrize("revision", [None, "main", "v1", OLDER])
def test_without_the_hub_the_cache_is_used(server: Hub, revision: str | None):
    first = download_checkpoint(REPOSITORY, revision)
    server.stop()
    assert download_checkpoint(REPOSITORY, revision) == first


def test_when_the_hub_fails_the_cache_is_used(server: Hub):
    first = download_checkpoint(REPOSITORY)
    server.failure = 503, ""
    assert download_checkpoint(REPOSITORY) == first


def test_offline_mode_uses_the_cache(server: Hub, monkeypatch: pytest.MonkeyPatch):
    first = download_checkpoint(REPOSITORY)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert download_checkpoint(REPOSITORY) == first
    assert "OfflineModeIsEnabled" in fault_of(revision="v1")


def test_half_a_download_does_not_count_as_cached(server: Hub):
    folder = download_checkpoint(REPOSITORY)
    (folder / "model.safetensors").unlink()
    server.stop()
    assert "not in this machine's cache" in fault_of()


def test_an_unknown_repository(server: Hub):
    assert fault_of("someone/else").startswith("The Hub has no model repository someone/else")


def test_an_unknown_revision(server: Hub):
    assert fault_of(revision="v9") == f"{REPOSITORY} has no revision v9."
    assert fault_of(revision="f" * 40) == f"{REPOSITORY} has no revision {'f' * 40}."


@pytest.mark.parametrize("file", FILES)
def test_a_repository_that_is_no_checkpoint(server: Hub, file: str):
    del server.files[file]
    assert fault_of() == f"{REPOSITORY} is not a checkpoint of this project: it has no {file}."
    assert server.fetched == set()


def test_a_repository_that_is_too_large(server: Hub):
    server.sizes = {"model.safetensors": hub.MAX_BYTES + 1_000_000, PICKLE: 10**12}
    assert fault_of().startswith(f"{REPOSITORY} is 501 MB, more than the 500 MB that are allowed")
    assert server.fetched == set()


def test_a_gated_repository(server: Hub):
    server.failure = 403, "GatedRepo"
    assert "is gated" in fault_of()


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_hub_that_refuses(server: Hub, status: int):
    server.failure = status, ""
    assert fault_of().startswith(f"The Hub refused {REPOSITORY} (status {status})")


def test_an_unreachable_hub(server: Hub):
    server.stop()
    assert fault_of().startswith("The Hub can't be reached (ConnectError)")
    assert fault_of(revision=COMMIT).startswith("The Hub can't be reached (ConnectError)")


def test_a_log_in_page_in_place_of_the_hub(server: Hub):
    server.page = b"<html>Welcome to the hotel</html>"
    assert "is not the Hub" in fault_of()


def test_a_cache_that_cannot_be_written(server: Hub, tmp_path: Path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert "could not be stored" in fault_of()


def test_a_broken_checkpoint_on_the_hub_is_named_by_its_file(server: Hub):
    server.files["model.safetensors"] = server.files["model.safetensors"][:1000]
    folder = download_checkpoint(REPOSITORY)
    with pytest.raises(UserError, match=r"model\.safetensors is broken"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("text", "repository", "revision"),
    [
        ("owner/name", "owner/name", None),
        ("  owner/name\n", "owner/name", None),
        ("owner/name/", "owner/name", None),
        ("some-one/dg_vae.v2", "some-one/dg_vae.v2", None),
        ("owner/name@main", "owner/name", "main"),
        ("owner/name@refs/pr/4", "owner/name", "refs/pr/4"),
        (f"owner/name@{COMMIT}", "owner/name", COMMIT),
        ("https://huggingface.co/owner/name", "owner/name", None),
        ("https://huggingface.co/owner/name/", "owner/name", None),
        ("https://huggingface.co/owner/name/tree/v1.0", "owner/name", "v1.0"),
    ],
)
def test_forms_of_a_repository(text: str, repository: str, revision: str | None):
    assert parse_repository(text) == (repository, revision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "owner/",
        "/name",
        "owner/name/more",
        "owner/name@",
        "owner name",
        "../etc/passwd",
        "../passwd",
        "owner/..",
        "owner/a--b",
        "owner/name.git",
        "-owner/name",
        "owner/name-",
        "öwner/name",
        f"owner/{'a' * 97}",
        "owner/name@../../main",
        "https://example.com/owner/name",
        "https://huggingface.co/datasets/owner/name",
        "owner/<b>name</b>",
    ],
)
def test_what_is_no_repository(text: str):
    with pytest.raises(UserError, match=r"^A Hub repository is written owner/name"):
        parse_repository(text)
