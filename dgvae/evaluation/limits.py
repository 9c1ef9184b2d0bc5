"""Which figures are too large or too small because there are too few sentences, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean

from dgvae.evaluation.copied import has_copies
from dgvae.evaluation.estimates import Estimate, interval
from dgvae.evaluation.figures import CONSISTENT_KL
from dgvae.evaluation.marginals import judge_marginals
from dgvae.evaluation.record import Record

CEILING = 0.9  # of log N, from which on MI is no longer told from its ceiling
TOO_LOW = 0.1  # nats of MI
_MUCH = 50.0  # nats, beyond which a file may claim what it likes


def limits(record: Record) -> Iterator[str]:
    """Figures that are too large or too small because there are too few sentences."""
    log_n, kl, mi = math.log(record.evaluation.sentences), record.value("kl"), record.value("mi")
    n = f"log {record.evaluation.sentences:,} = {log_n:.1f}"
    most = _mi_at_most(record)
    allowed = f"KL minus the joint gap allows {most:.2f}" if most else ""
    if mi > CEILING * log_n:
        tells = "z distinguishes almost all of these sentences, and MI can't show more than that"
        yield f"MI is near its maximum {n}: {tells}{allowed and f', while {allowed}'}."
    elif most:
        yield f"MI may be too low: {record.evaluation.sentences:,} sentences show {mi:.2f} nats, and {allowed}."
    if are_narrow(record):
        yield (
            f"Posteriors are narrow (KL {kl:.0f} nats, far above {n}): between the sentences, q(z) is known only in "
            "smoothed form, and the joint gap is a lower bound."
        )
    yield from _narrow_marginals(record)


def _mi_at_most(record: Record) -> float | None:
    """The largest MI that KL(q(z) ‖ p(z)) allows, MI = KL − KL(q(z) ‖ p(z)), if it is well above the one that was measured.

    The mixture of N posteriors with a sentence's own among them shows a lower bound of MI, which is far too low near log N.
    """
    mi, kl = (record.figures.get(name) for name in ("mi", "kl"))
    if not mi or not kl or "smoothed_gap" not in record.figures or are_narrow(record):
        return None  # of narrow posteriors, it says nothing
    most = kl.value - max(0.0, record.value("smoothed_gap"))
    return most if most - mi.value > max(TOO_LOW, 2 * mi.error) else None


def are_narrow(record: Record) -> bool:
    """Whether posteriors are so narrow that the sentences show q(z) in smoothed form alone.

    KL is large, too, where posteriors are far from the prior or wider than it, or where one sentence's is. So what counts is
    the part that is not KL(q(z) ‖ p(z)), with 95% confidence.
    """
    if not (kl := record.figures.get("kl")) or has_copies(record):
        return False
    sentences, gap = record.evaluation.sentences, record.figures.get("smoothed_gap", Estimate(0.0, 0.0))
    error = math.hypot(kl.error, gap.error) if record.all_examples else kl.error  # else from the same sentences
    return interval(Estimate(kl.value - max(0.0, gap.value), error), sentences)[0] > 2 * math.log(sentences)


def _narrow_marginals(record: Record) -> Iterator[str]:
    """Where N sentences don't suffice for the marginals or pairs, and figures of these are too large."""
    by_chance = record.profile.get("marginal_kl_by_chance", [])
    count = record.evaluation.sentences
    narrow = [i for i in judge_marginals(record)[1] if i < len(by_chance) and by_chance[i] >= CONSISTENT_KL]
    if narrow:
        yield (
            f"Consistent units may be too few here, and pair gaps too large: in {len(narrow)} of {record.dimensions} "
            f"dimensions, posteriors are so narrow that {count:,} sentences differ from N(0, 1) by chance, too."
        )
    elif by_chance and min(_of_pairs_alone(record), _of_pairs_by_chance(by_chance, count)) >= CONSISTENT_KL:
        yield (
            f"Pair gaps may be too large here: posteriors are so narrow that {count:,} sentences differ from N(0, I) by "
            "chance, too."
        )


def _of_pairs_alone(record: Record) -> float:
    """What of the pair gap is neither of the marginals nor seen in the wide cells of `most_dependent`, nats."""
    marginals = 2 * fmean(record.profile.get("marginal_kl") or [0.0])
    seen = sum(pair.nats for pair in record.dependent)
    alone = record.value("pair_gap") - marginals
    return alone if record.dependent and seen < alone / 2 else 0.0


def _of_pairs_by_chance(of_marginals: Sequence[float], sentences: int) -> float:
    """How much a pair gap shows at most on average where q(z) is the prior, nats.

    It is as `marginal_kl_by_chance` in two dimensions, E χ² = (E σ_i⁻² σ_j⁻² − 1) / N, with one mean of σ_i⁻² for all.
    """
    precision = 1 + sentences * fmean(math.expm1(min(each, _MUCH)) for each in of_marginals)
    return math.log1p((precision**2 - 1) / sentences)
