"""The training loop, a generator of events: its caller prints, logs, saves, and stops it by not asking for the next event."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dgvae.errors import UserError
from dgvae.model.text_vae import TextVAE
from dgvae.regularizers import Regularizer
from dgvae.text.batch import Batch
from dgvae.training_step import take_step
from train.run.data import Batches
from train.run.events import Epoch, Step
from train.run.recipes import RECIPES, Recipe, initialize
from train.run.schedules import SCHEDULES, Timing, learning_rate_share
from train.run.validation import fast_math, settle, validate

FULL_WEIGHT = 0.99  # share of the regularizer's weight that counts as all of it
CRITIC_LEARNING_RATE = 1e-3  # of Adam, whatever the model's optimizer
UNREAD = 50  # steps whose losses may stay on a GPU: reading them makes the host wait for it


@dataclass(frozen=True)
class Plan:
    """How a run goes, apart from the model."""

    epochs: int
    batch_size: int
    learning_rate: float
    warmup_epochs: float
    patience: int
    seed: int
    recipe: str = "fast"
    batches: str = "mixed"  # or "same-length"


class Run:
    """A run's whole state: what `train.run.state` saves and restores.

    Args:
        model: that is trained.
        regularizer: its loss besides the reconstruction.
        plan: what is to be done.
    """

    def __init__(self, model: TextVAE, regularizer: Regularizer, plan: Plan) -> None:
        self.model = model
        self.regularizer = regularizer
        self.plan = plan
        self.optimizer = self.new_optimizer()
        self.critic_optimizer = _optimizer(torch.optim.Adam, regularizer) if regularizer.critic_steps else None
        self.epoch = 0  # epochs finished, those of pre-training among them
        self.step = 0  # steps taken in the epoch under way
        self.best = math.inf  # lowest validation objective
        self.stale = 0  # epochs since then, or since the learning rate was halved
        self.halvings = 0
        self.best_weights: dict[str, Tensor] = {}  # kept where the recipe goes back to them
        self.seconds = 0.0  # spent so far
        self._unread: list[Step] = []

    @property
    def recipe(self) -> Recipe:
        """The plan's row of RECIPES."""
        return RECIPES[self.plan.recipe]

    def new_optimizer(self) -> torch.optim.Optimizer:
        """The model's optimizer, without memory."""
        return _optimizer(self.recipe.optimizer, self.model)

    @property
    def pretraining(self) -> int:
        """Epochs as an autoencoder, before the plan's."""
        config = self.model.config
        return int(config.options["pretrain_epochs"]) if config.row.initialization == "autoencoder" else 0

    @property
    def epochs(self) -> int:
        """All epochs of the run."""
        return self.pretraining + self.plan.epochs

    @property
    def finished(self) -> bool:
        """Whether the plan is fulfilled: all epochs done, or no gain for `patience` epochs and nothing left to halve."""
        return self.epoch >= self.epochs or (self.stale >= self.plan.patience and self.halvings >= self.recipe.halvings)

    def learning_rate_share(self, position: int, total_steps: int) -> float:
        """Share of the learning rate at a step of the plan."""
        decay = learning_rate_share(position, total_steps) if self.recipe.decay else 1.0
        return decay * 0.5**self.halvings

    def end_pretraining(self) -> None:
        """Keep the encoder; give the decoder new weights, and the optimizer no memory (Li et al. 2019)."""
        self.model.reset_decoder()
        initialize(self.model, self.recipe, "decoder.")
        self.optimizer = self.new_optimizer()

    def improve(self, objective: float) -> None:
        """Note that the weights of now are the best."""
        self.best, self.stale = objective, 0
        if self.recipe.halvings:
            self.best_weights = {name: x.detach().clone() for name, x in self.model.state_dict().items()}

    def halve(self) -> None:
        """Go back to the best weights with half the learning rate."""
        self.halvings, self.stale = self.halvings + 1, 0
        if self.best_weights:
            self.model.load_state_dict(self.best_weights)
        self.optimizer = self.new_optimizer()

    def timing(self, steps_per_epoch: int) -> Timing:
        """What the schedules go by."""
        options, total = self.model.config.options, self.plan.epochs * steps_per_epoch
        warmup = round(self.plan.warmup_epochs * steps_per_epoch)
        return Timing(total, warmup, cycles=int(options.get("cycles", 1)), ramp=float(options.get("ramp", 1)))

    def took(self, step: Step) -> None:
        """Note a step. Raises UserError as `refuse_non_finite` does, on a GPU some steps late."""
        self._unread.append(step)
        if self.model.device.type == "cpu" or len(self._unread) >= UNREAD:
            self.refuse_non_finite()

    def refuse_non_finite(self) -> None:
        """Raises UserError if a step's gradient was not finite. To be called before this state is saved."""
        if not self._unread:
            return
        steps, self._unread = self._unread, []
        norms = torch.stack([step.gradient_norm for step in steps]).tolist()
        for step, norm in zip(steps, norms, strict=True):
            if not math.isfinite(norm):
                parts = f"reconstruction {float(step.reconstruction):.4g}, regularizer {float(step.regularizer):.4g}"
                raise diverged(step.epoch, step.step, f"the gradient ({parts} × {step.weight:.2g})")


