"""Which marginals q(z_i) differ from N(0, 1) for sure, by how much, and in what way; for the diagnosis."""

from __future__ import annotations

import math

from dgvae.evaluation.copied import as_copies
from dgvae.evaluation.estimates import Estimate, interval
from dgvae.evaluation.figures import CONSISTENT_KL
from dgvae.evaluation.record import Record

MANY = 1000  # sentences, whose marginal KL has an error far below CONSISTENT_KL: older metrics.json do not hold it
MOST = 0.5  # of a gap, from which on a part of it is its cause


def judge_marginals(record: Record) -> tuple[dict[int, tuple[float, bool]], list[int]]:
    """The dimensions whose q(z_i) differs from N(0, 1), by how many nats, and whether by so many at least; and the unsure."""
    by_moments, wrong, unsure = _by_moments(record), {}, []
    known = _by_marginal_kl(record) or [(math.nan, -math.inf, high) for _, high in by_moments]
    for i, ((kl, low, high), (least, _)) in enumerate(zip(known, by_moments, strict=True)):
        if low >= CONSISTENT_KL:
            wrong[i] = kl, False
        elif least >= CONSISTENT_KL:
            wrong[i] = least, True
        elif high >= CONSISTENT_KL:
            unsure.append(i)
    return wrong, unsure


def _by_marginal_kl(record: Record) -> list[tuple[float, float, float]]:
    """KL(q(z_i) ‖ p(z_i)) of each dimension and the ends of its interval, nats; nothing of points, of which it is not known."""
    profile, sentences, more = record.profile, record.evaluation.sentences, as_copies(record)
    if not (kl := profile.get("marginal_kl")):
        return []
    unknown = [0.0 if sentences >= MANY else math.nan] * len(kl)
    errors, biases = (profile.get(f"marginal_kl_{part}", unknown) for part in ("error", "bias"))
    found = []
    for i, chance in enumerate(profile.get("marginal_kl_by_chance", [0.0] * len(kl))):
        bias = more * biases[i]
        low, high = interval(Estimate(kl[i] - bias, math.sqrt(more) * errors[i]), sentences, comparisons=len(kl))
        # The jackknife knows a bias of the order 1/N. That of a few narrow posteriors is larger.
        found.append((kl[i], min(low, low + bias - more * chance), high))
    return found


def _by_moments(record: Record) -> list[tuple[float, float]]:
    """By how much every q(z_i) differs at least, by its mean and variance: the ends of that bound's interval, nats."""
    profile, sentences, more = record.profile, record.evaluation.sentences, as_copies(record)
    name, dim = "marginal_kl_bound", record.dimensions
    parts = [profile[row] for row in (name, f"{name}_error", f"{name}_bias") if row in profile]
    if len(parts) == 3:
        estimates = [Estimate(kl - more * bias, math.sqrt(more) * error) for kl, error, bias in zip(*parts, strict=True)]
    elif {"mean", "variance"} <= profile.keys() and sentences >= MANY:  # of before; the error as if q(z_i) were Gaussian
        moments = zip(profile["mean"], profile["variance"], strict=True)
        estimates = [
            Estimate(0.5 * (v + m * m - 1 - math.log(v)), math.sqrt((m * m * v + (v - 1) * (v - 1) / 2) / sentences))
            if v > 0
            else Estimate(0.0, 0.0)
            for m, v in moments
        ]
    else:
        return [(-math.inf, math.inf if name in profile else -math.inf)] * dim
    return [interval(estimate, sentences, comparisons=dim) for estimate in estimates]


def how(record: Record, dimension: int, kl: float) -> str:
    """In what way a marginal differs from N(0, 1): by that part of a Gaussian's KL which explains most of it, or its shape."""
    mean, variance = (record.profile.get(name, [math.nan] * (dimension + 1))[dimension] for name in ("mean", "variance"))
    if not variance > 0:
        return "" if math.isnan(variance) else ": its shape differs"
    of_mean, of_variance = 0.5 * mean * mean, 0.5 * (variance - 1 - math.log(variance))
    if of_mean + of_variance < MOST * kl:
        return ": its shape differs"
    if of_mean >= of_variance:
        return f": its mean is {mean:+.{1 if abs(mean) >= 1 else 2}f}"
    return f": it is too {'wide' if variance > 1 else 'narrow'} (variance {variance:.2f})"
