"""What it costs to show a latent space from a file, against the number of examples N and of dimensions D.

    python -m tests.benchmarks.latent_spaces [--examples 2000 10000] [--dimensions 8 32 128 256]

Made-up posteriors, as float32 in .npz. Seconds of a core: those of the process, so that other programs do not count. Of more
than 10,000 examples, 10,000 are measured and drawn; all are read and checked.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dgvae import LatentSpace
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
    }


def main(arguments: list[str] | None = None) -> None:
    """Print a table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, nargs="+", default=[2000, 10_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[8, 32, 128, 256])
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    LatentSpace(torch.randn(60, 2)).map(points=40)  # numba compiles
    with tempfile.TemporaryDirectory() as folder:
        for examples in options.examples:
            for dim in options.dimensions:
                cost = costs(examples, dim, Path(folder))
                print(f"{examples:>9,} × {dim:<4}", *(f"{part} {took:.1f} s " for part, took in cost.items()), flush=True)
                for part, took in cost.items():
                    record("latent_spaces", f"{part} of {examples} × {dim}", took, "s of a core")


if __name__ == "__main__":
    main()
