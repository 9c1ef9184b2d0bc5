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
from train.schedules import SCHEDULES, Timing, learning_rate_share
from train.validation import Validation, fast_math, validate

GRADIENT_NORM = 5.0
FULL_WEIGHT = 0.99  # share of the regularizer's weight that counts as all of it


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
        self.optimizer = self._adam(model)
        self.critic_optimizer = self._adam(regularizer) if regularizer.critic_steps else None
        self.epoch = 0  # epochs finished, those of pre-training among them
        self.step = 0  # steps taken in the epoch under way
        self.best = math.inf  # lowest validation objective
        self.stale = 0  # epochs since then
        self.seconds = 0.0  # spent so far

    def _adam(self, module: nn.Module) -> torch.optim.Adam:
        fused = self.model.device.type in ("cpu", "cuda")
        return torch.optim.Adam(module.parameters(), lr=self.plan.learning_rate, fused=fused)

    @property
    def pretraining(self) -> int:
        """Epochs as an autoencoder, before the plan's."""
        config = self.model.config
        return int(config.options["pretrain_epochs"]) if config.row.initialisation == "autoencoder" else 0

    @property
    def epochs(self) -> int:
        """All epochs of the run."""
        return self.pretraining + self.plan.epochs

    @property
    def finished(self) -> bool:
        """Whether the plan is fulfilled: all epochs done, or no gain for `patience` epochs."""
        return self.epoch >= self.epochs or self.stale >= self.plan.patience

    def end_pretraining(self) -> None:
        """Keep the encoder; give the decoder new weights, and the optimiser no memory (Li et al. 2019)."""
        self.model.reset_decoder()
        self.optimizer = self._adam(self.model)

    def timing(self, steps_per_epoch: int) -> Timing:
        """What the schedules go by."""
        options, total = self.model.config.options, self.plan.epochs * steps_per_epoch
        warmup = round(self.plan.warmup_epochs * steps_per_epoch)
        return Timing(total, warmup, cycles=int(options.get("cycles", 1)), ramp=float(options.get("ramp", 1)))


def train(run: Run, training: LengthBatches, validation: LengthBatches) -> Iterator[Step | Epoch]:
    """Go on from where `run` stands until its plan is fulfilled. Raises UserError on a loss that is not finite."""
    plan, config = run.plan, run.model.config
    steps_per_epoch = training.count(plan.batch_size)
    schedule, timing = SCHEDULES[config.row.schedule], run.timing(steps_per_epoch)
    while not run.finished:
        pretraining = run.epoch < run.pretraining
        if run.pretraining and run.epoch == run.pretraining and run.step == 0:
            run.end_pretraining()
        first = (run.epoch - run.pretraining) * steps_per_epoch  # the epoch's first step by the schedules' count
        for batch in training.epoch(plan.batch_size, plan.seed, run.epoch, skip=run.step):
            position = first + run.step
            weight = 0.0 if pretraining else config.regularizer_weight * schedule(position, timing)
            learning_rate = plan.learning_rate * learning_rate_share(position, timing.total_steps)
            reconstruction, regularizer = training_step(run, batch, weight, learning_rate)
            run.step += 1
            yield Step(run.epoch, run.step, len(batch), reconstruction, regularizer, weight)
        result = validate(run.model, run.regularizer, validation, plan.batch_size)
        if result is None:
            raise diverged(run, "the validation objective")
        improved = not pretraining and result.objective < run.best
        if improved:
            run.best, run.stale = result.objective, 0
        elif not pretraining and schedule(first + steps_per_epoch // 2, timing) > FULL_WEIGHT:
            run.stale += 1  # patience is for epochs at full weight: below it training does not aim at the objective
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
        auxiliary = run.model.decoder.auxiliary_loss(batch, z)
    if not torch.isfinite(nll):
        raise diverged(run, "the reconstruction")
    if run.critic_optimizer:
        for _ in range(run.regularizer.critic_steps):
            _descend(run, run.regularizer, run.critic_optimizer, run.regularizer.critic_loss(z.detach()), learning_rate)
    reconstruction, regularizer = -nll / len(batch), run.regularizer(posterior, z)
    loss = weight * regularizer - reconstruction + auxiliary
    _descend(run, run.model, run.optimizer, loss, learning_rate)
    return reconstruction.detach(), regularizer.detach()


def _descend(run: Run, module: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor, learning_rate: float) -> None:
    """One step of `optimizer`, which moves `module`, down `loss`."""
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(module.parameters(), GRADIENT_NORM)
    if not torch.isfinite(norm):
        raise diverged(run, f"the gradient (of a loss of {float(loss.detach()):.4g})")
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()


def diverged(run: Run, what: str) -> UserError:
    """The error that ends a run whose numbers have left the finite ones."""
    return UserError(
        f"Training stopped at epoch {run.epoch + 1}, step {run.step + 1}: {what} is not finite; "
        "--resume with a lower --learning-rate goes on from the last state."
    )
