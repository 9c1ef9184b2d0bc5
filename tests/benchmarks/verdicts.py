"""How often a verdict is wrong for want of sentences, where q(z) is known.

    python -m tests.benchmarks.verdicts [--draws 100]
    python -m tests.benchmarks.verdicts --dimensions 2 8 16 32 --sizes 5 15 100 1000 2000 --draws 40

Of populations whose q(z) is the prior, sets of N sentences are drawn and diagnosed, and the share of sets is counted of which
something false is said: holes, marginals that differ, or collapse. Then the same of populations with a fault: how often it is
found, and how often its opposite is claimed. Some three minutes on one core. Prints Markdown.

With `--dimensions`, only verdicts on holes are counted, for each number of dimensions and of sentences: holes, no holes, and
the rest, which is too few to tell.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Sequence

import torch

from dgvae.aggregate import aggregate
from dgvae.evaluation.diagnosis import diagnose
from dgvae.evaluation.estimates import prior_count
from dgvae.evaluation.latent_figures import measure_latents
from dgvae.evaluation.mixture_figures import mixture_figures
from dgvae.evaluation.record import Evaluation, Record
from dgvae.posteriors import DiagonalGaussian
from tests.benchmarks.results import record

Population = Callable[[int, torch.Generator], DiagonalGaussian]


def normal(dim: int, share: float, scale: float = 1.0) -> Population:
    """q(z) is N(0, scale² I), and the means have `share` of its variance."""

    def draw(count: int, generator: torch.Generator) -> DiagonalGaussian:
        mean = scale * math.sqrt(share) * torch.randn(count, dim, generator=generator)
        return DiagonalGaussian(mean, torch.full_like(mean, math.log((1 - share) * scale**2)))

    return draw


def halved(dim: int) -> Population:
    """Half of the prior is not there: z_1 > 0, but for a little."""

    def draw(count: int, generator: torch.Generator) -> DiagonalGaussian:
        posterior = normal(dim, 0.95)(count, generator)
        mean = posterior.mean.clone()
        mean[:, 0] = mean[:, 0].abs()
        return DiagonalGaussian(mean, posterior.log_var)

    return draw


def cut_off(dim: int, kept: float) -> Population:
    """Of the prior, only z_1 below its quantile `kept` is there, but for the posteriors' width."""

    def draw(count: int, generator: torch.Generator) -> DiagonalGaussian:
        posterior = normal(dim, 0.95)(count, generator)
        mean = posterior.mean.clone()
        ranks = torch.special.ndtr(mean[:, 0] / math.sqrt(0.95))
        mean[:, 0] = math.sqrt(0.95) * torch.special.ndtri(kept * ranks)
        return DiagonalGaussian(mean, posterior.log_var)

    return draw


SOUND = {
    "2 dimensions, half of the variance is the means'": normal(2, 0.5),
    "2 dimensions, narrow posteriors": normal(2, 0.99),
    "8 dimensions": normal(8, 0.8),
}
FAULTY = {"too wide, 4 dimensions": normal(4, 0.8, scale=2.0), "half is missing, 4 dimensions": halved(4)}
GRID: dict[str, Callable[[int], Population]] = {
    "whole: the means have half of the variance": lambda dim: normal(dim, 0.5),
    "whole: narrow posteriors": lambda dim: normal(dim, 0.99),
    "half is missing": halved,
    "a fifth is missing": lambda dim: cut_off(dim, 0.8),
    "a tenth is missing": lambda dim: cut_off(dim, 0.9),
}
FALSE = ("differ from N(0, 1); ", "Holes: ", "but joint holes", "Collapsed")
FOUND, DENIED = ("Holes: ", "but joint holes"), ("No holes are found", "Few holes")
SIZES = (10, 20, 30, 100, 300)


def said(population: Population, count: int, seed: int) -> list[str]:
    """Every finding of one set of sentences."""
    generator = torch.Generator().manual_seed(seed)
    posterior = population(count, generator)
    prior = aggregate(posterior).prior.sample(prior_count(count), generator)
    found = measure_latents(posterior, prior, generator)
    record = Record(
        "made-up", "", Evaluation("", count, ""), found.figures, found.absent, {}, found.profile, found.pairs, found.dependent
    )
    return [finding.text for finding in diagnose(record)]


def said_of_holes(population: Population, count: int, seed: int) -> str:
    """ "holes", "no holes" or "too few", of one set of sentences."""
    generator = torch.Generator().manual_seed(seed)
    aggregated = aggregate(population(count, generator))
    prior = aggregated.prior.sample(prior_count(count), generator)
    figures = mixture_figures(aggregated, prior, generator)
    texts = [finding.text for finding in diagnose(Record("made-up", "", Evaluation("", count, ""), figures, {}, {}, {}, []))]
    for verdict, parts in (("holes", FOUND), ("no holes", DENIED)):
        if any(part in text for text in texts for part in parts):
            return verdict
    return "too few"


def print_grid(dimensions: Sequence[int], sizes: Sequence[int], draws: int) -> None:
    """Print, and note in the results, how often holes are claimed and denied."""
    print(f"| {draws} sets each: holes / no holes | D | {' | '.join(f'N = {n:,}' for n in sizes)} |")
    print(f"|---|---|{'---|' * len(sizes)}")
    for name, population in GRID.items():
        for dim in dimensions:
            cells = []
            for count in sizes:
                verdicts = Counter(said_of_holes(population(dim), count, seed) for seed in range(draws))
                for verdict in ("holes", "no holes"):
                    what = f"{verdict}, {name}, {dim} dimensions, {count} sentences, {draws} sets"
                    record("verdicts", what, verdicts[verdict] / draws, "")
                cells.append(f"{verdicts['holes'] / draws:.0%} / {verdicts['no holes'] / draws:.0%}")
            print(f"| {name} | {dim} | {' | '.join(cells)} |", flush=True)


def share(name: str, count: int, draws: int, parts: tuple[str, ...]) -> float:
    """The share of sets of which something is said that holds one of the parts.

    Args:
        name: of the population.
        count: sentences of a set.
        draws: how many sets.
        parts: of a finding's text.

    Returns:
        From 0 to 1. It is also noted in the results.
    """
    population = (SOUND | FAULTY)[name]
    sets = [said(population, count, seed) for seed in range(draws)]
    found = sum(any(part in text for text in texts for part in parts) for texts in sets) / draws
    what = "a false verdict" if parts == FALSE else "found" if parts == FOUND else "denied"
    record("verdicts", f"{what}, {name}, {count} sentences, {draws} sets", found, "")
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--dimensions", type=int, nargs="+", help="count verdicts on holes only, for these numbers")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of sentences of a set")
    options = parser.parse_args()
    draws, sizes = options.draws, options.sizes
    torch.set_num_threads(1)
    if options.dimensions:
        print_grid(options.dimensions, sizes, draws)
        return
    print(f"| q(z) is the prior: sets with a false verdict, of {draws} | {' | '.join(f'N = {n}' for n in sizes)} |")
    print(f"|---|{'---|' * len(sizes)}")
    for name in SOUND:
        print(f"| {name} | {' | '.join(f'{share(name, n, draws, FALSE):.1%}' for n in sizes)} |", flush=True)
    print(f"\n| q(z) has holes: found / denied | {' | '.join(f'N = {n}' for n in sizes)} |")
    print(f"|---|{'---|' * len(sizes)}")
    for name in FAULTY:
        cells = (f"{share(name, n, draws // 2, FOUND):.0%} / {share(name, n, draws // 2, DENIED):.0%}" for n in sizes)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
