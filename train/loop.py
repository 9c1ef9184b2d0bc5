"""The training loop, a generator of events: its caller prints, logs, saves, and stops it by not asking for the next event."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dgvae.errors import UserError
from dgvae.model import TextVAE
from dgvae.regularizers import Regularizer
from train.data import LengthBatches
from train.schedules import learning_rate_share, warmup
from train.validation import Validation, fast_math, validate

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
        if result is None:
            raise diverged(run, "the validation objective")
        improved = result.objective < run.best
        # Patience begins when the regularizer has its full weight: until then training does not aim at the objective.
        waiting = run.epoch + 1 > plan.warmup_epochs
        run.best, run.stale = (result.objective, 0) if improved else (run.best, run.stale + waiting)
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
    if not torch.isfinite(nll):
        raise diverged(run, "the reconstruction")
    reconstruction, regularizer = -nll / len(batch), run.regularizer(posterior, z)
    loss = weight * regularizer - reconstruction
    run.optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(run.model.parameters(), GRADIENT_NORM)
    if not torch.isfinite(norm):
        figures = f"reconstruction {float(reconstruction):.3g}, regularizer {float(regularizer):.3g}, weight {weight:.3g}"
        raise diverged(run, f"the gradient ({figures})")
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate
    run.optimizer.step()
    return reconstruction.detach(), regularizer.detach()


def diverged(run: Run, what: str) -> UserError:
    """The error that ends a run whose numbers have left the finite ones."""
    return UserError(
        f"Training stopped at epoch {run.epoch + 1}, step {run.step + 1}: {what} is not finite; "
        "--resume with a lower --learning-rate goes on from the last state."
    )
