"""What a loss over the whole batch needs where several processes hold a part of it each."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def world() -> tuple[int, int]:
    """(rank, number of processes): (0, 1) where torch.distributed is not in use."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def gather(part: Tensor) -> Tensor:
    """The rows of all processes, in their order: [B, …] -> [processes · B, …]. The gradient flows back to each.

    Every process must hold as many rows. Without torch.distributed it is `part` itself.
    """
    return _Gather.apply(part) if world()[1] > 1 else part  # pyright: ignore[reportReturnType]


class _Gather(torch.autograd.Function):
    """As torch.distributed.nn.functional.all_gather, which is to go, but with one message each way on gloo as on nccl."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        part = part.contiguous()
        parts = [torch.empty_like(part) for _ in range(world()[1])]
        distributed.all_gather(parts, part)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        rank, processes = world()
        grad = grad.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(grad)
        return grad.chunk(processes)[rank]
