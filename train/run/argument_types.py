"""What an argument of a command can be: `type` of argparse."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

MOST_THREADS = 1024  # many more end the process, and keep others from starting any


def delimiter(text: str) -> str:
    """An argument that is one character."""
    text = re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)
    found = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}.get(text, text)
    if len(found) != 1 or found in '"\r\n':
        raise argparse.ArgumentTypeError(f"must be one character or tab, not {text[:20]!r}")
    return found


def folder_name(text: str) -> Path:
    """An argument that names a folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("must name a folder")
    return Path(text)


def names_among(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """An argument that is some of the known names, separated by commas."""

    def names(text: str) -> tuple[str, ...]:
        given = tuple(name.strip() for name in text.split(","))
        if unknown := set(given) - set(known):
            raise argparse.ArgumentTypeError(f"knows no {min(unknown)[:40]!r}; choose among {', '.join(known)}")
        return given

    return names


def positive(text: str) -> int:
    """An argument that counts something."""
    return whole(text, 1)


def whole(text: str, least: int = 0) -> int:
    """An argument that may be 0."""
    if not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to 999,999,999, not {text[:20]!r}")
    return int(text)


def thread_count(text: str) -> int:
    """An argument that counts threads: so many that any machine can start them."""
    if whole(text) > MOST_THREADS:
        raise argparse.ArgumentTypeError(f"must be at most {MOST_THREADS:,}, and no more than the machine has cores")
    return int(text)


def amount(text: str) -> float:
    """An argument that measures something."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1e6:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to a million, not {text[:20]!r}")
    return number
