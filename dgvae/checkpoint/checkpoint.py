"""Checkpoint folders: what `train.fit` writes, the app reads, and a Hub repository holds.

config.json  model.safetensors  tokenizer.json  latents.safetensors  metrics.json  README.md

Checkpoints of one corpus may share one tokenizer.json, in the folder in which theirs lie.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dgvae.aggregate import AggregatedPosterior
from dgvae.checkpoint.discover import TOKENIZER_FILE, tokenizer_path, training_command
from dgvae.checkpoint.latents import LATENTS_FILE, Latents
from dgvae.errors import UserError
from dgvae.evaluation.record import METRICS_FILE, Record
from dgvae.methods.config import CONFIG_FILE
from dgvae.model.text_vae import WEIGHTS_FILE, TextVAE
from dgvae.text.corpora import CORPORA
from dgvae.text.tokenizer import WordTokenizer

CARD_FILE = "README.md"
FILES = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE, LATENTS_FILE, METRICS_FILE, CARD_FILE)


@dataclass(frozen=True)
class Checkpoint:
    """A trained model with all that is needed to show it."""

    folder: Path
    model: TextVAE
    tokenizer: WordTokenizer
    latents: Latents
    metrics: Record

    @cached_property
    def aggregated(self) -> AggregatedPosterior:
        """q(z) over the evaluation set."""
        return self.latents.mixture()

    @property
    def classes(self) -> Mapping[int, str]:
        """What the labels of its sentences are called, as far as they have names."""
        known = CORPORA.get(self.metrics.corpus)
        return self.metrics.classes or (known.classes if known else {})


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read and verify a checkpoint folder.

    Args:
        folder: with the files that `train.fit` writes.

    Returns:
        Model, tokenizer, latents and record.

    Raises:
        UserError: it names the file and what is wrong with it.

    Example:
        >>> from pathlib import Path
        >>> from dgvae import load_checkpoint
        >>> checkpoint = load_checkpoint(Path("checkpoints/short-yelp/pdg-vae"))
        >>> checkpoint.model.config.latent_dim
        32
    """
    if not folder.is_dir():
        raise UserError(f"There is no checkpoint folder {folder}; make one with: {training_command(folder)}")
    model = TextVAE.from_pretrained(folder)
    tokenizer = WordTokenizer.load(tokenizer_path(folder), model.config.vocab_size)
    latents = Latents.load(folder, model.config)
    metrics = Record.load(folder)
    check_weights(folder, metrics.weights)
    check_vocabulary(folder, tokenizer, metrics)
    return Checkpoint(folder, model, tokenizer, latents, metrics)


def check_weights(folder: Path, known: str) -> None:
    """Raise UserError if the weights are not those that latents and metrics are of, `known` by their hash."""
    if known != weights_sha256(folder):
        raise UserError(
            f"{folder} has newer weights than its latents and metrics: it is still training, or was cut off; "
            f"wait for it, or complete it with: python -m train.fit --resume --out {folder}"
        )


def check_vocabulary(folder: Path, tokenizer: WordTokenizer, record: Record) -> None:
    """Raise UserError if a checkpoint was trained with other words, or in another order, as far as that is known.

    Args:
        folder: the checkpoint's.
        tokenizer: that lies in it, or beside it.
        record: what its metrics.json says.
    """
    if record.training.get("vocabulary_sha256") not in (None, tokenizer.sha256):
        raise UserError(
            f"{tokenizer_path(folder)} is not the vocabulary that {folder} was trained with; copy the {TOKENIZER_FILE} of its "
            "run into the folder."
        )


def weights_sha256(folder: Path) -> str:
    """Identifies the weights that latents and metrics are of."""
    with open(folder / WEIGHTS_FILE, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
