"""Rows that have more or fewer cells than their table has columns, and which cell belongs to which column then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from train.corpora.account import Account
from train.corpora.columns import MISSING, SURE, classes_and_numbers, fits, unprotected_column
from train.corpora.delimited import Row

SPACED = 0.1  # of the rows, from which on spaces stand before their last cells
MORE_WORDS = 2  # of a class that comes once than of the others, if these have several


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
        more = max(0, usual - len(names))
        at_end = [cells for cells in rows if len(cells) >= usual and not any(map(str.strip, cells[len(cells) - more :]))]
        self._end = more if len(at_end) >= SURE * len(rows) else 0  # delimiters at the end of all rows
        trimmed = [self._trimmed(cells) for cells in rows]
        right = [cells for cells in trimmed if len(cells) == len(names)]
        plain = [cells for cells in right if not cells[-1].startswith(" ")]
        self._are_spaced = len(right) - len(plain) > SPACED * len(right)
        if not self._are_spaced:  # then the others are the rest of a text that has a comma
            right = plain
        whole = [cells for before, cells in pairwise([names, *trimmed]) if len(cells) == len(names) <= len(before)]
        # After a row that ends early, one may be the rest of its text, and no number where all others have one.
        self._known = classes_and_numbers(whole) | classes_and_numbers(right)
        self._are_right = 2 * len(right) > len(rows)
        self._has_escapes = not any(cell.endswith("\\") for cells in right for cell in cells[:-1])  # as folders do
        self._loose = unprotected_column(trimmed, len(names))
        self._has_ended_early = False  # the row before

    def fit(self, row: Row, text: int, account: Account) -> list[str | None] | None:
        """A row's cells, and None for those that it lacks at its end.

        Args:
            row: of the table.
            text: the column of the text, which must be whole; -1 if it is not known.
            account: gets what was done.

        Returns:
            As many as there are columns; None if they can't be as many.
        """
        cells, columns = self._trimmed(row.cells), len(self._names)
        is_rest, self._has_ended_early = self._has_ended_early and not row.quoted, False
        if len(cells) == columns:
            is_prose = not self._are_spaced and cells[-1].startswith(" ") and not row.quoted and not self._agree(cells)
            return None if is_prose or (is_rest and not self._may_agree(cells, or_empty=True)) else [*cells]
        if len(cells) < columns:
            if not any(text < i < len(cells) for i in self._known) or not self._agree(cells):
                self._has_ended_early = not row.quoted
                return None  # the text may go on in the next line
            account.note("rows lack columns at the end, which are read as missing")
            return [*cells, *[None] * (columns - len(cells))]
        escaped = self._without_escapes(cells)
        if len(escaped) == columns and self._known and self._agree(escaped):
            account.note("delimiters after a backslash are read as text")
            return [*escaped]
        cut = None if any(map(str.strip, cells[columns:])) else cells[:columns]
        joined = None if self._loose is None or row.quoted else self._joined(cells, self._loose)
        found = joined if cut and joined and self._is_text(cut, joined, self._loose or 0) else cut or joined
        if cut and found is cut and not self._may_agree(cut, or_empty=True):
            return None
        if found is joined and found:
            account.note(f"column {self._names[self._loose or 0]} holds the delimiter without quotes, which is read as text")
        return [*found] if found else None

    def _is_text(self, cut: Sequence[str], joined: Sequence[str], loose: int) -> bool:
        """Whether the delimiters of a row that ends in empty cells are of its text rather than at its end."""
        spaced = f"{self._delimiter} " in joined[loose]  # as in text, and seldom between cells
        if self._agree(cut):
            return False
        if spaced and self._agree(joined):
            return True
        return self._may_agree(joined) and not self._may_agree(cut, or_empty=True)

    def _without_escapes(self, cells: Sequence[str]) -> list[str]:
        """The cells, where a delimiter after a backslash is text."""
        found: list[str] = []
        for cell in cells:
            if found and found[-1].endswith("\\") and cell.strip() and self._has_escapes:
                found[-1] = f"{found[-1][:-1]}{self._delimiter}{cell}"
            else:
                found.append(cell)
        return found

    def _joined(self, cells: Sequence[str], loose: int) -> list[str]:
        """The cells, where those of a text with delimiters are one."""
        end = len(cells) - (len(self._names) - 1 - loose)
        return [*cells[:loose], self._delimiter.join(cells[loose:end]), *cells[end:]]

    def _trimmed(self, cells: Sequence[str]) -> Sequence[str]:
        at_end = cells[len(cells) - self._end :]
        return cells[: len(cells) - self._end] if self._end and not any(map(str.strip, at_end)) else cells

    def _agree(self, cells: Sequence[str]) -> bool:
        """Whether numbers and classes are at their places."""
        return all(fits(cells[i], values) for i, values in self._known.items() if i < len(cells))

    def _may_agree(self, cells: Sequence[str], or_empty: bool = False) -> bool:
        """The same, but that numbers may be missing, and classes new. or_empty: that classes may be missing, too."""
        return all(
            fits(cells[i], values) or (or_empty and not cells[i].strip()) or self._may_fit(cells[i].strip(), values)
            for i, values in self._known.items()
        )

    def _may_fit(self, cell: str, values: set[str] | None) -> bool:
        if values is None:
            return not cell or cell in MISSING
        if values == {""}:
            return not self._are_right  # of few rows, this is no rule
        longest = max(len(value.split()) for value in values)
        return bool(cell) and len(cell.split()) <= (longest + MORE_WORDS if longest > 1 else 1)
