"""What is given as a column, of numpy, torch, pandas or plain Python: an array of numbers, or a list of texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dgvae.latent_space.formats import Column


def as_column(column: Any) -> Column:
    """Numbers as an array in the machine's byte order, and texts as a list."""
    if isinstance(column, Tensor):
        column = column.detach().cpu()
        return (column.float() if column.dtype == torch.bfloat16 else column).numpy()
    if isinstance(column, list | tuple) and any(isinstance(value, str) for value in column):
        return _as_texts(column)
    array = np.asarray(column)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:  # no file but .npz has these
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    if array.ndim != 1 or array.dtype.kind not in "UOM":
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "M":  # dates, as short as they are: 2024-01-31
        return _as_texts(np.datetime_as_string(array, unit="auto").tolist(), missing=("NaT",))
    rows = [value for value in array.tolist() if isinstance(value, list | tuple | np.ndarray)]
    if len(rows) == len(array) > 0 and len({len(row) for row in rows}) == 1:  # a column of lists, as of pandas
        return np.array(rows)
    known = [value for value in array.tolist() if not _is_missing(value)]
    if known and all(isinstance(value, int | float | np.number) for value in known):
        return np.array([np.nan if _is_missing(value) else value for value in array.tolist()], dtype=np.float64)
    return _as_texts(array.tolist())


def _as_texts(values: Iterable[Any], missing: Collection[str] = ()) -> list[str]:
    return ["" if _is_missing(value) or value in missing else _as_text(value) for value in values]


def _as_text(value: Any) -> str:
    """A value as text that can be sent and saved: half a surrogate pair is a question mark."""
    return str(value).encode(errors="replace").decode()


def _is_missing(value: Any) -> bool:
    """Whether it is what Python, NumPy or pandas writes in place of a value; the text "nan" is a text."""
    return not isinstance(value, str) and str(value) in ("None", "nan", "<NA>", "NaT")
