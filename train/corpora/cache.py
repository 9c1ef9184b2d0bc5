"""Where corpora are kept on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub.utils import WeakFileLock

from dgvae.files.atomic import unwritable
from dgvae.text.corpora import SPLITS
from dgvae.text.known_texts import cache_folder

__all__ = ["being_made", "cache_folder", "is_whole"]


def is_whole(folder: Path) -> bool:
    """Whether the folder has every split of a corpus."""
    return all((folder / f"{split}.txt").is_file() for split in SPLITS)


@contextmanager
def being_made(folder: Path) -> Iterator[Path | None]:
    """Yield a place aside in which to make a corpus that then becomes `folder`; None if it is there.

    Another process that makes the same one is waited for. What an interrupted one left aside is found again. Raises UserError
    if the cache can't be written.
    """
    aside = folder.with_name(f".{folder.name}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(folder.with_name(f".{folder.name}.lock")):
            if is_whole(folder):
                yield None
                return
            aside.mkdir(exist_ok=True)
            yield aside
            folder.mkdir(exist_ok=True)
            for path in (*aside.glob("*.txt"), *aside.glob("*.json")):
                os.replace(path, folder / path.name)
            shutil.rmtree(aside)
    except OSError as error:
        raise unwritable(folder, error, "set DGVAE_CACHE to another folder") from None
