"""Cross-entropy over the vocabulary without the logits: they are most of a training step's time and memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

_CHUNK = {"cpu": 512}  # tokens whose logits are in hand at once
_LARGE_CHUNK = 4096  # on a GPU
_ROUND = 32  # to which a last, smaller chunk is filled up: oneDNN keeps some MB for every shape of a product that it has met


def vocabulary_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Σ_t −log softmax(W h_t)[target_t], with no [N, V] tensor in memory.

    Matrix products run in `hidden`'s type: under bf16 a term is good to some 0.01 nats, the mean of many to 0.001. Where a
    gradient is wanted it is computed along with the value, a chunk of tokens at a time; it can be asked for once.

    Args:
        hidden: [N, H].
        weight: W, [V, H].
        targets: [N] word ids.

    Returns:
        The sum, a differentiable fp32 scalar, and its terms, [N], for reading only. Both in nats.
    """
    if torch.is_grad_enabled() and (hidden.requires_grad or weight.requires_grad):
        return _VocabularyLoss.apply(hidden, weight, targets)  # pyright: ignore[reportReturnType]
    matrix = weight.to(hidden.dtype)
    terms = torch.cat([_nll(h @ matrix.T, target) for h, target in _chunks(hidden, targets)])[: len(targets)]
    return terms.sum(), terms


def _chunks(hidden: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Chunks of tokens, the last filled up with zeros, which have no part in any gradient by the weight."""
    size = _CHUNK.get(hidden.device.type, _LARGE_CHUNK)
    filling = -len(hidden) % _ROUND
    hidden, targets = F.pad(hidden, (0, 0, 0, filling)), F.pad(targets, (0, filling))
    return zip(hidden.split(size), targets.split(size), strict=True)


def _nll(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.float(), targets, reduction="none")


class _VocabularyLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        nll, grad_hidden = [], []
        matrix, grad_weight = weight.to(hidden.dtype), torch.zeros_like(weight)
        smallest = torch.finfo(hidden.dtype).tiny  # a probability that underflows counts as this one
        for h, target in _chunks(hidden, targets):
            probability = torch.softmax(h @ matrix.T, dim=-1).to(hidden.dtype)  # [chunk, V]
            index = target.unsqueeze(1)
            of_target = probability.gather(1, index)
            nll.append(-of_target.float().clamp_min(smallest).log().squeeze(1))
            grad_logits = probability.scatter_(1, index, of_target - 1)  # ∂/∂logits = softmax − onehot
            grad_hidden.append(grad_logits @ matrix)
            grad_weight += grad_logits.T @ h
        ctx.gradient = torch.cat(grad_hidden)[: len(hidden)], grad_weight
        terms = torch.cat(nll)[: len(hidden)]
        ctx.mark_non_differentiable(terms)
        return terms.sum(), terms

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (grad_hidden, grad_weight), ctx.gradient = ctx.gradient, None  # scaled in place, since the weight's is large
        return grad_hidden.mul_(grad), grad_weight.mul_(grad), None
