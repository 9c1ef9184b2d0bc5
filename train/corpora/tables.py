"""Files with columns: .csv, .tsv, .json, .jsonl and .parquet, read row by row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.columns import has_header, is_known_name, look_like, unprotected_column
from train.corpora.delimited import DELIMITERS, find_layout, rows_of
from train.corpora.encodings import UTF_8, first_lines, numbered_lines, opened

LOOKED_AT = 1000  # lines by which a table's layout is found
# What pandas takes as missing, if it is all that stands in a cell, and without quotes.
MISSING = {
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
    "None", "n/a", "nan", "null",
}  # fmt: skip
MOST_NAMED = 3  # open quotes that are named by their line

Record = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """rows: yields (place, record) for the columns wanted, or for all that may hold text; counts what it leaves out.

    names: the columns; None if only reading all rows tells. label_names: what labels of a column are called, if the file says.
    """

    names: list[str] | None
    rows: Callable[[list[str] | None, Account], Iterator[tuple[str, Record]]]
    label_names: Callable[[str], dict[str, str]] = lambda _: {}


def delimited(
    path: Path, encoding: str, delimiter: str | None, header: bool | None, wanted: Iterable[str], account: Account
) -> Table:
    """A .csv or .tsv. delimiter, header: as the user says, None if it is to be found out and said."""
    sample = first_lines(path, encoding, LOOKED_AT)
    layout = find_layout(sample, delimiter)
    first = [row.cells for row in rows_of(enumerate(sample[layout.skip :]), layout.delimiter) if any(map(str.strip, row.cells))]
    if not first:
        return Table([], lambda _names, _account: iter(()))
    headed = has_header(first, wanted) if header is None else header
    length = len(first[0])
    names = _different(first[0]) if headed else [str(number) for number in range(1, length + 1)]
    if layout.skip and not sample[0].strip('"').startswith("sep="):
        account.note(f"what stands before the header in line {layout.skip + 1} is skipped")
    if layout.delimiter not in ("", ","):
        account.note(f"columns are separated by {DELIMITERS.get(layout.delimiter, layout.delimiter)}")
    if not headed and header is None:
        account.note("the first row is not a header, so columns are numbered (--header changes this)")
    if headed and header is None and length == 1 and not wanted and not is_known_name(names[0]):
        account.note("the first row is read as a header (--no-header changes this)")
    looks = look_like(first[1:], layout.delimiter)
    if layout.delimiter == "\t" and length > 1:  # text hardly holds as many tabs as a row has
        looks = lambda line: line.count("\t") == length - 1  # noqa: E731
    loose = unprotected_column(first[1:] if headed else first, length)

    def rows(_: list[str] | None, account: Account) -> Iterator[tuple[str, Record]]:
        opened: list[int] = []
        lines = _lines(path, encoding, account, layout.skip)
        header_is_due = headed
        for row in rows_of(lines, layout.delimiter, looks, length):
            if row.open_quote:
                opened.append(row.line)
            if not any(map(str.strip, row.cells)):
                account.leave_out("empty", f"line {row.line}")
            elif header_is_due:
                header_is_due = False
            elif len(row.cells) > length and loose is not None and not row.quoted:
                end = len(row.cells) - (length - 1 - loose)
                text = layout.delimiter.join(row.cells[loose:end])
                account.note(f"column {names[loose]} holds the delimiter without quotes, which is read as text")
                yield f"line {row.line}", dict(zip(names, [*row.cells[:loose], text, *row.cells[end:]], strict=True))
            elif len(row.cells) != length:
                account.leave_out("with another number of columns", f"line {row.line}")
            else:
                missing = [i for i, cell in enumerate(row.cells) if cell.strip() in MISSING and i not in row.quoted]
                if missing:
                    account.note("cells such as NA, nan and null are read as missing")
                cells = [None if i in missing else cell for i, cell in enumerate(row.cells)] if missing else row.cells
                yield f"line {row.line}", dict(zip(names, cells, strict=True))
        if opened:
            more = f" and {len(opened) - MOST_NAMED:,} more" if len(opened) > MOST_NAMED else ""
            which = ", ".join(map(str, opened[:MOST_NAMED])) + more
            account.note(
                f"line {which} opens a quote that is never closed; the quote is left out"
                if len(opened) == 1
                else f"lines {which} open quotes that are never closed; the quotes are left out"
            )

    return Table(names, rows)


def _lines(path: Path, encoding: str, account: Account, skip: int = 0) -> Iterator[tuple[int, str]]:
    for number, line, cut in numbered_lines(path, encoding):
        account.cut += cut
        if number > skip:
            yield number, line


def _different(names: list[str]) -> list[str]:
    """Column names, with a number for one that comes again."""
    times: Counter[str] = Counter()
    found = []
    for name in (name.strip() for name in names):
        times[name] += 1
        found.append(name if times[name] == 1 else f"{name}.{times[name]}")
    return found


def json_table(path: Path, encoding: str, account: Account) -> Table:
    """A .json or .jsonl: an object a line, a list of objects or of texts, or an object of columns."""
    items = None if _is_json_lines(path, encoding) else _whole(path, encoding, account)

    def rows(_: list[str] | None, account: Account) -> Iterator[tuple[str, Record]]:
        found = _parsed_lines(path, encoding, account) if items is None else ((f"item {i}", x) for i, x in enumerate(items, 1))
        for place, item in found:
            if isinstance(item, dict):
                yield place, item
            elif isinstance(item, str):
                yield place, {"text": item}
            else:
                account.leave_out("broken JSON", place)

    return Table(None, rows)


def _is_json_lines(path: Path, encoding: str) -> bool:
    """Whether the first line that is not empty is a value of its own, and it is not all there is."""
    filled = [line for line in first_lines(path, encoding, LOOKED_AT) if line.strip()]
    try:
        first = json.loads(filled[0].removeprefix("\ufeff")) if filled else {}
    except (ValueError, RecursionError):
        return not filled[0].strip().startswith(("[", "{")) or not _parses(path, encoding)
    return isinstance(first, str) or (isinstance(first, dict) and (len(filled) > 1 or not _rows_in(first)))


def _parses(path: Path, encoding: str) -> bool:
    try:
        _whole(path, encoding, Account())
    except UserError:
        return False
    return True


def _whole(path: Path, encoding: str, account: Account) -> list[Any]:
    try:
        with opened(path) as file:  # which may be a single line, of any length
            content = json.loads(file.read().decode(encoding, "surrogateescape" if encoding == UTF_8 else "replace"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is neither JSON nor JSON Lines ({error}).") from None
    if isinstance(content, dict):
        lists = [name for name in content if _is_list_of_rows(content[name])]
        if len(lists) > 1:
            longest = max(lists, key=lambda name: len(content[name]))
            others = ", ".join(name[:20] for name in lists[:5] if name != longest)
            account.note(f"of several lists, the longest is read, {longest[:20]}, and not {others}")
        content = _rows_in(content) or [content]
    return content if isinstance(content, list) else [content]


def _is_list_of_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _rows_in(content: dict[str, Any]) -> list[Record]:
    """The rows of {"data": [{…}, …]}, {"text": [...], "label": [...]} or, as pandas has it, {"text": {"0": …}}; else none."""
    if lists := [value for value in content.values() if _is_list_of_rows(value)]:
        return max(lists, key=len)
    columns = {name: list(x.values()) if isinstance(x, dict) else x for name, x in content.items()}
    if not all(isinstance(x, list) and len(x) > 0 and not isinstance(x[0], dict) for x in columns.values()):
        return []
    if len({len(x) for x in columns.values()}) != 1:
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _parsed_lines(path: Path, encoding: str, account: Account) -> Iterator[tuple[str, Any]]:
    for number, line in _lines(path, encoding, account):
        place = f"line {number}"
        if not line.strip():
            account.leave_out("empty", place)
            continue
        try:
            yield place, json.loads(line)
        except (ValueError, RecursionError):
            account.leave_out("broken JSON", place)


def parquet_table(path: Path) -> Table:
    """A .parquet, of which only the columns that are wanted are read."""
    import pyarrow.parquet as parquet
    from pyarrow import types

    def is_text(kind: Any) -> bool:
        kind = kind.value_type if types.is_dictionary(kind) else kind
        return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)

    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
    texts = [column.name for column in schema if is_text(column.type)]
    names = [column.name for column in schema if not types.is_nested(column.type) and not types.is_binary(column.type)]

    def rows(wanted: list[str] | None, _: Account) -> Iterator[tuple[str, Record]]:
        number = 0
        wanted = texts if wanted is None else wanted
        if twice := [name for name in wanted if schema.names.count(name) > 1]:
            raise UserError(f"{path} has several columns called {twice[0]}; rename all but one.")
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=4096, columns=wanted):
                for record in batch.to_pylist():
                    number += 1
                    yield f"row {number}", record

    return Table(names, rows, lambda column: _class_names(schema.metadata or {}, column))


def _class_names(metadata: dict[bytes, bytes], column: str) -> dict[str, str]:
    """What the classes of a column are called, in a file that the library `datasets` wrote."""
    try:
        feature = json.loads(metadata[b"huggingface"])["info"]["features"][column]
        return {str(number): str(name) for number, name in enumerate(feature["names"])}
    except (KeyError, TypeError, ValueError):
        return {}
