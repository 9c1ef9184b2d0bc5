"""What it costs to show a latent space from a file, against the number of examples N and of dimensions D.

    python -m tests.benchmarks.latent_spaces [--examples 2000 10000] [--dimensions 8 32 128 256] [--threads 1]
    python -m tests.benchmarks.latent_spaces --examples 10000 100000 1000000 --dimensions 8 64 --threads 2

Made-up posteriors, as float32 in .npz. Each case has a process of its own, and so its own peak of memory (resident). Seconds of
a core are those of the process, so that other programs do not count; "whole" is all of it in seconds of the clock. Of more than
10,000 examples, sums come from all, the other figures from 10,000, and all are placed on the map.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dgvae import LatentSpace
from dgvae.latent_space.bounds import USUAL
from dgvae.ui.own_latents import at_once, measure_space
from tests.benchmarks.results import record

POINTS = 2000  # of the map


def seconds(work: Callable[[], object]) -> float:
    """Of a core."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def costs(examples: int, dim: int, folder: Path) -> dict[str, float]:
    """Seconds of each part, the first of which reads the file."""
    generator = np.random.default_rng(0)
    mean = 0.9 * generator.standard_normal((examples, dim), dtype=np.float32)
    path = folder / "latents.npz"
    np.savez(path, mean=mean, log_var=np.full_like(mean, -1.6), label=np.arange(examples) % 10)
    found: list[LatentSpace] = []
    cost = {"read": seconds(lambda: found.append(LatentSpace.load(path)))}
    space = found[0]
    return cost | {
        "figures": seconds(space.figures),
        "holes": seconds(space.holes),
        "slice": seconds(lambda: space.slice(0, 1)),
        "map": seconds(lambda: space.map(points=POINTS)),
        "all on the map": seconds(lambda: at_once(measure_space(space, path, None))),
    }


def in_a_process(case: tuple[int, int, int]) -> tuple[dict[str, float], float, float]:
    """Costs of a case, (examples, dimensions, threads): seconds of each part, of the clock, and the peak of memory in GB."""
    examples, dim, threads = case
    torch.set_num_threads(threads)
    LatentSpace(torch.randn(60, 2)).map(points=40)  # numba compiles
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        cost = costs(examples, dim, Path(folder))
    return cost, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main(arguments: list[str] | None = None) -> None:
    """Print a table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, nargs="+", default=[2000, 10_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[8, 32, 128, 256])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    cases = [(examples, dim, options.threads) for examples in options.examples for dim in options.dimensions]
    for examples, dim, threads in cases:
        if 8 * examples * dim > USUAL.bytes:
            print(f"{examples:>9,} × {dim:<4} is more than a file may hold")
            continue
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            cost, whole, peak = pool.apply(in_a_process, [(examples, dim, threads)])
        shown = (f"{part} {took:.1f} s " for part, took in cost.items())
        print(f"{examples:>9,} × {dim:<4}", *shown, f"whole {whole:.0f} s  peak {peak:.2f} GB", flush=True)
        for part, took in cost.items():
            record("latent_spaces", f"{part} of {examples} × {dim}", took, "s of a core")
        record("latent_spaces", f"whole of {examples} × {dim}, {threads} threads", whole, "s")
        record("latent_spaces", f"peak of {examples} × {dim}", peak, "GB resident")


if __name__ == "__main__":
    main()
