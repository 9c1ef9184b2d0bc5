"""Tables in .json and .jsonl, of every shape that people write them in."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize
from warnings import catch_warnings

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.columns import is_header
from train.corpora.encodings import UTF_8, opened
from train.corpora.line_ends import first_lines, numbered_lines
from train.corpora.table import LOOKED_AT, Record, Table, listed

BROKEN = "broken JSON"
MOST_FIELDS = 20  # of one object; more values that are all texts are a text each
TEXTS = "a text in quotes per line"
MOST = 0.9  # of the lines of a file that is called otherwise must be objects
LONGEST_OF_PYTHON = 100_000  # characters of a line

_ASSIGNED = re.compile(r"\A\s*[A-Za-z_][\w.]*\s*=(?=\s*[\[{])")  # as in window.YTD.tweets.part0 = [
_START = re.compile(r"[^\s,]")  # of a value that follows another


def json_table(path: Path, encoding: str, account: Account) -> Table:
    """Values one a line, a list of them, or an object of columns; a value is an object, a text, or a list of cells."""
    items = None if _is_json_lines(path, encoding) else _whole(path, encoding, account)

    def rows(_: list[str] | None, account: Account) -> Iterator[tuple[str, Record]]:
        found = _parsed_lines(path, encoding, account) if items is None else ((f"item {i}", x) for i, x in enumerate(items, 1))
        for place, item in found:
            for value in item if isinstance(item, list) and item and all(isinstance(x, dict) for x in item) else [item]:
                if (record := _record(value)) is None:
                    account.leave_out("neither an object nor a text", place)
                else:
                    yield place, _composed(record)

    return Table(None, rows)


def _record(value: object) -> Record | None:
    """A row: of an object its fields, of a list its cells by their number; None if it is neither, and no text.

    An object in another one alone, as in {"tweet": {…}}, counts as that one, and so does one in a text.
    """
    if isinstance(value, dict):
        only = next(iter(value.values())) if len(value) == 1 else None
        return only if isinstance(only, dict) else value
    if isinstance(value, list):
        return {str(number): cell for number, cell in enumerate(value, 1)}
    if isinstance(value, str) and value.startswith("{") and isinstance(found := _value(value), dict):
        return found
    return {"text": value} if isinstance(value, str) else None


def _composed(record: Record) -> Record:
    """A row with each accent of a name in one letter, as other rows of the file may have it."""
    if all(map(str.isascii, record)):
        return record
    composed = {normalize("NFC", name): value for name, value in record.items()}
    return composed if len(composed) == len(record) else record


def json_in_lines(path: Path, encoding: str, lines: Sequence[str]) -> str | None:
    """What JSON a file that is called otherwise holds, by its first lines: a value a line, or one of many lines; else None."""
    filled = [line for line in lines if line.strip()]
    if not filled or filled[0].lstrip()[0] not in '#/[{"':
        return None
    kinds = Counter(type(value).__name__ for value in map(_value, filled[:LOOKED_AT]))
    if kinds["dict"] >= MOST * len(filled):
        return "an object per line"
    if len(filled) > 1 and kinds["list"] + kinds["str"] == len(filled):  # sentences in quotes look like it, too
        return "a list per line" if kinds["list"] else TEXTS
    return "a list" if filled[0].lstrip().startswith("[") and _parses(path, encoding) else None


def _value(line: str) -> object:
    """The value that a line is, in JSON or as Python prints an object; None if it is none."""
    if not line.lstrip().startswith(("{", "[", '"')):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return _of_python(line)


def _is_json_lines(path: Path, encoding: str) -> bool:
    """Whether the first line that is not empty is a value of its own, or broken among lines that are, and it is not all."""
    filled = [line for line in first_lines(path, encoding, LOOKED_AT) if line.strip()]
    try:
        first = json.loads(filled[0]) if filled else {}
    except (ValueError, RecursionError):
        if not _ASSIGNED.sub("", filled[0]).strip().startswith(("[", "{")):
            return True
        return any(isinstance(_value(line), dict) for line in filled) and not _parses(path, encoding)
    if isinstance(first, list):
        return len(filled) > 1
    return isinstance(first, str) or (isinstance(first, dict) and (len(filled) > 1 or not _rows_in(first, Account())))


def _parses(path: Path, encoding: str) -> bool:
    try:
        _whole(path, encoding, Account())
    except UserError:
        return False
    return True


def _whole(path: Path, encoding: str, account: Account) -> list[Any]:
    with opened(path) as file:  # which may be a single line, of any length
        text = file.read().decode(encoding, "surrogateescape" if encoding == UTF_8 else "replace").removeprefix("\ufeff")
    text = _ASSIGNED.sub("", text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if (values := _one_after_another(text)) is None:
            raise UserError(f"{path} is broken JSON ({error}); repair it there, or save or download it again.") from None
        return values
    if isinstance(content, dict):
        content = _rows_in(content, account) or [content]
    return _with_names(content) if isinstance(content, list) else [content]


def _one_after_another(text: str) -> list[Any] | None:
    """Values that follow each other without a list around them, each over several lines; None if it is something else."""
    decoder, values, place = json.JSONDecoder(), [], 0
    try:
        while start := _START.search(text, place):
            value, place = decoder.raw_decode(text, start.start())
            values.append(value)
    except (ValueError, RecursionError):
        return None
    return values if len(values) > 1 else None


def _rows_in(content: dict[str, Any], account: Account) -> list[Any]:
    """The rows that an object holds, in one of the shapes of pandas or as one of its lists; none if it holds none."""
    values = list(content.values())
    if {"columns", "data"} <= content.keys() and isinstance(content["columns"], list) and isinstance(content["data"], list):
        names = [str(name) for name in content["columns"]]
        return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in content["data"]]
    if lists := {name: value for name, value in content.items() if _is_list_of_rows(value)}:
        chosen = max(lists, key=lambda name: (any(map(_has_words, lists[name][:5])), len(lists[name])))
        _note_others(chosen, lists.keys() - {chosen}, account)
        return lists[chosen]
    if len(rows := [value for value in values if isinstance(value, list) and value and isinstance(value[0], list)]) == 1:
        return _with_names(rows[0])
    if all(isinstance(value, dict) for value in values):
        return _rows_by_name(content)
    if len(values) > MOST_FIELDS and all(isinstance(value, str) for value in values):
        return _texts_by_name(content, account)
    return _rows_of_columns(content, account)


def _texts_by_name(content: dict[str, str], account: Account) -> list[Any]:
    """The texts of {"7": "a text", …}, or the rows of {"a text": "label", …}."""
    names, values = (sum(len(text.split()) for text in texts) / len(content) for texts in (content, content.values()))
    if names <= max(values, 2):
        return [*content.values()]
    account.note("texts are the names in an object, and labels what stands there")
    return [{"text": text, "label": label} for text, label in content.items()]


def _rows_by_name(content: dict[str, dict[str, Any]]) -> list[Record]:
    """The rows of {"7": {"text": …}, …}, or of {"text": {"7": …}, …}, the columns of pandas."""
    inner = {name for row in content.values() for name in row}
    if all(name.isdecimal() for name in inner) and not all(name.isdecimal() for name in content):
        keys = dict.fromkeys(key for column in content.values() for key in column)
        return [{name: column.get(key) for name, column in content.items()} for key in keys]
    return list(content.values()) if len(content) > 1 and len(inner) < MOST_FIELDS * len(content) else []


def _rows_of_columns(content: dict[str, Any], account: Account) -> list[Record]:
    """The rows of {"text": […], "label": […]}: of the longest lists, if several have that length."""
    lists = {name: value for name, value in content.items() if isinstance(value, list) and value}
    if not lists:
        return []
    longest = max(map(len, lists.values()))
    columns = {name: value for name, value in lists.items() if len(value) == longest}
    if longest == 1 and len(columns) < len(content):
        return []  # an object of which a field is a list
    _note_others(listed(columns), lists.keys() - columns.keys(), account)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _note_others(read: str, others: Iterable[str], account: Account) -> None:
    if names := sorted(others):
        account.note(f"rows are read from {read}, not {listed(names)}")


def _with_names(rows: list[Any]) -> list[Any]:
    """Lists of cells as objects, if the first list holds the names of the columns."""
    names = rows[0] if rows else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not is_header(names):
        return rows
    return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in rows[1:]]


def _has_words(row: object) -> bool:
    return isinstance(row, dict) and any(isinstance(value, str) and " " in value for value in row.values())


def _is_list_of_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _parsed_lines(path: Path, encoding: str, account: Account) -> Iterator[tuple[str, Any]]:
    for number, line, cut in numbered_lines(path, encoding):
        account.cut += cut
        place = f"line {number}"
        if not line.strip():
            account.leave_out("empty", place)
            continue
        try:
            yield place, json.loads(line)
        except (ValueError, RecursionError):
            if (value := _of_python(line)) is None:
                account.leave_out(BROKEN, place)
                continue
            account.note("it holds objects as Python prints them, in single quotes")
            yield place, value


def _of_python(line: str) -> Record | None:
    """An object as Python prints a dict, which some data sets call JSON; None if it is none."""
    if not line.startswith("{'") or len(line) > LONGEST_OF_PYTHON:
        return None
    try:
        with catch_warnings(action="ignore"):  # of \d and the like
            value = ast.literal_eval(line.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, dict) and all(isinstance(name, str) for name in value) else None
