"""The text that a checkpoint is measured on: as the command says, or as the checkpoint's run knows it."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dgvae.errors import UserError
from dgvae.evaluation.record import Record
from dgvae.text.corpora import read_evaluation, read_split
from train.corpora import TextSource, find_corpus, prepare
from train.evaluate.texts import Texts
from train.run.arguments import text_options
from train.run.run_file import OPTIONS_FILE, read_run, recorded_options
from train.run.start import corpus_folder


def place_of_text(options: argparse.Namespace, corpus: str, folder: Path) -> Path | None:
    """The folder of the text to measure a checkpoint on.

    Args:
        options: of the command; what they say comes first.
        corpus: what the checkpoint calls its text.
        folder: of the checkpoint, whose run may know the text.

    Returns:
        The folder; None if neither says one.
    """
    if options.test_file:
        files = options.train_file or options.test_file, options.test_file, options.test_file
        said = text_options(options)
        with suppress(UserError):  # of a run.json that is not there, or broken
            run = read_run(folder)
            said["tokenized"] = said["tokenized"] or run.tokenized
            said["clean"] = run.clean if said["clean"] is None else said["clean"]
        return prepare(TextSource(*files, **said))
    if options.data or options.corpus:
        return find_corpus(options.corpus or corpus, options.data)
    if (folder / OPTIONS_FILE).is_file():
        return corpus_folder(read_run(folder))
    return find_corpus(corpus) if os.environ.get("DGVAE_DATA") else None


def read_texts(place: Path, training: bool) -> Texts:
    """The sentences to measure on, and the training sentences if they are wanted."""
    return Texts(read_evaluation(place / "test.txt"), read_split(place / "train.txt") if training else None)


def seen_in_training(folder: Path, texts: Texts) -> int:
    """How many of the sentences to measure on are in the training text, as far as it is given or the run still has it."""
    training = texts.training
    if not training and (folder / OPTIONS_FILE).is_file():
        try:
            training = read_split(corpus_folder(read_run(folder)) / "train.txt")
        except UserError:  # it moved
            return 0
    known = set(training.sentences) if training else set()
    return sum(sentence in known for sentence in texts.evaluation.sentences)


def trained_on(folder: Path, record: Record, texts: Texts) -> Texts:
    """Texts with those training sentences that a checkpoint was trained on, and without any if it was trained on others.

    Args:
        folder: of the checkpoint.
        record: of the checkpoint.
        texts: as they were read. If their sentences to measure on are not the checkpoint's own, they stay as they are.
    """
    if not texts.training or texts.evaluation.sha256 != record.evaluation.sha256:
        return texts
    count, known = (record.training.get(name) for name in ("sentences", "training_sha256"))
    if not known and (folder / OPTIONS_FILE).is_file():  # of an earlier version
        known = recorded_options(folder).get("training_sha256")
    training = texts.training
    if isinstance(count, int) and 0 < count < len(training.sentences):  # --sentences
        training = training.first(count)
    is_same = training.sha256 == known if known else count in (None, len(training.sentences))
    if is_same and training is texts.training:
        return texts  # with the n-gram model that it may have by now
    return replace(texts, training=training if is_same else None)
