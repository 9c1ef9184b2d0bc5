"""Processes: running something in two that know of each other by gloo; waiting for what another does."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn

PROCESSES, SECONDS = 2, 90


def in_two_processes(work: Callable[[int], Any], folder: Path) -> list[Any]:
    """What `work(rank)`, a function of a module, returns in each: tensors, in dicts and lists."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    context = spawn(_work, (work, str(folder)), nprocs=PROCESSES, join=False)
    assert context is not None
    deadline = time.monotonic() + SECONDS
    try:
        while not context.join(timeout=1):
            assert time.monotonic() < deadline, f"the processes did not end within {SECONDS} s"
    finally:
        for process in filter(None, context.processes):
            process.kill()
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(PROCESSES)]


def wait_until(holds: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait while `process` goes on."""
    deadline = time.monotonic() + 120
    while not holds():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _work(rank: int, work: Callable[[int], dict[str, dict[str, Tensor]]], folder: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=PROCESSES, timeout=timedelta(seconds=60)
    )
    torch.save(work(rank), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()
