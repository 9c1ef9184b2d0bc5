"""What a table's columns hold, told by its first rows: names, numbers, classes, text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

SURE = 0.95  # of the rows
FEW_ROWS = 5  # fewer don't show that text holds delimiters
USUAL = 0.8  # of the rows
MOST_VALUES = 20  # a column with so few different values is one of classes

# What pandas takes as missing, and what spreadsheets write for a faulty formula, if it is all of a cell and without quotes.
MISSING = {
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
    "None", "\\N", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NULL!", "n/a", "nan", "null",
}  # fmt: skip
_HEADER_NAMES = {
    "text", "sentence", "review", "document", "content", "comment", "title", "label", "class", "category", "sentiment", "id",
    "target", "rating", "stars", "score", "date", "name", "body", "message", "question", "answer", "caption", "comment_text",
    "tweet", "headline", "abstract", "description", "summary", "utterance", "lyrics", "question1", "sentence1", "premise",
}  # fmt: skip
_NUMBER = re.compile(
    r"[-+$€£]?\d[\d\s.,:/%TZ+-]*(?:[AaPp][Mm] ?)?(?:(?:GMT|UTC|[ECMP][SD]T|CES?T)(?:[+-]\d{1,2}(?::?\d\d)?)?)?"
)


def has_header(rows: Sequence[Sequence[str]], wanted: Iterable[str]) -> bool:
    """Whether the first row holds names. wanted: columns that the user names."""
    first, others = [cell.strip() for cell in rows[0]], [row for row in rows[1:] if len(row) == len(rows[0])]
    if any(not name.isdecimal() for name in wanted):
        return True
    is_counted = len(first) > 1 and first == [str(number) for number in range(len(first))]  # as pandas names columns
    if is_counted and any(len(cell.split()) > 1 for row in others for cell in row):
        return True
    if len(first) > 1 and others and first == [cell.strip() for cell in others[0]]:
        return True  # twice, where two files were joined
    known = [i for i, cell in enumerate(first) if cell.lower() in _HEADER_NAMES]
    if any(first[i] not in (row[i].strip() for row in others) for i in known):  # a class may be called title, too
        return True
    columns = [[cell.strip() for cell in column if cell.strip()] for column in zip(*others, strict=True)]
    for name, values in zip(first, columns, strict=False):
        if values and sum(map(is_number, values)) >= 0.9 * len(values):
            return not is_number(name)
    if any(name in values for name, values in zip(first, columns, strict=False) if len(set(values)) < len(values)):
        return False  # a class
    words = [sum(len(value.split()) for value in values) / max(1, len(values)) for values in columns]
    if not words:
        return len(first[0].split()) < 3
    wordiest = words.index(max(words))
    return max(words) < 3 or len(first[wordiest].split()) < 3


def is_known_name(cell: str) -> bool:
    """Whether columns are often called so."""
    return cell.lower() in _HEADER_NAMES


def is_number(cell: str) -> bool:
    """A number, a date, a price, a moment: "2024/01/02 10:05:00 AM GMT+1" of Google Forms."""
    return bool(_NUMBER.fullmatch(cell))


def classes_and_numbers(rows: Sequence[Sequence[str]]) -> dict[int, set[str] | None]:
    """Columns of classes and their values, and of numbers (None); only rows as long as the first one count."""
    length = len(rows[0]) if rows else 0
    columns = list(zip(*[row for row in rows if len(row) == length], strict=True)) if length > 1 else []
    found: dict[int, set[str] | None] = {}
    for i, column in enumerate(columns):
        values = {cell.strip() for cell in column}
        if sum(is_number(cell.strip()) for cell in column) >= SURE * len(column):
            found[i] = None
        elif len(values) <= min(MOST_VALUES, len(column) // 2):
            found[i] = values
    return found


def fits(cell: str, values: set[str] | None) -> bool:
    """Whether a cell is a number, or one of the values of a column."""
    return is_number(cell.strip()) if values is None else cell.strip() in values


def filled_until(cells: Sequence[str]) -> int:
    """The cells up to the last one that is not empty."""
    return max((i for i, cell in enumerate(cells, 1) if cell.strip()), default=0)


def is_header(cells: list[str]) -> bool:
    """Whether cells are short, and one of them is a name that columns often have."""
    names = [cell.strip().strip('"').lower() for cell in cells]
    short = all(0 < len(name.split()) < 3 and not is_number(name) for name in names)
    return len(names) > 1 and short and not _HEADER_NAMES.isdisjoint(names)


def unprotected_column(rows: Sequence[Sequence[str]], length: int) -> int | None:
    """The column whose text may hold delimiters without quotes: the others then hold numbers or classes, the shortest ones."""
    rows = [row for row in rows if len(row) >= length]
    if length < 2 or all(len(row) == length for row in rows):
        return None
    sizes: dict[int, int] = {}  # characters in the other columns, by the column of the text
    for place in range(length):
        others = list(zip(*([*row[:place], *row[len(row) - (length - 1 - place) :]] for row in rows), strict=True))
        if all(all(map(is_number, x)) or len(set(x)) <= min(MOST_VALUES, len(x) // 2) for x in others):
            sizes[place] = sum(len(cell) for column in others for cell in column)
    best = [place for place, size in sizes.items() if size == min(sizes.values())]
    return best[0] if len(best) == 1 else None


def loose_length(rows: Sequence[Sequence[str]]) -> int | None:
    """How many columns rows have of which the longer ones hold delimiters in their text; None if they are no such rows."""
    return found[0] if (found := _loose(rows)) else None


def length_below(rows: Sequence[Sequence[str]]) -> int | None:
    """How many columns the rows have if the first one is longer as its text holds delimiters; None if it is no such row."""
    first, others = rows[0], rows[1:]
    if (found := _loose(others)) is None:
        return _usual_length(first, others)
    length, place = found
    longer = [cells for cells in others if len(cells) > length]
    in_text = sum(cells[place + 1].startswith(" ") for cells in longer)  # delimiters, and not those of columns that others lack
    if len(first) <= length or (2 * len(longer) > len(others) and 2 * in_text < len(longer)):
        return None

    def beside(cells: Sequence[str]) -> list[str]:
        """The cells beside the text, and the beginning of the text."""
        return [*cells[: place + 1], *cells[len(cells) - (length - 1 - place) :]]

    known, cells = classes_and_numbers([beside(cells) for cells in others if len(cells) >= length]), beside(first)
    return length if all(i in known and fits(cells[i], known[i]) for i in range(length) if i != place) else None


def _loose(rows: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """How many columns there are, and which of them is the text that may hold delimiters."""
    lengths = sorted(map(len, rows))
    length = lengths[int((1 - SURE) * len(lengths))] if len(lengths) > FEW_ROWS else 1
    if (place := unprotected_column(rows, length)) is None:
        return None
    whole = [row for row in rows if len(row) >= length]
    cells = [cell for row in whole for cell in (*row[1 : place + 1], *row[len(row) - length + place + 1 :])]
    is_prose = 2 * sum(cell.startswith(" ") for cell in cells) > len(cells)  # after a comma, and not after a delimiter
    return None if is_prose else (length, place)


def _usual_length(first: Sequence[str], others: Sequence[Sequence[str]]) -> int | None:
    """How many columns nearly all rows below a longer first one have, but not of prose; else None."""
    length, times = Counter(map(len, others)).most_common(1)[0] if others else (0, 0)
    spaced = sum(any(cell.startswith(" ") for cell in cells[1:]) for cells in others)
    is_table = len(others) > MOST_VALUES and times >= USUAL * len(others) and 2 * spaced < len(others)
    return length if is_table and 1 < length < len(first) else None
