"""Rows that have more or fewer cells than their table has columns, and which cell belongs to which column then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from train.corpora.account import Account
from train.corpora.columns import classes_and_numbers, fits, unprotected_column
from train.corpora.delimited import Row


class Fitting:
    """Brings rows to as many cells as there are columns, as far as numbers and classes then stand at their places.

    Args:
        names: of the columns.
        delimiter: between two cells.
        rows: the cells of the first rows, without the header.
    """

    def __init__(self, names: Sequence[str], delimiter: str, rows: Sequence[Sequence[str]]) -> None:
        self._names = names
        self._delimiter = delimiter
        usual = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(names)
        beyond = [cell for cells in rows if len(cells) == usual for cell in cells[len(names) :]]
        self._end = 0 if any(map(str.strip, beyond)) else max(0, usual - len(names))  # delimiters at the end of most rows
        trimmed = [self._trimmed(cells) for cells in rows]
        self._known = classes_and_numbers([cells for cells in trimmed if len(cells) == len(names)])
        self._loose = unprotected_column(trimmed, len(names))

    def fit(self, row: Row, enough: int, account: Account) -> list[str | None] | None:
        """A row's cells, and None for those that it lacks at its end.

        Args:
            row: of the table.
            enough: cells without which nothing is taken for missing, since the text may be cut.
            account: gets what was done.

        Returns:
            As many as there are columns; None if they can't be as many.
        """
        cells, columns = self._trimmed(row.cells), len(self._names)
        if len(cells) == columns:
            return [*cells]
        if len(cells) < columns:
            if not enough <= len(cells) or not self._agree(cells) or min(self._known, default=columns) >= len(cells):
                return None
            account.note("rows lack columns at the end, which are read as missing")
            return [*cells, *[None] * (columns - len(cells))]
        if not any(map(str.strip, cells[columns:])) and self._agree(cells[:columns]):
            return [*cells[:columns]]
        if self._loose is None or row.quoted:
            return None
        end = len(cells) - (columns - 1 - self._loose)
        joined = [*cells[: self._loose], self._delimiter.join(cells[self._loose : end]), *cells[end:]]
        if not self._agree(joined, also_new=True):
            return None
        account.note(f"column {self._names[self._loose]} holds the delimiter without quotes, which is read as text")
        return [*joined]

    def _trimmed(self, cells: Sequence[str]) -> Sequence[str]:
        at_end = cells[len(cells) - self._end :]
        return cells[: len(cells) - self._end] if self._end and not any(map(str.strip, at_end)) else cells

    def _agree(self, cells: Sequence[str], also_new: bool = False) -> bool:
        """Whether numbers and classes are at their places. also_new: classes that are not known yet, of as few words, too."""
        return all(
            fits(cells[i], values) or (also_new and values is not None and _is_short(cells[i], values))
            for i, values in self._known.items()
            if i < len(cells)
        )


def _is_short(cell: str, values: set[str]) -> bool:
    return len(cell.split()) <= max(len(value.split()) for value in values)
