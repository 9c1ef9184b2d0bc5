"""What every checkpoint's measuring needs, and what needs no text library."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor
from tqdm import tqdm

from dgvae.evaluation.estimates import mean_of
from dgvae.evaluation.record import Record
from dgvae.model.generation import GREEDY, Decoding, decode_latents
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import Posterior
from dgvae.text.batch import of_each_length
from dgvae.text.corpora import Split
from dgvae.text.tokenizer import WordTokenizer

_BATCH = 128
T = TypeVar("T")


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
        """Decode many latents, with a progress line.

        Args:
            z: [N, D].
            part: what the progress line calls it.
            decoding: how words are chosen.

        Returns:
            N sentences.
        """
        generator = torch.Generator(self.model.device).manual_seed(0)
        said: list[str] = []
        for rows in progress(z.split(512), part):
            said += [self.tokenizer.decode(ids) for ids in decode_latents(self.model, rows, decoding, generator)]
        return said

    def of_one_length(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of sentences of one length, with their numbers: [B] and [B, T]."""
        for numbers in of_each_length(torch.tensor([len(sentence) for sentence in self.ids])):
            for part in numbers.split(_BATCH):
                yield part, torch.tensor([self.ids[i] for i in part.tolist()], device=self.model.device)


def progress(things: Iterable[T], part: str) -> Iterable[T]:
    """A progress line that goes away when it is done."""
    quiet = 0.2 if sys.stderr.isatty() else 30
    return tqdm(list(things), desc=part, leave=False, delay=1, dynamic_ncols=True, mininterval=quiet)


def add_reconstruction(record: Record, per_sentence: Tensor, posterior: Posterior) -> None:
    """Add reconstruction and ELBO to a record.

    Args:
        record: gets the figures.
        per_sentence: [N], log p(x|z) in nats.
        posterior: of the N sentences.
    """
    record.figures["reconstruction"] = mean_of(per_sentence)
    if posterior.has_density:
        record.figures["elbo"] = mean_of(per_sentence - posterior.kl())
