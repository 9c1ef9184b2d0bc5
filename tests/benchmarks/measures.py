"""How fast a latent space is measured, beside the usual Monte Carlo estimate of the same on a part of the work.

    python -m tests.benchmarks.measures [--sentences 10000] [--threads 2]

Made-up posteriors of 32 dimensions; a model of the paper's size with made-up weights for the likelihoods. The plain estimates
run on one thread, as published programs do: every pair of sample and posterior by broadcasting, 32 samples of each posterior
for marginals, one for MI. They are timed on a part and scaled up. Memory is the peak of a fresh process over its imports'.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import time
from collections.abc import Callable

import torch
from torch import Tensor

from dgvae.aggregate import AggregatedGaussian, aggregate
from dgvae.checkpoint.latents import prior_samples
from dgvae.evaluation.estimates import group_slices
from dgvae.evaluation.figures import PAIR_BINS
from dgvae.evaluation.latent_figures import active_units, measure_latents
from dgvae.evaluation.likelihood import likelihoods
from dgvae.evaluation.mixture_figures import mixture_figures
from dgvae.methods.config import TextVAEConfig
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import LOG_2PI, DiagonalGaussian
from dgvae.text.tokenizer import END
from tests.benchmarks.density_gap import peak_memory
from tests.benchmarks.results import record
from train.run.validation import fast_math

DIMENSIONS, VOCABULARY, LENGTH, BATCH = 32, 8411, 10, 128


def posteriors(sentences: int) -> DiagonalGaussian:
    """Correlated means with a variance of 0.9, and posteriors of 0.1."""
    generator = torch.Generator().manual_seed(0)
    mix = torch.eye(DIMENSIONS) + 0.1 * torch.randn(DIMENSIONS, DIMENSIONS, generator=generator)
    mean = torch.randn(sentences, DIMENSIONS, generator=generator) @ mix * 0.85
    return DiagonalGaussian(mean, -2.3 + 0.2 * torch.randn(mean.shape, generator=generator))


def gaussian(sentences: int) -> AggregatedGaussian:
    """q(z) of `posteriors`."""
    aggregated = aggregate(posteriors(sentences))
    assert isinstance(aggregated, AggregatedGaussian)
    return aggregated


def ours(quantity: str, sentences: int) -> Callable[[], object]:
    """What is timed, ready to run."""
    aggregated = gaussian(sentences)
    groups, edges = group_slices(sentences), torch.linspace(-4, 4, 257, dtype=torch.float64)
    samples, generator = prior_samples(aggregated.prior, sentences), torch.Generator().manual_seed(0)
    work: dict[str, Callable[[], object]] = {
        "KL, AU, both CUs, marginals": lambda: (
            aggregated.gaussian.kl().mean(), active_units(aggregated), aggregated.marginal_gaps(groups),
        ),
        "MI and joint gap": lambda: aggregated.log_sums(aggregated.sample_each(), groups, torch.arange(sentences)),
        "and smoothed gap, hole mass, AUC": lambda: mixture_figures(gaussian(sentences), samples, generator),
        "496 pairs, 128 x 128": lambda: aggregated.pair_gaps(groups, PAIR_BINS),
        "one pair, 256 x 256": lambda: aggregated.pair_density((0, 1), (edges, edges)),
        "all figures of the latents": lambda: measure_latents(posteriors(sentences), samples, generator),
        "priorLL and postLL": lambda: importance_sampling(sentences),
    }  # fmt: skip
    return work[quantity]


def importance_sampling(sentences: int, autocast: bool = True) -> None:
    """8 + 8 samples of every sentence."""
    model = TextVAE(TextVAEConfig("vae", VOCABULARY)).eval()
    batch = torch.cat([torch.randint(4, VOCABULARY, (BATCH, LENGTH - 1)), torch.full((BATCH, 1), END)], dim=1)
    with fast_math(model.device) if autocast else torch.autocast("cpu", enabled=False):
        for first in range(0, sentences, BATCH):
            likelihoods(model, batch[: sentences - first], posteriors(BATCH).map(lambda t, n=sentences - first: t[:n]))


def log_pairs(z: Tensor, q: DiagonalGaussian) -> Tensor:
    """log N(z_s; μ_n, σ_n²) by dimension: [S, D] and N posteriors -> [S, N, D]."""
    t = (z.unsqueeze(1) - q.mean) / torch.exp(0.5 * q.log_var)
    return -0.5 * (t**2 + q.log_var + LOG_2PI)


PLAIN_SAMPLES = 32


def plain_marginals(sentences: int) -> float:
    """Seconds, scaled up from 20 sentences' samples."""
    q, part = posteriors(sentences), 20
    start = time.perf_counter()
    for n in range(part):
        for _ in range(PLAIN_SAMPLES):
            z = q.mean[n : n + 1] + torch.exp(0.5 * q.log_var[n : n + 1]) * torch.randn(1, DIMENSIONS)
            torch.logsumexp(log_pairs(z, q), dim=1)
    return (time.perf_counter() - start) * sentences / part


