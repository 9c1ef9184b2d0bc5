"""Corpora: which ones the paper uses, and how their text files are read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from dgvae.files.atomic import read_json

UNLABELED = -1
SPLITS = ("train", "valid", "test")
VALIDATION_FILE = "valid.txt"
SOURCE_FILE = "source.json"  # beside prepared text: what it was made of

_NOT_OURS = "for non-commercial research under its owners' terms; it must not be redistributed."


@dataclass(frozen=True)
class Corpus:
    """A corpus of the paper: what it is, on what terms, the sizes of the paper's models for it, and where it is public."""

    id: str
    title: str
    summary: str
    terms: str  # one sentence
    license: str  # as the Hub names it
    embedding_dim: int
    hidden_dim: int
    files: str  # the end of a split's path, with {split}, in the paper's repository and in the archive
    archive: str  # the id of a tar.gz on Google Drive
    in_repository: bool = False  # else in the archive alone
    sha256: Mapping[str, str] = field(default_factory=dict)  # of a split's file, where it is known
    classes: Mapping[int, str] = field(default_factory=dict)  # what its labels are called


CORPORA: dict[str, Corpus] = {
    corpus.id: corpus
    for corpus in (
        Corpus(
            "short-yelp",
            "Short-Yelp",
            "sentences of Yelp reviews, labeled by their sentiment",
            f"Yelp's text is {_NOT_OURS}",
            "other",
            embedding_dim=128,
            hidden_dim=512,
            files="short_yelp_data/short_yelp.{split}.txt",
            archive="18h8UYr801qr-USCYRzZySi_DSbUkHW71",
            in_repository=True,
            sha256={
                "valid": "34240114bd7b8b8b016c2ea033aaf7efefbc4e5be5aa7c53f95e03260c631521",
                "test": "56dc9c763128e315b167870ba6714c0f528b335855b7cc469ab3018457daddeb",
            },
            classes={0: "negative", 1: "positive"},
        ),
        Corpus(
            "snli",
            "SNLI",
            "captions of photographs, and what people concluded from them",
            "SNLI is licensed under CC BY-SA 4.0.",
            "cc-by-sa-4.0",
            embedding_dim=128,
            hidden_dim=512,
            files="snli_data/snli.{split}.txt",
            archive="11NHEPxV7OrqmODozxQGezSU8093iUlUx",
            in_repository=True,
            sha256={
                "valid": "8aee585ebefd01b449ce434f94374a3a0b45a77a6f6bb3eb2d0b0ced53735239",
                "test": "94aceee0c5a7b26319250bdd6b2d9a27e75352f3f53ab5f6e1fa6a7592c9bd59",
            },
        ),
        Corpus(
            "yahoo",
            "Yahoo",
            "questions and answers of Yahoo Answers",
            f"Yahoo's text is {_NOT_OURS}",
            "other",
            embedding_dim=512,
            hidden_dim=1024,
            files="yahoo_data/yahoo.{split}.txt",
            archive="13azGlTuGdzWLCmgDmQPmvb_jcexVWX7i",
        ),
        Corpus(
            "yelp",
            "Yelp",
            "whole reviews of Yelp",
            f"Yelp's text is {_NOT_OURS}",
            "other",
            embedding_dim=512,
            hidden_dim=1024,
            files="yelp_data/yelp.{split}.txt",
            archive="1FT49oLNV8syhmGXEgiK6XTjEfMNqqEJJ",
        ),
    )
}


@dataclass(frozen=True)
class Split:
    """Sentences with their labels (-1 where there is none), in the order of the file."""

    path: Path
    sentences: list[str]
    labels: list[int]

    @property
    def sha256(self) -> str:
        """Identifies the text without holding it."""
        return text_sha256(self.sentences)

    def first(self, count: int) -> Split:
        """The first `count` sentences."""
        return Split(self.path, self.sentences[:count], self.labels[:count])


def text_sha256(sentences: Iterable[str]) -> str:
    """Identifies sentences without holding them."""
    return hashlib.sha256("\n".join(sentences).encode()).hexdigest()


def source_of(folder: Path) -> dict[str, Any]:
    """What is known of how the text in a folder was made; nothing of a corpus that was there already."""
    path = folder / SOURCE_FILE
    return read_json(path) if path.is_file() else {}


def given_name(path: Path) -> str:
    """The file of the user's own that a split was made of; the split's path where there is none."""
    source = source_of(path.parent)
    made_of = {"train": ("train",), "valid": ("valid", "train"), "test": ("test", "valid", "train")}.get(path.stem, ())
    return next((str(source[split]) for split in made_of if source.get(split)), str(path))


def class_names(folder: Path) -> dict[int, str]:
    """What the labels of prepared text in a folder are called; nothing where they are but numbers."""
    names = {int(number): name for number, name in source_of(folder).get("classes", {}).items()}
    return names if any(name != str(number) for number, name in names.items()) else {}


def label_name(label: int, classes: Mapping[int, str]) -> str:
    """What a label is called; nothing where there is none, −1."""
    return "" if label < 0 else classes.get(label, f"label {label}")


def corpus_files(name: str, folder: Path) -> dict[str, Path]:
    """Return the train, valid and test file of a corpus in `folder` or `folder/name`. Raises UserError if one is missing."""
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; --data names the folder that holds the corpus {name}.")
    place = folder / name if (folder / name).is_dir() else folder
    files = {split: place / f"{split}.txt" for split in SPLITS}
    if missing := [path.name for path in files.values() if not path.is_file()]:
        raise UserError(f"{place} lacks {', '.join(missing)}; --data names the folder that holds the corpus {name}.")
    return files


def measured_file(split: Split) -> str:
    """The file of a corpus whose sentences are measured: valid.txt where there are no others than those for validation."""
    texts = source_of(split.path.parent).get("texts", {})
    is_valid = split.path.name == "test.txt" and texts and texts.get("valid") == texts.get("test")
    return VALIDATION_FILE if is_valid else split.path.name


def is_label(text: str) -> bool:
    """Whether a text is a number from 0 to 32767."""
    return text.isdecimal() and len(text) < 6 and int(text) < 2**15


def read_evaluation(path: Path) -> Split:
    """`read_split` for sentences to measure on. Raises UserError as it does, and if there is but one."""
    split = read_split(path)
    if len(split.sentences) < 2:
        raise UserError(f"{given_name(path)} holds one sentence; an aggregated posterior needs two at least.")
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
                if label and not is_label(label):
                    raise UserError(
                        f"{path}, line {number}: what stands before a tab is a label, a number from 0 to 32767; "
                        "--train-file takes labels of any kind."
                    )
                if sentence.strip():
                    sentences.append(sentence.strip())
                    labels.append(int(label) if label else UNLABELED)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a readable UTF-8 text file ({error}).") from None
    if not sentences:
        raise UserError(f"{given_name(path)} holds no sentence.")
    return Split(path, sentences, labels)
