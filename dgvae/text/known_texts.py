"""Texts that this machine keeps, and the sentences that a checkpoint was measured on among them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import platformdirs

from dgvae.errors import UserError
from dgvae.files.atomic import read_json
from dgvae.text.corpora import CORPORA, Split, corpus_files, read_split, source_of

OPTIONS_FILE = "run.json"  # which `train.fit` leaves in a run's folder


def cache_folder() -> Path:
    """$DGVAE_CACHE, else the user's cache folder."""
    return Path(os.path.expanduser(os.environ.get("DGVAE_CACHE") or platformdirs.user_cache_dir("dgvae")))


def find_evaluation(corpus: str, sha256: str, data: Path | None = None, run: Path | None = None) -> Split | None:
    """The sentences whose hash is `sha256`, wherever they are on this machine; None if they are not there any more.

    Args:
        corpus: what the checkpoint calls its text.
        sha256: `Split.sha256` of the sentences that were measured.
        data: a folder of corpora, which is looked at first.
        run: the folder of a run of one's own, whose text is looked for in the folder that it was trained with and in the
            cache; None where a checkpoint comes from others, who must not learn what is there.

    Returns:
        The sentences and their labels.
    """
    for path in _candidates(corpus, sha256, data, run):
        try:
            split = read_split(path)
        except UserError:
            continue
        if split.sha256 == sha256:
            return split
    return None


def _candidates(corpus: str, sha256: str, data: Path | None, run: Path | None) -> Iterator[Path]:
    """Files that may hold the sentences, the likeliest first."""
    folders = [data] if data else []
    if run:
        folders += _folders_of(run)
    for folder in folders:
        with suppress(UserError):
            yield corpus_files(corpus, folder)["test"]
    if run is None:
        return
    try:
        cache = cache_folder()
        prepared = sorted((cache / "own").glob("*/test.txt"), key=lambda path: path.stat().st_mtime, reverse=True)
    except (OSError, RuntimeError):  # the latter if there is no home at all
        return
    for path in prepared:
        if _hash_noted(path.parent) in (sha256, None):
            yield path
    if corpus in CORPORA:
        yield cache / "corpora" / corpus / "test.txt"


def _folders_of(run: Path) -> list[Path]:
    try:
        data = read_json(run / OPTIONS_FILE).get("data")
    except UserError:
        return []
    return [Path(data)] if isinstance(data, str) and data else []


def _hash_noted(folder: Path) -> str | None:
    """The hash of the evaluation sentences of prepared text; None if only reading them tells."""
    try:
        return source_of(folder).get("texts", {}).get("test")
    except (UserError, AttributeError):
        return None
