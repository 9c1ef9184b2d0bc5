"""Tables in .parquet, of which only the columns that are wanted are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.table import Record, Table

LOOKED_AT = 100  # rows by which bytes are found to be text


def parquet_table(path: Path) -> Table:
    """The table of a .parquet. Bytes are text where they are UTF-8, as Spark and Impala write it."""
    import pyarrow as pa
    import pyarrow.parquet as parquet
    from pyarrow import types

    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        texts = [column.name for column in schema if _is_text(column.type)]
        of_bytes = [column.name for column in schema if _is_bytes(column.type)]
        kinds = {pa.float16(): np.float16, pa.float32(): np.float32}
        narrow = {column.name: kinds[column.type] for column in schema if column.type in kinds}
        if once := [name for name in of_bytes if schema.names.count(name) == 1]:
            start = next(file.iter_batches(batch_size=LOOKED_AT, columns=once), None)
            texts += [name for name in once if start and _are_text(start.column(name).to_pylist())]

    def rows(wanted: list[str] | None, _: Account) -> Iterator[tuple[str, Record]]:
        number = 0
        wanted = [name for name in schema.names if name in texts] if wanted is None else wanted
        if twice := [name for name in wanted if schema.names.count(name) > 1]:
            raise UserError(f"{path} has several columns called {twice[0]}; rename all but one.")
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=LOOKED_AT, columns=wanted):
                try:
                    records = batch.to_pylist()
                except LookupError as error:  # a time zone that this machine does not know
                    raise ValueError(f"unknown time zone {error}") from None
                for record in records:
                    number += 1
                    yield f"row {number}", {name: _plain(value, narrow.get(name)) for name, value in record.items()}

    nested = [column.name for column in schema if types.is_nested(column.type) or _is_bytes(column.type)]
    return Table(
        schema.names,
        rows,
        lambda column: _class_names(schema.metadata or {}, column),
        [name for name in nested if name not in texts],
        [column.name for column in schema if _has_bytes(column.type)],
    )


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def _is_bytes(kind: Any) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)


def _has_bytes(kind: Any) -> bool:
    """Whether bytes lie somewhere inside of each value."""
    return _is_bytes(kind) or any(_has_bytes(kind.field(i).type) for i in range(kind.num_fields))


def _are_text(values: list[bytes | None]) -> bool:
    """Whether bytes are UTF-8, and none of them is a picture or a number."""
    decoded = [_decoded(value) for value in values if value]
    return bool(decoded) and all(isinstance(value, str) and "\0" not in value for value in decoded)


def _plain(value: Any, narrow: type[np.floating] | None) -> object:
    """A value as a reader takes it: a number of few bits as it prints, 0.1 and not 0.10000000149011612."""
    return float(str(narrow(value))) if narrow and value is not None else _decoded(value)


def _decoded(value: object) -> object:
    """Bytes as text where they are UTF-8; anything else as it is."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _class_names(metadata: dict[bytes, bytes], column: str) -> dict[str, str]:
    """What the classes of a column are called, in a file that the library `datasets` wrote."""
    try:
        feature = json.loads(metadata[b"huggingface"])["info"]["features"][column]
        return {str(number): str(name) for number, name in enumerate(feature["names"])}
    except (KeyError, TypeError, ValueError):
        return {}
