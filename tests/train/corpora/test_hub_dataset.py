"""Corpora from data sets of the Hub, from a small Hub on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars

from dgvae.errors import UserError
from dgvae.text.corpora import SPLITS
from tests.train.corpora.test_prepare import PREPARED, TEXTS, fault_of, labels_of, rows, sentences_of
from tests.train.corpora.test_reading import WRITERS
from train.corpora import TextSource, prepare
from train.corpora.hub_dataset import CONVERTED, HubDataset, choose_files

NAME, COMMIT, OTHER = "someone/reviews", "c0ffee" + 34 * "0", "0dd" + 37 * "1"


@dataclass
class Hub:
    """The files of every branch of one data set, and what was asked."""

    branches: dict[str, tuple[str, dict[str, bytes]]]
    failure: tuple[int, str] | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


def make_handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(path)
            if hub.failure:
                return self.answer(hub.failure[0], b"", {"X-Error-Code": hub.failure[1]})
            _, found, rest = path.partition(f"/datasets/{NAME}")
            if not found:
                return self.answer(401, b"", {"X-Error-Code": "RepoNotFound"})
            rest = rest.strip("/").partition("/")[2] or "main"
            for branch, (commit, files) in hub.branches.items():
                if rest in (branch, commit):
                    listed = [{"rfilename": name, "size": hub.sizes.get(name, len(data))} for name, data in files.items()]
                    return self.answer(200, json.dumps({"id": NAME, "sha": commit, "siblings": listed}).encode())
                if (name := rest.removeprefix(f"{commit}/")) in files:
                    tag = f'"{hashlib.sha1(files[name]).hexdigest()}"'
                    return self.answer(200, files[name], {"X-Repo-Commit": commit, "ETag": tag})
            return self.answer(404, b"", {"X-Error-Code": "RevisionNotFound"})

        do_HEAD = do_GET

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


def shards(tmp_path: Path, ending: str, places: dict[str, list[str]]) -> dict[str, bytes]:
    """Files of a data set by their places, with the texts that each holds."""
    files = {"README.md": b"# Reviews", ".gitattributes": b""}
    for place, texts in places.items():
        WRITERS[ending](tmp_path / f"shard{ending}", rows(texts))
        files[place] = (tmp_path / f"shard{ending}").read_bytes()
    return files


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with one data set in three shards; empty caches."""
    places = {
        "data/train-00000-of-00002.parquet": TEXTS[:20],
        "data/train-00001-of-00002.parquet": TEXTS[20:40],
        "data/validation-00000-of-00001.parquet": TEXTS[40:50],
    }
    stand_in = Hub({"main": (COMMIT, shards(tmp_path, ".parquet", places))})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(stand_in))
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
    endpoint = f"http://127.0.0.1:{listener.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    disable_progress_bars()
    yield stand_in
    listener.shutdown()
    listener.server_close()


