"""What a loss over the whole batch needs where several processes hold a part of it each."""

from __future__ import annotations

import torch
from torch import Tensor, distributed
from torch.distributed.nn.functional import all_gather


def world() -> tuple[int, int]:
    """(rank, number of processes): (0, 1) where torch.distributed is not in use."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def gather(part: Tensor) -> Tensor:
    """The rows of all processes, in their order: [B, …] -> [processes · B, …]. The gradient flows back to each.

    Every process must hold as many rows. Without torch.distributed it is `part` itself.
    """
    return torch.cat(all_gather(part)) if world()[1] > 1 else part
