"""How fast and how large the density gap is, forward and backward, in turn with its formula written plainly.

    python -m tests.benchmarks.density_gap [--rounds 9] [--threads 1]

The plain formula is Eq. 11 in fp32 and autograd: all pairwise densities, their mean, its log, with as many random samples.
Medians, and ratios of medians, are printed; memory is what a fresh process's peak grows by.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from dgvae.regularizers.density_gap import GaussHermite, MonteCarlo, density_gap
from tests.benchmarks.results import record

DIMENSIONS, SAMPLES = 32, 32
CASES = ((128, 128), (128, 32), (512, 512))  # batch and group; the plain formula would need 7 GB for the last
ESTIMATORS = {
    "monte-carlo, 32": MonteCarlo(SAMPLES),
    "gauss-hermite, 16": GaussHermite(16),
    "gauss-hermite, 8": GaussHermite(8),
}


def plain(mean: Tensor, log_var: Tensor, group: int) -> Tensor:
    """Eq. 11 as it stands."""
    std = torch.exp(0.5 * log_var)
    z = (mean + std * torch.randn(SAMPLES, *mean.shape)).view(SAMPLES, -1, group, 1, DIMENSIONS)
    mean, std = (x.view(1, -1, 1, group, DIMENSIONS) for x in (mean, std))
    density = torch.exp(-0.5 * ((z - mean) / std) ** 2) / (std * (2 * torch.pi) ** 0.5)  # [M, C, |b|, |b|, D]
    log_prior = -0.5 * (z.squeeze(3) ** 2 + torch.log(torch.tensor(2 * torch.pi)))
    return (density.mean(3).log() - log_prior).sum(-1).mean()


def steps(batch: int, group: int) -> dict[str, Callable[[], None]]:
    """Forward and backward of each, on the same posteriors."""
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(batch, DIMENSIONS, generator=generator).requires_grad_()
    log_var = torch.full((batch, DIMENSIONS), -1.0).requires_grad_()
    values: dict[str, Callable[[], Tensor]] = {} if batch > 128 else {"plain formula": lambda: plain(mean, log_var, group)}
    for name, estimator in ESTIMATORS.items():
        values[name] = lambda estimator=estimator: density_gap(mean, log_var, group, estimator)
    return {name: lambda value=value: value().backward() for name, value in values.items()}


def peak_growth(name: str, batch: int, group: int, threads: int) -> float:
    """MB by which this process's peak grows in one step, after a step on a small batch has loaded what there is to load."""
    torch.set_num_threads(threads)
    steps(8, 4)[name]()
    step = steps(batch, group)[name]
    before = peak_memory()
    step()
    return peak_memory() - before


def peak_memory() -> float:
    """MB that this process has had in memory at most. Linux only; getrusage would count the parent's before the spawn."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def main() -> None:
    """Time and measure every case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{'batch':>5} {'group':>5}  {'estimator':18} {'ms':>8} {'plain / it':>11} {'MB':>7}")
    for batch, group in CASES:
        in_turn = steps(batch, group)
        seconds: dict[str, list[float]] = {name: [] for name in in_turn}
        for i in range(options.rounds + 1):  # the first warms up
            for name, step in in_turn.items():
                start = time.perf_counter()
                step()
                if i:
                    seconds[name].append(time.perf_counter() - start)
        median = {name: statistics.median(times) for name, times in seconds.items()}
        for name, value in median.items():
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                memory = pool.apply(peak_growth, (name, batch, group, options.threads))
            ratio = f"{median['plain formula'] / value:.1f}" if "plain formula" in median else "–"
            print(f"{batch:5} {group:5}  {name:18} {1000 * value:8.1f} {ratio:>11} {memory:7.0f}")
            record("density_gap", f"{name}, batch {batch}, group {group}", 1000 * value, "ms")
            record("density_gap", f"{name}, batch {batch}, group {group}, peak memory", memory, "MB")


if __name__ == "__main__":
    main()
