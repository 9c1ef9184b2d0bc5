"""Columns → posteriors or points, labels and texts; each fault is named in one sentence that says what to do."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dgvae.checkpoint.latents import Latents
from dgvae.errors import UserError
from dgvae.latent_space.arrays import as_column
from dgvae.latent_space.bounds import USUAL, Most
from dgvae.latent_space.formats import Column
from dgvae.latent_space.numbers import SPREADS, kind_of, log_variance, numbers
from dgvae.posteriors import DiagonalGaussian, Points, Posterior
from dgvae.text.corpora import UNLABELED

MOST_CLASSES = 32_768  # as many as a checkpoint's labels
_KNOWN = {"mean", "z", "text", "label", "labels", *SPREADS}
_WANTED = "mean with one of log_var, std and var, or z alone"
_MEANT = {
    "mean": ("mu", "mus", "means", "loc", "location", "z_mean", "mean_vector"),
    "log_var": ("logvar", "log_variance", "z_log_var", "lv", "log_sigma2", "log_sigma_sq"),
    "std": ("sigma", "stddev", "stdev", "scale", "sd"),
    "var": ("variance", "sigma2", "sigma_sq"),
    "z": ("latents", "latent", "embeddings", "embedding", "codes", "code", "zs"),
}
_IGNORED = -100  # by PyTorch's losses
_LOG_STD = ("log_std", "logstd", "log_sigma", "logsigma", "log_scale")
_NUMBERED = re.compile(r"\D+\d+")  # a dimension in a column of its own


@dataclass(frozen=True)
class Contents:
    """What a latent space is made of: N examples of D dimensions.

    posterior: q(z|x) of each, or points. labels: [N], UNLABELED where there is none. classes: what they are called. text: N
    texts. columns: other numbers, [N] each.
    """

    posterior: Posterior
    labels: Tensor
    classes: Mapping[int, str] = field(default_factory=dict)
    text: list[str] | None = None
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def known_by(self) -> str:
        """What is the same for the same examples, whatever the model: their texts; "" if there are none."""
        return json.dumps(self.text) if self.text is not None else ""

    def at(self, rows: Tensor) -> Contents:
        """Some of the examples."""
        numbers = rows.tolist()
        return Contents(
            self.posterior.map(lambda tensor: tensor[rows]),
            self.labels[rows],
            self.classes,
            [self.text[i] for i in numbers] if self.text is not None else None,
            {name: column[numbers] for name, column in self.columns.items()},
        )

    @cached_property
    def latents(self) -> Latents:
        """The same as a checkpoint keeps it, without a map. A length is −1 where there is no text."""
        lengths = [len(text.split()) for text in self.text] if self.text is not None else [-1] * len(self.labels)
        return Latents(self.posterior, self.labels, torch.tensor(lengths))


def checked(columns: Mapping[str, Any], name: str, most: Most = USUAL) -> Contents:
    """Check columns and give them their meaning.

    Args:
        columns: arrays, tensors or texts by their names. Whatever is neither known nor a number for each example is left out.
        name: what the faults call the whole.
        most: how many examples and dimensions there may be.

    Returns:
        The contents.

    Raises:
        UserError: something is missing, has a wrong shape, is not finite, or contradicts something else.
    """
    if masked := [key for key, column in columns.items() if isinstance(column, np.ma.MaskedArray) and column.mask.any()]:
        raise UserError(f"{name} has masked values in {masked[0]}; leave these examples out.")
    arrays = {key: _as_column(key, column, name) for key, column in columns.items() if column is not None}
    _check_names(arrays, name)
    location = "mean" if "mean" in arrays else "z"
    _check_shape(arrays, location, name)
    _check_size(np.shape(arrays[location]), location, name, most)
    _check_axes(arrays, location, name)
    points = numbers(arrays, location, name)
    posterior = DiagonalGaussian(points, log_variance(arrays, points, name)) if location == "mean" else Points(points)
    if "label" in arrays and "labels" in arrays:
        raise UserError(f"{name} holds both label and labels; leave one out.")
    labels, classes = _labels(arrays.get("label", arrays.get("labels")), len(points), name)
    return Contents(
        posterior,
        labels,
        classes,
        _texts(arrays.get("text"), len(points), name),
        {key: np.asarray(array) for key, array in arrays.items() if _is_column(key, array, len(points))},
    )


def _as_column(key: str, column: Any, name: str) -> Column:
    try:
        return as_column(column)
    except (TypeError, ValueError, RuntimeError) as error:  # numpy's and torch's, of lists of several lengths or odd tensors
        reason = str(error).partition("\n")[0][:100]
        raise UserError(f"{name} can't read {key} as an array ({reason}); give a numpy array of float32.") from None


def _check_names(arrays: Mapping[str, Column], name: str) -> None:
    """Raise UserError unless there are points, or means with a spread."""
    found = ", ".join(key[:40] for key in list(arrays)[:20]) or "nothing"
    spreads = [key for key in SPREADS if key in arrays]
    if ("mean" in arrays and spreads) or ("z" in arrays and not spreads and "mean" not in arrays):
        return
    raise UserError(f"{name} holds {found}, and {_WANTED} is wanted; {_advice(arrays, bool(spreads))}.")


def _advice(arrays: Mapping[str, Column], has_spread: bool) -> str:
    folded = {key.lower().replace("-", "_").replace(" ", "_"): key for key in arrays}
    meant = {
        wanted: folded[n] for wanted, names in _MEANT.items() if wanted not in arrays for n in (*names, wanted) if n in folded
    }
    if "mean" in arrays or "mean" in meant:
        meant.pop("z", None)
    if meant:
        return "rename " + " and ".join(f"{is_called} to {wanted}" for wanted, is_called in meant.items())
    if log_std := next((folded[n] for n in _LOG_STD if n in folded), None):
        return f"save 2 * {log_std} as log_var"
    if "mean" in arrays:
        return "add the spread of the posteriors, or rename mean to z if there is none, as for codes of an autoencoder"
    if all(key.startswith("arr_") for key in arrays):
        return "np.savez gives such names to what has none; write np.savez(FILE, mean=..., log_var=...)"
    numbered = [key for key in arrays if _NUMBERED.fullmatch(key)]
    if len(numbered) > 1:
        return f"join {numbered[0][:40]}, {numbered[1][:40]} … to one column of lists or one array [N, D]"
    return "add mean" if has_spread else "save your arrays under these names"


def _check_shape(arrays: Mapping[str, Column], key: str, name: str) -> None:
    """Raise UserError unless there are N rows of D numbers, and the spreads have the same shape."""
    array = arrays[key]
    if isinstance(array, list) or array.dtype.kind not in "fiub":
        raise UserError(f"{name} holds {key} as {kind_of(array)}; save it as numbers, such as float32.")
    shape = list(array.shape)
    if array.ndim == 1:
        raise UserError(
            f"{name} has {key} of the shape {shape}; save [examples, dimensions]: for one dimension, {key}[:, None]."
        )
    if array.ndim != 2:
        raise UserError(
            f"{name} has {key} of the shape {shape}, and [examples, dimensions] is wanted: if the first axis is the examples, "
            f"save {key}.reshape(len({key}), -1); if it is batches of them, {key}.reshape(-1, {key}.shape[-1])."
        )
    if not array.size:
        raise UserError(f"{name} is empty: {key} has the shape {shape}; save some thousand examples.")
    rows, dim = shape
    lengths = {other: np.shape(values) for other, values in arrays.items() if other in ("label", "labels", "text")}
    if across := next((other for other, length in lengths.items() if length == (dim,) and dim != rows), None):
        raise UserError(
            f"{name} has {key} of the shape {shape}, and {across} has {dim} values: the axes are swapped; save {key}.T."
        )
    for other in SPREADS:
        if (spread := arrays.get(other)) is not None and key == "mean" and np.shape(spread) != array.shape:
            advice = f"save {other}.T" if list(np.shape(spread))[::-1] == shape else "save both as [examples, dimensions]"
            raise UserError(f"{name} has mean of the shape {shape} and {other} of {list(np.shape(spread))}; {advice}.")


def _check_size(shape: tuple[int, ...], key: str, name: str, most: Most) -> None:
    """Raise UserError if there are too many examples or dimensions, or a single example."""
    rows, dim = shape
    if dim > most.dimensions:
        raise UserError(
            f"{name} has {key} of the shape {[rows, dim]}, {dim:,} dimensions, and {most.dimensions:,} are the maximum; if the "
            f"axes are swapped, save {key}.T."
        )
    if rows > most.examples:
        raise UserError(f"{name} has {rows:,} examples, and {most.examples:,} are the maximum; save fewer.")
    if rows < 2:
        raise UserError(f"{name} has one example; save some thousand, of which the aggregated posterior is made.")


def _check_axes(arrays: Mapping[str, Column], key: str, name: str) -> None:
    """Raise UserError if there are fewer examples than dimensions, and no other column tells which are which.

    Measuring many dimensions takes minutes, and of swapped axes it would find out nothing.
    """
    rows, dim = np.shape(arrays[key])
    if rows >= dim or any(np.shape(other) == (rows,) for other in arrays.values()):
        return
    raise UserError(
        f"{name} has {key} of the shape {[rows, dim]}, fewer examples than dimensions: if the axes are swapped, save {key}.T; "
        "if they are right, add label, a number for each example (-1 for no label)."
    )


def _labels(column: Column | None, examples: int, name: str) -> tuple[Tensor, dict[int, str]]:
    """A number for each example's label, and what the classes are called.

    NaN, "", −100, and −1 unless it comes with 1 alone or with lower numbers, are no label.
    """
    if column is None:
        return torch.full((examples,), UNLABELED), {}
    _check_length(column, "label", examples, name)
    if isinstance(column, list):
        names = sorted({text for text in column if text})
        if len(names) > MOST_CLASSES:
            raise UserError(f"{name} has {len(names):,} different labels, and {MOST_CLASSES:,} are the maximum; name it text.")
        numbers = {text: number for number, text in enumerate(names)}
        return torch.tensor([numbers.get(text, UNLABELED) for text in column]), dict(enumerate(names))
    known = np.where(np.isfinite(column), column, UNLABELED) if column.dtype.kind == "f" else column
    if column.dtype.kind not in "fiub" or (known % 1).any() or known.max() >= MOST_CLASSES:
        raise UserError(
            f"{name} has a label that is no whole number below {MOST_CLASSES:,}; rename label if it is a measurement: "
            "LatentSpace.map can color by any other column of numbers."
        )
    known = np.where(known == _IGNORED, UNLABELED, known)
    if known.min() < UNLABELED or set(np.unique(known)) == {-1, 1}:  # of sentiment, all of them classes
        return _labels(
            ["" if math.isnan(number) or number == _IGNORED else f"{number:g}" for number in column.tolist()], examples, name
        )
    return torch.from_numpy(known.astype(np.int64)), {}


def _texts(column: Column | None, examples: int, name: str) -> list[str] | None:
    if column is None:
        return None
    _check_length(column, "text", examples, name)
    if not isinstance(column, list):
        raise UserError(f"{name} holds text as {kind_of(column)}; save {examples:,} strings, or leave it out.")
    return column


def _check_length(column: Column, key: str, examples: int, name: str) -> None:
    if (shape := np.shape(column)) != (examples,):
        said = f"{shape[0]:,} values" if len(shape) == 1 else f"the shape {list(shape)}"
        raise UserError(f"{name} has {examples:,} examples, and {key} has {said}; give one for each example.")


def _is_column(key: str, array: Column, examples: int) -> bool:
    """Whether it is a number for each example that has no other meaning."""
    return key not in _KNOWN and isinstance(array, np.ndarray) and array.shape == (examples,) and array.dtype.kind in "fiub"
