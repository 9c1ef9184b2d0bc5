"""One's own text, from .txt, .csv, .jsonl (each also .gz) and .parquet: sentences and what labels they have.

What can't be used is left out and counted by its fault; only a file that can't be read at all is an error.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from dgvae.corpus import is_label
from dgvae.errors import UserError

TEXT_COLUMNS = ("text", "sentence", "review", "document", "content")
FORMATS = (".parquet", ".jsonl", ".csv", ".txt")  # the best described first
LONGEST = 2**24  # characters in a field of a .csv
LOOKED_AT = 100  # rows by which the text's column is found

Record = dict[str, Any]
Reader = Callable[[Path, Counter[str]], Iterator[Record]]


def format_of(path: str | Path) -> str | None:
    """The ending that says how a file is read, without .gz; None if it is none of these."""
    name = str(path).lower()
    return next((ending for ending in FORMATS if name.endswith((ending, f"{ending}.gz"))), None)


def read_text(
    path: Path, column: str | None, label_column: str | None, faults: Counter[str]
) -> Iterator[tuple[str, str | None]]:
    """Yield (sentence, label), as they are in the file, one after the other; count in `faults` what is left out.

    `column` names the text's field; by default it is the only one that holds text, or one of TEXT_COLUMNS. A .txt file has a
    sentence a line and optionally `label<TAB>` before it. Raises UserError if the file can't be read, is of another format,
    or has no such column.
    """
    ending = format_of(path)
    try:
        if ending == ".txt":
            if column or label_column:
                raise UserError(f"{path} has no columns; a label stands before a tab there.")
            yield from _lines(path, faults)
        elif ending:
            read = _READERS[ending]
            column = _text_column(path, list(islice(read(path, Counter()), LOOKED_AT)), column, label_column)
            for record in read(path, faults):
                text = record.get(column)
                label = label_column and _label(record.get(label_column))
                if fault := _fault(text, column):
                    faults[fault] += 1
                elif label_column and label is None:
                    faults[f"without {label_column}"] += 1
                else:
                    yield str(text), label
        else:
            raise UserError(f"{path} is none of {', '.join(sorted(FORMATS))}; all but .parquet may also end in .gz.")
    except (OSError, EOFError, ValueError, zlib.error, csv.Error) as error:
        raise UserError(f"{path} can't be read ({error}).") from None


def _fault(text: object, column: str = "text") -> str | None:
    """What is wrong with a text, if anything is."""
    if not isinstance(text, str):
        return f"without {column}"
    if not text.strip():
        return "empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not UTF-8"
    return "not text" if "\0" in text else None


def _label(value: object) -> str | None:
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None if value != value else value
    return str(value).strip() or None if isinstance(value, str | int | float) else None


def _text_column(path: Path, rows: list[Record], column: str | None, label_column: str | None) -> str:
    """The name of the column that holds the text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    for wanted in (column, label_column):
        if wanted and names and wanted not in names:
            raise UserError(f"{path} has no column {wanted}; it has {', '.join(names)}.")
    if column or not names:
        return column or TEXT_COLUMNS[0]
    texts = [name for name in names if name != label_column and any(_is_wordy(row.get(name)) for row in rows)]
    if len(texts) != 1:
        texts = [name for name in TEXT_COLUMNS if name in texts]
    if not texts:
        raise UserError(f"{path} does not say which column is the text; name one of {', '.join(names)}.")
    return texts[0]


def _is_wordy(value: object) -> bool:
    """Whether it is text, and no number that a .csv file holds as text."""
    if not isinstance(value, str) or not value.strip():
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def _lines(path: Path, faults: Counter[str]) -> Iterator[tuple[str, str | None]]:
    with _opened(path) as file:
        for line in file:
            label, _, text = line.decode("utf-8-sig", "surrogateescape").rpartition("\t")
            if fault := _fault(text):
                faults[fault] += 1
            elif label and not is_label(label):
                faults["with a label that is no number from 0 to 32767"] += 1
            else:
                yield text, label or None


def _csv_rows(path: Path, faults: Counter[str]) -> Iterator[Record]:
    csv.field_size_limit(LONGEST)  # for the whole process; the default is shorter than some documents
    with _opened(path) as file, TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="") as lines:
        rows = csv.reader(lines)
        names = next(rows, [])
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:
                faults["broken CSV"] += 1
                continue
            if len(row) == len(names):
                yield dict(zip(names, row, strict=True))
            else:
                faults["with another number of columns" if row else "empty"] += 1


def _json_rows(path: Path, faults: Counter[str]) -> Iterator[Record]:
    with _opened(path) as file:
        for line in file:
            try:
                record = json.loads(line.decode("utf-8-sig")) if line.strip() else None
            except UnicodeDecodeError:
                faults["not UTF-8"] += 1
            except (ValueError, RecursionError):
                faults["broken JSON"] += 1
            else:
                if isinstance(record, dict):
                    yield record
                else:
                    faults["broken JSON" if line.strip() else "empty"] += 1


def _parquet_rows(path: Path, _: Counter[str]) -> Iterator[Record]:
    import pyarrow.parquet as parquet
    from pyarrow import types

    with parquet.ParquetFile(path) as file:
        simple = [
            field.name for field in file.schema_arrow if not types.is_nested(field.type) and not types.is_binary(field.type)
        ]
        for batch in file.iter_batches(batch_size=4096, columns=simple):
            yield from batch.to_pylist()


_READERS: dict[str, Reader] = {".csv": _csv_rows, ".jsonl": _json_rows, ".parquet": _parquet_rows}


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.name.lower().endswith(".gz") else open(path, "rb")
