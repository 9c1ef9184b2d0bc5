"""Completing a checkpoint: encode the evaluation set with the best weights, measure, describe; and the map, at last."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dgvae.aggregate import aggregate
from dgvae.checkpoint.checkpoint import weights_sha256
from dgvae.checkpoint.discover import tokenizer_path
from dgvae.checkpoint.latents import Latents, map_latents
from dgvae.checkpoint.umap import USUAL, UmapOptions
from dgvae.errors import UserError
from dgvae.evaluation.record import Record
from dgvae.latent_space.measuring import add_latents
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig
from dgvae.model.text_vae import TextVAE
from dgvae.text.corpora import Split, class_names
from dgvae.text.tokenizer import WordTokenizer
from train.evaluate.card import write_card
from train.evaluate.latents import Subject, add_reconstruction
from train.evaluate.texts import evaluation_of


def finish(folder: Path, evaluation: Split, corpus: str, training: dict[str, Any], compact: bool = False) -> Record:
    """Write latents, metrics and model card beside the weights in `folder`. The map is `add_map`'s.

    Figures are of the stored weights and latents, on the evaluation set, in fp32; `train.evaluate` adds those that take longer.

    Args:
        folder: holds config.json, weights and, there or beside it, the tokenizer.
        evaluation: the sentences to encode and to measure on.
        corpus: what the text is called.
        training: how the weights were made, for the record.
        compact: see `Latents`.

    Returns:
        The record.
    """
    model = TextVAE.from_pretrained(folder)
    tokenizer = WordTokenizer.load(tokenizer_path(folder))
    torch.manual_seed(0)
    sentences = tokenizer.encode_all(evaluation.sentences, model.config.max_length)
    posterior = model.encode_all(sentences)
    Latents(
        posterior=posterior,
        labels=torch.tensor(evaluation.labels),
        lengths=torch.tensor([len(ids) - 1 for ids in sentences]),
        compact=compact,
    ).save(folder)
    posterior = Latents.load(folder, model.config).posterior
    record = Record(
        corpus=corpus,
        weights=weights_sha256(folder),
        evaluation=evaluation_of(evaluation),
        figures={},
        absent={},
        training=training,
        classes=class_names(evaluation.path.parent),
        outliers=int(aggregate(posterior).outliers.sum()),
    )
    add_latents(record, posterior)
    add_reconstruction(record, reconstruct(Subject(model, tokenizer, posterior, evaluation)), posterior)
    record.save(folder)
    write_card(folder, model, record)
    return record


def add_map(folder: Path, points: int, options: UmapOptions = USUAL) -> None:
    """Make the map of a checkpoint from its latents, and write it there. Raises UserError if it can't be made.

    Apart from `finish`, since it takes long, and UMAP compiles code and caches it: a machine can fail in many ways then.
    """
    latents = Latents.load(folder, TextVAEConfig.from_json(folder / CONFIG_FILE))
    try:
        replace(latents, map=map_latents(latents.posterior, points, options)).save(folder)
    except Exception as error:  # whatever it is, the checkpoint is whole without a map
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise UserError(
            f"The map could not be made ({reason}); everything else is there. Make it later with: "
            f"{map_command(folder, points, options)}"
        ) from None


def map_command(folder: Path, points: int, options: UmapOptions = USUAL) -> str:
    """The command that makes the map of a checkpoint."""
    more = "" if options == USUAL else f" --neighbors {options.neighbors} --min-dist {options.min_dist:g}"
    return f"python -m train.map {shlex.quote(str(folder))} --points {points}{more}"


@torch.inference_mode()
def reconstruct(subject: Subject) -> Tensor:
    """log p(x|z) at one sample z of every sentence's posterior, nats: [N]."""
    result = torch.empty(len(subject.ids))
    for numbers, sentences in subject.of_one_length():
        z = subject.posterior.map(lambda tensor, rows=numbers: tensor[rows]).rsample()
        _, nll = subject.model.decoder.negative_log_likelihood(sentences, z)
        result[numbers] = -nll
    return result
