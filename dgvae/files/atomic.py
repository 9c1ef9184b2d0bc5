"""Files: a broken one is named in one sentence, and an interrupted write leaves the old one whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dgvae.errors import NO_ROOM, UserError

MOST_JSON = 4_000_000  # bytes of a file that is read; a vocabulary of 20,000 words takes 0.4 million
INCOMPLETE = "is missing: this folder is not a complete checkpoint."


def unwritable(path: Path, error: OSError, otherwise: str) -> UserError:
    """Says that a file or folder can't be written and why, and to free some space where that helps, or to do `otherwise`."""
    what_to_do = f"free some space there, or {otherwise}" if error.errno in NO_ROOM else otherwise
    return UserError(f"{path} can't be written ({error.strerror or error}); {what_to_do}.")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file aside, make sure that it is on the disk, and put it in place in one step."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(aside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
        _to_disk(path.parent)
    except OSError as error:
        error.filename = os.fspath(path)  # which the system does not say where the disk is full
        raise
    finally:
        aside.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Delete what a killed process left half written."""
    for path in folder.glob(".*.*.tmp"):
        if path.name.split(".")[-2].isdecimal():  # the process that wrote it
            path.unlink(missing_ok=True)


def _to_disk(folder: Path) -> None:
    """Make the new name outlive a power cut, where a folder can be opened."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems
        pass
    finally:
        os.close(descriptor)


def write_json(path: Path, data: Any) -> None:
    """Write indented JSON."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    # A byte of a file name that is not UTF-8 is a lone surrogate in Python; escaped, it is JSON, and is read as it was.
    write_bytes(path, text.encode(errors="backslashreplace"))


def printable(text: str) -> str:
    """Text in which what UTF-8 can't hold, such as a byte of a file name that is none, is an escape."""
    return text.encode(errors="backslashreplace").decode()


def read_json(path: Path, most: int = MOST_JSON) -> dict[str, Any]:
    """Read a JSON object. Raises UserError if the file is missing, larger than `most` bytes, or holds something else."""
    try:
        if (size := path.stat().st_size) > most:
            raise UserError(f"{path} is too large: it has {size / 1e6:,.1f} MB, and {most / 1e6:,.1f} are allowed.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} {INCOMPLETE}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not readable JSON ({error}).") from None
    if not isinstance(data, dict):
        raise UserError(f"{path} must hold a JSON object.")
    return data
