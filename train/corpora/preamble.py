"""What stands before the header of a table: titles, comments, what a program says of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from train.corpora.columns import SURE, classes_and_numbers, fits, has_header, is_header, is_known_name
from train.corpora.layout import DELIMITERS, other_header, rows_by

MOST_BEFORE = 10  # lines before a header


def lines_before_header(lines: Sequence[str], delimiter: str | None) -> int:
    """How many lines stand before the header: none of them has columns, or each is a comment."""
    for number, line in enumerate(lines[: MOST_BEFORE + 1]):
        for candidate in [delimiter] if delimiter else DELIMITERS:
            if candidate not in line or number + 1 >= len(lines) or lines[number + 1].count(candidate) < line.count(candidate):
                continue
            before = [other for other in lines[:number] if other.strip()]
            if not before or line.startswith("#") or any(other.count('"') % 2 for other in before):  # a cell of several lines
                continue
            if _is_below_titles(lines, number, candidate):
                return number
            plain = not any(candidate in other for other in before)
            if all(_is_title(other, candidate) for other in before) and not _is_title(line, candidate):
                rows = [other.split(candidate) for other in lines[number:] if other.strip()]
                return number if len(rows) > 1 and has_header(rows, []) else 0
            if all(re.match(r"#+(\s|$)", other) and other.count(candidate) != line.count(candidate) for other in before):
                return number
            if plain and is_header(line.split(candidate)):
                return number
            if plain and (delimiter or line.count(candidate) > 1) and _has_title(lines, number, candidate):
                return number
    return 0


def _is_below_titles(lines: Sequence[str], number: int, delimiter: str) -> bool:
    """Whether line `number` is a header above rows of its length, and those before hold the delimiter, but are no rows."""
    header = lines[number].split(delimiter)
    if not is_header(header) or any(is_header(line.split(other)) for line in lines[:number] for other in DELIMITERS):
        return False
    rows = [row.cells for row in rows_by(lines[number:], delimiter, '"') if any(map(str.strip, row.cells))]
    are_rows = len(rows) > 2 and sum(len(cells) == len(header) for cells in rows) >= SURE * len(rows)
    known = classes_and_numbers(rows[1:])
    if any(values and fits(header[i], values) for i, values in known.items()):
        return False  # a row, whose text is a word such as review
    apart = not lines[number - 1].strip() or all(len(line.split(delimiter)) != len(header) for line in lines[:number])
    return are_rows and apart


def _has_title(lines: Sequence[str], number: int, delimiter: str) -> bool:
    """Whether the lines from `number` on are a header above numbers or classes, and those before are no row of a table."""
    rows = [row.cells for row in rows_by(lines[number:], delimiter, '"') if any(map(str.strip, row.cells))]
    equal = sum(len(cells) == len(rows[0]) for cells in rows)
    if len(rows) < 3 or equal < SURE * len(rows) or is_known_name(lines[0].strip()):
        return False
    if other_header([line for line in lines if line.strip()], delimiter, '"'):
        return False
    if any(_share_like_first(lines, other) >= 0.5 for other in DELIMITERS if other != delimiter):
        return False
    known = classes_and_numbers(rows[1:])
    return any(not fits(rows[0][i], values) and values != {""} for i, values in known.items())


def _share_like_first(lines: Sequence[str], delimiter: str) -> float:
    """Of the lines below the first, those with as many delimiters; 0 if it has none."""
    count = lines[0].count(delimiter)
    others = [line.count(delimiter) for line in lines[1:] if line.strip()]
    return others.count(count) / max(1, len(others)) if count else 0.0


def _is_title(line: str, delimiter: str) -> bool:
    """Whether a spreadsheet has text in the first cell of a row alone."""
    others = line.split(delimiter)[1:]
    return len(others) > 1 and not any(other.strip(' "') for other in others)
