"""Sets against densities: q(z) and p(z) compared by draws of both, or by their densities (Zhang et al. 2022, section 3).

The example is a mixture of 128 narrow Gaussians that lie as draws of the prior would. As sets, its draws and the prior's look
alike; as a density it is full of holes. The wider the Gaussians, the closer together their means are, so that the variance is
always that of the prior: at a width of 1 there is no difference any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats
from torch import Tensor
from torch.nn import functional as F

from dgvae.aggregate import AggregatedPosterior, aggregate
from dgvae.config import TextVAEConfig
from dgvae.errors import UserError
from dgvae.posteriors import DiagonalGaussian
from dgvae.randomness import own_random_numbers
from dgvae.regularizers.critics import Adversarial
from dgvae.regularizers.mmd import kernel
from dgvae.toy.problems import POINTS

SIZES = (16, 64, 256)
LEVEL = 0.05  # of significance: a test that has nothing to notice notices this often
PERMUTATIONS = 100
CRITIC_TRAINING = 60  # steps of Adam


def grains(width: float) -> DiagonalGaussian:
    """The example: 128 Gaussians of standard deviation `width`, from 0.001 to 1. Raises UserError if it is not."""
    if not 0.001 <= width <= 1:
        raise UserError(f"The width lies between 0.001 and 1, not {width:g}.")
    places = torch.quasirandom.SobolEngine(2, scramble=True, seed=0).draw(POINTS)
    mean = torch.special.ndtri(places.clamp(1e-4, 1 - 1e-4).double())
    mean = (mean - mean.mean(0)) / mean.std(0, correction=0) * math.sqrt(1 - width**2)
    return DiagonalGaussian(mean, torch.full_like(mean, 2 * math.log(width)))


@dataclass(frozen=True)
class Verdict:
    """What a test found in some pairs of sets of `size` draws each: its mean figure, and how often it noticed a difference."""

    test: str
    size: int
    value: float
    noticed: int
    trials: int


def compare(posterior: DiagonalGaussian, seed: int = 0, trials: int = 10) -> list[Verdict]:
    """All tests at all sizes. One that notices at level 5 % says so in one of twenty trials when q(z) = p(z)."""
    mixture = aggregate(posterior)
    verdicts = []
    for size in SIZES:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in TESTS}
        for trial in range(trials):
            with own_random_numbers(seed * trials + trial):  # for each alone, so that nobody else waits long for theirs
                z, reference = draw(mixture, size), mixture.prior.sample(size).double()
                for name, test in TESTS.items():
                    found[name].append(test(z, reference, mixture))
        for name, results in found.items():
            noticed = sum(p < LEVEL for _, p in results)
            verdicts.append(Verdict(name, size, sum(value for value, _ in results) / trials, noticed, trials))
    return verdicts


def draw(mixture: AggregatedPosterior, count: int) -> Tensor:
    """Draws of q(z): [count, D]."""
    chosen = torch.randint(len(mixture), (count,))
    return mixture.posterior.map(lambda tensor: tensor[chosen]).rsample()


def mmd_test(z: Tensor, reference: Tensor, mixture: AggregatedPosterior) -> tuple[float, float]:
    """MMD² as WAE has it, and the share of random divisions of both sets, taken together, that give as much."""
    size = len(z)
    pairs = kernel(torch.cat([z, reference]), torch.cat([z, reference])).fill_diagonal_(0)  # [2B, 2B]
    orders = torch.stack([torch.arange(2 * size), *(torch.randperm(2 * size) for _ in range(PERMUTATIONS))])
    first = (orders < size).double()  # [1 + P, 2B], the first row being the division that there is
    inner = ((first @ pairs) * first).sum(1) + (((1 - first) @ pairs) * (1 - first)).sum(1)
    across = ((first @ pairs) * (1 - first)).sum(1)
    value, *by_chance = (inner / (size * (size - 1)) - 2 * across / size**2).tolist()
    return value, (1 + sum(other >= value for other in by_chance)) / (1 + PERMUTATIONS)


def discriminator_test(z: Tensor, reference: Tensor, mixture: AggregatedPosterior) -> tuple[float, float]:
    """The accuracy with which AAE's discriminator, trained on half of either set, tells the other halves apart."""
    options = {"critic_width": 32}
    critic = Adversarial(TextVAEConfig("aae", vocab_size=5, latent_dim=z.shape[1], options=options))
    half = len(z) // 2
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
    seen, is_prior = torch.cat([z[:half], reference[:half]]).float(), torch.cat([torch.zeros(half), torch.ones(half)])
    with torch.enable_grad():
        for _ in range(CRITIC_TRAINING):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(critic.score(seen), is_prior).backward()
            optimizer.step()
        right = (critic.score(reference[half:].float()) > 0).sum() + (critic.score(z[half:].float()) <= 0).sum()
    tried = 2 * (len(z) - half)
    return int(right) / tried, float(stats.binomtest(int(right), tried, alternative="greater").pvalue)


def density_gap_test(z: Tensor, reference: Tensor, mixture: AggregatedPosterior) -> tuple[float, float]:
    """The mean of log q(z) − log p(z) over draws of q(z), nats, and a t-test of whether it is above 0."""
    gap = mixture.log_prob(z) - mixture.prior.log_prob(z)
    if float(gap.std()) < 1e-9:  # q(z) = p(z)
        return float(gap.mean()), 1.0
    return float(gap.mean()), float(np.asarray(stats.ttest_1samp(gap.numpy(), 0, alternative="greater"))[1])


TESTS: dict[str, Callable[[Tensor, Tensor, AggregatedPosterior], tuple[float, float]]] = {
    "MMD": mmd_test,
    "discriminator": discriminator_test,
    "density gap": density_gap_test,
}
