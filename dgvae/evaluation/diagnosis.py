"""What is wrong with a latent space, in words. Every rule is here, and each says the numbers that it goes by.

A verdict on z, on marginals or on holes is given where the figure lies beyond its limit with 95% confidence. Otherwise the
sentences are too few to tell, and that is said. Which dimensions carry nothing is told from their values alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from dgvae.evaluation.copied import copies_said, has_copies, has_few_copies
from dgvae.evaluation.estimates import Estimate, hole_mass_by_chance, interval
from dgvae.evaluation.figures import ACTIVE_VARIANCE, MATCH, percent
from dgvae.evaluation.joint_cause import covariance_differs, dependence, joint_cause
from dgvae.evaluation.limits import are_narrow, limits
from dgvae.evaluation.marginals import how, judge_marginals
from dgvae.evaluation.record import Record

SILENT_KL = 0.01  # nats: a dimension with less carries nothing
HUGE = 1000.0  # nats of a dimension's KL: what its marginal KL leaves of it is then lost in the latter's error
LITTLE_MI = 0.5  # nats: with less, a decoder can hardly tell sentences apart
USED = 0.2  # of MI: by so much, at least, own latents make sentences likelier; where the decoder uses z, it is MI or more
FAR = 0.5  # nats of joint gap; that of a match is about 0
HOLES = 0.05  # of the prior's mass, from which on it has holes
NARROW = 0.5  # variance of points in a dimension, half of the prior's
FEWEST = 20  # sentences with which anything is said
GAP_OF_MATCH = 0.05  # nats of joint gap; above it, or above AUC_OF_MATCH, q(z) differs from the prior even without holes
AUC_OF_MATCH = 0.6


@dataclass(frozen=True)
class Finding:
    """A sentence about a latent space: something good, something to know, or a fault."""

    severity: Literal["good", "note", "fault"]
    text: str


def diagnose(record: Record) -> list[Finding]:
    """Findings, the gravest first. Rules whose figures were not measured are silent."""
    if (sentences := record.evaluation.sentences) < FEWEST and record.figures:
        return [Finding("note", f"Too few sentences for a diagnosis: {sentences}. Measure on a few hundred sentences.")]
    found = [finding for rule in RULES for finding in rule(record)]
    order = ("fault", "note", "good")
    return sorted(found, key=lambda finding: order.index(finding.severity))


def sphere(record: Record) -> Iterator[Finding]:
    """Whether N(0, I) can't be the prior."""
    if record.on_sphere:
        yield Finding(
            "fault",
            "All encoded sentences have one length, and so lie on a sphere: N(0, I), to which all is compared here, is not "
            "the prior of such a model, and what is said of marginals and holes means nothing for it.",
        )


def collapse(record: Record) -> Iterator[Finding]:
    """How many dimensions say anything."""
    variance = record.profile.get("variance_of_means", [])
    if not variance:
        return
    if kl := record.profile.get("kl"):
        far = [each > HUGE and moved > ACTIVE_VARIANCE for each, moved in zip(kl, variance, strict=True)]
        silent = sum(value < SILENT_KL and not away for value, away in zip(_told(record), far, strict=True))
        carry = f"{silent} of {len(kl)} dimensions carry less than {SILENT_KL:g} nats"
    else:
        silent = len(variance) - round(record.value("active_units"))
        carry = f"the posterior means of {silent} of {len(variance)} dimensions barely vary"
    mi, sentences = record.figures.get("mi"), record.evaluation.sentences
    little = min(LITTLE_MI, 0.2 * math.log(sentences))
    low, high = interval(mi, sentences) if mi else (-math.inf, math.inf)
    if mi and low < little <= high and silent < len(variance):
        yield Finding(
            "note",
            f"Too few sentences to tell whether z is collapsed: z carries {max(0.0, mi.value):.2f} ± {high - mi.value:.2f} "
            "nats of information about the sentence.",
        )
    elif not silent and mi and high < little:
        yield Finding(
            "fault",
            f"Collapsed: z carries {max(0.0, min(mi.value, record.value('kl'))):.2f} nats of information about the sentence, "
            f"at a KL of {record.value('kl'):.2f} nats.",
        )
    elif silent and not kl and "marginal_kl_bound" in record.profile and any(variance):  # points: however near, they differ
        yield Finding("note", f"The points barely vary in {silent} of {len(variance)} dimensions.")
    elif mi and silent == len(variance) and low >= little:
        yield Finding(
            "note",
            f"z carries {mi.value:.2f} nats of information about the sentence, spread so thinly that no dimension carries "
            f"{SILENT_KL:g} nats.",
        )
    elif silent == len(variance) or high < little:
        known = f", and z carries {max(0.0, mi.value):.2f} nats of information about the sentence" if mi else ""
        yield Finding("fault", f"Collapsed: {carry}{known}.")
    elif silent:
        yield Finding("note", f"Partly collapsed: {carry}.")
    elif not kl and not record.weights:  # of a file, which doesn't say where its points come from
        yield Finding(
            "note",
            "The points vary in every dimension: if they are codes or means, none is collapsed; if they are samples from "
            "posteriors, that can't be told from them.",
        )
    else:
        yield Finding("good", "No collapse: every dimension carries information about the sentence.")


