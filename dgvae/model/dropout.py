"""Dropout whose mask costs an eighth of the random numbers: on a CPU they were a twentieth of a training step."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Zero some of the elements and scale the others up, as `F.dropout`. On a CPU p is rounded to 1/256.

    Args:
        x: of any shape.
        p: share of the elements that are zeroed.
        training: if False, nothing is done.

    Returns:
        A tensor of the shape of x.
    """
    if not training or p == 0 or x.device.type != "cpu":
        return F.dropout(x, p, training)
    words = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)  # all 64 bits are random
    random_bytes = words.view(torch.uint8)[: x.numel()].view(x.shape)
    dropped = round(256 * p)
    return x * (random_bytes >= dropped).to(x.dtype).mul_(256 / (256 - dropped))