def test_a_data_set_is_prepared_and_then_needs_no_hub(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = TextSource(NAME, label_column="label")
    folder = prepare(source, tmp_path)
    assert folder.name.startswith("someone-reviews-")
    assert sentences_of(folder) == {"train": PREPARED[:40], "valid": PREPARED[40:50], "test": PREPARED[40:50]}
    assert labels_of(folder) == [0, 1] * 20
    assert json.loads((folder / "source.json").read_text())["dataset"]["commit"] == COMMIT
    assert all(COMMIT in path for path in hub.asked if "/resolve/" in path)
    hub.failure = 503, ""
    assert prepare(source, tmp_path) == folder
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert prepare(source, tmp_path) == folder
    sentence = fault_of(replace(source, column="text"), tmp_path / "another")
    assert sentence.startswith(f"The Hub can't be reached (HF_HUB_OFFLINE is set) and {NAME} is neither a file here nor ")


def test_a_revision_is_followed_and_own_files_go_first(hub: Hub, tmp_path: Path) -> None:
    hub.branches["v1"] = OTHER, shards(tmp_path, ".jsonl", {"dev.jsonl": TEXTS[:5], "train.jsonl": TEXTS[:8]})
    (tmp_path / "held-out.txt").write_text("mine\nyours\n")
    folder = prepare(TextSource(f"{NAME}@v1", test=str(tmp_path / "held-out.txt")), tmp_path)
    assert sentences_of(folder) == {"train": PREPARED[:8], "valid": PREPARED[:5], "test": ["mine", "yours"]}


def test_where_only_a_program_makes_the_data_the_hub_has_converted_it(hub: Hub, tmp_path: Path) -> None:
    hub.branches["main"] = COMMIT, {"reviews.py": b"import os", "README.md": b""}
    assert fault_of(TextSource(NAME), tmp_path).startswith(f"{NAME} has no file for training that is one of .csv, ")
    converted = shards(
        tmp_path, ".parquet", {"default/train/0000.parquet": TEXTS[:9], "default/test/0000.parquet": TEXTS[9:11]}
    )
    hub.branches[CONVERTED] = OTHER, converted
    texts = sentences_of(prepare(TextSource(NAME), tmp_path))
    assert texts["test"] == PREPARED[9:11]
    assert {*texts["train"], *texts["valid"]} == set(PREPARED[:9])


def test_what_a_data_set_may_lack(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fault_of(TextSource("someone/else"), tmp_path) == "The Hub has no data set someone/else, or it is private."
    assert fault_of(TextSource(f"{NAME}@v9"), tmp_path) == f"{NAME} has no revision v9."
    assert "has no column words; it has text, label" in fault_of(TextSource(NAME, column="words"), tmp_path)
    hub.sizes = {"data/train-00000-of-00002.parquet": 10**13}
    assert f"{NAME} is 10,000 GB, more than the 5 GB" in fault_of(TextSource(NAME), tmp_path / "large")
    hub.failure = 403, "GatedRepo"
    assert f"{NAME} is gated" in fault_of(TextSource(NAME), tmp_path)
    hub.failure = 429, ""
    assert f"The Hub refused {NAME} (status 429)" in fault_of(TextSource(NAME), tmp_path)


def chosen(names: list[str], configuration: str | None = None) -> dict[str, list[str]]:
    return choose_files(names, HubDataset(NAME, configuration, None, COMMIT))


@pytest.mark.parametrize(
    ("train", "valid", "test"),
    [
        ("train.csv", "dev.csv", "test.csv"),
        ("data/train-00000-of-00001-0123456789abcdef.parquet", "data/val-00000-of-00001.parquet", "data/test.parquet"),
        ("snli_1.0_train.jsonl.gz", "snli_1.0_dev.jsonl.gz", "snli_1.0_test.jsonl.gz"),
        ("default/train/0000.parquet", "default/validation/0000.parquet", "default/partial-test/0000.parquet"),
        ("plain_text/partial-train/0000.parquet", "plain_text/valid/0000.parquet", "plain_text/test/0000.parquet"),
        ("train/train_1.txt", "valid/valid_1.txt", "test/test_1.txt"),
    ],
)
def test_splits_are_told_by_names(train: str, valid: str, test: str) -> None:
    others = [
        "README.md",
        "train.py",
        "trainer/log.txt",
        "requirements.txt",
        "dataset_infos.json",
        "labels.csv",
        "training_notes.txt",
    ]
    assert chosen([test, valid, train, *others]) == {"train": [train], "valid": [valid], "test": [test]}


def test_of_several_formats_and_configurations_one_is_chosen() -> None:
    assert chosen(["train.csv", "train.parquet", "test.csv"]) == {"train": ["train.parquet"]}
    several = [f"{name}/{split}.parquet" for name in ("small", "large/en") for split in SPLITS]
    with pytest.raises(UserError, match=rf"several data sets; name one of {NAME}/large/en, {NAME}/small\."):
        chosen(several)
    assert chosen(several, "large/en") == {split: [f"large/en/{split}.parquet"] for split in SPLITS}
    with pytest.raises(UserError, match="name one of"):
        chosen(several, "medium")
    assert chosen(["default/train.csv", "extra/train.csv"]) == {"train": ["default/train.csv"]}
    assert chosen(["test.csv"]) == {}


def test_a_configuration_is_named_after_the_data_set(hub: Hub, tmp_path: Path) -> None:
    hub.branches["main"] = COMMIT, shards(tmp_path, ".csv", {"a/train.csv": TEXTS[:9], "b/train.csv": TEXTS[9:18]})
    address = f"https://huggingface.co/datasets/{NAME}"
    for source in (f"{NAME}/b", f"{NAME}/b@main", f"{address}/b"):
        texts = sentences_of(prepare(TextSource(source), tmp_path))
        assert {*texts["train"], *texts["valid"]} == set(PREPARED[9:18])
