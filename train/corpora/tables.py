"""Files with columns, .csv and .tsv, read row by row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dgvae.errors import UserError
from train.corpora.account import Account, count_of
from train.corpora.columns import MISSING, SURE, filled_until, has_header, is_known_name, length_below
from train.corpora.delimited import Row
from train.corpora.find_layout import find_layout
from train.corpora.fitting import Fitting
from train.corpora.hints import hint
from train.corpora.layout import Layout, called, is_rule
from train.corpora.line_ends import first_lines, numbered_lines
from train.corpora.own_rows import OwnRows
from train.corpora.table import LOOKED_AT, Record, Table

ANSWERS = {"Response", "Open-Ended Response", "Other (please specify)"}  # kinds of them, in SurveyMonkey
_DRAWN = re.compile(r"-+(?:\+-+)+")
_NUMBERS = re.compile(r"(?:^|[_\W])(?i:id|index|idx|no|nr|num|number|key)$|Id$|^(?i:[a-z]?id)$|^#$")
_CONTINUED = re.compile(r" *\+$")
LONGEST_NAME = 2  # words
MOST_NAMED = 3  # open quotes that are named by their line


def delimited(
    path: Path, encoding: str, delimiter: str | None, header: bool | None, wanted: Iterable[str], account: Account
) -> Table:
    """The table of a .csv or .tsv.

    Args:
        path: the file.
        encoding: of the file.
        delimiter: as the user says; None if it is to be found out and said.
        header: whether the first row is one, as the user says; None likewise.
        wanted: columns that the user names.
        account: gets what was found out.
    """
    sample = first_lines(path, encoding, LOOKED_AT)
    layout = find_layout(sample, delimiter, wanted)
    first = [row for row in layout.rows(enumerate(sample[layout.skip :])) if _is_filled(row) and not _is_rule(row)]
    if not first:
        return Table([], lambda _names, _account: iter(()))
    cells = [row.cells for row in first]
    usual = Counter(map(len, cells)).most_common(1)[0][0]
    if not any(map(str.strip, cells[0][usual:])):
        cells[0] = cells[0][:usual]  # delimiters at the end of the first row alone
    further = _further_headers(cells)
    below = length_below(cells)
    headed = further > 0 or (not below and has_header(cells, wanted)) if header is None else header
    if layout.header and not headed:
        layout = replace(layout, header="")
        first[0] = next(layout.rows([(first[0].line, sample[layout.skip + first[0].line])]))
        cells[0] = first[0].cells
    length = below if below and not headed else len(cells[0])
    names = _different(cells[0]) if headed else [str(number) for number in range(1, length + 1)]
    if headed and (twice := [name for name, times in Counter(map(str.strip, cells[0])).items() if name and times > 1]):
        account.note(f"columns of one name are numbered: {twice[0]}, {twice[0]}.2")
    if headed and _has_row_names(first, layout.delimiter):
        names = ["row name", *names]
        account.note("the first column has no name in the header, and is called row name")
    if layout.skip and not sample[0].strip('"').startswith("sep="):
        account.note(f"what stands before the header in line {layout.skip + 1} is skipped")
    if layout.header or layout.delimiter not in ("", ","):
        account.note(
            f"columns are separated by {layout.name}" + (layout.header and f", in the header by {called(layout.header)}")
        )
    if layout.quote == "'":
        account.note("fields are in single quotes")
    if not headed and header is None:
        account.note("the first row is not a header, so columns are numbered from 1 (--header changes this)")
    if headed and header is None and not wanted and not any(map(is_known_name, names)):
        account.note("the first row is read as a header (--no-header changes this)")
    account.whole_lines = len(names) == 1
    if account.whole_lines and (found := hint([" ".join(row[0].split("\n")) for row in cells[headed:]])):
        whole = sum(bool(row.quoted) for row in first) > len(first) / 2 and re.search(r"--delimiter '[,;|]'", found)
        account.note(
            "each line stands in quotes, and so has one column; remove these quotes if it has several" if whole else found
        )
    is_drawn = layout.delimiter == "|" and any(map(_DRAWN.fullmatch, sample[:3]))
    return Table(names, _Rows(path, encoding, layout, names, first, headed + further if headed else 0, is_drawn).read)


@dataclass(frozen=True)
class _Rows:
    """The rows of a file. first: those of its beginning; headers: how many of them are no rows of data.

    is_drawn: whether it is drawn as PostgreSQL does, with ---+--- below the header.
    """

    path: Path
    encoding: str
    layout: Layout
    names: list[str]
    first: Sequence[Row]
    headers: int
    is_drawn: bool

    def read(self, wanted: list[str] | None, account: Account) -> Iterator[tuple[str, Record]]:
        """Yield (place, record) for every row of the right length, or that lacks only columns behind those which are wanted."""
        opened: list[int] = []
        fitted, odd = 0, 0
        header, headers_due = self.first[0].cells, self.headers
        fitting = Fitting(self.names, self.layout.delimiter, [row.cells for row in self.first[self.headers :]])
        text = self.names.index(wanted[0]) if wanted else -1
        are_rows = OwnRows(self.first[1:], len(self.names), self.layout.delimiter) if len(self.names) > 1 else None
        rows = self.layout.rows(self._lines(account), are_rows, len(self.names))
        for row in _joined(rows) if self.is_drawn else rows:
            place = f"line {row.line}"
            if row.open_quote:
                opened.append(row.line)
            if not _is_filled(row):
                account.leave_out("empty", place)
            elif _is_rule(row):
                account.leave_out("a drawn line", place)
            elif re.fullmatch(r"\(\d+ rows?(?: affected)?\)", row.cells[0].strip()) and filled_until(row.cells) == 1:
                account.leave_out("a count of rows", place)  # below a table of PostgreSQL or SQL Server
            elif headers_due:
                headers_due -= 1
                if headers_due < self.headers - 1:
                    account.leave_out("a further header", place)
            elif self.headers and row.cells == header and (len(header) > 1 or is_known_name(header[0])):
                account.leave_out("header again", place)
            elif (cells := fitting.fit(row, text, account)) is None:
                odd += 1
                account.leave_out("with another number of columns", place)
            else:
                missing = [i for i, cell in enumerate(cells) if cell and cell.strip() in MISSING and i not in row.quoted]
                if missing:
                    account.note("cells such as NA, nan and null are read as missing")
                fitted += 1
                yield place, {name: None if i in missing else cells[i] for i, name in enumerate(self.names)}
        if opened:
            account.note(_open_quotes(opened))
        if wanted and 2 * fitted < odd:
            if 2 * sum(len(row.cells) == len(row.quoted) == 1 for row in self.first) > len(self.first):
                raise UserError(f"{self.path} has lines in quotes as a whole, and so of one column; remove these quotes.")
            raise UserError(
                f"{self.path} has {count_of(len(self.names), 'column')} by its first row, and {odd:,} of its {odd + fitted:,} "
                "rows have another number; say what separates columns, as with --delimiter ',', put quotes around cells that "
                "hold it, and remove lines that are no rows."
            )

    def _lines(self, account: Account) -> Iterator[tuple[int, str]]:
        for number, line, cut in numbered_lines(self.path, self.encoding):
            account.cut += cut
            if number > self.layout.skip:
                yield number, line


def _joined(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows, where PostgreSQL writes a cell of several lines into as many rows, with a + at the end of all but the last.

    The cells beside it are then blank.
    """
    whole: Row | None = None
    last: Row | None = None  # of the file, that is a part of `whole`
    for row in rows:
        if whole and last and _goes_on(last, row):
            pairs = zip(whole.cells, row.cells, strict=True)
            whole = replace(whole, cells=[_CONTINUED.sub("", cell.rstrip()) + more.rstrip() for cell, more in pairs])
        else:
            if whole:
                yield whole
            whole = row
        last = row
    if whole:
        yield whole


