"""The layout of a table, told by its first lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from train.corpora.columns import SURE, classes_and_numbers, filled_until, is_header, length_below, loose_length
from train.corpora.delimited import Row
from train.corpora.layout import DELIMITERS, IF_HEADED, RARE, Layout, is_rule, other_header, rows_by
from train.corpora.preamble import lines_before_header

FEW_LINES = 10  # fewer do not show that a rare delimiter is one
LONGEST_LOOKED_AT = 20_000  # characters of a line


def find_layout(lines: Sequence[str], delimiter: str | None = None, wanted: Iterable[str] = ()) -> Layout:
    """The layout of a file by its first lines: by a line `sep=;`, else by the delimiter that gives most rows equal lengths.

    wanted: columns that the user names, of which the header has one.
    """
    declared = re.fullmatch(r'"?sep=(.)"?', lines[0]) if lines else None
    if declared:
        return Layout(delimiter or declared[1], skip=1)
    if skip := lines_before_header(lines, delimiter):
        return replace(find_layout(lines[skip:], delimiter, wanted), skip=skip)
    lines = [line for line in lines if line.strip() and not is_rule(line)]
    quote = "'" if _are_in_single_quotes(lines, delimiter) or _single_quotes_protect(lines, delimiter) else '"'
    if delimiter:
        return Layout(delimiter, quote=quote, header=other_header(lines, delimiter, quote))
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


def _most_equal(lines: Sequence[str], quote: str, wanted: set[str]) -> Layout:
    """The layout by which most rows are as long as the first one."""

    @cache
    def rows(candidate: str) -> list[Row]:
        return rows_by(lines, candidate, quote)

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
        if (header := other_header(lines, candidate, quote)) and (header in headed or len(lines) > FEW_LINES):
            return Layout(candidate, quote=quote, header=header)
    # Text with delimiters that no quotes protect makes rows of many lengths; a header or classes still show the delimiter.
    named = [each for each in DELIMITERS if lines and each in lines[0] and wanted & {*map(str.strip, lines[0].split(each))}]
    cells = {candidate: [row.cells for row in rows(candidate)] for candidate in DELIMITERS if lines}
    loose = [candidate for candidate, found in cells.items() if loose_length(found) or length_below(found)]
    return Layout(next(iter([*headed, *named, *loose]), ""), quote=quote)


def _told_by_columns(lines: Sequence[str], quote: str, header: str) -> Layout | None:
    """The layout of rows whose text holds the header's delimiter as often as the header: their own shows numbers or classes."""
    if not is_header(lines[0].split(header)) or classes_and_numbers([r.cells for r in rows_by(lines[1:], header, quote)]):
        return None
    for candidate in DELIMITERS:
        rows = [row.cells for row in rows_by(lines[1:], candidate, quote)] if candidate != header else []
        columns = [[cells[i] for cells in rows if i < len(cells)] for i in classes_and_numbers(rows)]
        told = any(len(set(cells)) > 1 and not any(cell.startswith(" ") for cell in cells) for cells in columns)  # not prose
        if told and other_header(lines, candidate, quote) == header:
            return Layout(candidate, quote=quote, header=header)
    return None


def _cut_quotes(rows: Iterable[Row]) -> int:
    """In how many rows a delimiter within quotes was taken for one."""
    return sum(any(cell.count('"') % 2 for cell in row.cells) for row in rows)


def _are_quoted(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    rows = rows_by(lines, delimiter, quote)
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
        single, double = (rows_by(lines, candidate, quote) for quote in "'\"")
        lengths = {len(row.cells) for row in single}
        wrong = sum(len(row.cells) not in lengths for row in double)
        quoted = [sum(bool(row.quoted) for row in rows) for rows in (single, double)]
        if len(lengths) == 1 and wrong > 1 and quoted[0] > 1 and not quoted[1]:
            return True
    return False
