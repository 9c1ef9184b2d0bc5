"""A file of records, as every reader of tables gives it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from unicodedata import normalize

from train.corpora.account import Account

LOOKED_AT = 1000  # lines by which a table's layout is found
LONGER = 2.0  # times as long are texts that are rather the text
MOST_LISTED = 10  # names in a sentence

_ADDRESS = re.compile(r"://|[/\\][^/\\]*\.\w{1,5}$")  # or the place of a file
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")  # Thai … Chinese
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff"))  # signs without a width, around words

Record = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """rows: yields (place, record) for the columns wanted, or for all that may hold text; counts what it leaves out.

    names: the columns; None if only reading all rows tells. label_names: what labels of a column are called, if the file says.
    nested: columns of lists, of objects, or of bytes that are no text. opaque: those of them that may be large, as pictures.
    """

    names: list[str] | None
    rows: Callable[[list[str] | None, Account], Iterator[tuple[str, Record]]]
    label_names: Callable[[str], dict[str, str]] = lambda _: {}
    nested: Sequence[str] = ()
    opaque: Sequence[str] = ()


def listed(names: Iterable[str]) -> str:
    """Names in a sentence, as many and as much of each as can be read."""
    shown = [(name if len(name) <= 40 else f"{name[:40]}…") or "''" for name in names]
    more = f" and {len(shown) - MOST_LISTED:,} more" if len(shown) > MOST_LISTED else ""
    return ", ".join(shown[:MOST_LISTED]) + more


def name_among(names: Collection[str], wanted: str) -> str | None:
    """The column that is called so: letter for letter, or the only one that looks so; None if there is none.

    Accents are one letter or two, spaces stand around names, and files of one data set differ in capitals.
    """
    if wanted in names:
        return wanted
    for key in (_stripped, folded):
        alike = [name for name in names if key(name) == key(wanted)]
        if len(alike) == 1:
            return alike[0]
    return None


def _stripped(name: str) -> str:
    return normalize("NFC", name).strip()


def folded(name: str) -> str:
    """The same for names that differ in how they are written alone."""
    return _stripped(name).casefold()


def longer_within(table: Table, nested: Collection[str], flat: Sequence[int]) -> bool:
    """Whether texts within lists and objects are longer than those of a column, whose words are given."""
    found, names = [], sorted({*nested} - {*table.opaque})
    try:
        for _, row in islice(table.rows(names, Account()), LOOKED_AT) if names else ():
            longest = max((_words_within(row.get(name)) for name in names), default=0)
            found += [longest] if longest > 1 else []
    except (ValueError, ArithmeticError):  # what can't be converted
        return False
    return len(found) > 0 and sum(found) / len(found) > LONGER * sum(flat) / len(flat)


def word_count(text: str) -> int:
    """How many words a text has, also where no spaces stand between them: two letters of such a script are one."""
    return len(text.split()) + len(_WITHOUT_SPACES.findall(text)) // 2


def _words_within(value: object) -> int:
    """The words of a text; of a list's texts together, as of a poem's lines; and of an object's longest value."""
    if isinstance(value, str):
        return 1 if _ADDRESS.search(value) else word_count(value)
    if isinstance(value, dict):
        return max(map(_words_within, value.values()), default=0)
    if isinstance(value, list | tuple):  # a map of Parquet is a list of tuples
        found = [words for words in map(_words_within, value) if words > 1]
        return sum(found) if all(isinstance(inner, str) for inner in value) else max(found, default=0)
    return 0


def label_of(value: object) -> str | None:
    """A label as text: a number, a date, a duration, text of any kind, or the only one of a list; else None."""
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if isinstance(value, dict) and len(value) == 1 and str(next(iter(value))).startswith("$"):
        (value,) = value.values()  # {"$numberInt": "1"}, as MongoDB writes it
    if isinstance(value, float | Decimal):
        if value != value:
            return None
        value = int(value) if value == value // 1 else value
    if isinstance(value, datetime) and value.time() == time() and not value.tzinfo:
        value = value.date()
    if isinstance(value, date | time):
        value = value.isoformat()
    if isinstance(value, timedelta):
        value = str(timedelta(seconds=value.total_seconds()))  # pandas writes another text
    return " ".join(str(value).translate(_UNSEEN).split()) or None if isinstance(value, str | int | float | Decimal) else None


def lack_of(column: str, value: object) -> str:
    """What is wrong with a row whose text or label can't be used."""
    kinds = ((list, "a list"), (dict, "an object"), (bytes, "bytes that are not UTF-8"), (int | float, "a number"))
    kind = next((kind for each, kind in kinds if isinstance(value, each) and value == value), None)
    return f"with {kind} as {listed([column])}" if kind else f"without {listed([column])}"
