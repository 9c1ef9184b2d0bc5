"""How much of a known difference between q(z) and p(z) hole mass, AUC and joint gap see.

    python -m tests.benchmarks.holes [--sentences 300 1000 10000] [--dimensions 8 32] [--seeds 1]

Every q(z) here is a population of sentences whose density is known in closed form: means μ of some distribution, and
posteriors N(μ, 0.1 I). The figures see N sentences of it, as they see those of a model. What is true is the mean over 200,000
samples with the true density: KL(q ‖ p), the missing mass E_p (1 − q/p)₊, and hole mass and AUC of the true q/p. Prints
Markdown, the mean over the seeds; about three minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy import special, stats
from torch import Tensor

from dgvae.aggregate import aggregate
from dgvae.checkpoint.latents import PRIOR_SEED
from dgvae.evaluation.estimates import prior_count
from dgvae.evaluation.figures import MATCH
from dgvae.evaluation.holes import auc, hole_mass
from dgvae.evaluation.mixture_figures import mixture_figures
from dgvae.posteriors import DiagonalGaussian
from tests.benchmarks.results import record

VARIANCE = 0.1  # of every posterior
MISSING = 0.05
CLUSTERS = 20
TRUTH = 200_000  # samples


@dataclass(frozen=True)
class Population:
    """means: draws of μ, (count, D, generator) -> [count, D]. log_ratio: log q(z) − log p(z), [S, D] -> [S]."""

    means: Callable[[int, int, torch.Generator], Tensor]
    log_ratio: Callable[[Tensor], Tensor]


def normal_means(count: int, dim: int, generator: torch.Generator) -> Tensor:
    """Those with which q(z) is N(0, I)."""
    return math.sqrt(1 - VARIANCE) * torch.randn(count, dim, generator=generator, dtype=torch.float64)


def without(lies_in: Callable[[Tensor], Tensor]) -> Callable[[int, int, torch.Generator], Tensor]:
    """The same means, but for those in a region."""

    def draw(count: int, dim: int, generator: torch.Generator) -> Tensor:
        means = normal_means(2 * count + 100, dim, generator)
        return means[~lies_in(means)][:count]

    return draw


# If q were p, μ given z would be N((1 − v) z, v (1 − v) I). So q/p is P(μ is not in the region | z) / (1 − MISSING).
INNER = math.sqrt(VARIANCE * (1 - VARIANCE))
PLANE = math.sqrt(1 - VARIANCE) * float(stats.norm.isf(MISSING))
RADIUS = math.sqrt((1 - VARIANCE) * float(stats.chi2.ppf(MISSING, 2)))


def beyond_a_plane(z: Tensor) -> Tensor:
    """log q/p where no mean has μ_1 > PLANE."""
    return torch.special.log_ndtr((PLANE - (1 - VARIANCE) * z[:, 0]) / INNER) - math.log(1 - MISSING)


def in_the_middle(z: Tensor) -> Tensor:
    """log q/p where no mean has μ_1² + μ_2² < RADIUS²."""
    center = ((1 - VARIANCE) * z[:, :2] / INNER).square().sum(1).numpy()
    return torch.from_numpy(stats.ncx2.logsf((RADIUS / INNER) ** 2, 2, center)) - math.log(1 - MISSING)


def shell_means(count: int, dim: int, generator: torch.Generator) -> Tensor:
    """On a sphere, so wide that every dimension has the prior's variance."""
    means = torch.randn(count, dim, generator=generator, dtype=torch.float64)
    return math.sqrt(dim * (1 - VARIANCE)) * torch.nn.functional.normalize(means, dim=1)


def on_a_shell(z: Tensor) -> Tensor:
    """log q/p of `shell_means`: the mean over the sphere of N(z; μ, v I), by a Bessel function."""
    dim, order = z.shape[1], z.shape[1] / 2 - 1
    square = z.square().sum(1).numpy()
    radius_square = dim * (1 - VARIANCE)
    x = np.sqrt(radius_square * square) / VARIANCE
    log_mean = special.gammaln(order + 1) + order * np.log(2 / x) + np.log(special.ive(order, x)) + x
    log_q = log_mean - (square + radius_square) / (2 * VARIANCE) - 0.5 * dim * math.log(VARIANCE)
    return torch.from_numpy(log_q + 0.5 * square)