def _told(record: Record) -> list[float]:
    """MI of each dimension and the sentence, nats: KL less KL(q(z_i) ‖ p(z_i)), where that is measured (Hoffman & Johnson).

    Both come from the same sentences: a few far ones make both large, and nothing of their difference is then left.
    """
    if told := record.profile.get("dimension_mi"):
        return told
    kl = record.profile["kl"]
    return [each - gap for each, gap in zip(kl, record.profile.get("marginal_kl", [0.0] * len(kl)), strict=True)]


def marginal_holes(record: Record) -> Iterator[Finding]:
    """Dimensions whose q(z_i) is not the prior's, and how the worst of them differs."""
    wrong, unsure = judge_marginals(record)
    dim = record.dimensions
    if unsure:
        which = f"dimension {unsure[0] + 1} differs" if len(unsure) == 1 else f"{len(unsure)} of {dim} marginals differ"
        yield Finding("note", f"Too few sentences to tell whether {which} from N(0, 1).")
    if wrong:
        worst = max(wrong, key=lambda dimension: wrong[dimension][0])
        which = f"Dimension {worst + 1} differs from N(0, 1)"
        if len(wrong) > 1:
            which = f"{len(wrong)} of {dim} marginals differ from N(0, 1); dimension {worst + 1} differs most"
        kl, is_bound = wrong[worst]
        by = f"at least {kl:.2f}" if is_bound else f"{kl:.2f}"
        yield Finding("fault", f"{which}, by {by} nats{how(record, worst, kl)}.")


def means_alone(record: Record) -> Iterator[Finding]:
    """Whether what seems too narrow may lack the spread of posteriors: points of a file don't say what they are."""
    if record.weights or record.on_sphere or "kl" in record.figures or "variance" not in record.profile:
        return
    variance, (wrong, _) = record.profile["variance"], judge_marginals(record)
    is_narrow = min(variance) < NARROW or any(variance[dimension] < 1 for dimension in wrong)
    if is_narrow and not any(variance[dimension] > 1 for dimension in wrong):
        yield Finding(
            "note",
            "If these points are the means of posteriors, their spread is missing, and q(z) looks narrower than it is, with "
            "holes: give log_var, too, or one sample of each posterior.",
        )


def dependent_dimensions(record: Record) -> Iterator[Finding]:
    """Two dimensions that depend on each other, unless `joint_holes` says that they are the cause of holes."""
    is_cause = has_holes(record) and not any(judge_marginals(record)) and "marginal_kl" in record.profile
    if (depend := dependence(record)) and not is_cause and not has_copies(record):
        yield Finding("fault", f"{depend[0].upper()}{depend[1:]}, and those of the prior do not.")


