"""Whether lines between two quotes are one field, or rows of their own in a table whose quotes are only text."""

from __future__ import annotations

from collections.abc import Sequence

from train.corpora.columns import SURE, classes_and_numbers, fits
from train.corpora.delimited import Row


class OwnRows:
    """Tells whether lines are rows: each has a row's number of cells, with numbers and classes at their places.

    Args:
        rows: the first ones, without the header.
        length: of a row, in cells.
        delimiter: between two cells.
    """

    def __init__(self, rows: Sequence[Row], length: int, delimiter: str) -> None:
        self._length, self._delimiter = length, delimiter
        right = [row for row in rows if len(row.cells) == length]
        self._known = classes_and_numbers([row.cells for row in right])
        others = [place for place in range(length) if place not in self._known]
        self._loose = others[0] if len(others) == 1 else None  # the only column whose cells may hold delimiters
        self._is_between = bool(self._known) and any(min(self._known) < place < max(self._known) for place in others)
        whole = [row for row in rows if not row.open_quote]
        self._has_quotes_only = sum(len(row.quoted) == len(row.cells) for row in whole) >= SURE * len(rows) - 1 > 0
        protected = sum(any(delimiter in row.cells[i] and "\n" not in row.cells[i] for i in row.quoted) for row in right)
        longer = [row for row in rows if len(row.cells) > length and not row.quoted]
        self._has_protected = protected > 0
        self._is_unprotected = bool(self._known) and sum(self._may_fit(row.cells) for row in longer) > protected
        spaced = [row for row in right if any(cell.startswith(" ") for cell in row.cells[1:])]
        self._is_spaced = 2 * len(spaced) > len(right)

    def __call__(self, lines: Sequence[str]) -> bool:
        """Whether all lines are rows. Of text that quotes protect, two lines may look like rows by a comma in each."""
        if self._has_quotes_only and not all(line.lstrip().startswith('"') for line in lines):
            return False
        if self._delimiter == "\t" and not self._known:
            return all(line.count("\t") == self._length - 1 for line in lines)
        rows = [line.split(self._delimiter) for line in lines]
        if self._is_between or self._is_unprotected:
            return all(map(self._may_fit, rows))
        if self._known and (self._delimiter != "," or len(lines) > 2):
            return all(map(self._fits, rows))
        return not self._has_protected and all(self._fits(cells) and not self._is_text(cells) for cells in rows)

    def _may_fit(self, cells: Sequence[str]) -> bool:
        """Whether they fit, or do if the delimiters of the text are text."""
        more = len(cells) - self._length
        if more > 0 and self._loose is not None:
            text = self._delimiter.join(cells[self._loose : self._loose + more + 1])
            cells = [*cells[: self._loose], text, *cells[self._loose + more + 1 :]]
        return self._fits(cells)

    def _fits(self, cells: Sequence[str]) -> bool:
        plain = [cell.strip().strip('"') for cell in cells]
        return len(plain) == self._length and all(fits(plain[i], values) for i, values in self._known.items())

    def _is_text(self, cells: list[str]) -> bool:
        """Whether spaces stand after delimiters, as in text and not between cells."""
        return not self._is_spaced and any(cell.startswith(" ") for cell in cells[1:])
