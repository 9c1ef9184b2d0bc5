"""An estimate and its standard error, and the delete-a-group jackknife that most of the errors come from."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv, stdtrit

from dgvae.evaluation.figures import MATCH

if TYPE_CHECKING:  # who only reads figures needs no torch
    from torch import Tensor

GROUPS = 20  # of the jackknife
FEWEST_PRIOR_SAMPLES = 2000  # with as few as the sentences, hole mass of q(z) = p(z) is often 0 or 20%
_DRAWS = 1000  # of the parts of a figure that jumps
DOUBT = 0.025  # on either side of an interval: 95% confidence


class Estimate(NamedTuple):
    """A figure with its standard error, which says how much another evaluation set of this size would change it."""

    value: float
    error: float


def mean_of(values: Tensor) -> Estimate:
    """The mean of one value per sentence, [N]; its error is sd / √N."""
    return Estimate(float(values.mean()), float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else math.nan)


def ratio_of(parts: Tensor, wholes: Tensor) -> Estimate:
    """Σ parts / Σ wholes of two values per sentence, [N] each, e.g. per word; its error is that of a ratio estimator."""
    ratio = parts.sum() / wholes.sum()
    residual = mean_of((parts - ratio * wholes) / wholes.mean())
    return Estimate(float(ratio), residual.error)


def jackknife(value: float, without: Tensor) -> Estimate:
    """`value` is a figure of all sentences; `without`, [G], is the same figure without each of G groups of equal size.

    Error² = (G − 1)/G Σ_g (θ_g − θ̄)² (Efron & Tibshirani 1993, ch. 11). With 20 groups it is itself good to 16%.
    Fewer than two groups give no error (NaN).
    """
    groups = len(without)
    if groups < 2:
        return Estimate(float(value), math.nan)
    return Estimate(float(value), float(((groups - 1) / groups * (without - without.mean()).square().sum()).sqrt()))


def jackknife_of_steps(values: Tensor, without: Tensor, figure: Callable[[Tensor], Tensor]) -> Estimate:
    """A figure that jumps as its parts vary, e.g. a count of those beyond a threshold, with the error by normal draws.

    The jackknife itself fails there: a twentieth of the sentences less moves a part by too little to pass the threshold, and if
    it does, by the whole step. With G groups the error of a count is too large by (G − 1)^¼ on average, which is 2.1 for 20. So
    the parts are drawn from the normal distribution with the jackknife's covariance, and the error is the spread of the figure.

    Args:
        values: the parts by all sentences, [D].
        without: the same without each of G groups of equal size, [G, D].
        figure: of the parts, [B, D] -> [B].

    Returns:
        The figure of `values` and its error, which is NaN with fewer than two groups.
    """
    value, groups = float(figure(values.unsqueeze(0))), len(without)
    if groups < 2:
        return Estimate(value, math.nan)
    noise = values.new_tensor(np.random.default_rng(0).standard_normal((_DRAWS, groups)))
    drawn = values + math.sqrt((groups - 1) / groups) * noise @ (without - without.mean(0))
    return Estimate(value, float(figure(drawn).double().std()))


def interval(estimate: Estimate, sentences: int, comparisons: int = 1) -> tuple[float, float]:
    """The 95% confidence interval of a figure by its jackknife's error.

    Args:
        estimate: the figure and its standard error.
        sentences: how many sentences it was measured on.
        comparisons: how many such intervals are to hold at the same time (Bonferroni).

    Returns:
        Its ends; infinite if the error is not known.
    """
    freedom = _group_count(sentences) - 1
    if freedom < 1 or not math.isfinite(estimate.error):
        return -math.inf, math.inf
    reach = float(stdtrit(freedom, 1 - DOUBT / comparisons)) * estimate.error
    return estimate.value - reach, estimate.value + reach


def prior_count(sentences: int) -> int:
    """How many prior samples a figure compares with so many sentences."""
    return max(sentences, FEWEST_PRIOR_SAMPLES)


def hole_mass_by_chance(sentences: int) -> float:
    """The hole mass that a q(z) which equals the prior stays under with 97.5% probability, for want of sentences.

    Then the share of the prior beyond the interpolated 99% quantile of N held-out sentences has nearly the distribution
    Beta(a, b) of an order statistic, a = 1 + 0.01 (N − 1), b = 1 + 0.99 (N − 1). It is counted with P prior samples, which
    makes it beta-binomial. The Beta distribution with the same mean and variance stands for that: 35% for nine sentences,
    5% for 118.
    """
    a = 1 + MATCH * (sentences - 1)
    b, draws = sentences + 1 - a, prior_count(sentences)
    narrower = (draws * (a + b + 1) / (a + b + draws) - 1) / (a + b)
    return float(betaincinv(a * narrower, b * narrower, 1 - DOUBT))


def _group_count(count: int) -> int:
    return max(1, min(GROUPS, count // 2))


def group_slices(count: int, groups: int | None = None) -> list[slice]:
    """Cut 0 … count − 1 into slices of nearly equal size, at most GROUPS of them. The members must be in random order."""
    groups = groups or _group_count(count)
    edges = [round(i * count / groups) for i in range(groups + 1)]
    return [slice(low, high) for low, high in pairwise(edges)]
