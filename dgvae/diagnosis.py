"""What is wrong with a latent space, in words. Every rule is here, and each says the numbers that it goes by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from dgvae.figures import CONSISTENT_KL
from dgvae.measurements import Measurements

SILENT_KL = 0.01  # nats: a dimension with less carries nothing
LITTLE_MI = 0.5  # nats: with less, a decoder can hardly tell sentences apart
COVARIANCE_GAP = 0.5  # nats: with more, q(z) differs from the prior in its moments to an extent that a map shows
HOLES = 0.05  # of the prior's mass; 0.01 is a match
CORRELATED = 0.3
CEILING = 0.9  # of log N, from which on MI is no longer told from its ceiling


@dataclass(frozen=True)
class Finding:
    """A sentence about a latent space: something good, something to know, or a fault."""

    severity: Literal["good", "note", "fault"]
    text: str


def diagnose(measured: Measurements) -> list[Finding]:
    """Findings, the gravest first. Rules whose figures were not measured are silent."""
    found = [finding for rule in RULES for finding in rule(measured)]
    order = ("fault", "note", "good")
    return sorted(found, key=lambda finding: order.index(finding.severity))


def collapse(measured: Measurements) -> Iterator[Finding]:
    """How many dimensions say anything."""
    variance = measured.profile.get("variance_of_means", [])
    if not variance:
        return
    if kl := measured.profile.get("kl"):
        silent = sum(value < SILENT_KL for value in kl)
        carry = f"{silent} of {len(kl)} dimensions carry under {SILENT_KL:g} nats"
    else:
        silent = len(variance) - round(_value(measured, "active_units"))
        carry = f"the means of {silent} of {len(variance)} dimensions hardly move"
    mi = measured.figures.get("mi")
    little = min(LITTLE_MI, 0.2 * math.log(measured.evaluation.sentences))
    if not silent and mi and mi.value < little:
        yield Finding(
            "fault", f"Collapsed: z tells {max(0.0, mi.value):.2f} nats of the sentence, at a KL of {sum(kl or []):.2f}."
        )
    elif silent == len(variance) or (mi and mi.value < little):
        known = f", and z tells {max(0.0, mi.value):.2f} nats of the sentence" if mi else ""
        yield Finding("fault", f"Collapsed: {carry}{known}.")
    elif silent:
        yield Finding("note", f"Partly collapsed: {carry}.")
    else:
        yield Finding("good", "No collapse: every dimension says something of the sentence.")


def ceiling(measured: Measurements) -> Iterator[Finding]:
    """Whether so many sentences can tell what is asked of them."""
    log_n, kl, mi = math.log(measured.evaluation.sentences), _value(measured, "kl"), _value(measured, "mi")
    n = f"log {measured.evaluation.sentences:,} = {log_n:.1f}"
    if mi > CEILING * log_n:
        yield Finding("note", f"MI is near its ceiling {n}: z tells these sentences apart, and MI says no more than that.")
    if kl > 2 * log_n:
        yield Finding(
            "note",
            f"Posteriors are narrow (KL {kl:.0f} nats, far above {n}): q(z) between the sentences is known only as far as "
            "it is smoothed, and the joint gap is a lower bound.",
        )


def marginal_holes(measured: Measurements) -> Iterator[Finding]:
    """Dimensions whose q(z_i) is not the prior's, and how the worst of them differs."""
    if not (kl := measured.profile.get("marginal_kl")):
        return
    wrong = [i for i, value in enumerate(kl) if value >= CONSISTENT_KL]
    if wrong:
        worst = max(wrong, key=kl.__getitem__)
        yield Finding(
            "fault",
            f"{len(wrong)} of {len(kl)} marginals differ from N(0, 1); dimension {worst + 1} most, by {kl[worst]:.2f} nats"
            f"{_how(measured, worst)}.",
        )


def _how(measured: Measurements, dimension: int) -> str:
    """In what way a marginal differs from N(0, 1)."""
    mean, variance = (measured.profile.get(name, [math.nan] * (dimension + 1))[dimension] for name in ("mean", "variance"))
    if abs(mean) > 0.5:
        return f": it is centred at {mean:+.1f}"
    if variance > 1.25:
        return f": it is too wide (variance {variance:.1f})"
    if variance < 0.8:
        return f": it is too narrow (variance {variance:.2f})"
    return "" if math.isnan(variance) else ": it has another shape"


def joint_holes(measured: Measurements) -> Iterator[Finding]:
    """What marginals don't show."""
    mass, gap = measured.figures.get("hole_mass"), measured.figures.get("smoothed_gap")
    if not mass or not gap:
        if _value(measured, "covariance_gap") >= COVARIANCE_GAP:
            yield Finding("fault", f"Holes: {_joint_cause(measured)}.")
        return
    outside = (
        f"{mass.value:.0%} of the prior lies where hardly any sentence does (joint gap at least {max(0.0, gap.value):.1f} nats)"
    )
    kl = measured.profile.get("marginal_kl")
    if mass.value < HOLES:
        yield Finding("good", f"No holes are found: {mass.value:.1%} of the prior lies outside, and 1 % would in a match.")
    elif kl is None or max(kl) >= CONSISTENT_KL:
        yield Finding("fault", f"Holes: {outside}.")
    else:
        yield Finding("fault", f"No marginal holes, but joint ones: {_joint_cause(measured)}; {outside}.")


def _joint_cause(measured: Measurements) -> str:
    correlated = max(measured.pairs, key=lambda pair: abs(pair.correlation), default=None)
    if correlated and abs(correlated.correlation) >= CORRELATED:
        i, j = (dimension + 1 for dimension in correlated.dimensions)
        return f"dimensions {i} and {j} are correlated ({correlated.correlation:+.2f})"
    if _value(measured, "covariance_gap") >= COVARIANCE_GAP:
        return f"q(z) has not the prior's covariance (covariance gap {_value(measured, 'covariance_gap'):.2f} nats)"
    return "means, variances and correlations match, and the shape does not"


def _value(measured: Measurements, figure: str) -> float:
    """A figure, or 0 where there is none."""
    return measured.figures[figure].value if figure in measured.figures else 0.0


RULES: tuple[Callable[[Measurements], Iterator[Finding]], ...] = (collapse, marginal_holes, joint_holes, ceiling)
