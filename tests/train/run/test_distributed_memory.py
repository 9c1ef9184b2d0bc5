"""Two processes share one memory: value, gradient and memory are those of one process with whole batches."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers import MemoryDensityGap
from tests.processes import PROCESSES, in_two_processes

STEPS, SENTENCES, DIMENSIONS, MEMORY = 4, 12, 3, 20  # the memory is full, and written over, before the last step


def steps(part: int, parts: int, samples: int, draw: int) -> dict[str, Tensor]:
    """Values and gradients of steps on the `part`-th part of each batch, and the memory after them. draw: seeds the samples."""
    gap = MemoryDensityGap(DIMENSIONS, MEMORY, SENTENCES, samples).train()
    found: dict[str, Tensor] = {}
    for step in range(STEPS):
        whole = torch.randn(2, SENTENCES, DIMENSIONS, generator=torch.Generator().manual_seed(step))
        mean, log_var = (x.chunk(parts)[part].clone().requires_grad_() for x in whole)
        torch.manual_seed(10 * step + draw)
        value = gap(DiagonalGaussian(mean, log_var), mean)
        value.backward()
        assert mean.grad is not None
        assert log_var.grad is not None
        found |= {f"{step} value": value.detach(), f"{step} mean": mean.grad, f"{step} log_var": log_var.grad}
    return found | gap.state_dict()


def work(rank: int) -> dict[str, Tensor]:
    """What each process does: of two samples of each posterior it draws one."""
    return steps(rank, PROCESSES, samples=PROCESSES, draw=rank)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Tensor]]:
    return in_two_processes(work, tmp_path_factory.mktemp("memory"))


def test_a_shared_memory_gives_one_process_values_and_gradients(parts: list[dict[str, Tensor]]) -> None:
    alone = [steps(0, 1, samples=1, draw=rank) for rank in range(PROCESSES)]  # the same samples, all in one process
    for step in range(STEPS):
        value, expected = (torch.stack([each[f"{step} value"] for each in those]).mean() for those in (parts, alone))
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
        for name in (f"{step} mean", f"{step} log_var"):
            gradient = torch.cat([part[name] for part in parts]) / PROCESSES
            torch.testing.assert_close(gradient, torch.stack([each[name] for each in alone]).mean(0), rtol=1e-4, atol=1e-5)
            assert float(gradient.abs().max()) > 1e-3


def test_every_process_holds_the_same_memory(parts: list[dict[str, Tensor]]) -> None:
    alone = steps(0, 1, samples=1, draw=0)
    assert int(alone["written"]) == STEPS * SENTENCES > MEMORY
    for part in parts:
        for name in ("memory_mean", "memory_log_var", "written"):
            torch.testing.assert_close(part[name], alone[name])
