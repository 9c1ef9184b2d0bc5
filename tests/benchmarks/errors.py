"""How large the standard errors of the figures are beside the spread of the figures over repeated sets of sentences.

    python -m tests.benchmarks.errors [--sets 100] [--sentences 300] [--dimensions 3 16]

Many sets of sentences, each with a prior sample of its own, are drawn of populations whose q(z) is known. For each figure: its
standard deviation over the sets, and the root mean square of its reported standard error as a multiple of that; 1 is right.
"–" where no set differs from another. Prints Markdown; about five minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np
import torch

from dgvae.evaluation.estimates import Estimate, prior_count
from dgvae.evaluation.latent_figures import measure_latents
from dgvae.posteriors import DiagonalGaussian
from tests.benchmarks.holes import POPULATIONS, posteriors
from tests.benchmarks.verdicts import halved, normal

FIGURES = (
    "auc", "hole_mass", "smoothed_gap", "joint_gap", "mi", "covariance_gap", "pair_gap", "worst_pair_gap", "active_units",
    "informative_units", "consistent_units",
)  # fmt: skip


def uneven(count: int, dim: int, generator: torch.Generator) -> DiagonalGaussian:
    """q(z) is not the prior, and dimensions are near every threshold: their means have 1% of the variance, or KL is 0.1."""
    share = torch.logspace(-2.3, -0.5, dim)  # of the means
    mean = (1.2 * share).sqrt() * torch.randn(count, dim, generator=generator) + torch.linspace(0, 0.4, dim)
    return DiagonalGaussian(mean, (1 - share).log().expand(count, dim))


def correlated(count: int, dim: int, generator: torch.Generator) -> DiagonalGaussian:
    """Neighboring dimensions are correlated, and posteriors differ in width."""
    mean = torch.randn(count, dim, generator=generator)
    mean[:, 1:] = 0.8 * mean[:, 1:] + 0.5 * mean[:, :-1]
    return DiagonalGaussian(mean, -1.5 + 0.3 * torch.randn(count, dim, generator=generator))


Draw = Callable[[int, int, torch.Generator], DiagonalGaussian]
SPACES: dict[str, Draw] = {
    "the prior": lambda count, dim, generator: normal(dim, 0.8)(count, generator),
    "the prior, narrow posteriors": lambda count, dim, generator: normal(dim, 0.99)(count, generator),
    "uneven dimensions": uneven,
    "correlated dimensions": correlated,
    "half is missing": lambda count, dim, generator: halved(dim)(count, generator),
    "too wide": lambda count, dim, generator: normal(dim, 0.8, scale=1.2)(count, generator),
    "a shell": lambda count, dim, generator: posteriors(POPULATIONS["a shell"], count, dim, generator),
}


def measured(space: str, count: int, dim: int, seed: int) -> dict[str, Estimate]:
    """The figures of one set."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    posterior = SPACES[space](count, dim, generator)
    prior = posterior.prior(dim).sample(prior_count(count), generator)
    return measure_latents(posterior, prior, generator).figures


def cells(sets: list[dict[str, Estimate]], figure: str) -> str:
    """The spread of a figure, and its error as a multiple of that."""
    spread = float(np.std([found[figure].value for found in sets], ddof=1))
    error = math.sqrt(np.mean([found[figure].error ** 2 for found in sets]))
    return f"{spread:.2g} · {error / spread:.2f}" if spread > 1e-9 else "–"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--sentences", type=int, nargs="+", default=[300])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[3, 16])
    parser.add_argument("--spaces", nargs="+", choices=SPACES, default=[*SPACES])
    options = parser.parse_args()
    print(f"| q(z) | D | N | {' | '.join(name.replace('_', ' ') for name in FIGURES)} |")
    print(f"|---|---|---|{'---|' * len(FIGURES)}")
    for space in options.spaces:
        for dim in options.dimensions:
            for count in options.sentences:
                sets = [measured(space, count, dim, seed) for seed in range(options.sets)]
                print(f"| {space} | {dim} | {count:,} | {' | '.join(cells(sets, name) for name in FIGURES)} |", flush=True)


if __name__ == "__main__":
    main()
