"""Means and spreads of posteriors as tensors, with a sentence for each number that can't be right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from dgvae.checkpoint.latents import MOST_LOG_VARIANCE
from dgvae.errors import UserError
from dgvae.latent_space.formats import Column

SPREADS = ("log_var", "std", "var")
_AGREE = 0.05  # nats by which two spreads of one example may differ: those of fp16 do
_NARROWEST = 1e-6  # σ as a share of the largest mean: with less, log q(z) loses its digits in fp64


def kind_of(array: Column) -> str:
    """What a column holds, as a fault says it."""
    return "texts" if isinstance(array, list) else str(array.dtype)


def numbers(arrays: Mapping[str, Column], key: str, name: str) -> Tensor:
    """A matrix of finite numbers.

    Args:
        arrays: the columns.
        key: which of them.
        name: what the faults call the whole.

    Returns:
        The matrix, [N, D], in fp32 or fp64.

    Raises:
        UserError: it holds something else, or numbers that are not finite or too large.
    """
    array = arrays[key]
    if isinstance(array, list) or array.dtype.kind not in "fiub":
        raise UserError(f"{name} holds {key} as {kind_of(array)}; save it as numbers, such as float32.")
    if array.dtype == np.float16 and np.isinf(array).any():
        raise UserError(f"{name} has infinite numbers in {key}: float16 ends at 65,504; save it as float32.")
    wide = np.float64 if array.dtype.itemsize >= 8 else np.float32
    with np.errstate(over="ignore"):  # a longdouble that is too large is told below
        array = array.astype(wide)
    if not (finite := np.isfinite(array)).all():
        rows = np.flatnonzero(~finite.all(1))
        what = "NaN" if np.isnan(array).any() else "infinite numbers"
        raise UserError(
            f"{name} has {what} in {key}, in {len(rows):,} of {len(array):,} rows, row {rows[0]} (from 0) first; "
            "find out why the encoder wrote them, or leave these rows out."
        )
    largest = max(array.max(), -array.min())  # without a copy, as the absolute values would be
    if largest > 1e6 and key != "var":  # squares and their sums must be numbers too
        raise UserError(f"{name} has {largest:.3g} in {key}, and 1,000,000 is the maximum; N(0, I) is the prior.")
    return torch.from_numpy(array)


def log_variance(arrays: Mapping[str, Column], mean: Tensor, name: str) -> Tensor:
    """log σ² of every example, by whichever spreads there are, which must agree.

    Args:
        arrays: the columns.
        mean: [N, D].
        name: what the faults call the whole.

    Returns:
        log σ², [N, D], of the type of `mean`.

    Raises:
        UserError: the spreads contradict each other, can't be what their name says, or are too wide or too narrow.
    """
    found: dict[str, Tensor] = {}
    for key in SPREADS:
        if key in arrays:
            values = numbers(arrays, key, name)
            found[key] = values if key == "log_var" else _log_of_spread(values, key, name)
    first, *others = found
    for other in others:
        _check_agreement(found[first], found[other], (first, other), name)
    log_var = found[first]
    if first == "log_var" and float(log_var.min()) > 0:
        raise UserError(
            f"{name} has only positive numbers in log_var, at least {float(log_var.min()):.3g}: every posterior would be wider "
            "than the prior; if they are variances or standard deviations, rename log_var to var or std; if they are right, "
            "save exp(log_var) as var."
        )
    if (most := float(log_var.max())) > MOST_LOG_VARIANCE:
        raise UserError(
            f"{name} has a log variance of {most:,.0f}, and {MOST_LOG_VARIANCE:.0f} is the maximum; bound the encoder's log "
            "variance."
        )
    narrowest, furthest = float((log_var.min().double() / 2).exp()), max(1.0, float(mean.max()), -float(mean.min()))
    if narrowest < _NARROWEST * furthest:
        raise UserError(
            f"{name} has a standard deviation of {narrowest:.1g} beside means of up to {furthest:.3g}, which is too narrow; "
            "save the means as z, alone, if these posteriors are points, or leave out the examples whose means are so large."
        )
    return log_var.to(mean.dtype)


def _log_of_spread(values: Tensor, key: str, name: str) -> Tensor:
    """log σ² from σ or σ²."""
    if float(values.min()) < 0:
        advice = "log σ; save 2 * std as log_var" if key == "std" else "log σ²; rename var to log_var"
        raise UserError(f"{name} has negative numbers in {key}, down to {float(values.min()):.3g}: it is perhaps {advice}.")
    if float(values.min()) == 0:
        raise UserError(
            f"{name} has zeros in {key}, in {int((values == 0).sum()):,} places: save log_var instead, which doesn't "
            "underflow, or z alone if the posteriors are points."
        )
    return values.log() * (2 if key == "std" else 1)


def _check_agreement(first: Tensor, other: Tensor, keys: tuple[str, str], name: str) -> None:
    """Raise UserError if two spreads contradict each other."""

    def differ(a: Tensor, b: Tensor) -> bool:
        return bool((a - b).abs().max() > _AGREE + 0.01 * float(b.abs().max()))

    if not differ(first, other):
        return
    a, b = keys
    if a == "log_var" and not differ(2 * first, other):
        raise UserError(f"{name} holds log σ as log_var, as {b} tells; save 2 * log_var, which is log σ².")
    raise UserError(f"{name} has {a} and {b} that contradict each other; leave out the one that is wrong.")
