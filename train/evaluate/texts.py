"""Measuring a checkpoint on sentences, part by part: likelihoods, reconstructions, paths between sentences, and samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from dgvae.checkpoint.latents import prior_samples
from dgvae.evaluation.estimates import mean_of, ratio_of
from dgvae.evaluation.figures import PERPLEXITIES
from dgvae.evaluation.likelihood import likeliest_words, likelihoods
from dgvae.evaluation.record import Evaluation, Record
from dgvae.evaluation.text_figures import NGramModel, bleu, distinct, interpolation, vocabulary
from dgvae.explore.paths import linear_path
from dgvae.latent_space.measuring import add_latents, keep
from dgvae.model.generation import Decoding
from dgvae.text.corpora import Split, measured_file
from train.evaluate.latents import Subject, add_reconstruction, progress
from train.run.validation import fast_math

INTERPOLATIONS, STEPS = 500, 11  # paths between two sentences, and points on each
SAMPLES = 10_000  # from the prior
PARTS = ("latents", "likelihoods", "reconstructions", "interpolations", "samples")


@dataclass(frozen=True)
class Texts:
    """The sentences to measure on, and the training sentences, if they are at hand."""

    evaluation: Split
    training: Split | None

    @cached_property
    def words(self) -> set[str]:
        """The vocabulary of the n-gram models."""
        return vocabulary(self.training.sentences) if self.training else set()

    @cached_property
    def ngrams(self) -> NGramModel:
        """The trigram model of the training sentences."""
        return NGramModel(self.training.sentences if self.training else [], self.words)


def evaluation_of(split: Split) -> Evaluation:
    """A set of sentences as metrics.json identifies it."""
    return Evaluation(measured_file(split), len(split.sentences), split.sha256)


def add_likelihoods(record: Record, subject: Subject) -> None:
    """priorLL, postLL, reconstruction and token accuracy."""
    model, count = subject.model, len(subject.ids)
    columns = {name: torch.full((count,), math.nan) for name in ("reconstruction", "prior_ll", "post_ll", "hits")}
    with torch.random.fork_rng(), fast_math(model.device):
        torch.manual_seed(0)
        for numbers, sentences in progress(subject.of_one_length(), "likelihoods"):
            posterior = subject.posterior.map(lambda tensor, rows=numbers: tensor[rows].to(model.device))
            found = likelihoods(model, sentences, posterior)
            columns["hits"][numbers] = likeliest_words(model, sentences, posterior.location).float().cpu()
            for name in ("reconstruction", "prior_ll", "post_ll"):
                if (values := getattr(found, name)) is not None:
                    columns[name][numbers] = values.float().cpu()
    lengths = torch.tensor([len(sentence) for sentence in subject.ids])
    record.figures["token_accuracy"] = ratio_of(columns["hits"], lengths.float())
    if subject.posterior.has_density:
        keep(record, {name: mean_of(columns[name].double()) for name in ("prior_ll", "post_ll")})
    add_reconstruction(record, columns["reconstruction"].double(), subject.posterior)


def add_bleu(record: Record, subject: Subject) -> None:
    """BLEU of what is decoded at the posterior mean."""
    said = subject.decode(subject.means, "reconstructions")
    record.figures["bleu"] = bleu(said, [subject.tokenizer.decode(ids) for ids in subject.ids])


def add_interpolation(record: Record, subject: Subject) -> None:
    """Straight lines between the posterior means of random pairs of sentences."""
    order = torch.randperm(len(subject.ids), generator=torch.Generator().manual_seed(0))
    pairs = order[: 2 * min(INTERPOLATIONS, len(order) // 2)].view(-1, 2)
    z = torch.cat([linear_path(subject.means[a], subject.means[b], STEPS) for a, b in pairs.tolist()])
    said = subject.decode(subject.model.prior.project(z), "interpolations")
    starts, ends = ([subject.tokenizer.decode(subject.ids[i]) for i in side] for side in pairs.T.tolist())
    found = interpolation(starts, ends, [said[k : k + STEPS] for k in range(0, len(said), STEPS)])
    record.figures["interpolation_rouge"] = found.score
    record.interpolation.update({"to_start": found.to_start, "to_end": found.to_end})


def add_samples(record: Record, subject: Subject, texts: Texts) -> None:
    """Measure samples from the prior: diversity, and perplexity if there is training text; beside them the text as it is read.

    Args:
        record: gets the figures.
        subject: the model, and the text that it is measured on.
        texts: n-gram models of the corpus.
    """
    text = [subject.tokenizer.decode(ids) for ids in subject.ids]  # no model writes words that it doesn't know
    said = subject.decode(prior_samples(subject.model.prior, SAMPLES), "samples", Decoding(temperature=1.0))
    for n in (1, 2):
        record.figures[f"distinct_{n}"] = distinct(said, n)
        if len(text) >= SAMPLES:  # only equal amounts compare
            record.reference[f"distinct_{n}"] = distinct(text[:SAMPLES], n).value
    if texts.training:
        record.figures["forward_perplexity"] = texts.ngrams.perplexity(said)
        record.figures["reverse_perplexity"] = NGramModel(said, texts.words).perplexity(text)
        record.reference["forward_perplexity"] = texts.ngrams.perplexity(text).value


def parts(subject: Subject, texts: Texts) -> dict[str, tuple[Sequence[str], Callable[[Record], None]]]:
    """Every part: the figures that show that it was done, and what does it."""
    likely = ("prior_ll", "post_ll", "token_accuracy") if subject.posterior.has_density else ("token_accuracy",)
    perplexities = PERPLEXITIES if texts.training else ()
    return {
        "latents": (("active_units",), lambda record: add_latents(record, subject.posterior)),
        "likelihoods": (likely, lambda record: add_likelihoods(record, subject)),
        "reconstructions": (("bleu",), lambda record: add_bleu(record, subject)),
        "interpolations": (("interpolation_rouge",), lambda record: add_interpolation(record, subject)),
        "samples": (("distinct_1", *perplexities), lambda record: add_samples(record, subject, texts)),
    }
