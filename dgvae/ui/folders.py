"""The folder of a checkpoint, as the shelf sees it: whether it is whole, whether it has changed, what is wrong with it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from dgvae.checkpoint.discover import tokenizer_path
from dgvae.errors import UserError
from dgvae.files.atomic import printable


def named_fault(name: str, folder: Path, error: UserError) -> str:
    """What is wrong with a checkpoint, for a visitor: it is called by its name, and no folder of the server is told.

    Args:
        name: of the checkpoint.
        folder: where it lies.
        error: the fault, which may tell the folder.

    Returns:
        One sentence.
    """
    said = str(error)
    for path in (str(folder), printable(str(folder))):
        said = said.replace(f"{path}/", "").removeprefix(f"{path} ").replace(path, name)
    return f"{name}: {said}"


def looks_whole(folder: Path) -> bool:
    """Whether all files are there and the small ones are sound. Loads no model."""
    from dgvae.evaluation.record import Record
    from dgvae.methods.config import CONFIG_FILE, TextVAEConfig

    try:
        TextVAEConfig.from_json(folder / CONFIG_FILE)
        Record.load(folder)
    except UserError:
        return False
    files = (folder / "model.safetensors", folder / "latents.safetensors", tokenizer_path(folder))
    return all(file.is_file() for file in files)


def version_of(folder: Path) -> Hashable:
    """Changes when a file of the checkpoint does; a run's other files change while it goes on."""
    from dgvae.checkpoint.checkpoint import FILES

    return tuple(map(version_of_file, (*(folder / name for name in FILES), tokenizer_path(folder))))


def version_of_file(path: Path) -> Hashable:
    """Changes when the file does; None if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
