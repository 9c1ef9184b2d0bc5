"""What a loss over the whole batch, and its gradient, need where several processes hold a part of it each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, distributed, nn


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


def average_gradients(module: nn.Module, numbers: Sequence[Tensor] = ()) -> list[Tensor]:
    """Replace gradients by their mean over the processes; return the means of `numbers`, scalars that go along.

    Not by DistributedDataParallel: it regroups its messages after the first step, so that a resumed run would sum in another
    order than an uninterrupted one. Nothing is copied together first: that took longer than the messages.
    """
    processes = world()[1]
    if processes == 1:
        return list(numbers)
    messages = [p.grad for p in module.parameters() if p.grad is not None]
    if numbers:
        messages.append(torch.stack([number.float() for number in numbers]))
    under_way = [distributed.all_reduce(message, async_op=True) for message in messages]
    for work in filter(None, under_way):
        work.wait()
    for message in messages:
        message /= processes
    return list(messages[-1]) if numbers else []


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
