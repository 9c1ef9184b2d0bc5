"""How long the map's search, neighbors and clusters take for more and more sentences.

    python -m tests.benchmarks.search [--sentences 10000 30000 100000] [--dimensions 32]

Made-up sentences of 10 words, whose commonness falls as in English, and made-up posteriors. Processor time on one core,
medians of five; clusters once. Memory is the peak of a fresh process over its imports'.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from dgvae.explore.clusters import find_clusters
from dgvae.explore.neighbors import nearest_posteriors
from dgvae.explore.principal import PrincipalPlane
from dgvae.posteriors import DiagonalGaussian
from dgvae.text.search import Query
from tests.benchmarks.density_gap import peak_memory
from tests.benchmarks.results import record

TIMES, WORDS, LENGTH = 5, 8000, 10


def sentences(count: int) -> list[str]:
    """Word n is 1 / n as common as the first."""
    common = 1 / np.arange(1, WORDS + 1)
    drawn = np.random.default_rng(0).choice(WORDS, size=(count, LENGTH), p=common / common.sum())
    return [" ".join(f"word{word}" for word in row) for row in drawn]


def posteriors(count: int, dimensions: int) -> DiagonalGaussian:
    """Of any mean and variance."""
    generator = torch.Generator().manual_seed(0)
    mean, log_var = torch.randn(2, count, dimensions, generator=generator)
    return DiagonalGaussian(mean, log_var - 2)


def places(count: int) -> np.ndarray:
    """A map of 20 islands."""
    rng = np.random.default_rng(0)
    return 4 * rng.normal(size=(20, 2))[rng.integers(20, size=count)] + rng.normal(size=(count, 2)) / 2


def work(what: str, count: int, dimensions: int) -> Callable[[], object]:
    """What is timed, ready to run."""
    if what == "clusters, named":
        xy, texts = places(count), sentences(count)
        return lambda: find_clusters(xy, texts)
    if what.startswith("search"):
        texts, query = sentences(count), Query.parse("word20" if what == "search, a word" else '"word0 word1" word2')
        return lambda: query.find(texts)
    of_all = posteriors(count, dimensions)
    if what == "principal plane":
        return lambda: PrincipalPlane.fit(of_all.location)
    distance = what.removeprefix("nearest, ")
    return lambda: nearest_posteriors(of_all, count // 2, 8, distance)


WORK = (
    "search, a word", "search, a phrase and a word", "nearest, euclidean", "nearest, kl", "nearest, symmetric",
    "principal plane", "clusters, named",
)  # fmt: skip


def timed(what: str, count: int, dimensions: int) -> tuple[float, float]:
    """Seconds, and MB by which the peak grows, in a fresh process that has done it on 500 sentences before."""
    torch.set_num_threads(1)
    work(what, 500, dimensions)()
    run = work(what, count, dimensions)
    before, took = peak_memory(), []
    for _ in range(1 if what.startswith("clusters") else TIMES):
        start = time.process_time()
        run()
        took.append(time.process_time() - start)
    return statistics.median(took), peak_memory() - before


def main() -> None:
    """Time everything in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--dimensions", type=int, default=32)
    options = parser.parse_args()
    print(f"{'what':28} {'sentences':>9} {'ms':>9} {'MB':>6}")
    for what in WORK:
        for count in options.sentences:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, memory = pool.apply(timed, (what, count, options.dimensions))
            print(f"{what:28} {count:9,} {1000 * seconds:9.1f} {memory:6.0f}", flush=True)
            record("search", f"{what}, {count} sentences, {options.dimensions} dimensions", 1000 * seconds, "ms")


if __name__ == "__main__":
    main()
