"""One run in several processes, as `torchrun` starts them: who writes, what they agree on, how gradients are averaged.

Without torchrun there is one process, and nothing here does anything.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed

from dgvae.distributed import world
from dgvae.errors import UserError

T = TypeVar("T")

PATIENCE = timedelta(hours=1)  # for the others, while one process downloads a corpus, say
DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str) -> torch.device:
    """The device that `--device` names; with several processes on a machine, each has a GPU of its own. Raises UserError."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, is_there in there.items() if is_there)
    if not there[name]:
        raise UserError(f"This machine, or this build of torch, has no {name} device; --device auto takes what there is.")
    if name != "cuda":
        return torch.device(name)
    number = int(os.environ.get("LOCAL_RANK", 0))
    if number >= (count := torch.cuda.device_count()):
        raise UserError(f"This machine has {count} GPUs, fewer than processes; give torchrun --nproc-per-node {count}.")
    # Before CUDA starts: cuBLAS and cuDNN's LSTM then give the same bits for the same step, as a resumed run needs.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.cuda.set_device(number)
    torch.set_float32_matmul_precision("high")  # TF32 for what bf16 leaves in fp32
    return torch.device("cuda", number)


@contextmanager
def process_group() -> Iterator[None]:
    """Be one of the processes that torchrun started, if it did. Collectives on a CPU go by gloo, on CUDA by nccl.

    Raises UserError when another process has gone; torchrun then ends those that are left.
    """
    processes = int(os.environ.get("WORLD_SIZE", 1))
    if processes == 1:
        yield
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield
    except RuntimeError as error:  # torch's own DistError, and gloo's plain one
        if not isinstance(error, distributed.DistError) and "gloo" not in str(error):
            raise
        raise UserError("another process of this run has ended; --resume continues from the last state.") from None
    finally:
        if sys.exc_info()[0] is None:  # else the others may wait for this one in vain
            distributed.destroy_process_group()


def is_main_process() -> bool:
    """Whether this process is the one that writes and prints."""
    return world()[0] == 0


def print_main(text: str) -> None:
    """Print, once for all processes."""
    if is_main_process():
        print(text, flush=True)


def any_process(*flags: bool) -> tuple[bool, ...]:
    """For each flag, whether any process raises it; all of them must ask."""
    if world()[1] == 1:
        return flags
    raised = torch.tensor(flags, dtype=torch.uint8)
    distributed.all_reduce(raised, distributed.ReduceOp.MAX)
    return tuple(map(bool, raised.tolist()))


def all_gather(mine: Tensor) -> list[Tensor]:
    """A CPU tensor of every process, all of one shape, by rank."""
    processes = world()[1]
    if processes == 1:
        return [mine]
    parts = [torch.empty_like(mine) for _ in range(processes)]
    distributed.all_gather(parts, mine)
    return parts


def all_gather_rows(mine: Tensor) -> Tensor:
    """The rows of all processes, by rank, however many each has."""
    if world()[1] == 1:
        return mine
    counts = [int(count) for count in all_gather(torch.tensor(len(mine)))]
    padded = mine.new_zeros((max(counts), *mine.shape[1:]), device="cpu")
    padded[: len(mine)] = mine
    return torch.cat([part[:count] for part, count in zip(all_gather(padded), counts, strict=True)]).to(mine.device)


def main_process_first(make: Callable[[], T]) -> T:
    """Let the first process of each machine make something, then the others, which find it done."""
    if world()[1] == 1:
        return make()
    first = os.environ.get("LOCAL_RANK", "0") == "0"
    result = make() if first else None
    distributed.barrier()
    return make() if result is None else result