def centers(dim: int, share: float) -> Tensor:
    """Of the clusters, which have `share` of the prior's variance between them."""
    drawn = torch.randn(CLUSTERS, dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return math.sqrt(share) * (drawn - drawn.mean(0)) / drawn.std(0, correction=0)


def cluster_means(share: float) -> Callable[[int, int, torch.Generator], Tensor]:
    """In CLUSTERS round clusters."""

    def draw(count: int, dim: int, generator: torch.Generator) -> Tensor:
        chosen = torch.randint(CLUSTERS, (count,), generator=generator)
        noise = torch.randn(count, dim, generator=generator, dtype=torch.float64)
        return centers(dim, share)[chosen] + math.sqrt(1 - share - VARIANCE) * noise

    return draw


def in_clusters(share: float) -> Callable[[Tensor], Tensor]:
    """log q/p of `cluster_means`."""

    def log_ratio(z: Tensor) -> Tensor:
        at = centers(z.shape[1], share)
        clusters = aggregate(DiagonalGaussian(at, torch.full_like(at, math.log(1 - share))))
        return clusters.log_prob(z) - clusters.prior.log_prob(z)

    return log_ratio


POPULATIONS = {
    "the prior itself": Population(normal_means, lambda z: torch.zeros(len(z), dtype=torch.float64)),
    "5% missing beyond a plane": Population(without(lambda means: means[:, 0] > PLANE), beyond_a_plane),
    "5% missing in the middle": Population(without(lambda means: means[:, :2].norm(dim=1) < RADIUS), in_the_middle),
    "a shell": Population(shell_means, on_a_shell),
    "20 clusters that overlap": Population(cluster_means(0.3), in_clusters(0.3)),
    "20 clusters that are apart": Population(cluster_means(0.8), in_clusters(0.8)),
}


def posteriors(population: Population, count: int, dim: int, generator: torch.Generator) -> DiagonalGaussian:
    """Those of `count` sentences."""
    means = population.means(count, dim, generator)
    return DiagonalGaussian(means, torch.full_like(means, math.log(VARIANCE)))


@dataclass(frozen=True)
class Seen:
    """What is true of a population, or what the figures see of it; KL and joint gap in nats."""

    hole_mass: float
    auc: float
    gap: float
    missing: float = math.nan


def truth(population: Population, dim: int, samples: int = TRUTH) -> Seen:
    """By the true density."""
    generator = torch.Generator().manual_seed(0)
    own = aggregate(posteriors(population, samples, dim, generator)).sample_each(generator)
    prior = torch.randn(samples, dim, generator=generator, dtype=torch.float64)
    here, there = population.log_ratio(own), population.log_ratio(prior)
    missing = float((1 - there.exp()).clamp_min(0).mean())
    return Seen(hole_mass(-here, -there) if missing else MATCH, auc(-here, -there), float(here.mean()), missing)


def seen(population: Population, count: int, dim: int, seed: int) -> Seen:
    """By the figures, of `count` sentences."""
    generator = torch.Generator().manual_seed(seed)
    aggregated = aggregate(posteriors(population, count, dim, generator))
    prior = aggregated.prior.sample(prior_count(count), torch.Generator().manual_seed(PRIOR_SEED))
    figures = mixture_figures(aggregated, prior, generator)
    return Seen(*(figures[name].value for name in ("hole_mass", "auc", "smoothed_gap")))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, nargs="+", default=[300, 1000, 10_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--seeds", type=int, default=1, help="of 10,000 sentences; of fewer, four times as many")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| q(z) | D | sentences | missing mass | hole mass, true | seen | AUC, true | seen | KL(q ‖ p) | joint gap ≥ |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, population in POPULATIONS.items():
        for dim in options.dimensions:
            true = truth(population, dim)
            for count in options.sentences:
                seeds = options.seeds if count >= 10_000 else 4 * options.seeds
                runs = [seen(population, count, dim, seed) for seed in range(seeds)]
                mass, area, gap = (float(np.mean([getattr(run, key) for run in runs])) for key in ("hole_mass", "auc", "gap"))
                for what, exact, found, unit in (
                    ("hole mass", true.hole_mass, mass, ""), ("AUC", true.auc, area, ""), ("joint gap", true.gap, gap, "nats"),
                ):  # fmt: skip
                    record("holes", f"{what}, true, {name}, {dim} dimensions", exact, unit)
                    record("holes", f"{what}, seen, {name}, {dim} dimensions, {count} sentences, {seeds} seeds", found, unit)
                print(
                    f"| {name} | {dim} | {count:,} | {true.missing:.1%} | {true.hole_mass:.1%} | {mass:.1%} | {true.auc:.3f} "
                    f"| {area:.3f} | {true.gap:.3f} | {gap:.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
