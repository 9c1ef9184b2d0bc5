"""What is behind a gap that no single dimension shows: a correlation, the mean or covariance, or the shape of q(z)."""

from __future__ import annotations

import math
from statistics import fmean

from scipy.special import ndtri, psi

from dgvae.evaluation.copied import as_copies
from dgvae.evaluation.estimates import DOUBT, Estimate, interval
from dgvae.evaluation.marginals import MOST
from dgvae.evaluation.record import Record

COVARIANCE_GAP = 0.5  # nats: with more, q(z) differs from the prior in its moments to an extent that a map shows
CORRELATED = 0.3
DEPENDENT = 0.1  # nats of mutual information of two dimensions


def covariance_differs(record: Record) -> bool:
    """Whether q(z) has another mean or covariance than the prior, beyond what so few sentences bring about by chance."""
    if not (gap := record.figures.get("covariance_gap")):
        return False
    more = as_copies(record)
    least = interval(Estimate(gap.value, math.sqrt(more) * gap.error), int(record.sentences_of("covariance_gap") / more))[0]
    return least - _covariance_gap_by_chance(record) >= COVARIANCE_GAP


def _covariance_gap_by_chance(record: Record) -> float:
    """About how large it is where q(z) is the prior: N means alone are drawn, and they have a share of the variance of q(z)."""
    variance, of_means = (record.profile.get(name) or [1.0] for name in ("variance", "variance_of_means"))
    shares = [mean / whole for mean, whole in zip(of_means, variance, strict=False) if whole > 0]
    share = max(0.0, min(1.0, fmean(shares))) if shares else 1.0
    sentences = int(record.sentences_of("covariance_gap") / as_copies(record))
    return share**2 * _gap_of_draws(sentences, record.dimensions) if share else 0.0


def _gap_of_draws(sentences: int, dim: int) -> float:
    """The mean covariance gap of N draws of N(0, I), by Wishart's distribution."""
    if sentences <= dim + 1:
        return math.inf
    log_det = float(psi([(sentences - i) / 2 for i in range(1, dim + 1)]).sum()) + dim * math.log(2 / sentences)
    return 0.5 * (dim * (sentences - 1) / sentences + dim / sentences - log_det - dim)


def joint_cause(record: Record) -> str:
    """In what way q(z) differs from the prior where all marginals match."""
    correlated = max(record.pairs, key=lambda pair: abs(pair.correlation), default=None)
    dim = record.dimensions or 2
    of_few = float(ndtri(1 - DOUBT / max(1, dim * (dim - 1) / 2))) / math.sqrt(record.evaluation.sentences)
    if correlated and abs(correlated.correlation) >= max(CORRELATED, of_few):
        i, j = (dimension + 1 for dimension in correlated.dimensions)
        return f"dimensions {i} and {j} are correlated ({correlated.correlation:+.2f})"
    gap, by_chance = record.value("covariance_gap"), _covariance_gap_by_chance(record)
    if covariance_differs(record) or gap - by_chance >= MOST * record.value("smoothed_gap"):
        chance = f", of which chance brings {by_chance:.2f}" if by_chance > 0.1 * gap else ""
        return f"the mean or covariance of q(z) differs from the prior's (covariance gap {gap:.2f} nats{chance})"
    return dependence(record) or "means, variances and correlations match, but the shape does not"


def dependence(record: Record) -> str:
    """Which two dimensions depend on each other for sure, and by how much at least; nothing if none do."""
    dim, more = record.dimensions, as_copies(record)
    for pair in record.dependent:
        estimate = Estimate(pair.nats, math.sqrt(more) * pair.error)
        least = interval(estimate, record.evaluation.sentences, comparisons=dim * (dim - 1) // 2)[0]
        if least >= DEPENDENT:
            i, j = (dimension + 1 for dimension in pair.dimensions)
            return f"dimensions {i} and {j} depend on each other, by at least {least:.2f} nats"
    return ""
