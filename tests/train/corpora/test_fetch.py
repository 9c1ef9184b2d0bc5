"""Corpora by name: fetched whole, or not at all, from a small server in place of the public ones."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dgvae.errors import UserError
from dgvae.text.corpora import CORPORA, SPLITS, Corpus, read_split
from tests.conftest import made_up_lines
from train.corpora import download, fetch, find_corpus

TEXTS = {split: "\n".join(made_up_lines(400, seed)).encode() for seed, split in enumerate(SPLITS)}
SHA256 = {split: hashlib.sha256(TEXTS[split]).hexdigest() for split in ("valid", "test")}
REPOSITORY_FILES = {f"/short_yelp_data/short_yelp.{split}.txt": text for split, text in TEXTS.items()}


@dataclass
class Place:
    """What the server has, what it does wrong, and what was asked of it."""

    files: dict[str, bytes]
    ranges: bool = True
    etag: str = '"v1"'
    kind: str = "text/plain"
    busy: int = 0  # answers with status 503 before the first other one
    cuts: list[int] = field(default_factory=list)  # bytes after which the next answers break off
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path or id, Range


def make_handler(place: Place) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            name = parse_qs(address.query).get("id", [address.path])[0]
            place.asked.append((name, self.headers["Range"]))
            if place.busy:
                place.busy -= 1
                return self.send_error(503)
            if name not in place.files:
                return self.send_error(404)
            body, start = place.files[name], 0
            if place.ranges and self.headers["Range"] and self.headers["If-Range"] == place.etag:
                start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                return self.send_error(416)
            self.send_response(206 if start else 200)
            self.send_header("Content-Type", place.kind)
            self.send_header("Content-Length", str(len(body) - start))
            self.send_header("ETag", place.etag)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.end_headers()
            cut = place.cuts.pop(0) if place.cuts else len(body)
            self.wfile.write(body[start : start + cut])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A server with Short-Yelp in the repository; an empty cache."""
    place = Place(dict(REPOSITORY_FILES))
    listener = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(place))
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
    at(f"http://127.0.0.1:{listener.server_port}", monkeypatch)
    monkeypatch.setitem(CORPORA, "short-yelp", replace(CORPORA["short-yelp"], sha256=SHA256))
    monkeypatch.setattr(download, "WAIT", 0.0)
    monkeypatch.setenv("DGVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DGVAE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield place
    listener.shutdown()
    listener.server_close()


def at(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "REPOSITORY", f"{address}/")
    monkeypatch.setattr(fetch, "DRIVE", address + "/download?id={id}")


def archive_of(corpus: Corpus, texts: dict[str, bytes]) -> bytes:
    """A tar.gz as the public ones are, with what else such an archive may hold."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        strangers = {"../../stolen.txt": b"x", f"/etc/{corpus.files.format(split='dev')}": b"x"}
        ours = {corpus.files.format(split=split): text for split, text in texts.items()}
        for name, text in {**strangers, **{name.replace("/", "/._"): b"Mac" for name in ours}, **ours}.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return data.getvalue()


def texts_in(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


def fault_of(corpus: str = "short-yelp") -> str:
    """The sentence that the user reads when the corpus can't be had; then there is no corpus either."""
    with pytest.raises(UserError) as caught:
        find_corpus(corpus)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert not (fetch.cache_folder() / "corpora" / corpus).exists()
    return sentence


def test_a_corpus_is_fetched_once_and_whole(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = find_corpus("short-yelp")
    assert folder == tmp_path / "cache" / "corpora" / "short-yelp"
    assert texts_in(folder) == TEXTS
    assert len(read_split(folder / "train.txt").sentences) == 400
    assert "must not be redistributed" in capsys.readouterr().out
    place.asked.clear()
    assert find_corpus("short-yelp") == folder
    assert place.asked == []


def test_a_cut_connection_goes_on_where_it_was(place: Place) -> None:
    place.cuts = [1000, 500]
    assert texts_in(find_corpus("short-yelp")) == TEXTS
    assert [asked for _, asked in place.asked] == [None, "bytes=1000-", "bytes=1500-", None, None]


def test_without_ranges_it_begins_anew(place: Place) -> None:
    place.ranges, place.cuts = False, [1000, 2000]
    assert texts_in(find_corpus("short-yelp")) == TEXTS
    assert [asked for _, asked in place.asked][:3] == [None, "bytes=1000-", "bytes=2000-"]


def test_a_later_call_goes_on_unless_the_file_is_another_by_then(place: Place) -> None:
    place.cuts = [1000, 0, 0]
    assert "can't be reached" in fault_of()
    place.cuts = [500, 0, 0]
    assert "can't be reached" in fault_of()
    assert place.asked[3] == ("/short_yelp_data/short_yelp.train.txt", "bytes=1000-")
    place.etag = '"v2"'
    place.files["/short_yelp_data/short_yelp.train.txt"] = b"1\tshorter\n"
    assert texts_in(find_corpus("short-yelp")) == TEXTS | {"train": b"1\tshorter\n"}


def test_a_file_that_shrank_under_its_name_begins_anew(place: Place) -> None:
    place.cuts = [1000, 0, 0]
    fault_of()
    place.files["/short_yelp_data/short_yelp.train.txt"] = b"1\tshorter\n"
    assert texts_in(find_corpus("short-yelp"))["train"] == b"1\tshorter\n"


def test_a_busy_server_is_asked_again(place: Place) -> None:
    place.busy = 2
    assert texts_in(find_corpus("short-yelp")) == TEXTS
    place.busy = 99
    assert "was refused (status 503)" in fault_of("snli")


def test_a_wrong_text_is_deleted_and_named(place: Place) -> None:
    place.files["/short_yelp_data/short_yelp.valid.txt"] = TEXTS["test"]
    assert "short_yelp.valid.txt holds another text than the paper's, by its sha256; it was deleted" in fault_of()
    place.files |= REPOSITORY_FILES
    assert texts_in(find_corpus("short-yelp")) == TEXTS


def test_half_a_corpus_is_completed(place: Place) -> None:
    text = place.files.pop("/short_yelp_data/short_yelp.test.txt")
    fault_of()
    place.files["/short_yelp_data/short_yelp.test.txt"] = text
    place.asked.clear()
    folder = find_corpus("short-yelp")
    assert texts_in(folder) == TEXTS
    assert [name for name, _ in place.asked] == ["/short_yelp_data/short_yelp.test.txt"]
    (folder / "valid.txt").unlink()
    assert texts_in(find_corpus("short-yelp")) == TEXTS


@pytest.mark.parametrize("corpus", ["yahoo", "short-yelp"])
def test_an_archive_is_unpacked_where_the_repository_has_nothing(place: Place, corpus: str, tmp_path: Path) -> None:
    row = CORPORA[corpus]
    place.files = {row.archive: archive_of(row, TEXTS)}
    place.cuts = [2000]
    assert texts_in(find_corpus(corpus)) == TEXTS
    assert place.asked[-1] == (row.archive, "bytes=2000-")
    assert not list(tmp_path.rglob("stolen*"))


def test_a_wrong_text_in_an_archive_is_deleted_and_named(place: Place) -> None:
    row = CORPORA["snli"]
    place.files = {row.archive: archive_of(row, TEXTS)}
    assert fault_of("snli").startswith("The archive of SNLI holds another text than the paper's")


@pytest.mark.parametrize(
    "break_it", [lambda data: data[:3000], lambda data: b"no archive", lambda data: archive_of(CORPORA["yelp"], {})]
)
def test_a_broken_archive_is_deleted_and_named(place: Place, break_it) -> None:
    archive = archive_of(CORPORA["yelp"], TEXTS)
    place.files[CORPORA["yelp"].archive] = break_it(archive)
    assert fault_of("yelp").startswith("The archive of Yelp is broken")
    place.files[CORPORA["yelp"].archive] = archive
    assert texts_in(find_corpus("yelp")) == TEXTS


def test_a_web_page_in_place_of_the_archive(place: Place, tmp_path: Path) -> None:
    place.kind, place.files[CORPORA["yahoo"].archive] = "text/html; charset=utf-8", b"<html>quota</html>"
    sentence = fault_of("yahoo")
    assert f"https://drive.google.com/file/d/{CORPORA['yahoo'].archive}/view" in sentence
    assert str(tmp_path / "cache" / "corpora" / "yahoo") in sentence


def test_what_is_nowhere(place: Place) -> None:
    place.files.clear()
    sentence = fault_of()
    assert CORPORA["short-yelp"].archive in sentence
    assert "--data DIR" in sentence


def test_without_a_network(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    at("http://127.0.0.1:9", monkeypatch)  # the discard port, where nobody listens
    sentence = fault_of()
    assert sentence.startswith("127.0.0.1 can't be reached (ConnectError)")
    assert "--data DIR or in DGVAE_DATA" in sentence


def test_a_cache_that_cannot_be_written(place: Place, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert "DGVAE_CACHE" in fault_of()


def test_data_at_hand_needs_no_server(place: Place, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_corpus("short-yelp", corpus) == corpus / "short-yelp"
    monkeypatch.setenv("DGVAE_DATA", str(corpus / "short-yelp"))
    assert find_corpus("short-yelp") == corpus / "short-yelp"
    with pytest.raises(UserError, match="--data names the folder"):
        find_corpus("short-yelp", tmp_path / "nowhere")
    monkeypatch.delenv("DGVAE_DATA")
    with pytest.raises(UserError, match="There is no corpus ptb to fetch, only short-yelp, snli"):
        find_corpus("ptb")
    assert place.asked == []
