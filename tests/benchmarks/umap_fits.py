"""What a UMAP takes: where UMAP has never run, as the first of a process, and after others. Seconds of a core.

    python -m tests.benchmarks.umap_fits [--points 10000] [--neighbors 15 50]

Prints one line for each, and notes the numbers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.results import record

DIMENSIONS = 32
FIT = """
import sys, time
begun = time.process_time()
import numpy as np
from dgvae.checkpoint.umap import UmapOptions, project
dimensions, points, *fits = map(int, sys.argv[1:])
latents = np.random.default_rng(0).normal(size=(points, dimensions))
for neighbors in fits:
    project([latents], options=UmapOptions(neighbors))
    print(time.process_time() - begun)
    begun = time.process_time()
"""


def fits(points: int, neighbors: list[int], cache: str) -> list[float]:
    """Seconds of each fit of a process that keeps compiled code in a folder. The first one's has all imports, too."""
    command = [sys.executable, "-c", FIT, *map(str, (DIMENSIONS, points, *neighbors))]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    run = subprocess.run(command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, check=True)
    return [float(line) for line in run.stdout.split()]


def main(arguments: list[str] | None = None) -> None:
    """Print them, and note them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--neighbors", type=int, nargs="+", default=[15, 50])
    options = parser.parse_args(arguments)
    usual = options.neighbors[0]
    with tempfile.TemporaryDirectory() as cache:
        (never,) = fits(options.points, [usual], cache)
        first, *after = fits(options.points, [usual, *options.neighbors], cache)
    found = {f"{usual} neighbors, the first ever": never, f"{usual} neighbors, the first of a process": first}
    found |= {f"{count} neighbors": seconds for count, seconds in zip(options.neighbors, after, strict=True)}
    for what, seconds in found.items():
        print(f"UMAP of {options.points:,} points, {what}: {seconds:.1f} s")
        record("umap_fits", f"{options.points} points, {what}", seconds, "s")


if __name__ == "__main__":
    main()
