"""Completing a checkpoint: encode the evaluation set with the best weights, measure, project, describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dgvae.checkpoints import TOKENIZER_FILE, weights_sha256
from dgvae.corpus import Split, class_names
from dgvae.latents import Latents, map_latents
from dgvae.measurements import Evaluation, Measurements
from dgvae.model import TextVAE
from dgvae.tokenizer import WordTokenizer
from train.card import write_card
from train.measuring import Subject, add_latents, add_reconstruction


def finish(folder: Path, evaluation: Split, corpus: str, training: dict[str, Any], map_points: int) -> Measurements:
    """Write latents, metrics and model card beside the weights in `folder`; return the figures. No map if map_points is 0.

    Figures are of the stored weights and latents, on the evaluation set, in fp32; `train.evaluate` adds those that take longer.
    """
    model = TextVAE.from_pretrained(folder)
    tokenizer = WordTokenizer.load(folder / TOKENIZER_FILE)
    torch.manual_seed(0)
    sentences = tokenizer.encode_all(evaluation.sentences, model.config.max_length)
    posterior = model.encode_all(sentences)
    Latents(
        posterior=posterior,
        labels=torch.tensor(evaluation.labels),
        lengths=torch.tensor([len(ids) - 1 for ids in sentences]),
        map=map_latents(posterior, map_points) if map_points else None,
    ).save(folder)
    posterior = Latents.load(folder, model.config).posterior
    measured = Measurements(
        corpus=corpus,
        weights=weights_sha256(folder),
        evaluation=Evaluation(evaluation.path.name, len(sentences), evaluation.sha256),
        figures={},
        absent={},
        training=training,
        classes=class_names(evaluation.path.parent),
    )
    add_latents(measured, posterior)
    add_reconstruction(measured, reconstruct(Subject(model, tokenizer, posterior, evaluation)), posterior)
    measured.save(folder)
    write_card(folder, model, measured)
    return measured


@torch.inference_mode()
def reconstruct(subject: Subject) -> Tensor:
    """log p(x|z) at one sample z of every sentence's posterior, nats: [N]."""
    result = torch.empty(len(subject.ids))
    for numbers, sentences in subject.of_one_length():
        z = subject.posterior.map(lambda tensor, rows=numbers: tensor[rows]).rsample()
        _, nll = subject.model.decoder.negative_log_likelihood(sentences, z)
        result[numbers] = -nll
    return result