def _goes_on(row: Row, after: Row) -> bool:
    """Whether the second row is the rest of the first one's cells."""
    if len(row.cells) != len(after.cells) or not any(map(_CONTINUED.search, row.cells)):
        return False
    pairs = zip(row.cells, after.cells, strict=True)
    return all(_CONTINUED.search(cell) or not rest.strip() for cell, rest in pairs)


def _is_filled(row: Row) -> bool:
    return any(map(str.strip, row.cells))


def _further_headers(rows: Sequence[Sequence[str]]) -> int:
    """How many rows below the header belong to it, as programs of surveys and pandas write them.

    Qualtrics has the questions and {"ImportId": …}, SurveyMonkey has the kinds of answers.
    """
    ids = [i for i, cells in enumerate(rows[:3]) if any(cell.startswith('{"ImportId"') for cell in cells)]
    if ids or len(rows) < 2:
        return max(ids, default=0)
    if of_pandas := _names_of_pandas(rows):
        return of_pandas
    kinds = {cell.strip() for cell in rows[1]} - {""}
    choices = bool(kinds & ANSWERS) and not rows[1][0].strip() and all(cells[0].strip() for cells in rows[2:])
    return int(choices or (bool(kinds) and kinds <= ANSWERS and (len(rows[1]) > 1 or "Response" not in kinds)))


