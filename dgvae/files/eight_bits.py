"""Tensors in 8 bits per value, for files that are kept in a repository.

A matrix `W` is kept as `W`, int8, and `W.scale`, fp16, one for each row (W ≈ scale · int8). A table whose columns have ranges
of their own is kept as uint8, and `.low` and `.step`, fp32, one for each column (x ≈ low + step · uint8). The error of a
value is at most half a step: 1/254 of the largest weight of its row, or 1/510 of its column's range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

SCALE, LOW, STEP = ".scale", ".low", ".step"


def with_rows_in_8_bits(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every matrix [R, C] of floats as int8 with a scale for each row; other tensors as they are."""
    small: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 2 and tensor.is_floating_point():
            largest = torch.finfo(torch.float16).max
            scale = (tensor.detach().float().abs().amax(1) / 127).clamp_max(largest).half()
            by = torch.where(scale > 0, scale, 1).float().unsqueeze(1)
            small |= {name: (tensor.detach() / by).round().clamp(-127, 127).to(torch.int8), name + SCALE: scale}
        else:
            small[name] = tensor
    return small


def with_columns_in_8_bits(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """The named tables [N, D] as uint8 with the lowest value and the step of each column; other tensors as they are."""
    small = dict(tensors)
    for name in names:
        low, high = small[name].float().aminmax(dim=0)
        step = (high - low) / 255
        numbers = (small[name].float() - low) / torch.where(step > 0, step, 1)
        small |= {name: numbers.round().to(torch.uint8), name + LOW: low, name + STEP: step}
    return small


def restored(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors in fp32 as far as they were kept in 8 bits; others as they are. What lacks its scale is left as it is found."""
    whole = dict(tensors)
    for name, tensor in tensors.items():
        scale, low, step = (tensors.get(name + part) for part in (SCALE, LOW, STEP))
        if tensor.dtype == torch.int8 and scale is not None and scale.shape == tensor.shape[:1]:
            whole[name] = tensor.float() * scale.float().unsqueeze(1)
            del whole[name + SCALE]
        elif (
            tensor.dtype == torch.uint8 and low is not None and step is not None and low.shape == step.shape == tensor.shape[1:]
        ):
            whole[name] = torch.addcmul(low.float(), tensor.float(), step.float())
            del whole[name + LOW], whole[name + STEP]
    return whole
