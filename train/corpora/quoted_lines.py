"""Lines of a .txt that a program wrote as cells of a table: in quotes where they need them, and over several lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from train.corpora.hints import MOST

MOST_LINES = 100  # of a cell
FEWEST_CELLS = 5  # fewer in quotes may be speech, where none holds a quote

_OPENED = re.compile(r'(?:^|\t)"(?:[^"]|"")*$')
_CLOSED = re.compile(r'"\s*$')
_CLOSED_BEFORE_A_TAB = re.compile(r'(?:[^"\t]|"")*" *\t[^"\t]*$')
_CELL = re.compile(r'\s*"((?:[^"]|"")*)"\s*')

Line = tuple[int, str, bool]  # its number, and whether it was cut


def are_cells(lines: Sequence[str]) -> bool:
    """Whether lines without tabs are a column as pandas and spreadsheets write it: quotes stand only where cells need them."""
    whole = [line for _, line, _ in joined((number, line, False) for number, line in enumerate(_until_closed(lines)))]
    return _are_quoted_by_need(whole, FEWEST_CELLS)


def are_cells_beside_tabs(texts: Sequence[str]) -> bool:
    """Whether the texts beside a tab are such cells, or stand in quotes nearly all."""
    quoted = sum(unquoted(text) != text for text in texts)
    return quoted > MOST * len(texts) or _are_quoted_by_need(texts, 2)


def has_cells_of_several_lines(lines: Sequence[str]) -> bool:
    """Whether a quote that opens at a cell's beginning closes in the next line, before any tab, as spreadsheets write it."""
    for line, after in pairwise(lines):
        if not _OPENED.search(line):
            continue
        if "\t" in line and "\t" not in after and after.count('"') % 2 and _CLOSED.search(after):
            return True
        if "\t" not in line and _CLOSED_BEFORE_A_TAB.match(after):
            return True
    return False


def joined(lines: Iterable[Line]) -> Iterator[Line]:
    """Numbered lines, of which those of a cell in quotes are one: up to one that ends in a quote, or has one before its tab."""
    opened: list[Line] = []
    for number, line, cut in lines:
        closes = bool(opened) and "\t" not in opened[0][1] and bool(_CLOSED_BEFORE_A_TAB.match(line))
        if opened and not closes and ("\t" in line or len(opened) > MOST_LINES):
            yield from opened
            opened = []
        if opened or _OPENED.search(line):
            opened.append((number, line, cut))
        else:
            yield number, line, cut
        if len(opened) > 1 and (closes or _CLOSED.search(line)):
            yield opened[0][0], "\n".join(part for _, part, _ in opened), any(part[2] for part in opened)
            opened = []
    yield from opened


def unquoted(cell: str) -> str:
    """A cell without the quotes around it."""
    inner = cell.strip()
    return inner[1:-1].replace('""', '"') if len(inner) > 1 and inner[0] == inner[-1] == '"' else cell


def _are_quoted_by_need(texts: Sequence[str], fewest: int) -> bool:
    """Whether all quotes are of cells that need them: these hold quotes, doubled, or commas and line ends, as no other does."""
    cells = [match[1] for text in texts if (match := _CELL.fullmatch(text))]
    others = [text for text in texts if not _CELL.fullmatch(text)]
    if any('"' in text for text in others):
        return False
    if len(cells) > 1 and any('""' in cell for cell in cells):
        return True
    return len(cells) >= fewest and all({",", "\n"} & {*cell} for cell in cells) and not any("," in text for text in others)


def _until_closed(lines: Sequence[str]) -> Sequence[str]:
    """The lines without a cell at their end that goes on in lines which are not among them."""
    last = next((i for i in reversed(range(len(lines))) if '"' in lines[i]), 0)
    return lines[:last] if lines and _OPENED.search(lines[last]) and last + 1 >= len(lines) - MOST_LINES else lines
