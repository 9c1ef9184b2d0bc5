"""Columns of a file of latents: .safetensors, .npz and Parquet, told apart by their first bytes. Nothing is ever unpickled."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dgvae.errors import UserError
from dgvae.files.eight_bits import restored
from dgvae.files.tensors import read_safetensors
from dgvae.latent_space.bounds import USUAL, Most

MADE_BY = 'write it with safetensors, or with numpy.savez("latents.npz", mean=mean, log_var=log_var)'
_NOT_READ = {
    b"\x93NUMPY": f"holds a single array without a name (.npy); {MADE_BY}.",
    b"\x80": f"is a pickle, which is never read, since it can run any program; {MADE_BY}.",
    b"\x89HDF": f"is an HDF5 file, which is not read here; {MADE_BY}.",
    b"\x1f\x8b": "is compressed by gzip; unpack it first.",
}

_MORE_TYPES = (torch.bfloat16, torch.bool, torch.uint16, torch.uint32, torch.uint64)  # than a checkpoint has
_NUMBERS = ("mean", "z", "log_var", "std", "var")
_TEXTS = ("label", "labels", "text")

Column = np.ndarray | list[str]


def read_columns(path: Path, most: Most = USUAL) -> dict[str, Column]:
    """Read all columns of a file by their names: arrays of numbers, or texts.

    A safetensors file has no texts: there, texts are the bytes (uint8) of a JSON list of strings.

    Args:
        path: of the file; its content decides how it is read, not its suffix.
        most: how much is read.

    Returns:
        The columns, of any shape, in the order of the file.

    Raises:
        UserError: the file is missing, too large, broken, or of another kind.
    """
    start = _start_of(path, most)
    # First: it begins with the length of its header, whose bytes may be those of any other kind.
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size:
        return _of_safetensors(path, most)
    if said := next((said for magic, said in _NOT_READ.items() if start.startswith(magic)), None):
        raise UserError(f"{path} {said}")
    if start.startswith(b"PK"):
        return _of_npz(path, most)
    if start.startswith(b"PAR1"):
        return _of_parquet(path, most)
    raise UserError(f"{path} is no .safetensors, .npz or Parquet file, or it is cut off; {MADE_BY}.")


def _start_of(path: Path, most: Most) -> bytes:
    try:
        if not path.is_file():
            raise UserError(f"There is no file {path}; name a .safetensors, .npz or Parquet file of latents.")
        if (size := path.stat().st_size) > most.bytes:
            raise UserError(_too_large(path, size, most))
        with open(path, "rb") as file:
            return file.read(16)
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror or error}).") from None


def _too_large(path: Path, size: int, most: Most) -> str:
    return (
        f"{path} is too large: it has {size / 1e9:,.1f} GB, and {most.bytes / 1e9:.1g} GB are read; "
        "save some ten thousand examples as float32."
    )


def _check_texts(path: Path, size: int, most: Most) -> None:
    """Raise UserError if a column has too many bytes of text."""
    if size > most.text_bytes:
        raise UserError(
            f"{path} has {size / 1e6:,.0f} MB of text in a column, and {most.text_bytes / 1e6:,.0f} MB are read; shorten the "
            "texts."
        )


def _broken(path: Path, error: object) -> UserError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return UserError(f"{path} is broken ({reason}); write or copy it again.")


def _of_safetensors(path: Path, most: Most) -> dict[str, Column]:
    tensors = restored(read_safetensors(path, _MORE_TYPES))
    # NumPy has no bfloat16; float32 holds its numbers exactly.
    known = {name: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for name, tensor in tensors.items()}
    return {name: _of_bytes(path, tensor.numpy(), most) for name, tensor in known.items()}


def _of_bytes(path: Path, array: np.ndarray, most: Most) -> Column:
    """Texts, where an array of bytes is a JSON list of strings; else the array."""
    if array.dtype != np.uint8 or array.ndim != 1 or not array.size or array[0] != ord("[") or array[-1] != ord("]"):
        return array
    _check_texts(path, array.size, most)
    try:
        texts = json.loads(array.tobytes())
    except (ValueError, RecursionError):
        return array
    return texts if all(isinstance(text, str) for text in texts) else array


def bytes_of(texts: list[str]) -> np.ndarray:
    """Texts as `_of_bytes` reads them: uint8, [bytes]."""
    return np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8).copy()


def _of_npz(path: Path, most: Most) -> dict[str, Column]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        if any(member.filename.endswith("data.pkl") for member in members):
            raise UserError(f"{path} was written by torch.save, as a pickle, which is never read; {MADE_BY}.")
        if (size := sum(member.file_size for member in members)) > most.bytes:
            raise UserError(_too_large(path, size, most))
        columns: dict[str, Column] = {}
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                array = _of_member(path, arrays, name)
                if not isinstance(array, np.ndarray):
                    continue
                if is_text := array.dtype.kind in "US":
                    _check_texts(path, array.nbytes, most)
                columns[name] = _texts(array) if is_text else _of_bytes(path, array, most)
    except UserError:
        raise
    except Exception as error:  # zipfile, zlib and numpy have no error in common for what is broken
        raise _broken(path, error) from None
    return columns


def _of_member(path: Path, arrays: Any, name: str) -> Any:
    """An array of an open .npz; None for Python objects that have no meaning here. Raises UserError if they have one."""
    try:
        return arrays[name]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        if name not in (*_NUMBERS, *_TEXTS) and {"mean", "z"} & {*arrays.files}:
            return None
    raise UserError(
        f"{path} holds {name} as Python objects, which are never read, since a pickle can run any program; save "
        + (
            f'{name} as numpy.array(["" if x is None else str(x) for x in {name}]).'
            if name in _TEXTS
            else f"{name} as an array of float32."
        )
    )


def _texts(array: np.ndarray) -> Column:
    """Texts of an array of them. Bytes are UTF-8."""
    if array.ndim != 1:
        return array
    return array.tolist() if array.dtype.kind == "U" else [text.decode(errors="replace") for text in array.tolist()]


def _of_parquet(path: Path, most: Most) -> dict[str, Column]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise UserError(f"{path} is a Parquet file, and pyarrow, which reads it, is missing: pip install pyarrow") from None
    try:
        with parquet.ParquetFile(path) as file:
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            # Of lists of numbers, values that repeat are stored once: 8 bytes each is what they unpack to at most.
            values = 8 * sum(group.column(j).num_values for group in groups for j in range(group.num_columns))
            if (size := max(values, sum(group.total_byte_size for group in groups))) > most.bytes:
                raise UserError(_too_large(path, size, most))
            if (rows := file.metadata.num_rows) > most.examples:
                raise UserError(f"{path} has {rows:,} rows, and {most.examples:,} are read; save fewer examples.")
            names = file.schema_arrow.names
            if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
                raise UserError(f"{path} has several columns named {twice[0]}; give each column its own name.")
            kinds = {field.name: field.type for field in file.schema_arrow if not _is_of_texts(field.type)}
            if of_texts := [name for name in _NUMBERS if name in names and name not in kinds]:
                raise UserError(f"{path} holds lists of texts in its column {of_texts[0]}; save lists of numbers.")
        # Strings that repeat are stored once, too, and are kept so until their length is known.
        strings = [name for name, kind in kinds.items() if _is_text(kind)]
        with parquet.ParquetFile(path, read_dictionary=strings) as file:
            table = file.read([*kinds])
        return {name: _of_arrow(path, name, table.column(i), most) for i, name in enumerate(table.column_names)}
    except UserError:
        raise
    except Exception as error:  # pyarrow's errors are of many kinds
        raise _broken(path, error) from None


def _is_text(kind: Any) -> bool:
    """Whether a column of this Arrow type holds strings or bytes."""
    from pyarrow import types

    asked = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(is_of(kind) for is_of in asked)


def _is_of_texts(kind: Any) -> bool:
    """Whether strings lie somewhere inside of each value, as in a list of them: nothing here has such columns."""
    fields = [kind.field(i) for i in range(kind.num_fields)]
    return any(_is_text(field.type) or _is_of_texts(field.type) for field in fields)


def _of_arrow(path: Path, name: str, column: Any, most: Most) -> Column:
    """A column of a table: lists of numbers of one length as [N, D], numbers as [N], anything else as texts."""
    import pyarrow as pa
    from pyarrow import compute, types

    if types.is_dictionary(column.type):
        if _is_text(column.type.value_type):
            _check_texts(path, sum(map(_text_bytes, column.chunks)), most)
        column = column.cast(column.type.value_type)
    if types.is_list(column.type) or types.is_large_list(column.type) or types.is_fixed_size_list(column.type):
        lengths = set(compute.list_value_length(column).to_pylist())  # pyright: ignore[reportAttributeAccessIssue]
        if len(lengths) > 1 or None in lengths:
            raise UserError(
                f"{path} has lists of several lengths, or none, in its column {name}; give every row as many numbers."
            )
        values = compute.list_flatten(column)  # pyright: ignore[reportAttributeAccessIssue]
        if types.is_integer(values.type) or types.is_floating(values.type):
            return np.asarray(values.to_numpy()).reshape(len(column), *lengths)
    if types.is_integer(column.type) or types.is_floating(column.type) or types.is_boolean(column.type):
        kind = pa.float64() if column.null_count else column.type
        return np.asarray(column.cast(kind, safe=False).to_numpy())  # of whole numbers beyond 2^53, the nearest
    return ["" if value is None else _written(value) for value in column.to_pylist()]


def _written(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _text_bytes(chunk: Any) -> int:
    """Bytes of the strings of a column whose different strings are kept once."""
    from pyarrow import compute

    lengths = np.asarray(compute.binary_length(chunk.dictionary).fill_null(0).to_numpy(zero_copy_only=False))  # pyright: ignore
    indices = chunk.indices.drop_null().to_numpy(zero_copy_only=False)
    return int(lengths[indices].sum()) if len(indices) else 0
