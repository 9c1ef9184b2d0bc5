"""Completing a checkpoint: encode the evaluation set with the best weights, measure, project, describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dgvae.checkpoints import CARD_FILE, TOKENIZER_FILE, weights_sha256
from dgvae.corpus import Split
from dgvae.figures import FIGURES
from dgvae.latents import Latents, map_latents
from dgvae.measurements import Evaluation, Measurements
from dgvae.model import TextVAE
from dgvae.storage import write_bytes
from dgvae.tokenizer import WordTokenizer
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


def write_card(folder: Path, model: TextVAE, measured: Measurements) -> None:
    """Write the README.md of a checkpoint folder, which is its Hub repository's front page."""
    write_bytes(folder / CARD_FILE, model_card(model, measured).encode())


def model_card(model: TextVAE, measured: Measurements) -> str:
    """What the model is, and every figure that was measured."""
    config, training = model.config, measured.training
    rows = []
    for figure in FIGURES.values():
        if figure.id in measured.figures:
            of = f" of {config.latent_dim}" if figure.of_units else ""
            rows.append(
                f"| {figure.name} | {measured.text(figure.id)}{of} | {measured.error_text(figure.id)} | {figure.meaning} |"
            )
        elif figure.id in measured.absent:
            rows.append(f"| {figure.name} | n/a | | {measured.absent[figure.id]} |")
    table = "\n".join(row.replace("x|z", "x\\|z") for row in rows)
    options = ", ".join(f"{name} {value}" for name, value in config.options.items()) or "none"
    return f"""---
library_name: dgvae
tags: [text-vae, {config.method}]
---

# {config.title} on {measured.corpus}

A text VAE: {config.row.summary} ({config.row.source}).

| figure | value | standard error | what it is |
|---|---|---|---|
{table}

Measured on the {measured.evaluation.sentences:,} sentences of `{measured.evaluation.file}` with the stored weights.

- Sizes: vocabulary {config.vocab_size}, embedding {config.embedding_dim}, LSTM {config.hidden_dim}, latent {config.latent_dim}.
  Method's options: {options}.
- Training: {training["epochs"]} epochs over {training["sentences"]:,} sentences, the best by validation kept;
  Adam {training["learning_rate"]:g}, batch {training["batch_size"]}, warm-up {training["warmup_epochs"]:g} epochs,
  seed {training["seed"]}.
- `latents.safetensors` holds the posteriors of the evaluation set and their UMAP; no corpus text is in this folder.
"""