def _optimizer(kind: type[torch.optim.Adam] | type[torch.optim.SGD], module: nn.Module) -> torch.optim.Optimizer:
    # The rate is set at every step. Fused: one pass over each weight, and its step count stays on the device.
    fused = next(module.parameters()).device.type in ("cpu", "cuda", "mps")
    return kind(module.parameters(), lr=1.0, fused=fused)


@dataclass(frozen=True)
class _Pace:
    """What the schedules say of the epoch under way. Its steps count from 0."""

    run: Run
    steps: int  # of an epoch

    @property
    def _timing(self) -> Timing:
        return self.run.timing(self.steps)

    def _position(self, step: int) -> int:
        """The step by the schedules' count, which begins after the pre-training."""
        return (self.run.epoch - self.run.pretraining) * self.steps + step

    def share_of_weight(self, step: int) -> float:
        """Share of the regularizer's weight."""
        config = self.run.model.config
        return SCHEDULES[config.row.schedule](self._position(step), self._timing)

    def share_of_learning_rate(self, step: int) -> float:
        """Share of the learning rate."""
        return self.run.learning_rate_share(self._position(step), self._timing.total_steps)


def train(run: Run, training: Batches, validation: Batches) -> Iterator[Step | Epoch]:
    """Go on from where `run` stands until its plan is fulfilled.

    Args:
        run: its state.
        training: its batches.
        validation: likewise.

    Yields:
        What happened: each step, and each epoch.

    Raises:
        UserError: a loss is not finite.
    """
    pace = _Pace(run, training.count(run.plan.batch_size))
    while not run.finished:
        if run.pretraining and run.epoch == run.pretraining and run.step == 0:
            run.end_pretraining()
        yield from _take_steps(run, training, pace)
        yield _end_epoch(run, training, validation, pace)


def _take_steps(run: Run, training: Batches, pace: _Pace) -> Iterator[Step]:
    """Take the steps of the epoch under way that are left."""
    full_weight = 0.0 if run.epoch < run.pretraining else run.model.config.regularizer_weight
    for batch in training.epoch(run.plan.batch_size, run.plan.seed, run.epoch, skip=run.step):
        weight = full_weight * pace.share_of_weight(run.step) if full_weight else 0.0
        losses = training_step(run, batch, weight, pace.share_of_learning_rate(run.step))
        run.step += 1
        step = Step(run.epoch, run.step, *losses, weight)
        run.took(step)
        yield step
    run.refuse_non_finite()


def _end_epoch(run: Run, training: Batches, validation: Batches, pace: _Pace) -> Epoch:
    """Validate, note whether the weights of now are the best, and go on to the next epoch."""
    learning_rate = run.plan.learning_rate * pace.share_of_learning_rate(max(0, run.step - 1))
    settle(run.model, training.epoch(run.plan.batch_size, run.plan.seed, run.epoch))
    result = validate(run.model, run.regularizer, validation, run.plan.batch_size)
    if result is None:
        raise diverged(run.epoch, run.step, "the validation objective")
    pretraining = run.epoch < run.pretraining
    improved = not pretraining and result.objective < run.best
    if improved:
        run.improve(result.objective)
    elif not pretraining and pace.share_of_weight(pace.steps // 2) > FULL_WEIGHT:
        run.stale += 1  # patience is for epochs at full weight: below it training does not aim at the objective
    run.epoch, run.step = run.epoch + 1, 0
    if run.stale >= run.plan.patience and not run.finished:
        run.halve()
    return Epoch(run.epoch, result, improved, learning_rate)


def training_step(run: Run, batch: Tensor | Batch, weight: float, share: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Take one optimization step. Never synchronizes with the GPU.

    Args:
        run: its model and optimizers.
        batch: [B, T] sentences.
        weight: of the regularizer.
        share: of the learning rates.

    Returns:
        As `take_step`.
    """
    critic = run.critic_optimizer and (run.critic_optimizer, CRITIC_LEARNING_RATE * share)
    return take_step(
        run.model, run.regularizer, run.optimizer, batch,
        weight=weight, learning_rate=run.plan.learning_rate * share, critic=critic, autocast=fast_math(run.model.device),
    )  # fmt: skip


def diverged(epoch: int, step: int, what: str) -> UserError:
    """The error that ends a run whose numbers have left the finite ones."""
    return UserError(
        f"Training stopped at epoch {epoch + 1}, step {step}: {what} is not finite; the last saved state is intact: "
        "continue from it with --resume and a lower --learning-rate."
    )
