"""What happens in a run, as the training loop tells it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from train.run.validation import Validation


@dataclass(frozen=True)
class Step:
    """One step was taken. Losses are in nats per sentence and stay on the device: reading one waits for it."""

    epoch: int
    step: int
    reconstruction: Tensor  # E log p(x|z)
    regularizer: Tensor
    gradient_norm: Tensor  # before it is clipped
    weight: float


@dataclass(frozen=True)
class Epoch:
    """An epoch ended."""

    epoch: int
    validation: Validation
    improved: bool
    learning_rate: float
