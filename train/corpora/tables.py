"""Files with columns, .csv and .tsv, read row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from train.corpora.account import Account
from train.corpora.columns import checks_of, has_header, is_known_name, look_like, unprotected_column
from train.corpora.delimited import Row
from train.corpora.encodings import first_lines, numbered_lines
from train.corpora.hints import hint
from train.corpora.layout import Layout, called, find_layout, is_rule
from train.corpora.table import LOOKED_AT, Record, Table

# What pandas takes as missing, if it is all that stands in a cell, and without quotes.
MISSING = {
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
    "None", "\\N", "n/a", "nan", "null",
}  # fmt: skip
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
    layout = find_layout(sample, delimiter)
    first = [row for row in layout.rows(enumerate(sample[layout.skip :])) if _is_filled(row) and not _is_rule(row)]
    if not first:
        return Table([], lambda _names, _account: iter(()))
    cells = [row.cells for row in first]
    headed = has_header(cells, wanted) if header is None else header
    length = len(cells[0])
    names = _different(cells[0]) if headed else [str(number) for number in range(1, length + 1)]
    if headed and (twice := [name for name, times in Counter(map(str.strip, cells[0])).items() if times > 1]):
        account.note(f"columns of one name are numbered: {twice[0]}, {twice[0]}.2")
    if headed and _has_row_names(first):
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
        account.note("the first row is not a header, so columns are numbered (--header changes this)")
    if headed and header is None and not wanted and not any(map(is_known_name, names)):
        account.note("the first row is read as a header (--no-header changes this)")
    if length == 1 and (found := hint([" ".join(row[0].split("\n")) for row in cells[headed:]])):
        account.note(found)
    return Table(names, _Rows(path, encoding, layout, names, first, headed).read)


@dataclass(frozen=True)
class _Rows:
    """The rows of a file. first: those of its beginning, with the header if there is one."""

    path: Path
    encoding: str
    layout: Layout
    names: list[str]
    first: Sequence[Row]
    headed: bool

    def read(self, wanted: list[str] | None, account: Account) -> Iterator[tuple[str, Record]]:
        """Yield (place, record) for every row of the right length, or that lacks only columns behind those which are wanted."""
        opened: list[int] = []
        header, loose = self.first[0].cells, self._loose_column()
        headers_due = headers = self._headers()
        checks = checks_of([row.cells for row in self.first[headers:] if len(row.cells) == len(self.names)])
        enough = self.names.index(wanted[0]) + 2 if wanted else 1  # cells after which the text can't go on
        for row in self.layout.rows(self._lines(account), self._looks(), len(self.names)):
            place = f"line {row.line}"
            if row.open_quote:
                opened.append(row.line)
            if not _is_filled(row):
                account.leave_out("empty", place)
            elif _is_rule(row):
                account.leave_out("a drawn line", place)
            elif headers_due:
                headers_due -= 1
                if headers_due < headers - 1:
                    account.leave_out("a further header, as Qualtrics writes", place)
            elif self.headed and row.cells == header and (len(header) > 1 or is_known_name(header[0])):
                account.leave_out("header again", place)
            elif (cells := self._fitted(row, loose, account) or self._filled(row, checks, enough, account)) is None:
                account.leave_out("with another number of columns", place)
            else:
                yield place, dict(zip(self.names, cells, strict=True))
        if opened:
            account.note(_open_quotes(opened))

    def _lines(self, account: Account) -> Iterator[tuple[int, str]]:
        for number, line, cut in numbered_lines(self.path, self.encoding):
            account.cut += cut
            if number > self.layout.skip:
                yield number, line

    def _looks(self) -> Callable[[str], bool] | None:
        """Whether a line alone is a row."""
        length = len(self.names)
        if self.layout.delimiter == "\t" and length > 1:  # text hardly holds as many tabs as a row has
            return lambda line: line.count("\t") == length - 1
        return look_like([row.cells for row in self.first[1:]], self.layout.delimiter)

    def _headers(self) -> int:
        """How many rows are headers: of what Qualtrics writes three, the names, the questions and {"ImportId": …}."""
        ids = [i for i, row in enumerate(self.first[:3]) if any(cell.startswith('{"ImportId"') for cell in row.cells)]
        return max(ids, default=0) + 1 if self.headed else 0

    def _loose_column(self) -> int | None:
        rows = [row.cells for row in self.first[self.headed :]]
        extra = [cells[len(self.names) :] for cells in rows]
        return None if all(not any(map(str.strip, cells)) for cells in extra) else unprotected_column(rows, len(self.names))

    def _fitted(self, row: Row, loose: int | None, account: Account) -> list[str | None] | None:
        """A row's cells, as many as there are columns, and None for what is missing; None if they can't be as many."""
        cells, length = list(row.cells), len(self.names)
        if len(cells) > length and not any(map(str.strip, cells[length:])):
            cells = cells[:length]  # delimiters at the end
        if len(cells) > length and loose is not None and not row.quoted:
            end = len(cells) - (length - 1 - loose)
            account.note(f"column {self.names[loose]} holds the delimiter without quotes, which is read as text")
            return [*cells[:loose], self.layout.delimiter.join(cells[loose:end]), *cells[end:]]
        if len(cells) != length:
            return None
        return self._without_missing(row, cells, account)

    def _filled(
        self, row: Row, checks: dict[int, Callable[[str], bool]], enough: int, account: Account
    ) -> list[str | None] | None:
        """A row's cells and None for columns at the end which it lacks, if its numbers and classes are at their places."""
        cells = row.cells
        if not enough <= len(cells) < len(self.names) or not all(
            [check(cells[i].strip()) for i, check in checks.items() if i < len(cells)] or [False]
        ):
            return None
        account.note("rows lack columns at the end, which are read as missing")
        return [*self._without_missing(row, cells, account), *[None] * (len(self.names) - len(cells))]

    def _without_missing(self, row: Row, cells: list[str], account: Account) -> list[str | None]:
        missing = [i for i, cell in enumerate(cells) if cell.strip() in MISSING and i not in row.quoted]
        if missing:
            account.note("cells such as NA, nan and null are read as missing")
        return [None if i in missing else cell for i, cell in enumerate(cells)]


def _is_filled(row: Row) -> bool:
    return any(map(str.strip, row.cells))


def _is_rule(row: Row) -> bool:
    """Whether it is a line such as ----;---- or |:---|---|."""
    return _is_filled(row) and all(map(is_rule, filter(str.strip, row.cells)))


def _has_row_names(rows: Sequence[Row]) -> bool:
    """Whether all rows have one cell more than the header, which is the name or number of the row, as R writes it."""
    length, others = len(rows[0].cells), rows[1:]
    if length < 2 or not others or any(len(row.cells) != length + 1 for row in others):
        return False
    if not any(row.cells[-1].strip() for row in others):
        return False  # delimiters at the end
    names = [row.cells[0] for row in others]
    numbered = names == [str(number) for number in range(1, len(names) + 1)]
    return numbered or (len(set(names)) == len(names) and all(0 in row.quoted for row in others))


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
