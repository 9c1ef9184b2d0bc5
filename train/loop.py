"""The training loop, a generator of events: its caller prints, logs, saves, and stops it by not asking for the next event."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dgvae.errors import UserError
from dgvae.metrics import LatentMetrics, latent_metrics
from dgvae.model import TextVAE
from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers import Regularizer
from train.data import LengthBatches
from train.schedules import learning_rate_share, warmup

GRADIENT_NORM = 5.0


@dataclass(frozen=True)
class Plan:
    """How a run goes, apart from the model."""

    epochs: int
    batch_size: int
    learning_rate: float
    warmup_epochs: float
    patience: int
    seed: int


@dataclass(frozen=True)
class Step:
    """One step was taken. Losses are in nats per sentence and stay on the device: reading one waits for it."""

    epoch: int
    step: int
    sentences: int
    reconstruction: Tensor  # E log p(x|z)
    regularizer: Tensor
    weight: float


@dataclass(frozen=True)
class Validation:
    """Figures of the validation set, nats per sentence. objective: −reconstruction + full weight × regularizer."""

    reconstruction: float
    regularizer: float
    objective: float
    latents: LatentMetrics


@dataclass(frozen=True)
class Epoch:
    """An epoch ended."""

    epoch: int
    validation: Validation
    improved: bool


class Run:
    """A run's whole state: what `train.state` saves and restores."""

    def __init__(self, model: TextVAE, regularizer: Regularizer, plan: Plan) -> None:
        self.model = model
        self.regularizer = regularizer
        self.plan = plan
        self.optimizer = torch.optim.Adam(model.parameters(), lr=plan.learning_rate, fused=model.device.type in ("cpu", "cuda"))
        self.epoch = 0  # epochs finished
        self.step = 0  # steps taken in the epoch under way
        self.best = math.inf  # lowest validation objective
        self.stale = 0  # epochs since then

    @property
    def finished(self) -> bool:
        """Whether the plan is fulfilled: all epochs done, or no gain for `patience` epochs."""
        return self.epoch >= self.plan.epochs or self.stale >= self.plan.patience


def train(run: Run, training: LengthBatches, validation: LengthBatches) -> Iterator[Step | Epoch]:
    """Go on from where `run` stands until its plan is fulfilled. Raises UserError on a loss that is not finite."""
    plan = run.plan
    steps_per_epoch = training.count(plan.batch_size)
    while not run.finished:
        for batch in training.epoch(plan.batch_size, plan.seed, run.epoch, skip=run.step):
            position = run.epoch * steps_per_epoch + run.step
            share = learning_rate_share(position, plan.epochs * steps_per_epoch)
            weight = run.model.config.regularizer_weight * warmup(position, round(plan.warmup_epochs * steps_per_epoch))
            reconstruction, regularizer = training_step(run, batch, weight, plan.learning_rate * share)
            run.step += 1
            yield Step(run.epoch, run.step, len(batch), reconstruction, regularizer, weight)
        result = validate(run.model, run.regularizer, validation, plan.batch_size)
        improved = result.objective < run.best
        run.best, run.stale = (result.objective, 0) if improved else (run.best, run.stale + 1)
        run.epoch, run.step = run.epoch + 1, 0
        yield Epoch(run.epoch, result, improved)


def training_step(run: Run, batch: Tensor, weight: float, learning_rate: float) -> tuple[Tensor, Tensor]:
    """Take one step; return reconstruction and regularizer, nats per sentence. Raises UserError on a gradient not finite."""
    run.model.train()
    run.regularizer.train()
    with fast_math(batch.device):
        posterior = run.model.encode(batch)
        z = posterior.rsample()
        nll, _ = run.model.decoder.negative_log_likelihood(batch, z)
    reconstruction, regularizer = -nll / len(batch), run.regularizer(posterior, z)
    loss = weight * regularizer - reconstruction
    run.optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(run.model.parameters(), GRADIENT_NORM)
    if not torch.isfinite(norm):
        raise UserError(
            f"Training stopped at epoch {run.epoch + 1}, step {run.step + 1}: the gradient is not finite "
            f"(reconstruction {float(reconstruction):.3g}, regularizer {float(regularizer):.3g}, weight {weight:.3g}); "
            "resume from the last state with a lower --learning-rate."
        )
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate
    run.optimizer.step()
    return reconstruction.detach(), regularizer.detach()


@torch.no_grad()
def validate(model: TextVAE, regularizer: Regularizer, batches: LengthBatches, batch_size: int) -> Validation:
    """Measure a set of sentences, always with the same random numbers; the training's generators stay as they are."""
    model.eval()
    regularizer.eval()
    reconstruction = regularization = 0.0
    means, log_vars = [], []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for batch in batches.epoch(batch_size, seed=0, epoch=0):
            with fast_math(batch.device):
                posterior = model.encode(batch)
                z = posterior.rsample()
                nll, _ = model.decoder.negative_log_likelihood(batch, z)
            reconstruction -= float(nll) / batches.sentences
            regularization += float(regularizer(posterior, z)) * len(batch) / batches.sentences
            means.append(posterior.mean)
            log_vars.append(posterior.log_var)
        latents = latent_metrics(DiagonalGaussian(torch.cat(means), torch.cat(log_vars)))
    objective = model.config.regularizer_weight * regularization - reconstruction
    return Validation(reconstruction, regularization, objective, latents)


def fast_math(device: torch.device) -> torch.autocast:
    """bf16 autocast where the device computes in bf16, and nothing elsewhere."""
    gains = {"cpu": torch.cpu._is_avx512_bf16_supported, "cuda": torch.cuda.is_bf16_supported}
    return torch.autocast(device.type, torch.bfloat16, enabled=gains.get(device.type, lambda: False)())