def _names_of_pandas(rows: Sequence[Sequence[str]]) -> int:
    """How many rows below the header hold further names of columns, and at last the index's name, if it has one."""
    if len(rows[0]) < 2 or rows[0][0].strip() or not all(map(str.strip, rows[0][1:])):
        return 0
    first = next((i for i, cells in enumerate(rows) if cells[0].strip()), 0)  # of the rows with a name or number of their own
    found = first - (filled_until(rows[first]) > 1)
    others = rows[found + 1 :]
    if not 0 < found < len(others) or not all(cells[0].strip() for cells in others):
        return 0
    below = [set(column) for column in zip(*(cells for cells in others if len(cells) == len(rows[0])), strict=True)]
    names = [(cell, values) for cells in rows[1 : found + 1] for cell, values in zip(cells[1:], below[1:], strict=False)]
    return found if all(len(cell.split()) <= LONGEST_NAME and (not cell or cell not in values) for cell, values in names) else 0


def _is_rule(row: Row) -> bool:
    """Whether it is a line such as ----;---- or |:---|---|, or --,---- with as many as the names of columns have letters."""
    cells = [cell for cell in row.cells if cell.strip()]
    return any(map(is_rule, cells)) and all(is_rule(cell) or re.fullmatch(r" *-+ *", cell) for cell in cells)


def _has_row_names(rows: Sequence[Row], delimiter: str) -> bool:
    """Whether rows have one cell more than the header, which is the name or number of the row, as R writes it.

    A delimiter in the text makes more cells, too. With tabs, or with quotes around the text, that is so in few rows alone.
    """
    length, others = len(rows[0].cells), rows[1:]
    longer = [row for row in others if len(row.cells) == length + 1]
    if not others or len(longer) < SURE * len(others) or not any(row.cells[-1].strip() for row in longer):
        return False  # delimiters at the end
    names = [row.cells[0] for row in longer]
    if length > 1 and len(longer) == len(others) and names == [str(number) for number in range(1, len(names) + 1)]:
        return True
    quoted = sum(bool(row.quoted) for row in longer)
    in_quotes = length > 1 and all(0 in row.quoted for row in longer)
    # A header that begins with a number's name lacks that of the last column instead.
    are_words = all(len(name.split()) == 1 for name in names) and not _NUMBERS.search(rows[0].cells[0].strip())
    is_apart = delimiter == "\t" or quoted >= SURE * len(longer)
    return len(set(names)) == len(names) and (in_quotes or (are_words and is_apart))


def _open_quotes(lines: Sequence[int]) -> str:
    """What to say of quotes that are never closed."""
    if len(lines) == 1:
        return f"line {lines[0]} opens a quote that is never closed; the quote is left out"
    more = f" and {len(lines) - MOST_NAMED:,} more" if len(lines) > MOST_NAMED else ""
    which = ", ".join(map(str, lines[:MOST_NAMED])) + more
    return f"lines {which} open quotes that are never closed; the quotes are left out"


def _different(names: list[str]) -> list[str]:
    """Column names, with a number for one that comes again."""
    times: Counter[str] = Counter()
    found = []
    for name in (name.strip() for name in names):
        times[name] += 1
        found.append(name if times[name] == 1 else f"{name}.{times[name]}")
    return found
