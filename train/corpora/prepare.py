"""One's own text, whatever it comes in, made into a corpus: a folder with train.txt, valid.txt and test.txt."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dgvae.corpus import SPLITS, is_label
from dgvae.errors import UserError
from dgvae.storage import write_bytes, write_json
from dgvae.words import split_words
from train.corpora.cache import being_made, cache_folder, is_whole
from train.corpora.hub_dataset import download_dataset, find_dataset
from train.corpora.reading import format_of, read_text

SOURCE_FILE = "source.json"
MOST_LABELS = 1000
RULES = 1  # the version of how text is prepared; another one makes every corpus anew


@dataclass(frozen=True)
class TextSource:
    """Where text comes from, and how it is read.

    `train` is a file (see `read_text`) or a data set on the Hub, owner/name[/configuration][@revision]; `valid` and `test` are
    files, and go before those of the data set. `column` and `label_column` are as for `read_text`. `tokenised` text is taken
    as it is, words apart by spaces; other text is lower-cased and split by `split_words`.
    """

    train: str
    valid: str | None = None
    test: str | None = None
    column: str | None = None
    label_column: str | None = None
    tokenised: bool = False


@dataclass
class _Text:
    """The sentences of a split, with their labels, and what was left out of it."""

    sentences: list[tuple[str, str | None]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


def prepare(source: TextSource, cache: Path | None = None) -> Path:
    """Return the folder of the corpus made of `source`, in `cache` or in the user's own. It is made once.

    Without validation sentences, the twentieth of the sentences with the lowest sha256 is held out: the same whatever their
    order, and a sentence that comes twice stays on one side. Without test sentences, those for validation are measured.
    Labels from 0 to 32767 stay as they are, others are numbered in their order. source.json says what it was made of.
    Raises UserError.
    """
    dataset = None if _is_file(source.train) else find_dataset(source.train)
    given = {"train": None if dataset else source.train, "valid": source.valid, "test": source.test}
    own = {split: Path(file).expanduser() for split, file in given.items() if file}
    origin = {
        "dataset": asdict(dataset) if dataset else None,
        "files": {split: {"format": format_of(path), "sha256": _sha256(path)} for split, path in own.items()},
        "settings": [source.column, source.label_column, source.tokenised, RULES],
    }
    name = re.sub(r"[^\w-]+", "-", dataset.repository if dataset else own["train"].name.partition(".")[0])
    key = hashlib.sha256(json.dumps(origin).encode()).hexdigest()
    folder = (cache or cache_folder()) / "own" / f"{name[:40]}-{key[:12]}"
    if is_whole(folder):
        return folder
    with being_made(folder) as aside:
        if aside:
            files = (download_dataset(dataset) if dataset else {}) | {split: [path] for split, path in own.items()}
            texts = {split: _read(paths, source) for split, paths in files.items()}
            made = asdict(source) | origin | _write(texts, aside)
            write_json(aside / SOURCE_FILE, made)
            print(_account(source.train, made), flush=True)
    return folder


def _is_file(text: str) -> bool:
    """Whether it is meant as a file, be it there or not."""
    return Path(text).exists() or format_of(text) is not None or "/" not in text or text.startswith((".", "/", "~"))


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror}).") from None


def _read(paths: Iterable[Path], source: TextSource) -> _Text:
    text = _Text()
    for path in paths:
        for sentence, label in read_text(path, source.column, source.label_column, text.faults):
            words = sentence.split() if source.tokenised else split_words(sentence.lower())
            if words:
                text.sentences.append((" ".join(words), label))
            else:
                text.faults["empty"] += 1
    if not text.sentences:
        raise UserError(f"{', '.join(map(str, paths))} holds no sentence{_left_out(text.faults)}.")
    return text


def _write(texts: dict[str, _Text], folder: Path) -> dict[str, Any]:
    """Write the files; return what there is to say of them."""
    sentences = {split: text.sentences for split, text in texts.items()}
    if "valid" not in sentences:
        held_out = _held_out({sentence for sentence, _ in sentences["train"]})
        sentences["valid"] = [line for line in sentences["train"] if line[0] in held_out]
        sentences["train"] = [line for line in sentences["train"] if line[0] not in held_out]
    sentences.setdefault("test", sentences["valid"])
    numbers = _numbers({label for lines in sentences.values() for _, label in lines if label is not None})
    for split, lines in sentences.items():
        text = "".join(f"{sentence}\n" if label is None else f"{numbers[label]}\t{sentence}\n" for sentence, label in lines)
        write_bytes(folder / f"{split}.txt", text.encode())
    return {
        "sentences": {split: len(sentences[split]) for split in SPLITS},
        "left_out": {split: dict(text.faults) for split, text in texts.items() if text.faults},
        "labels": numbers,
    }


def _held_out(sentences: set[str]) -> set[str]:
    """The sentences that become the validation set."""
    if len(sentences) < 4:
        raise UserError(f"{len(sentences)} different sentences are too few to hold some out for validation; add text.")
    count = min(10_000, max(len(sentences) // 20, 100 if len(sentences) >= 1000 else 2))
    return set(sorted(sentences, key=lambda sentence: hashlib.sha256(sentence.encode()).digest())[:count])


def _numbers(labels: set[str]) -> dict[str, int]:
    """A number for every label."""
    if all(map(is_label, labels)):
        return {label: int(label) for label in sorted(labels, key=int)}
    if len(labels) > MOST_LABELS:
        raise UserError(f"The label column has {len(labels):,} different values, more than {MOST_LABELS:,}; name another.")
    try:
        ordered = sorted(labels, key=float)
    except ValueError:
        ordered = sorted(labels)
    return {label: number for number, label in enumerate(ordered)}


def _account(name: str, made: dict[str, Any]) -> str:
    counts = made["sentences"]
    faults = sum((Counter(faults) for faults in made["left_out"].values()), Counter())
    return (
        f"{name}: {counts['train']:,} sentences to train on, {counts['valid']:,} for validation, {counts['test']:,} to measure"
        f"{_left_out(faults)}"
    )


def _left_out(faults: Counter[str]) -> str:
    return "; left out: " + ", ".join(f"{count:,} {fault}" for fault, count in faults.most_common()) if faults else ""
