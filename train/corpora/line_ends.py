"""The lines of a text file, whatever ends them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

from train.corpora.encodings import UTF_8, opened

LONGEST = 2**24  # characters of a line; the rest of it is cut off
_LOOKED_AT = 2**18  # characters, to tell what ends the lines
_CELL = re.compile('"[^"]*"')
_MOST_RETURNS = 5  # alone for each line feed; more are the lines of old Macs
_PARAGRAPHS = 50  # with more returns, a line is the part of an old Mac in a file that was joined


def numbered_lines(path: Path, encoding: str) -> Iterator[tuple[int, str, bool]]:
    """Yield (number, line without its end, whether it was cut). All three kinds of line ends count.

    A carriage return alone ends the lines of old Macs. In a file whose lines end in a line feed it is white space: texts from
    forms and web pages hold it where \\n was made a space. What can't be decoded stays as lone surrogates in UTF-8, and is
    U+FFFD in other encodings.
    """
    errors = "surrogateescape" if encoding == UTF_8 else "replace"
    end = "\n" if _end_in_line_feeds(path, encoding) else None  # None: all three
    with opened(path) as file, TextIOWrapper(file, encoding, errors, newline=end) as lines:
        number = 0
        while line := lines.readline(LONGEST):
            number += 1
            rest = line
            while len(rest) == LONGEST and not rest.endswith("\n"):
                rest = lines.readline(LONGEST)
            cut = rest is not line and rest not in ("", "\n")
            line = line.rstrip("\r\n")
            parts = line.split("\r") if line.count("\r") > _PARAGRAPHS else [line.replace("\r", " ")]
            for place, part in enumerate(parts, 1):
                yield number, part.removeprefix("\ufeff"), cut and place == len(parts)  # a mark stands where files were joined
                number += place < len(parts)


def _end_in_line_feeds(path: Path, encoding: str) -> bool:
    """Whether lines end in a line feed where carriage returns stand alone, too; in cells of old Macs, a line feed may stand."""
    with opened(path) as file, TextIOWrapper(file, encoding, "replace", newline="") as text:
        start = text.read(_LOOKED_AT).replace("\r\n", "\n")
    if "\r" not in start:
        return "\n" in start
    beside = _CELL.sub("", start).strip()
    return _MOST_RETURNS * beside.count("\n") > beside.count("\r")


def first_lines(path: Path, encoding: str, count: int) -> list[str]:
    """The first lines of a file.

    Args:
        path: of the file.
        encoding: as `open` has it.
        count: how many lines.

    Returns:
        At most `count` lines.
    """
    return [line for _, line, _ in islice(numbered_lines(path, encoding), count)]
