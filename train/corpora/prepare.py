"""One's own text, whatever it comes in, made into a corpus: a folder with train.txt, valid.txt and test.txt."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from dgvae.files.atomic import printable, write_bytes, write_json
from dgvae.text.corpora import SOURCE_FILE, SPLITS, is_label, text_sha256
from dgvae.text.words import split_words
from train.corpora.account import Account, left_out_text
from train.corpora.cache import being_made, cache_folder, is_whole
from train.corpora.columns import MOST_VALUES
from train.corpora.hub_dataset import download_dataset, find_dataset
from train.corpora.kinds import refuse_other_kinds
from train.corpora.reading import Reading, cannot_read, format_of, read_text
from train.corpora.table import listed

MOST_LABELS = 1000
RULES = 15  # the version of how text is prepared; another one makes every corpus anew
SECONDS = 5  # of reading, until it is said and between
_Row = tuple[str, str | None, str]
FEWEST_HELD_OUT, MOST_HELD_OUT = 2, 10_000


@dataclass(frozen=True)
class TextSource:
    """Where text comes from, and how it is read.

    `train` is a file (see `read_text`) or a data set on the Hub, owner/name[/configuration][@revision]; `valid` and `test` are
    files, and go before those of the data set. `tokenized` text is taken as it is, words apart by spaces; other text is
    lower-cased and split by `split_words`. The other fields are those of `Reading`.
    """

    train: str
    valid: str | None = None
    test: str | None = None
    column: str | None = None
    label_column: str | None = None
    tokenized: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    clean: bool | None = None

    def reading(self, split: str = "train") -> Reading:
        """How the files of a split are read."""
        as_said = {each.name: getattr(self, each.name) for each in fields(Reading) if each.name != "needs_label"}
        return Reading(**as_said, needs_label=split == "train")


OWNERS = {"valid": "validation", "test": "what is measured"}


@dataclass
class _Text:
    """The sentences of a split, with their labels, and what there is to say of it."""

    sentences: list[tuple[str, str | None]] = field(default_factory=list)
    account: Account = field(default_factory=Account)


def prepare(source: TextSource, cache: Path | None = None) -> Path:
    """Return the folder of the corpus made of `source`, in `cache` or in the user's own. It is made once.

    Without validation sentences, a twentieth is held out: see `_held_out`. Without test sentences, those for validation are
    measured. Labels from 0 to 32767 stay as they are, others are numbered in their order. source.json says what it was made
    of, and what was left out. Raises UserError.
    """
    dataset = None if names_file(source.train) else find_dataset(source.train)
    given = {"train": None if dataset else source.train, "valid": source.valid, "test": source.test}
    own = {split: Path(os.path.expanduser(file)) for split, file in given.items() if file}
    origin = {
        "dataset": asdict(dataset) if dataset else None,
        "files": {split: {"format": format_of(path), "sha256": _sha256(path)} for split, path in own.items()},
        "settings": [asdict(source.reading()), RULES],
    }
    name = re.sub(r"[^\w-]+", "-", dataset.repository if dataset else own["train"].name.partition(".")[0])
    key = hashlib.sha256(json.dumps(origin).encode()).hexdigest()
    folder = (cache or cache_folder()) / "own" / f"{name[:40]}-{key[:12]}"
    if is_whole(folder):
        return folder
    with being_made(folder) as aside:
        if aside:
            files = (download_dataset(dataset) if dataset else {}) | {split: [path] for split, path in own.items()}
            texts = {split: _read(paths, source, split) for split, paths in files.items()}
            write_json(aside / SOURCE_FILE, asdict(source) | origin | _write(texts, aside, source))
    return folder


def names_file(text: str) -> bool:
    """Whether it is meant as a file, be it there or not."""
    return os.path.exists(text) or format_of(text) is not None or "/" not in text or text.startswith((".", "/", "~"))


def _sha256(path: Path) -> str:
    try:
        refuse_other_kinds(path)
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, EOFError, zlib.error) as error:
        raise cannot_read(path, error) from None


def _read(paths: Sequence[Path], source: TextSource, split: str) -> _Text:
    text = _Text()
    for path in paths:
        for sentence, label, place in _with_progress(path, read_text(path, source.reading(split), text.account)):
            words = sentence.split() if source.tokenized else split_words(sentence.lower())
            if words:
                text.sentences.append((" ".join(words), label))
            else:
                text.account.leave_out("empty", place)
    if not text.sentences:
        why = left_out_text(text.account.left_out, text.account.first)
        raise UserError(f"{', '.join(map(str, paths))} holds no sentence{why and f'; left out: {why}'}.")
    return text


def _with_progress(path: Path, rows: Iterator[_Row]) -> Iterator[_Row]:
    """Say now and then how many sentences of a large file were read."""
    said = time.monotonic()
    for number, row in enumerate(rows):
        if time.monotonic() - said > SECONDS:
            said = time.monotonic()
            print(f"Reading {printable(path.name)}: {number:,} sentences …", flush=True)
        yield row


def _write(texts: dict[str, _Text], folder: Path, source: TextSource) -> dict[str, Any]:
    """Write the files; return what there is to say of them."""
    sentences = {split: text.sentences for split, text in texts.items()}
    accounts = {split: text.account for split, text in texts.items()}
    if "valid" not in sentences:
        held_out = _held_out(Counter(sentence for sentence, _ in sentences["train"]), source, accounts["train"])
        sentences["valid"] = [line for line in sentences["train"] if line[0] in held_out]
        sentences["train"] = [line for line in sentences["train"] if line[0] not in held_out]
    names = _called_alike(sentences, accounts)
    found = _notes(accounts) + _odd_labels(sentences) + _new_labels(sentences)
    sentences.setdefault("test", sentences["valid"])
    numbers = _numbers({label for lines in sentences.values() for _, label in lines if label is not None})
    for split, lines in sentences.items():
        text = "".join(f"{sentence}\n" if label is None else f"{numbers[label]}\t{sentence}\n" for sentence, label in lines)
        write_bytes(folder / f"{split}.txt", text.encode())
    return {
        "sentences": {split: len(sentences[split]) for split in SPLITS},
        "texts": {split: text_sha256(sentence for sentence, _ in sentences[split]) for split in SPLITS},
        "left_out": {split: dict(account.left_out) for split, account in accounts.items() if account.left_out},
        "first_left_out": {split: account.first for split, account in accounts.items() if account.first},
        "found": found,
        "markup": dict(sum((account.markup for account in accounts.values()), Counter())),
        "cut_lines": sum(account.cut for account in accounts.values()),
        "labels": numbers,
        "classes": {str(number): names.get(label, label) for label, number in numbers.items()},
    }


def _notes(accounts: dict[str, Account]) -> list[str]:
    """How the files were read; what is not so of the training text, with whose it is."""
    notes = [*accounts["train"].found]
    for split, owner in OWNERS.items():
        if account := accounts.get(split):
            notes += [f"{owner}: {note}" for note in account.found if note not in notes]
    return notes


def _called_alike(sentences: dict[str, list[tuple[str, str | None]]], accounts: dict[str, Account]) -> dict[str, str]:
    """What labels are called, where files say so. Files that say it otherwise, or not at all, are made to agree with it."""
    names: dict[str, str] = {}
    agree = all(
        names.setdefault(label, name) == name for account in accounts.values() for label, name in account.label_names.items()
    )
    for split, lines in sentences.items():
        known = accounts.get(split, accounts["train"]).label_names  # held out of the training text, a label means the same
        if agree:
            known = {} if known else {name: label for label, name in names.items()}
        sentences[split] = [(sentence, known.get(label or "", label)) for sentence, label in lines]
    return names if agree else {}


def _new_labels(sentences: dict[str, list[tuple[str, str | None]]]) -> list[str]:
    """What to say of labels that the training text does not have, and of those that only it has."""
    known, found = {label for _, label in sentences["train"]}, []
    for split, owner in OWNERS.items():
        if known != {None} and split in sentences and all(label is None for _, label in sentences[split]):
            found.append(f"{owner}: no sentence has a label")
        if new := sorted({label for _, label in sentences.get(split, ()) if label is not None} - known):
            found.append(f"{owner}: labels that the training text does not have: {listed(new)}")
    return found


def _odd_labels(sentences: dict[str, list[tuple[str, str | None]]]) -> list[str]:
    """What to say of labels that are hardly classes: one for each sentence, or several that look alike."""
    counts = Counter(label for lines in sentences.values() for _, label in lines if label is not None)
    found = []
    if len(counts) > max(MOST_VALUES, counts.total() / 2):
        found.append(f"{len(counts):,} classes for {counts.total():,} sentences; labels should be few words or numbers")
    folded = Counter(map(_folded, counts))
    if alike := [label for label in counts if folded[_folded(label)] > 1]:
        found.append(f"labels that look alike are different classes: {listed(sorted(alike))}")
    return found


def _folded(label: str) -> str:
    """The same for labels that differ in capitals alone, in how an accent is coded, or in how a number is written."""
    try:
        return repr(float(label))
    except ValueError:
        return unicodedata.normalize("NFKC", label).casefold()


def _held_out(counts: Counter[str], source: TextSource, account: Account) -> set[str]:
    """The sentences that become the validation set, which has a twentieth of all lines: those with the lowest sha256.

    So they are the same whatever their order. All copies of a sentence stay on one side: a sentence with more copies than
    there is room for stays in training, unless fewer than two different ones would be held out.
    """
    if len(counts) < 4:
        many = f"{len(counts)} different sentences are" if len(counts) > 1 else "One sentence is"
        why = left_out_text(account.left_out, account.first)
        raise UserError(
            f"{many} too few to hold out a part of {source.train} for validation; add text, one sentence per line."
            + (f" Is {source.column} the column of the text?" if source.column else "")
            + (why and f" Left out: {why}.")
        )
    lines = counts.total()
    wanted = min(MOST_HELD_OUT, max(lines // 20, 100 if lines >= 1000 else FEWEST_HELD_OUT))
    ordered = sorted(counts, key=lambda sentence: hashlib.sha256(sentence.encode()).digest())
    chosen: set[str] = set()
    for sentence in ordered:
        if counts[sentence] <= wanted:
            chosen.add(sentence)
            wanted -= counts[sentence]
    rarest = sorted(ordered, key=lambda sentence: (sentence not in chosen, counts[sentence]))
    return chosen | set(rarest[:FEWEST_HELD_OUT])


def _numbers(labels: set[str]) -> dict[str, int]:
    """A number for every label."""
    if all(map(is_label, labels)) and len({*map(int, labels)}) == len(labels):
        return {label: int(label) for label in sorted(labels, key=int)}
    if len(labels) > MOST_LABELS:
        raise UserError(
            f"There are {len(labels):,} different values of the label, more than {MOST_LABELS:,}; name another column with "
            "--label-column, or remove the labels and their tabs."
        )
    try:
        ordered = sorted(labels, key=lambda label: (float(label), label))
    except ValueError:
        ordered = sorted(labels)
    return {label: number for number, label in enumerate(ordered)}
