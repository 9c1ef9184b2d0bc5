"""How a table is written, told by its first lines: its delimiter, its quotes, and what stands before its header."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from train.corpora.columns import (
    SURE,
    classes_and_numbers,
    filled_until,
    fits,
    has_header,
    is_header,
    is_known_name,
    length_below,
    loose_length,
)
from train.corpora.delimited import Row, rows_of

DELIMITERS = {"\t": "tabs", "|": "bars (|)", ";": "semicolons", ",": "commas"}
# In text they are so rare that the same number of them in every line is the columns'.
RARE = {"\x01": "\\x01, as Hive writes", "\x1f": "\\x1f", "^": "^", "~": "~", "¦": "¦"}
IF_HEADED = {
    ":": "colons",
    "，": "，",
    "；": "；",
    "،": "،",
    "؛": "؛",
    " ": "spaces",
}  # only if the first line holds names, too, and if quotes protect what has spaces
FEW_LINES = 10  # fewer do not show that a rare delimiter is one
MOST_BEFORE = 10  # lines before a header
LONGEST_LOOKED_AT = 20_000  # characters of a line

_RULE = re.compile(r"[|\s]*[-=+:|\s]*[-=]{3}[-=+:|\s]*")
_SWAPPED = str.maketrans("'\"", "\"'")


@dataclass(frozen=True)
class Layout:
    """How a table is written.

    delimiter: "" for a single column. skip: lines before the first row. quote: " or '. header: the delimiter of the first row
    if it has its own, else "".
    """

    delimiter: str
    skip: int = 0
    quote: str = '"'
    header: str = ""

    @property
    def name(self) -> str:
        """What the delimiter is called."""
        return called(self.delimiter)

    def rows(
        self,
        lines: Iterable[tuple[int, str]],
        are_rows: Callable[[Sequence[str]], bool] | None = None,
        length: int | None = None,
    ) -> Iterator[Row]:
        """Split lines into rows; see `rows_of`."""
        lines = iter(lines)
        if self.header:
            first = next(((number, line) for number, line in lines if line.strip() and not is_rule(line)), (0, ""))
            yield from Layout(self.header, quote=self.quote).rows([first])
        if self.quote == '"':
            yield from rows_of(lines, self.delimiter, are_rows, length)
            return
        for row in rows_of(((n, line.translate(_SWAPPED)) for n, line in lines), self.delimiter, are_rows, length):
            yield replace(row, cells=[cell.translate(_SWAPPED) for cell in row.cells])


def called(delimiter: str) -> str:
    """What a delimiter is called."""
    return (DELIMITERS | RARE | IF_HEADED).get(delimiter, delimiter)


def find_layout(lines: Sequence[str], delimiter: str | None = None, wanted: Iterable[str] = ()) -> Layout:
    """The layout of a file by its first lines: by a line `sep=;`, else by the delimiter that gives most rows equal lengths.

    wanted: columns that the user names, of which the header has one.
    """
    declared = re.fullmatch(r'"?sep=(.)"?', lines[0]) if lines else None
    if declared:
        return Layout(delimiter or declared[1], skip=1)
    if skip := _preamble(lines, delimiter):
        return replace(find_layout(lines[skip:], delimiter, wanted), skip=skip)
    lines = [line for line in lines if line.strip() and not is_rule(line)]
    quote = "'" if _are_in_single_quotes(lines, delimiter) or _single_quotes_protect(lines, delimiter) else '"'
    if delimiter:
        return Layout(delimiter, quote=quote, header=_other_header(lines, delimiter, quote))
    return _most_equal(lines, quote, {*wanted})


def is_table(lines: Sequence[str]) -> bool:
    """Whether lines of a file that need not be a table are one: rows of one length, with a header or fields in quotes."""
    filled = [line for line in lines if line.strip() and not is_rule(line)]
    if len(filled) < 3 or max(map(len, filled)) > LONGEST_LOOKED_AT:
        return False
    layout = find_layout(filled)
    rows = list(layout.rows(enumerate(filled[layout.skip :], 1))) if layout.delimiter else []
    if not rows or sum(len(row.cells) == len(rows[1].cells) for row in rows[1:]) < SURE * len(rows[1:]):
        return False
    header = [cell for cell in rows[0].cells if cell.strip()]  # of | a | b |, too
    quoted = sum(bool(row.quoted) for row in rows) >= SURE * len(rows) - 1
    return quoted or layout.delimiter in RARE or (is_header(header) and len(rows[1].cells) - len(rows[0].cells) in (0, 1))


def is_rule(line: str) -> bool:
    """Whether it is drawn below a header or around a table: ----;---- or |:---|---| or +----+----+."""
    return bool(_RULE.fullmatch(line))


def _most_equal(lines: Sequence[str], quote: str, wanted: set[str]) -> Layout:
    """The layout by which most rows are as long as the first one."""

    @cache
    def rows(candidate: str) -> list[Row]:
        return list(Layout(candidate, quote=quote).rows(enumerate(lines, 1)))

    def share(candidate: str) -> float:
        """Of the rows as long as the first one, or longer by the names of rows that R writes."""
        lengths = Counter(len(row.cells) for row in rows(candidate) if any(row.cells))
        first = next(iter(lengths), 1)
        longer = lengths[first + 1] + 1 if lengths[first + 1] >= SURE * (lengths.total() - 1) else 0
        named = filled_until(rows(candidate)[0].cells) if lengths else 0
        shorter = lengths[named] + 1 if 1 < named < first else 0  # delimiters at the end of the header alone
        return max(lengths[first], longer, shorter) / lengths.total() if first > 1 else 0.0

    for candidate in RARE:
        enough = len(lines) > FEW_LINES or (lines and is_header(lines[0].split(candidate)))
        if enough and candidate in lines[0] and share(candidate) >= SURE:
            return Layout(candidate, quote=quote)
    best = max(DELIMITERS, key=lambda candidate: (share(candidate), -_cut_quotes(rows(candidate))))
    if share(best) >= 0.5:
        return _told_by_columns(lines, quote, best) or Layout(best, quote=quote)
    for candidate in IF_HEADED:
        protected = candidate != " " or _are_quoted(lines[1:], candidate, quote)
        if lines and is_header(lines[0].split(candidate)) and protected and share(candidate) >= SURE:
            return Layout(candidate, quote=quote)
    headed = [candidate for candidate in DELIMITERS if lines and is_header(lines[0].split(candidate))]
    for candidate in DELIMITERS:
        if (header := _other_header(lines, candidate, quote)) and (header in headed or len(lines) > FEW_LINES):
            return Layout(candidate, quote=quote, header=header)
    # Text with delimiters that no quotes protect makes rows of many lengths; a header or classes still show the delimiter.
    named = [each for each in DELIMITERS if lines and each in lines[0] and wanted & {*map(str.strip, lines[0].split(each))}]
    cells = {candidate: [row.cells for row in rows(candidate)] for candidate in DELIMITERS if lines}
    loose = [candidate for candidate, found in cells.items() if loose_length(found) or length_below(found)]
    return Layout(next(iter([*headed, *named, *loose]), ""), quote=quote)


def _told_by_columns(lines: Sequence[str], quote: str, header: str) -> Layout | None:
    """The layout of rows whose text holds the header's delimiter as often as the header: their own shows numbers or classes."""
    if not is_header(lines[0].split(header)) or classes_and_numbers([r.cells for r in _rows(lines[1:], header, quote)]):
        return None
    for candidate in DELIMITERS:
        rows = [row.cells for row in _rows(lines[1:], candidate, quote)] if candidate != header else []
        columns = [[cells[i] for cells in rows if i < len(cells)] for i in classes_and_numbers(rows)]
        told = any(len(set(cells)) > 1 and not any(cell.startswith(" ") for cell in cells) for cells in columns)  # not prose
        if told and _other_header(lines, candidate, quote) == header:
            return Layout(candidate, quote=quote, header=header)
    return None


