"""Corpora: text files, a sentence a line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dgvae.errors import UserError

UNLABELLED = -1
CORPORA = ("short-yelp", "snli", "yahoo", "yelp")


@dataclass(frozen=True)
class Split:
    """Sentences with their labels (-1 where there is none), in the order of the file."""

    path: Path
    sentences: list[str]
    labels: list[int]

    @property
    def sha256(self) -> str:
        """Identifies the text without holding it."""
        return hashlib.sha256("\n".join(self.sentences).encode()).hexdigest()

    def first(self, count: int) -> Split:
        """The first `count` sentences."""
        return Split(self.path, self.sentences[:count], self.labels[:count])


def corpus_files(name: str, folder: Path) -> dict[str, Path]:
    """Return the train, valid and test file of a corpus in `folder` or `folder/name`. Raises UserError if one is missing."""
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; --data names the folder that holds the corpus {name}.")
    place = folder / name if (folder / name).is_dir() else folder
    files = {split: place / f"{split}.txt" for split in ("train", "valid", "test")}
    if missing := [path.name for path in files.values() if not path.is_file()]:
        raise UserError(f"{place} lacks {', '.join(missing)}; --data names the folder that holds the corpus {name}.")
    return files


def read_evaluation(path: Path) -> Split:
    """`read_split` for sentences to measure on. Raises UserError as it does, and if there is but one."""
    split = read_split(path)
    if len(split.sentences) < 2:
        raise UserError(f"{path} holds one sentence; an aggregated posterior needs two at least.")
    return split


def read_split(path: Path) -> Split:
    """Read a text file: a sentence a line, words apart by spaces, optionally `label<TAB>` before it.

    Empty lines are left out. Raises UserError if the file cannot be read, holds no sentence, or has a label that is not a
    whole number from 0 to 32767.
    """
    sentences, labels = [], []
    try:
        with open(path, encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                label, _, sentence = line.rpartition("\t")
                if label and not (label.isdecimal() and len(label) < 6 and int(label) < 2**15):
                    raise UserError(f"{path}, line {number}: what stands before a tab is a label, a number from 0 to 32767.")
                if sentence.strip():
                    sentences.append(sentence.strip())
                    labels.append(int(label) if label else UNLABELLED)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a readable UTF-8 text file ({error}).") from None
    if not sentences:
        raise UserError(f"{path} holds no sentence.")
    return Split(path, sentences, labels)
