"""Measuring a set of sentences: after every epoch, and at the end of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch

from dgvae.distributed import world
from dgvae.evaluation.latent_figures import LatentMetrics, latent_metrics
from dgvae.model.heads import BatchNormHead
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import Posterior, concatenate
from dgvae.regularizers import Regularizer
from dgvae.text.batch import Batch
from train.run.data import Batches
from train.run.processes import all_gather, all_gather_rows


@dataclass(frozen=True)
class Validation:
    """Figures of the validation set, nats per sentence.

    objective: −reconstruction + full weight × regularizer. A critic's loss depends on how well the critic is trained at the
    moment, so the objective has a lower bound of it instead, from the covariance gap, which is a lower bound of
    KL(q(z) ‖ p(z)).
    """

    reconstruction: float
    regularizer: float
    objective: float
    latents: LatentMetrics


@torch.no_grad()
def settle(model: TextVAE, batches: Iterator[Batch]) -> None:
    """Make the statistics of a batch norm those of the weights of now, by some training batches.

    A running average is behind: with few batches in an epoch, most of it would be of weights that are long gone.
    """
    head = model.encoder.head
    if not isinstance(head, BatchNormHead):
        return
    head.batches.zero_()
    model.train()
    with torch.random.fork_rng(), fast_math(model.device):
        for batch in islice(batches, round(1 / head.RATE)):
            model.encode(batch)


@torch.no_grad()
def validate(model: TextVAE, regularizer: Regularizer, batches: Batches, batch_size: int) -> Validation | None:
    """Measure a validation set.

    The random numbers are always the same, and the training's generators stay as they are. Several processes divide the batches
    among them, and all find the same.

    Args:
        model: that is measured.
        regularizer: is computed over all sentences at once.
        batches: the set.
        batch_size: sentences that are encoded at a time.

    Returns:
        The figures, or None if one is not finite.
    """
    regularizer.eval()
    rank, processes = world()
    with torch.random.fork_rng():
        torch.manual_seed(rank)
        with fast_math(model.device):
            total, posterior = reconstruct(model, batches, batch_size, rank, processes)
        reconstruction = sum(map(float, all_gather(torch.tensor(total)))) / batches.sentences
        posterior = posterior.map(all_gather_rows)
        torch.manual_seed(0)
        # Over all sentences at once, mixed: a short batch would make small groups, whose density gap has a higher floor.
        mixed = torch.randperm(batches.sentences, device=model.device)
        posterior = posterior.map(lambda tensor: tensor[mixed])
        if not math.isfinite(reconstruction + sum(float(tensor.sum()) for tensor in posterior.tensors().values())):
            return None
        regularization = float(regularizer(posterior, posterior.rsample()))
        latents = latent_metrics(posterior)
        compared = regularization
        if regularizer.critic_steps and latents.covariance_gap is not None:
            compared = regularizer.loss_at_optimum(latents.covariance_gap)
        objective = model.config.regularizer_weight * compared - reconstruction
        objective = float(all_gather(torch.tensor(objective))[0])  # machines may differ in the last bit
        return Validation(reconstruction, regularization, objective, latents)


@torch.no_grad()
def reconstruct(model: TextVAE, batches: Batches, batch_size: int, rank: int, processes: int) -> tuple[float, Posterior]:
    """Reconstruct every `processes`-th batch, with one sample z per sentence.

    Args:
        model: encodes and decodes.
        batches: the set.
        batch_size: sentences of a batch.
        rank: of this process.
        processes: how many there are.

    Returns:
        Σ log p(x|z) in nats, and the posteriors.
    """
    model.eval()
    total, posteriors = 0.0, []
    for batch in islice(batches.epoch(batch_size, seed=0, epoch=0), rank, None, processes):
        posterior = model.encode(batch)
        nll, _ = model.decoder.negative_log_likelihood(batch, posterior.rsample())
        total += float(nll)
        posteriors.append(posterior)
    return -total, concatenate(posteriors)


def fast_math(device: torch.device) -> torch.autocast:
    """bf16 autocast where the device computes in bf16, and nothing elsewhere."""
    gains = {
        "cpu": torch.cpu._is_avx512_bf16_supported,
        "cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False),
    }
    return torch.autocast(device.type, torch.bfloat16, enabled=gains.get(device.type, lambda: False)())