def plain_joint(sentences: int) -> float:
    """Seconds, scaled up from 200 samples in batches of 10."""
    q, part = posteriors(sentences), 200
    start = time.perf_counter()
    for rows in torch.arange(part).split(10):
        torch.logsumexp(log_pairs(q.mean[rows], q).sum(-1), dim=1)
    return (time.perf_counter() - start) * sentences / part


def plain_pair(sentences: int, points: int) -> float:
    """Seconds for the density of one pair on a grid, scaled up from 200 posteriors."""
    q, part = posteriors(sentences), 200
    grid = torch.linspace(-4, 4, points)
    z = torch.cartesian_prod(grid, grid)  # [G², 2]
    start = time.perf_counter()
    for n in range(part):
        torch.exp(log_pairs(z, q.map(lambda t, n=n: t[n : n + 1, :2])).sum(-1))
    return (time.perf_counter() - start) * sentences / part


def plain_importance_sampling(sentences: int) -> float:
    """Seconds in fp32, scaled up from one batch."""
    start = time.perf_counter()
    importance_sampling(BATCH, autocast=False)
    return (time.perf_counter() - start) * sentences / BATCH


PLAIN: dict[str, Callable[[int], float] | None] = {
    "KL, AU, both CUs, marginals": plain_marginals,
    "MI and joint gap": plain_joint,
    "and smoothed gap, hole mass, AUC": None,
    "496 pairs, 128 x 128": lambda sentences: 496 * plain_pair(sentences, 128),
    "one pair, 256 x 256": lambda sentences: plain_pair(sentences, 256),
    "all figures of the latents": None,
    "priorLL and postLL": plain_importance_sampling,
}


def timed(quantity: str, sentences: int, threads: int) -> tuple[float, float]:
    """Seconds, and MB by which the peak grows, in a fresh process that has done it on 200 sentences before."""
    torch.set_num_threads(threads)
    ours(quantity, 200)()
    before = peak_memory()
    work = ours(quantity, sentences)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start, peak_memory() - before


def main() -> None:
    """Time everything in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print(f"{'quantity':34} {'seconds':>8} {'MB':>6} {'plain, seconds':>15} {'plain / ours':>13}")
    for quantity, plain in PLAIN.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, memory = pool.apply(timed, (quantity, options.sentences, options.threads))
        torch.set_num_threads(1)
        beside = plain(options.sentences) if plain else math.nan
        said = f"{beside:15.0f} {beside / seconds:12.0f}x" if plain else f"{'–':>15} {'–':>13}"
        print(f"{quantity:34} {seconds:8.2f} {memory:6.0f} {said}", flush=True)
        record("measures", f"{quantity}, {options.sentences} sentences, {options.threads} threads", seconds, "s")
        record("measures", f"{quantity}, {options.sentences} sentences, peak memory", memory, "MB")


if __name__ == "__main__":
    main()