def _rows(lines: Sequence[str], delimiter: str, quote: str) -> list[Row]:
    return list(Layout(delimiter, quote=quote).rows(enumerate(lines, 1)))


def _other_header(lines: Sequence[str], delimiter: str, quote: str) -> str:
    """The delimiter of the first row, if it has another than the rows below it, and as many columns by it; else ""."""
    first, *rows = [row.cells for row in Layout(delimiter, quote=quote).rows(enumerate(lines))] or [[]]
    columns, times = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if columns < 2 or times < SURE * len(rows) or len(first) > 1 or "\n" in first[0]:
        return ""
    names = {other: next(Layout(other, quote=quote).rows([(0, lines[0])])).cells for other in DELIMITERS if other != delimiter}
    return next((other for other, cells in names.items() if len(cells) == columns and all(map(str.strip, cells))), "")


def _cut_quotes(rows: Iterable[Row]) -> int:
    """In how many rows a delimiter within quotes was taken for one."""
    return sum(any(cell.count('"') % 2 for cell in row.cells) for row in rows)


def _are_quoted(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    rows = list(Layout(delimiter, quote=quote).rows(enumerate(lines)))
    return bool(rows) and sum(bool(row.quoted) for row in rows) >= SURE * len(rows)


def _are_in_single_quotes(lines: Sequence[str], delimiter: str | None) -> bool:
    """Whether every line has a field in single quotes, and none in double ones."""
    between = re.escape(delimiter or "".join(DELIMITERS))
    single, double = (
        re.compile(rf"(?:^|[{between}]) *{quote}(?:.*[^\s{quote}\\])?{quote} *(?:$|[{between}])") for quote in "'\""
    )
    rows = [line for line in lines[1:] or lines if line.strip() and len(line) <= LONGEST_LOOKED_AT]
    return sum(bool(single.search(row)) for row in rows) >= SURE * len(rows) > 0 and not any(map(double.search, rows))


def _single_quotes_protect(lines: Sequence[str], delimiter: str | None) -> bool:
    """Whether rows have one length if single quotes protect delimiters in some, and not if they are text."""
    for candidate in [delimiter] if delimiter else DELIMITERS:
        single, double = (_rows(lines, candidate, quote) for quote in "'\"")
        lengths = {len(row.cells) for row in single}
        wrong = sum(len(row.cells) not in lengths for row in double)
        quoted = [sum(bool(row.quoted) for row in rows) for rows in (single, double)]
        if len(lengths) == 1 and wrong > 1 and quoted[0] > 1 and not quoted[1]:
            return True
    return False


def _preamble(lines: Sequence[str], delimiter: str | None) -> int:
    """How many lines stand before the header: none of them has columns, or each is a comment."""
    for number, line in enumerate(lines[: MOST_BEFORE + 1]):
        for candidate in [delimiter] if delimiter else DELIMITERS:
            if candidate not in line or number + 1 >= len(lines) or lines[number + 1].count(candidate) < line.count(candidate):
                continue
            before = [other for other in lines[:number] if other.strip()]
            if not before or line.startswith("#") or any(other.count('"') % 2 for other in before):  # a cell of several lines
                continue
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


def _has_title(lines: Sequence[str], number: int, delimiter: str) -> bool:
    """Whether the lines from `number` on are a header above numbers or classes, and those before are no row of a table."""
    rows = [row.cells for row in Layout(delimiter).rows(enumerate(lines[number:])) if any(map(str.strip, row.cells))]
    equal = sum(len(cells) == len(rows[0]) for cells in rows)
    if len(rows) < 3 or equal < SURE * len(rows) or is_known_name(lines[0].strip()):
        return False
    if _other_header([line for line in lines if line.strip()], delimiter, '"'):
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