def joint_holes(record: Record) -> Iterator[Finding]:
    """What marginals don't show."""
    if has_copies(record):
        yield Finding("note", f"Holes can't be told: {copies_said(record)}. Leave the copies out.")
    elif has_few_copies(record):
        yield Finding("note", f"{copies_said(record)}, which raises joint gap and AUC. Leave the copies out.")
    mass, gap = record.figures.get("hole_mass"), record.figures.get("smoothed_gap")
    if mass and record.outliers:
        lie, they = ("lies", "it is") if record.outliers == 1 else ("lie", "they are")
        which = f"{record.outliers:,} of {record.evaluation.sentences:,} encoded sentences"
        yield Finding("note", f"{which} {lie} far from the rest. Where holes are looked for, {they} left out.")
    if not mass or not gap:
        if covariance_differs(record):
            yield Finding("fault", f"Holes: {joint_cause(record)}.")
        return
    holes, far = has_holes(record), interval(gap, record.evaluation.sentences)[0]
    least = max(0.0, far)
    outside = f"{mass.value:.0%} of the prior lies where encoded sentences are rare (joint gap at least {least:.1f} nats)"
    wrong, unsure = judge_marginals(record)
    if holes is None:
        yield Finding("note", f"Too few sentences to tell whether there are holes: {_too_few_for_holes(mass, record)}.")
    if not holes and far - sum(kl for kl, _ in wrong.values()) > FAR and not has_few_copies(record):
        known = "Beyond these marginals, q(z)" if wrong else "q(z)" if holes is None else "No holes are found, but q(z)"
        where = "where encoded sentences lie, it is much denser"
        yield Finding("fault", f"{known} differs from the prior: {where} (joint gap at least {far:.1f} nats).")
    elif holes is False:
        which = "Points" if "kl" not in record.figures else "Narrow posteriors" if are_narrow(record) else ""
        narrow = "show q(z) in smoothed form alone: holes that are narrow in some direction are not seen"
        unseen = f" {which} {narrow}." if which else ""
        are_few = interval(mass, record.evaluation.sentences)[0] > hole_mass_by_chance(record.evaluation.sentences)
        none = "Beyond these marginals, no holes are found" if wrong else "No holes are found"
        said = f"the hole mass is {mass.value:.1%}, and {percent(MATCH)} is a match."
        if differs := _what_differs(record):
            said += f" But q(z) differs from the prior: {differs}."
        title = "Few holes" if are_few else none
        yield Finding("note" if are_few or differs else "good", f"{title}: {said}{unseen}")
    elif holes and (wrong or unsure or "marginal_kl" not in record.profile):
        yield Finding("fault", f"Holes: {outside}.")
    elif holes:
        yield Finding("fault", f"No marginal holes, but joint holes: {joint_cause(record)}; {outside}.")


def _what_differs(record: Record) -> str:
    """What shows that q(z) differs from the prior although no holes are found; "" if nothing does but marginals."""
    if has_few_copies(record):  # which raise these figures
        return ""
    sentences, (wrong, _) = record.evaluation.sentences, judge_marginals(record)
    far = interval(record.figures["smoothed_gap"], sentences)[0]
    parts = []
    if (beyond := far - sum(kl for kl, _ in wrong.values())) >= GAP_OF_MATCH:
        where = "beyond these marginals, " if wrong else ""
        parts.append(f"{where}the joint gap is at least {beyond:.2f} nats")
    if (auc := record.figures.get("auc")) and not wrong and interval(auc, sentences)[0] > AUC_OF_MATCH:
        parts.append(f"the AUC is {auc.value:.2f}")
    if dependence(record):
        parts.append("two dimensions depend on each other")
    return ", and ".join(parts)


def has_holes(record: Record) -> bool | None:
    """Whether q(z) has holes by its hole mass; None if the sentences are too few, or it was not measured.

    Holes are more than HOLES, and more than a match shows by chance; none are less than HOLES with the error added.
    """
    if not (mass := record.figures.get("hole_mass")):
        return None
    sentences = record.evaluation.sentences
    (low, high), chance = interval(mass, sentences), hole_mass_by_chance(sentences)
    if mass.value >= HOLES and low > chance:
        return True
    return False if max(high, chance) < HOLES else None


def _too_few_for_holes(mass: Estimate, record: Record) -> str:
    """What hole mass says although it does not suffice."""
    sentences = record.evaluation.sentences
    (low, high), chance = interval(mass, sentences), hole_mass_by_chance(sentences)
    if chance >= max(HOLES, mass.value):
        return (
            f"the hole mass is {mass.value:.0%}, and with {sentences:,} sentences it can be up to {chance:.0%} even if q(z) "
            "equals the prior"
        )
    return f"the hole mass is between {max(0.0, low):.1%} and {min(1.0, high):.1%}"


def too_few_sentences(record: Record) -> Iterator[Finding]:
    """Figures that are too large or too small because there are too few sentences."""
    yield from (Finding("note", text) for text in limits(record))


def decoder_use(record: Record) -> Iterator[Finding]:
    """Whether the decoder leaves a z unused that says much about the sentence."""
    mi, prior_ll, post_ll = (record.figures.get(name) for name in ("mi", "prior_ll", "post_ll"))
    if not (mi and prior_ll and post_ll) or interval(mi, record.evaluation.sentences)[0] < LITTLE_MI:
        return
    if post_ll.value - prior_ll.value < USED * mi.value:
        yield Finding(
            "note",
            "The decoder hardly uses z: a sentence is nearly as likely with a z from the prior as with its own "
            f"(priorLL {prior_ll.value:.1f}, postLL {post_ll.value:.1f}).",
        )


RULES: tuple[Callable[[Record], Iterator[Finding]], ...] = (
    sphere,
    collapse,
    marginal_holes,
    means_alone,
    dependent_dimensions,
    joint_holes,
    decoder_use,
    too_few_sentences,
)
