"""Two processes with half a batch each compute the density gap, and its gradient, of one process with the whole batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from dgvae.methods.config import TextVAEConfig
from dgvae.model.heads import GaussianHead
from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers import build_regularizer
from tests.processes import PROCESSES, in_two_processes

CASES: dict[str, tuple[str, int, dict[str, float]]] = {  # method, sentences in all, options
    "a group larger than a part": ("dg-vae", 24, {"aggregation_size": 24}),
    "groups across the border of the parts": ("dg-vae", 24, {"aggregation_size": 8}),
    "a smaller last group": ("dg-vae", 14, {"aggregation_size": 8}),
    "principal": ("pdg-vae", 24, {"aggregation_size": 24, "rate": 0.3}),
    "principal, a smaller last group": ("pdg-vae", 14, {"aggregation_size": 8, "rate": 0.3}),
    "one dimension, so that a process has nothing to do": ("dg-vae", 6, {"aggregation_size": 6}),
}


def config(case: str) -> TextVAEConfig:
    method, _, options = CASES[case]
    latent_dim = 1 if case.startswith("one dimension") else 3
    return TextVAEConfig(
        method, vocab_size=10, hidden_dim=4, latent_dim=latent_dim, options={**options, "estimator": "gauss-hermite"}
    )


def batch(case: str, step: int) -> tuple[Tensor, Tensor]:
    """Means and log-variances of the whole batch, correlated so that the principal axes are none of the axes."""
    size = (CASES[case][1], config(case).latent_dim)
    generator = torch.Generator().manual_seed(step)
    mean, log_var = torch.randn(2, *size, generator=generator)
    return mean + mean.flip(1) * 0.8 + 0.3, log_var - 1


def two_steps(case: str, rank: int, parts: int) -> dict[str, Tensor]:
    """Value, gradients and state after a training step each on the `rank`-th part of two batches."""
    regularizer = build_regularizer(config(case)).train()
    results: dict[str, Tensor] = {}
    for step in range(2):  # two, so that the running moments matter
        mean, log_var = (x.chunk(parts)[rank].clone().requires_grad_() for x in batch(case, step))
        value = regularizer(DiagonalGaussian(mean, log_var), mean)
        value.backward()
        assert mean.grad is not None
        assert log_var.grad is not None
        results |= {f"{step} value": value.detach(), f"{step} mean": mean.grad, f"{step} log_var": log_var.grad}
    return results | regularizer.state_dict()


def head_gradient(states: Tensor, wrap: bool) -> Tensor:
    """The gradient by a head's weights, averaged over processes by DistributedDataParallel where `wrap` says so."""
    case = "groups across the border of the parts"
    torch.manual_seed(0)
    head = GaussianHead(config(case))
    module = DistributedDataParallel(head) if wrap else head
    posterior = module(states)
    build_regularizer(config(case))(posterior, posterior.mean).backward()
    assert head.weight.grad is not None
    return head.weight.grad


def all_states() -> Tensor:
    return torch.randn(24, 4, generator=torch.Generator().manual_seed(9))


def work(rank: int) -> dict[str, dict[str, Tensor]]:
    """What each of the processes does."""
    results = {case: two_steps(case, rank, PROCESSES) for case in CASES}
    results["head"] = {"weight": head_gradient(all_states().chunk(PROCESSES)[rank], wrap=True)}
    return results


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, dict[str, Tensor]]]:
    """What each process found, for every case."""
    return in_two_processes(work, tmp_path_factory.mktemp("processes"))


@pytest.mark.parametrize("case", CASES)
def test_the_mean_over_processes_is_the_value_and_gradient_of_one_process(case: str, results) -> None:
    expected = two_steps(case, 0, 1)
    for step in range(2):
        value = torch.stack([part[case][f"{step} value"] for part in results]).mean()
        torch.testing.assert_close(value, expected[f"{step} value"], rtol=1e-5, atol=1e-5)
        for name in ("mean", "log_var"):
            # Each part's gradient is of the sum of all processes' values.
            gradient = torch.cat([part[case][f"{step} {name}"] for part in results]) / PROCESSES
            torch.testing.assert_close(gradient, expected[f"{step} {name}"], rtol=1e-4, atol=1e-5)
            assert float(expected[f"{step} {name}"].abs().max()) > 1e-3


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("principal")])
def test_the_running_moments_are_those_of_the_whole_batch_in_every_process(case: str, results) -> None:
    mean, square = np.zeros(3), np.eye(3)  # E z and E z zᵀ, at a rate of 0.3
    for mu, log_var in ([x.double().numpy() for x in batch(case, step)] for step in range(2)):
        mean = 0.7 * mean + 0.3 * mu.mean(0)
        square = 0.7 * square + 0.3 * (mu.T @ mu / len(mu) + np.diag(np.exp(log_var).mean(0)))
    for part in results:
        np.testing.assert_allclose(part[case]["running_mean"].numpy(), mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(part[case]["running_square"].numpy(), square, rtol=1e-4, atol=1e-6)


def test_the_weights_gradient_under_distributed_data_parallel_is_that_of_one_process(results) -> None:
    expected = head_gradient(all_states(), wrap=False)
    for part in results:
        torch.testing.assert_close(part["head"]["weight"], expected, rtol=1e-4, atol=1e-5)
