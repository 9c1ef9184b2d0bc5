"""Cross-entropy over the vocabulary without the logits: they are most of a training step's time and memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_CHUNK = 512  # tokens whose logits are in hand at once


def vocabulary_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return Σ_t −log softmax(W h_t)[target_t] and its terms, in nats.

    hidden: [N, H]; weight W: [V, H]; targets: [N]. The first result is a differentiable fp32 scalar; the second, [N], is
    for reading only. Matrix products run in `hidden`'s type. Where a gradient is wanted, it is computed along with the
    value, a chunk of tokens at a time, and the softmax is kept in `hidden`'s type: under bf16 a term is then good to
    0.004 nats. Otherwise it is fp32.
    """
    return _VocabularyLoss.apply(hidden, weight, targets)  # pyright: ignore[reportReturnType]


class _VocabularyLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        chunks = list(zip(hidden.split(_CHUNK), targets.split(_CHUNK), strict=True))
        matrix = weight.to(hidden.dtype)
        if any(ctx.needs_input_grad):
            nll, ctx.grads = _with_gradient(chunks, matrix, torch.zeros_like(weight))
        else:
            nll = [_nll(torch.log_softmax(h @ matrix.T, dim=-1, dtype=torch.float32), target) for h, target in chunks]
        terms = torch.cat(nll)
        ctx.mark_non_differentiable(terms)
        return terms.sum(), terms

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        grad_hidden, grad_weight = ctx.grads
        return grad_hidden.mul_(grad), grad_weight.mul_(grad), None  # in place: the weight's gradient is large


def _with_gradient(
    chunks: list[tuple[Tensor, Tensor]], matrix: Tensor, grad_weight: Tensor
) -> tuple[list[Tensor], tuple[Tensor, Tensor]]:
    """Terms of the loss, and its gradient by hidden and weight."""
    nll, grad_hidden = [], []
    smallest = torch.finfo(matrix.dtype).tiny  # a probability that underflows counts as this one
    for h, target in chunks:
        probability = torch.softmax(h @ matrix.T, dim=-1)  # [chunk, V]
        index = target.unsqueeze(1)
        of_target = probability.gather(1, index)
        nll.append(-of_target.float().clamp_min(smallest).log().squeeze(1))
        grad_logits = probability.scatter_(1, index, of_target - 1)  # ∂/∂logits = softmax − onehot
        grad_hidden.append(grad_logits @ matrix)
        grad_weight += grad_logits.T @ h
    return nll, (torch.cat(grad_hidden), grad_weight)


def _nll(log_probability: Tensor, target: Tensor) -> Tensor:
    return -log_probability.gather(1, target.unsqueeze(1)).squeeze(1)
