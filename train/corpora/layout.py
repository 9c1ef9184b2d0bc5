"""How a table is written: its delimiter, its quotes, and a header that has its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from train.corpora.columns import SURE
from train.corpora.delimited import Row, rows_of

DELIMITERS = {"\t": "tabs", "|": "bars (|)", ";": "semicolons", ",": "commas"}
# In text they are so rare that the same number of them in every line is the columns'.
RARE = {"\x01": "\\x01, as Hive writes", "\x1f": "\\x1f", "^": "^", "~": "~", "¦": "¦"}
# Only if the first line holds names, too, and if quotes protect what has spaces.
IF_HEADED = {":": "colons", "，": "，", "；": "；", "،": "،", "؛": "؛", " ": "spaces"}

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


def is_rule(line: str) -> bool:
    """Whether it is drawn below a header or around a table: ----;---- or |:---|---| or +----+----+."""
    return bool(_RULE.fullmatch(line))


def rows_by(lines: Sequence[str], delimiter: str, quote: str) -> list[Row]:
    """The rows that a delimiter and quotes make of lines."""
    return list(Layout(delimiter, quote=quote).rows(enumerate(lines, 1)))


def other_header(lines: Sequence[str], delimiter: str, quote: str) -> str:
    """The delimiter of the first row, if it has another than the rows below it, and as many columns by it; else ""."""
    first, *rows = [row.cells for row in rows_by(lines, delimiter, quote)] or [[]]
    columns, times = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if columns < 2 or times < SURE * len(rows) or len(first) > 1 or "\n" in first[0]:
        return ""
    names = {other: next(Layout(other, quote=quote).rows([(0, lines[0])])).cells for other in DELIMITERS if other != delimiter}
    return next((other for other, cells in names.items() if len(cells) == columns and all(map(str.strip, cells))), "")
