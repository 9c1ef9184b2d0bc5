"""The paper's corpora, fetched from where they are public into the user's cache."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path

import httpx2

from dgvae.environment import check_network
from dgvae.errors import UserError
from dgvae.text.corpora import CORPORA, SPLITS, Corpus, corpus_files
from train.corpora.cache import being_made, cache_folder, is_whole
from train.corpora.download import NotTheFileError, WrongHashError, download, has_sha256

REPOSITORY = "https://raw.githubusercontent.com/zhangjf-nlp/DG-VAEs/51699815f0a8d1f48126ef900f07b2705736da1f/datasets/"
DRIVE = "https://drive.usercontent.google.com/download?id={id}&export=download&confirm=t"
DRIVE_PAGE = "https://drive.google.com/file/d/{id}/view"
OWN = "or give files of your own with --data DIR"


def find_corpus(name: str, data: Path | None = None) -> Path:
    """Return the folder of a corpus, with train.txt, valid.txt and test.txt.

    If `data` is given, or $DGVAE_DATA is set, any corpus is looked for there, or in the folder of its name there, and nothing
    is fetched; else one of CORPORA is taken from the cache, and fetched if it is not there. Raises UserError.
    """
    if data or (folder := os.environ.get("DGVAE_DATA")):
        return corpus_files(name, data or Path(os.path.expanduser(folder)))["train"].parent
    if name not in CORPORA:
        raise UserError(
            f"There is no corpus {name} to fetch, only {', '.join(CORPORA)}; for another corpus, name its folder with --data."
        )
    return fetch(CORPORA[name])


def fetch(corpus: Corpus) -> Path:
    """Return the corpus's folder in the cache; download it if it is not there whole. Raises UserError."""
    folder = cache_folder() / "corpora" / corpus.id
    if is_whole(folder):
        return folder
    with being_made(folder) as aside:
        if aside:
            print(f"Fetching {corpus.title} into {folder} … {corpus.terms}", flush=True)
            try:
                _download(corpus, aside)
            except NotTheFileError:
                raise UserError(_by_hand(corpus, folder)) from None
    return folder


class _NotThereError(UserError):
    """The address leads nowhere."""


def _download(corpus: Corpus, aside: Path) -> None:
    """Make train.txt, valid.txt and test.txt in `aside`."""
    if corpus.in_repository:
        try:
            for split in SPLITS:
                _retrieve(REPOSITORY + corpus.files.format(split=split), aside / f"{split}.txt", corpus.sha256.get(split))
            return
        except _NotThereError:
            pass  # the archive, from which the repository's own program takes it, may still be there
    archive = aside / "archive.tar.gz"
    _retrieve(DRIVE.format(id=corpus.archive), archive)
    _unpack(corpus, archive)


def _retrieve(address: str, path: Path, sha256: str | None = None) -> None:
    """Download a file, if it is not there."""
    check_network()
    try:
        download(address, path, sha256)
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        if status in (404, 410):
            raise _NotThereError(f"There is nothing at {address} any more; look for the corpus elsewhere, {OWN}.") from None
        raise UserError(f"{address} was refused (status {status}); try again later, {OWN}.") from None
    except httpx2.HTTPError as error:
        raise UserError(
            f"{httpx2.URL(address).host} can't be reached ({type(error).__name__}); try again, "
            "or name the folder that holds the corpus with --data DIR or in DGVAE_DATA."
        ) from None
    except WrongHashError:
        raise _wrong_sha256(address) from None


def _unpack(corpus: Corpus, archive: Path) -> None:
    """Take the three files out of the archive, by the end of their names; nothing of it decides where they go."""
    missing = {f"/{corpus.files.format(split=split)}": split for split in SPLITS}
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in filter(tarfile.TarInfo.isfile, members):
                end = next((end for end in missing if f"/{member.name}".endswith(end)), None)
                if end and (content := members.extractfile(member)):
                    with open(archive.with_name(f"{missing.pop(end)}.partial"), "wb") as file:
                        shutil.copyfileobj(content, file)
        if missing:
            raise tarfile.TarError(f"it lacks {', '.join(missing)}")
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        archive.unlink()
        raise UserError(f"The archive of {corpus.title} is broken ({error}); it was deleted; try again, {OWN}.") from None
    for split in SPLITS:
        path = archive.with_name(f"{split}.partial")
        if not has_sha256(path, corpus.sha256.get(split)):
            archive.unlink()
            raise _wrong_sha256(f"The archive of {corpus.title}")
        path.replace(archive.with_name(f"{split}.txt"))


def _wrong_sha256(source: str) -> UserError:
    return UserError(f"{source} holds another text than the paper's, by its sha256; it was deleted; try again, {OWN}.")


def _by_hand(corpus: Corpus, folder: Path) -> str:
    return (
        f"A web page came in place of {corpus.title}; download it with a browser from {DRIVE_PAGE.format(id=corpus.archive)} "
        f"and put its files into {folder} as train.txt, valid.txt and test.txt."
    )
