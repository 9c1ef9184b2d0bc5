"""Which two checkpoints of a shelf are compared: one of each of two methods, both trained on one text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

# Models that earlier versions came with, and the one that takes their place.
SUCCESSORS = {"short-yelp/beta-vae-0.01": "short-yelp/beta-vae-0.1"}


def first_pair(names: Sequence[str], a: str, b: str) -> tuple[str, str] | None:
    """The first two checkpoints of one folder that are of these methods.

    Args:
        names: of the checkpoints, such as short-yelp/vae.
        a: a method. A variant of it will do where it is not there itself.
        b: another.

    Returns:
        Their names, or None if no folder has both.
    """
    for folder in dict.fromkeys(PurePosixPath(name).parent for name in names):
        inside = [name for name in names if PurePosixPath(name).parent == folder]
        first, second = _of_method(inside, a), _of_method(inside, b)
        if first and second:
            return first, second
    return None


def _of_method(names: Sequence[str], method: str) -> str | None:
    """The first of a method, else of a variant of it: folders bear their names."""
    exact = [name for name in names if PurePosixPath(name).name == method]
    variants = [name for name in names if PurePosixPath(name).name.startswith((f"{method}-", f"{method}+"))]
    return next(iter(exact + variants), None)
