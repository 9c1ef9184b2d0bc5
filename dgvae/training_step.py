"""One step of training, whatever is trained: text VAEs by `train.run.loop`, the toy problems by `dgvae.toy`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from dgvae.distributed import average_gradients
from dgvae.posteriors import Posterior
from dgvae.regularizers import Regularizer
from dgvae.text.batch import Batch

GRADIENT_NORM = 5.0


class ConditionalLikelihood(Protocol):
    """p(x|z). `batch` is what the model's `encode` takes."""

    def negative_log_likelihood(self, batch: Any, z: Tensor, /) -> tuple[Tensor, Tensor]:
        """−log p(x|z) in nats: its sum over the batch, and each, [B]."""
        ...

    def auxiliary_loss(self, batch: Any, z: Tensor, /) -> Tensor:
        """What training adds to the loss and no likelihood counts."""
        ...


def take_step(
    model: nn.Module,
    regularizer: Regularizer,
    optimizer: torch.optim.Optimizer,
    batch: Tensor | Batch,
    *,
    weight: float,
    learning_rate: float,
    critic: tuple[torch.optim.Optimizer, float] | None = None,
    autocast: AbstractContextManager | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Take one step down weight · regularizer − reconstruction. Never synchronizes with the GPU.

    Args:
        model: has `encode(batch)`, its posterior, and `decoder`, a `ConditionalLikelihood`.
        regularizer: gets the posterior and one sample of it.
        optimizer: of the model's parameters.
        batch: sentences, [B, T].
        weight: of the regularizer.
        learning_rate: of `optimizer`.
        critic: the optimizer of the regularizer's own parameters, and its learning rate.
        autocast: the context of the forward pass; full precision by default.

    Returns:
        Reconstruction and regularizer, nats per sentence over all processes, and the gradient's norm.
    """
    model.train()
    regularizer.train()
    decoder: ConditionalLikelihood = model.decoder  # pyright: ignore[reportAssignmentType]
    with autocast or nullcontext():
        posterior: Posterior = model.encode(batch)  # pyright: ignore[reportCallIssue]
        z = posterior.rsample()
        nll, _ = decoder.negative_log_likelihood(batch, z)
        auxiliary = decoder.auxiliary_loss(batch, z)
    if critic:
        for _ in range(regularizer.critic_steps):
            _descend(regularizer, critic[0], regularizer.critic_loss(z.detach()), critic[1])
    shuffle = Batch.of(batch).shuffle
    reconstruction, pull = -nll / len(batch), regularizer(posterior.map(shuffle), shuffle(z))
    loss = weight * pull - reconstruction + auxiliary
    reconstruction, pull, norm = _descend(model, optimizer, loss, learning_rate, reconstruction.detach(), pull.detach())
    return reconstruction, pull, norm


def _descend(
    module: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor, learning_rate: float, *parts: Tensor
) -> tuple[Tensor, ...]:
    """One step of `optimizer`, which moves `module`, down `loss`; return its parts' means over processes, and the norm."""
    optimizer.zero_grad()
    loss.backward()
    means = average_gradients(module, parts)
    norm = nn.utils.clip_grad_norm_(module.parameters(), GRADIENT_NORM)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    return *means, norm
