"""Latent spaces → files, each written as a whole."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import torch

from dgvae.errors import UserError
from dgvae.files.atomic import unwritable, write_bytes
from dgvae.files.tensors import write_safetensors
from dgvae.latent_space.checks import Contents
from dgvae.latent_space.formats import Column, bytes_of
from dgvae.text.corpora import UNLABELED

_MOST_OF_EQUAL = 25_000_000  # characters of texts that are written with equal lengths: 100 MB


def write_contents(path: Path, contents: Contents) -> None:
    """Write what `read_columns` reads; folders are made. Raises UserError unless the suffix is one of the formats'."""
    kinds = {".safetensors": _write_safetensors, ".npz": _write_npz, ".parquet": _write_parquet}
    if path.suffix not in kinds:
        raise UserError(f"{path} must end with {', '.join([*kinds][:-1])} or {[*kinds][-1]}, which says how it is written.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kinds[path.suffix](path, _columns(contents))
    except OSError as error:
        raise unwritable(path, error, "choose another file") from None


def _columns(contents: Contents) -> dict[str, Column]:
    columns: dict[str, Column] = {name: tensor.numpy() for name, tensor in contents.posterior.tensors().items()}
    if (contents.labels != UNLABELED).any():
        numbers = contents.labels.numpy()
        columns["label"] = [contents.classes.get(n, "") for n in numbers.tolist()] if contents.classes else numbers
    if contents.text is not None:
        columns["text"] = [*contents.text]
    return columns | dict(contents.columns)


def _write_safetensors(path: Path, columns: dict[str, Column]) -> None:
    arrays = {name: bytes_of(column) if isinstance(column, list) else column for name, column in columns.items()}
    write_safetensors(path, {name: torch.from_numpy(np.array(array, order="C")) for name, array in arrays.items()})


def _write_npz(path: Path, columns: dict[str, Column]) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:  # as np.savez does, to which `file` can't be a column
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, _array_of(column), allow_pickle=False)
    write_bytes(path, file.getvalue())


def _array_of(column: Column) -> np.ndarray:
    """A column as an array. Every text of an array takes the room of the longest, so a few long ones are written as bytes."""
    if isinstance(column, np.ndarray):
        return column
    ends_in_zero = any(text.endswith("\0") for text in column)  # which an array of texts takes away
    is_large = len(column) * max(map(len, column), default=0) > _MOST_OF_EQUAL
    return bytes_of(column) if ends_in_zero or is_large else np.array(column)


def _write_parquet(path: Path, columns: dict[str, Column]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise UserError(f"{path} can't be written without pyarrow: pip install pyarrow, or end its name with .npz") from None
    file = pa.BufferOutputStream()
    parquet.write_table(pa.table({name: list(column) for name, column in columns.items()}), file)
    write_bytes(path, file.getvalue().to_pybytes())
