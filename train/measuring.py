"""Measuring a checkpoint part by part: its latents, likelihoods, reconstructions, paths between sentences, and samples."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor
from tqdm import tqdm

from dgvae.corpus import Split
from dgvae.estimates import Estimate, mean_of, ratio_of
from dgvae.figures import FIGURES
from dgvae.generation import GREEDY, Decoding, decode_latents, linear_path
from dgvae.latents import prior_samples
from dgvae.likelihood import likeliest_words, likelihoods
from dgvae.measurements import Measurements
from dgvae.metrics import measure_latents
from dgvae.model import TextVAE
from dgvae.posteriors import Posterior
from dgvae.text_metrics import NGramModel, bleu, distinct, interpolation, vocabulary
from dgvae.tokenizer import WordTokenizer
from train.validation import fast_math

PATHS, STEPS = 500, 11  # of the interpolations
SAMPLES = 10_000  # from the prior
_BATCH = 128
T = TypeVar("T")


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


@dataclass(frozen=True)
class Subject:
    """A checkpoint and the posteriors of the sentences it is measured on."""

    model: TextVAE
    tokenizer: WordTokenizer
    posterior: Posterior
    evaluation: Split

    @cached_property
    def ids(self) -> list[list[int]]:
        """The sentences as the model reads them."""
        return self.tokenizer.encode_all(self.evaluation.sentences, self.model.config.max_length)

    @cached_property
    def means(self) -> Tensor:
        """The posteriors' means: [N, D]."""
        return self.posterior.location

    def decode(self, z: Tensor, part: str, decoding: Decoding = GREEDY) -> list[str]:
        """What the model says at each latent, with a progress line."""
        generator = torch.Generator(self.model.device).manual_seed(0)
        said: list[str] = []
        for rows in progress(z.split(512), part):
            said += [self.tokenizer.decode(ids) for ids in decode_latents(self.model, rows, decoding, generator)]
        return said

    def of_one_length(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of sentences of one length, with their numbers: [B] and [B, T]."""
        by_length: dict[int, list[int]] = {}
        for i, sentence in enumerate(self.ids):
            by_length.setdefault(len(sentence), []).append(i)
        for _, numbers in sorted(by_length.items()):
            for part in torch.tensor(numbers).split(_BATCH):
                yield part, torch.tensor([self.ids[i] for i in part.tolist()], device=self.model.device)


def progress(things: Iterable[T], part: str) -> Iterable[T]:
    """A progress line that goes away when it is done."""
    quiet = 0.2 if sys.stderr.isatty() else 30
    return tqdm(list(things), desc=part, leave=False, delay=1, dynamic_ncols=True, mininterval=quiet)


def add_latents(measured: Measurements, posterior: Posterior) -> None:
    """Everything that needs the posteriors alone."""
    prior = posterior.prior(posterior.location.shape[1])
    latents = measure_latents(posterior, prior_samples(prior, len(posterior)), torch.Generator().manual_seed(0))
    measured.absent.update({name: why for name, why in latents.absent.items() if name in FIGURES})
    keep(measured, latents.figures)
    measured.profile.update(latents.profile)
    measured.pairs[:] = latents.pairs


def keep(measured: Measurements, figures: dict[str, Estimate]) -> None:
    """Add figures; one that a degenerate space makes infinite is absent."""
    for name, estimate in figures.items():
        if math.isfinite(estimate.value):
            measured.figures[name] = estimate
        else:
            measured.figures.pop(name, None)
            measured.absent[name] = "it is not finite: some posteriors have hardly any width"


def add_reconstruction(measured: Measurements, per_sentence: Tensor, posterior: Posterior) -> None:
    """Reconstruction, [N] nats, and ELBO."""
    measured.figures["reconstruction"] = mean_of(per_sentence)
    if posterior.has_density:
        measured.figures["elbo"] = mean_of(per_sentence - posterior.kl())


def add_likelihoods(measured: Measurements, subject: Subject) -> None:
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
    measured.figures["token_accuracy"] = ratio_of(columns["hits"], lengths.float())
    if subject.posterior.has_density:
        keep(measured, {name: mean_of(columns[name].double()) for name in ("prior_ll", "post_ll")})
    add_reconstruction(measured, columns["reconstruction"].double(), subject.posterior)


def add_bleu(measured: Measurements, subject: Subject) -> None:
    """BLEU of what is decoded at the posterior mean."""
    said = subject.decode(subject.means, "reconstructions")
    measured.figures["bleu"] = bleu(said, [subject.tokenizer.decode(ids) for ids in subject.ids])


def add_interpolation(measured: Measurements, subject: Subject) -> None:
    """Straight lines between the posterior means of random pairs of sentences."""
    order = torch.randperm(len(subject.ids), generator=torch.Generator().manual_seed(0))
    pairs = order[: 2 * min(PATHS, len(order) // 2)].view(-1, 2)
    z = torch.cat([linear_path(subject.means[a], subject.means[b], STEPS) for a, b in pairs.tolist()])
    said = subject.decode(subject.model.prior.project(z), "interpolations")
    starts, ends = ([subject.tokenizer.decode(subject.ids[i]) for i in side] for side in pairs.T.tolist())
    found = interpolation(starts, ends, [said[k : k + STEPS] for k in range(0, len(said), STEPS)])
    measured.figures["interpolation_rouge"] = found.score
    measured.interpolation.update({"to_start": found.to_start, "to_end": found.to_end})


def add_samples(measured: Measurements, subject: Subject, texts: Texts) -> None:
    """Samples from the prior, beside the evaluation text itself: diversity, and perplexity if there is training text."""
    text = subject.evaluation.sentences
    said = subject.decode(prior_samples(subject.model.prior, SAMPLES), "samples", Decoding(temperature=1.0))
    for n in (1, 2):
        measured.figures[f"distinct_{n}"] = distinct(said, n)
        measured.reference[f"distinct_{n}"] = distinct(text[:SAMPLES], n).value
    if texts.training:
        measured.figures["forward_perplexity"] = texts.ngrams.perplexity(said)
        measured.figures["reverse_perplexity"] = NGramModel(said, texts.words).perplexity(text)
        measured.reference["forward_perplexity"] = texts.ngrams.perplexity(text).value


def parts(subject: Subject, texts: Texts) -> dict[str, tuple[Sequence[str], Callable[[Measurements], None]]]:
    """Every part: the figures that show that it was done, and what does it."""
    likely = ("prior_ll", "post_ll", "token_accuracy") if subject.posterior.has_density else ("token_accuracy",)
    perplexities = ("forward_perplexity", "reverse_perplexity") if texts.training else ()
    return {
        "latents": (("active_units",), lambda measured: add_latents(measured, subject.posterior)),
        "likelihoods": (likely, lambda measured: add_likelihoods(measured, subject)),
        "reconstructions": (("bleu",), lambda measured: add_bleu(measured, subject)),
        "interpolations": (("interpolation_rouge",), lambda measured: add_interpolation(measured, subject)),
        "samples": (("distinct_1", *perplexities), lambda measured: add_samples(measured, subject, texts)),
    }
