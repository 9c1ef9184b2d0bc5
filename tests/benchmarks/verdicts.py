"""How often a verdict is wrong for want of sentences, where q(z) is known.

    python -m tests.benchmarks.verdicts [--draws 100]

Of populations whose q(z) is the prior, sets of N sentences are drawn and diagnosed, and the share of sets is counted of which
something false is said: holes, marginals that differ, or collapse. Then the same of populations with a fault: how often it is
found, and how often its opposite is claimed. Some three minutes on one core. Prints Markdown.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import torch

from dgvae.aggregate import aggregate
from dgvae.evaluation.diagnosis import diagnose
from dgvae.evaluation.estimates import prior_count
from dgvae.evaluation.latent_figures import measure_latents
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


SOUND = {
    "2 dimensions, half of the variance is the means'": normal(2, 0.5),
    "2 dimensions, narrow posteriors": normal(2, 0.99),
    "8 dimensions": normal(8, 0.8),
}
FAULTY = {"too wide, 4 dimensions": normal(4, 0.8, scale=2.0), "half is missing, 4 dimensions": halved(4)}
FALSE = ("differ from N(0, 1); ", "Holes: ", "but joint holes", "Collapsed")
FOUND, DENIED = ("Holes: ", "but joint holes"), ("No holes are found",)
SIZES = (10, 20, 30, 100, 300)


def said(population: Population, count: int, seed: int) -> list[str]:
    """Every finding of one set of sentences."""
    generator = torch.Generator().manual_seed(seed)
    posterior = population(count, generator)
    prior = aggregate(posterior).prior.sample(prior_count(count), generator)
    found = measure_latents(posterior, prior, generator)
    record = Record("made-up", "", Evaluation("", count, ""), found.figures, found.absent, {}, found.profile, found.pairs)
    return [finding.text for finding in diagnose(record)]


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
    draws = parser.parse_args().draws
    torch.set_num_threads(1)
    print(f"| q(z) is the prior: sets with a false verdict, of {draws} | {' | '.join(f'N = {n}' for n in SIZES)} |")
    print(f"|---|{'---|' * len(SIZES)}")
    for name in SOUND:
        print(f"| {name} | {' | '.join(f'{share(name, n, draws, FALSE):.1%}' for n in SIZES)} |", flush=True)
    print(f"\n| q(z) has holes: found / denied | {' | '.join(f'N = {n}' for n in SIZES)} |")
    print(f"|---|{'---|' * len(SIZES)}")
    for name in FAULTY:
        cells = (f"{share(name, n, draws // 2, FOUND):.0%} / {share(name, n, draws // 2, DENIED):.0%}" for n in SIZES)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
