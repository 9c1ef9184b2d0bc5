"""Sets against densities: q(z) and p(z) compared by draws of both, or by their densities (Zhang et al. 2022, section 3).

The example is a mixture of POINTS narrow Gaussians that lie as draws of the prior would. To the tests that WAE and AAE make of
them, its draws look like the prior's; as a density it is full of holes. The wider the Gaussians, the closer together their
means are, so that the variance is always that of the prior: at a width of 1 there is no difference any more.
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
from dgvae.errors import UserError
from dgvae.posteriors import DiagonalGaussian
from dgvae.randomness import own_random_numbers
from dgvae.regularizers.critics import Adversarial
from dgvae.regularizers.mmd import kernel
from dgvae.toy.setup import POINTS, SET_SIZES

LEVEL = 0.05  # of significance: a test that has nothing to notice notices this often at most
PERMUTATIONS = 100
CRITIC_TRAINING = 60  # steps of Adam


def grains(width: float) -> DiagonalGaussian:
    """The example: POINTS Gaussians of standard deviation `width`, from 0.001 to 1. Raises UserError if it is not."""
    if not 0.001 <= width <= 1:
        raise UserError(f"The width must lie between 0.001 and 1, not {width:g}.")
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
    """Run all tests at all sizes. When q(z) = p(z), a test notices in one of twenty trials at most.

    Args:
        posterior: q(z|x) of all sentences, [N, D].
        seed: of the draws.
        trials: of each test at each size.

    Returns:
        One verdict per size and test.
    """
    mixture = aggregate(posterior)
    verdicts = []
    for size in SET_SIZES:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in TESTS}
        for trial in range(trials):
            z, reference = draw_sets(mixture, size, seed, trial)
            with own_random_numbers(trial):  # for each trial alone, so that nobody else waits long for theirs
                for name, test in TESTS.items():
                    found[name].append(test(z, reference, mixture))
        for name, results in found.items():
            noticed = sum(p < LEVEL for _, p in results)
            verdicts.append(Verdict(name, size, sum(value for value, _ in results) / trials, noticed, trials))
    return verdicts


def draw_sets(mixture: AggregatedPosterior, size: int, seed: int, trial: int = 0) -> tuple[Tensor, Tensor]:
    """The two sets of draws that one trial of `compare` tests.

    Args:
        mixture: q(z).
        size: B, draws in each set.
        seed: as `compare` has it.
        trial: its number.

    Returns:
        Draws of q(z) and of p(z), [B, D] each.
    """
    with own_random_numbers(1000 * seed + trial):
        chosen = torch.randint(len(mixture), (size,))
        z = mixture.posterior.map(lambda tensor: tensor[chosen]).rsample()
        return z, mixture.prior.sample(size).to(z)


def mmd_test(z: Tensor, reference: Tensor, mixture: AggregatedPosterior) -> tuple[float, float]:
    """MMD² as WAE has it. Every test of TESTS has these arguments and results.

    Args:
        z: [B, D], draws of q(z).
        reference: [B, D], draws of p(z).
        mixture: q(z) itself.

    Returns:
        The statistic, and its p-value; here the share of random divisions of both sets, taken together, that give as much.
    """
    size = len(z)
    pairs = kernel(torch.cat([z, reference]), torch.cat([z, reference])).fill_diagonal_(0)  # [2B, 2B]
    first = _divisions(size)
    inner = ((first @ pairs) * first).sum(1) + (((1 - first) @ pairs) * (1 - first)).sum(1)
    across = ((first @ pairs) * (1 - first)).sum(1)
    return _permutation_test(inner / (size * (size - 1)) - 2 * across / size**2)


def neighbor_test(z: Tensor, reference: Tensor, mixture: AggregatedPosterior) -> tuple[float, float]:
    """The share of draws whose nearest neighbor is of their own set (Schilling 1986).

    Args:
        z: [B, D], draws of q(z).
        reference: [B, D], draws of p(z).
        mixture: not used.

    Returns:
        The share, and how often chance gives as much.
    """
    both = torch.cat([z, reference])
    nearest = torch.cdist(both, both).fill_diagonal_(math.inf).argmin(1)  # [2B]
    first = _divisions(len(z))
    return _permutation_test((first == first[:, nearest]).double().mean(1))


def _divisions(size: int) -> Tensor:
    """Ways to divide 2B draws into two sets, 1 for the one and 0 for the other: [1 + P, 2B], first that which there is."""
    orders = torch.stack([torch.arange(2 * size), *(torch.randperm(2 * size) for _ in range(PERMUTATIONS))])
    return (orders < size).double()


def _permutation_test(values: Tensor) -> tuple[float, float]:
    """The value of the division that there is, and the share of all that give as much: [1 + P]."""
    value, *by_chance = values.tolist()
    return value, (1 + sum(other >= value for other in by_chance)) / (1 + PERMUTATIONS)


def discriminator_test(z: Tensor, reference: Tensor, mixture: AggregatedPosterior) -> tuple[float, float]:
    """The accuracy with which AAE's discriminator, trained on half of either set, tells the other halves apart.

    Args:
        z: [B, D], draws of q(z).
        reference: [B, D], draws of p(z).
        mixture: not used.

    Returns:
        The accuracy, and the p-value of a binomial test against one half.
    """
    critic = Adversarial(z.shape[1], width=32)
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
    """The mean of log q(z) − log p(z) over draws of q(z).

    Args:
        z: [B, D], draws of q(z).
        reference: not used.
        mixture: q(z) itself.

    Returns:
        The mean, in nats, and the p-value of a t-test of whether it is above 0.
    """
    gap = mixture.log_prob(z) - mixture.prior.log_prob(z)
    if float(gap.std()) < 1e-9:  # q(z) = p(z)
        return float(gap.mean()), 1.0
    return float(gap.mean()), float(np.asarray(stats.ttest_1samp(gap.numpy(), 0, alternative="greater"))[1])


TESTS: dict[str, Callable[[Tensor, Tensor, AggregatedPosterior], tuple[float, float]]] = {
    "MMD": mmd_test,
    "discriminator": discriminator_test,
    "neighbors": neighbor_test,
    "density gap": density_gap_test,
}
