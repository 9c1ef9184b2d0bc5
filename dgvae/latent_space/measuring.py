"""The figures of posteriors, written into a record: those of a checkpoint and those of any other latent space are the same."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from dgvae.aggregate import aggregate
from dgvae.checkpoint.latents import prior_samples
from dgvae.evaluation.copied import copies_said, has_copies
from dgvae.evaluation.diagnosis import Finding, diagnose
from dgvae.evaluation.estimates import Estimate, prior_count
from dgvae.evaluation.figures import FIGURES, SUMMED
from dgvae.evaluation.latent_figures import measure_latents
from dgvae.evaluation.record import UNKNOWN, Evaluation, Record
from dgvae.evaluation.sums import summed_figures
from dgvae.latent_space.copies import copies
from dgvae.latent_space.wording import of_examples
from dgvae.posteriors import DiagonalGaussian, Points, Posterior

NO_DECODER = "there are latents alone, and it needs the decoder"
ONE_LENGTH = 0.01  # of the mean length: those that are rounded to fp16 or fp8 differ by less
HELD_OUT = ("smoothed_gap", "hole_mass", "auc", "joint_gap")  # by a q(z) without the example itself, but with its copies


def add_latents(record: Record, posterior: Posterior) -> None:
    """Everything that needs the posteriors alone."""
    prior = posterior.prior(posterior.location.shape[1])
    latents = measure_latents(posterior, prior_samples(prior, prior_count(len(posterior))), torch.Generator().manual_seed(0))
    record.absent.update({name: why for name, why in latents.absent.items() if name in FIGURES})
    keep(record, latents.figures)
    record.profile.update({name: values for name, values in latents.profile.items() if all(map(math.isfinite, values))})
    record.pairs[:] = latents.pairs
    record.dependent[:] = latents.dependent


def keep(record: Record, figures: Mapping[str, Estimate]) -> None:
    """Add figures; one that a degenerate space makes infinite is absent."""
    for name, estimate in figures.items():
        if math.isfinite(estimate.value):
            record.figures[name] = estimate
        else:
            record.figures.pop(name, None)
            record.absent[name] = "it is not finite: there are too few sentences, or the posteriors are too narrow"


def add_sums(record: Record, posterior: Posterior) -> None:
    """Replace what is made of sums over examples by that of all of them."""
    assert isinstance(posterior, DiagonalGaussian | Points)  # a file has no others
    summed = summed_figures(posterior, torch.Generator().manual_seed(0))
    record.absent.update(summed.absent)
    keep(record, summed.figures)
    record.profile.update({name: values for name, values in summed.profile.items() if all(map(math.isfinite, values))})


def record_of(posterior: Posterior, name: str, classes: Mapping[int, str], rows: Tensor, known_by: str = "") -> Record:
    """The record of posteriors of which nothing else is known: neither weights nor texts.

    Args:
        posterior: of all N examples.
        name: of the latent space.
        classes: what the labels are called.
        rows: the examples by which that is measured which takes a time that grows with their square, in order: [at most N].
        known_by: what is the same for the same examples, whatever the model; empty if nothing is known of them.

    Returns:
        The record. Examples of which nothing is known are those of no other.
    """
    some = posterior.map(lambda tensor: tensor[rows])
    digest = hashlib.sha256(known_by.encode(errors="surrogatepass"))
    for tensor in () if known_by else some.tensors().values():
        digest.update(tensor.numpy().tobytes())
    record = Record(
        corpus=name,
        weights="",
        evaluation=Evaluation(name, len(some), ("" if known_by else UNKNOWN) + digest.hexdigest()),
        figures={},
        absent={},
        training={},
        classes=dict(classes),
        all_examples=len(posterior) if len(posterior) > len(some) else 0,
        copies=copies(some),
        outliers=int(aggregate(some).outliers.sum()),
        on_sphere=_on_sphere(some),
    )
    add_latents(record, some)
    if has_copies(record):
        for figure in HELD_OUT:
            record.figures.pop(figure, None)
            record.absent[figure] = f"{copies_said(record)}; leave the copies out"
    if record.all_examples:
        add_sums(record, posterior)
    for figure in FIGURES.keys() - record.figures.keys() - record.absent.keys():
        record.absent[figure] = NO_DECODER
    record.absent.update({figure: of_examples(why) for figure, why in record.absent.items()})
    return record


def _on_sphere(posterior: Posterior) -> bool:
    """Whether all places have one length, but for rounding and narrow posteriors, and many directions."""
    z = posterior.location
    lengths = z.double().norm(dim=1)
    width = float(posterior.log_var.exp().sum(1).mean()) if isinstance(posterior, DiagonalGaussian) else 0.0
    if width > float(lengths.square().mean()):
        return False  # of such width, posteriors fill the space
    length, reach, center = float(lengths.mean()), float(lengths.max() - lengths.min()), float(z.double().mean(0).norm())
    variance = float(z.double().var(0, correction=0).sum())
    # Of a cloud far from zero, lengths vary as a coordinate does; of a flat one, places hardly vary beside their length.
    is_part = reach < 0.5 * (variance / z.shape[1]) ** 0.5 and variance > (0.2 * length) ** 2
    return z.shape[1] > 1 and reach < ONE_LENGTH * length and (center < 0.5 * length or is_part)


def findings(record: Record) -> list[Finding]:
    """The diagnosis of a latent space that need not be of text, the gravest first. record: by `record_of`."""
    found = [replace(finding, text=of_examples(finding.text)) for finding in diagnose(record)]
    examples, dim = record.evaluation.sentences, record.dimensions
    if examples < dim:
        said = (
            f"There are fewer examples ({examples:,}) than dimensions ({dim:,}): q(z) is hardly known; measure more examples."
        )
        found.insert(0, Finding("note", said))
    if record.all_examples:
        summed = ", ".join(FIGURES[figure].name for figure in SUMMED if figure in record.figures)
        said = (
            f"All {record.all_examples:,} examples give {summed}. The other figures come from {examples:,} of them, drawn at "
            "random, and so do their standard errors."
        )
        found.append(Finding("note", said))
    return found
