"""Completing a checkpoint: encode the evaluation set with the best weights, measure, project, describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from dgvae.aggregate import absent_figures
from dgvae.checkpoints import CARD_FILE, METRICS_FILE, TOKENIZER_FILE, weights_sha256
from dgvae.corpus import Split
from dgvae.latents import Latents, map_latents, prior_samples
from dgvae.metrics import hole_metrics, latent_metrics
from dgvae.model import TextVAE
from dgvae.storage import write_bytes, write_json
from dgvae.tokenizer import WordTokenizer
from train.data import LengthBatches
from train.validation import reconstruct

FORMAT = 1


def finish(folder: Path, evaluation: Split, corpus: str, training: dict[str, Any], map_points: int) -> dict[str, Any]:
    """Write latents, metrics and model card beside the weights in `folder`; return the metrics. No map if map_points is 0.

    Figures are of the stored weights, on the evaluation set, in fp32.
    """
    model = TextVAE.from_pretrained(folder)
    tokenizer = WordTokenizer.load(folder / TOKENIZER_FILE)
    sentences = tokenizer.encode_all(evaluation.sentences, model.config.max_length)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    posterior = model.encode_all(sentences)
    reconstruction, _ = reconstruct(model, LengthBatches(sentences, model.device), batch_size=128)
    latent = latent_metrics(posterior, generator)
    gaps = hole_metrics(posterior, prior_samples(model.prior, len(sentences)), generator)
    metrics = {
        "format": FORMAT,
        "corpus": corpus,
        "weights": weights_sha256(folder),
        "evaluation": {"file": evaluation.path.name, "sentences": len(sentences), "sha256": evaluation.sha256},
        "reconstruction": reconstruction,
        "kl": latent.kl,
        "elbo": None if latent.kl is None else reconstruction - latent.kl,
        "mi": latent.mi,
        "active_units": latent.active_units,
        "consistent_units": latent.consistent_units,
        "covariance_gap": latent.covariance_gap,
        "hole_mass": gaps and gaps.hole_mass,
        "auc": gaps and gaps.auc,
        "training": training,
    }
    why = {"covariance_gap": "the covariance of q(z) is singular", **absent_figures(type(posterior))}
    metrics["absent"] = {figure: why[figure] for figure, value in metrics.items() if value is None}
    latents = Latents(
        posterior=posterior,
        labels=torch.tensor(evaluation.labels),
        lengths=torch.tensor([len(ids) - 1 for ids in sentences]),
        map=map_latents(posterior, map_points) if map_points else None,
    )
    latents.save(folder)
    write_json(folder / METRICS_FILE, metrics)
    write_bytes(folder / CARD_FILE, model_card(model, metrics).encode())
    return metrics


def model_card(model: TextVAE, metrics: dict[str, Any]) -> str:
    """The README.md of a checkpoint folder, which is its Hub repository's front page."""
    config, training = model.config, metrics["training"]
    latent_dim = config.latent_dim

    def row(name: str, figure: str, form: str) -> str:
        value = metrics[figure]
        return f"| {name} | {'n/a: ' + metrics['absent'][figure] if value is None else form.format(value)} |"

    units = f"{{}} of {latent_dim}"
    table = "\n".join(
        [
            row("reconstruction, E log p(x\\|z)", "reconstruction", "{:.2f} nats"),
            row("KL", "kl", "{:.2f} nats"),
            row("ELBO", "elbo", "{:.2f} nats"),
            row("MI", "mi", "{:.2f} nats"),
            row("active units", "active_units", units),
            row("consistent units", "consistent_units", units),
            row("covariance gap", "covariance_gap", "{:.2f} nats"),
            row("hole mass", "hole_mass", "{:.1%} (1 % is a perfect match)"),
            row("AUC", "auc", "{:.3f} (0.5 is a perfect match)"),
        ]
    )
    options = ", ".join(f"{name} {value}" for name, value in config.options.items()) or "none"
    return f"""---
library_name: dgvae
tags: [text-vae, {config.method}]
---

# {config.title} on {metrics["corpus"]}

A text VAE: {config.row.summary} ({config.row.source}).

| figure, per sentence | value |
|---|---|
{table}

Measured on the {metrics["evaluation"]["sentences"]:,} sentences of `{metrics["evaluation"]["file"]}` with the stored weights.

- Sizes: vocabulary {config.vocab_size}, embedding {config.embedding_dim}, LSTM {config.hidden_dim}, latent {latent_dim}.
  Method's options: {options}.
- Training: {training["epochs"]} epochs over {training["sentences"]:,} sentences, the best by validation kept;
  Adam {training["learning_rate"]:g}, batch {training["batch_size"]}, warm-up {training["warmup_epochs"]:g} epochs,
  seed {training["seed"]}.
- `latents.safetensors` holds the posteriors of the evaluation set and their UMAP; no corpus text is in this folder.
"""
