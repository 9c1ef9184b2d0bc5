"""The joint density gap with a memory (ours): KL(q(z) ‖ p(z)) in all dimensions, over far more sentences than a batch holds.

The joint density gap of a group of |b| sentences leaves log |b| nats of information free of charge (Zhang et al. 2022,
section 4), which is little for a mini-batch. So the posteriors of the last M sentences are kept in a ring buffer, without
gradient, and are aggregated with those of the batch:

    q_M(z) = 1 / (|b| + M) · [ Σ_{n in group} q(z|x_n) + Σ_{m in memory} q(z|x_m) ]
    L = 1/|b| Σ_n 1/S Σ_s [ log q_M(z_ns) − log p(z_ns) ],    z_ns ~ q(z|x_n)

The gradient flows through the samples and through the group's own densities. −log p(x|z) + L is the negative ELBO less the
mutual information of z with which of the |b| + M sentences it was (Hoffman & Johnson 2016): log(|b| + M) nats are free.
Without a memory L is the paper's joint gap; with one sentence and no memory, the KL.

Posteriors here are exponential families, log q(z|x) = η·T(z) − a(η), so that densities are matrix products. They are
computed in fp64: at log σ² = −20 their terms are of the size of 10⁹, of which fp32 leaves tens of nats of error.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from dgvae.distributed import gather
from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import POSTERIORS, DiagonalGaussian, Posterior, VonMisesFisher
from dgvae.regularizers.base import Regularizer, groups

_SAMPLES = 256  # at once
_PIECE = {"cpu": 1 << 17}  # densities in hand at once, as many as fit a processor's cache
_LARGE_PIECE = 1 << 24  # on a GPU


class MemoryDensityGap(Regularizer[DiagonalGaussian | VonMisesFisher]):
    """Joint density gap of a batch together with a memory, for Gaussian and von Mises–Fisher posteriors.

    The memory is the same in every process: the posteriors of the whole batch are added to it.

    Args:
        latent_dim: D, dimensions of the latent.
        memory_size: M, sentences whose posteriors are kept.
        aggregation_size: |b|, sentences of a batch that are aggregated together.
        samples: S, of every posterior; several processes draw some of them each.
        kind: the class of the posteriors.

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian, MemoryDensityGap
        >>> regularizer = MemoryDensityGap(latent_dim=2, memory_size=1024)
        >>> posterior = DiagonalGaussian(torch.randn(64, 2), torch.full((64, 2), -2.0))
        >>> loss = regularizer(posterior, posterior.rsample())  # nats per sentence
        >>> int(regularizer.written)  # sentences in the memory
        64
    """

    written: Tensor

    def __init__(
        self,
        latent_dim: int,
        memory_size: int = 8192,
        aggregation_size: int = 128,
        samples: int = 2,
        kind: type[Posterior] = DiagonalGaussian,
    ) -> None:
        super().__init__()
        self.memory_size = memory_size
        self.aggregation_size = aggregation_size
        self.samples = samples
        self._names = tuple(kind.shapes(memory_size, latent_dim))
        for name, shape in kind.shapes(memory_size, latent_dim).items():
            # Whatever an empty place holds is left out; this makes it a unit vector where it has to be one.
            self.register_buffer(f"memory_{name}", torch.full(shape, latent_dim**-0.5))
        self.register_buffer("written", torch.zeros((), dtype=torch.int64))  # posteriors so far, also those that had no room

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """See `Regularizer`."""
        options = config.options
        sizes = (int(options[name]) for name in ("memory", "aggregation_size", "samples"))
        return cls(config.latent_dim, *sizes, kind=POSTERIORS[config.row.posterior])

    def forward(self, posterior: DiagonalGaussian | VonMisesFisher, z: Tensor) -> Tensor:
        """See `Regularizer`. Samples are drawn anew, several of each posterior."""
        precise = torch.float32 if z.device.type == "mps" else torch.float64
        batch = posterior.map(self.gather).map(lambda tensor: tensor.to(precise))
        memory = self._remembered(batch)
        filled = self.written.clamp_max(self.memory_size)
        samples = batch.samples(-(-self.samples // self.share()[1]))  # [B, S, D]
        log_prior = batch.prior(z.shape[1]).log_prob(samples)  # [B, S]
        total = -log_prior.sum()
        for rows, size in groups(len(batch), self.aggregation_size):
            for first in range(rows.start, rows.stop, size):
                group = slice(first, first + size)
                log_sum = _LogSum.apply(
                    batch.statistics(samples[group].flatten(0, 1)), *(x[group] for x in batch.natural()), *memory
                )
                total = total + log_sum - size * samples.shape[1] * (size + filled).to(precise).log()
        if self.training:
            self._remember(posterior)
        return (total / samples.shape[:2].numel()).to(z.dtype)

    def filled_share(self, delay: int = 0) -> Tensor:
        """The share of the memory that was filled after the first `delay` sentences, from 0 to 1: a scalar."""
        return (
            ((self.written - delay) / max(1, self.memory_size)).clamp(0, 1)
            if self.memory_size
            else (self.written >= delay).float()
        )

    def _remembered(self, like: DiagonalGaussian | VonMisesFisher) -> tuple[Tensor, Tensor]:
        """η, [M, F], and a, [M], of the posteriors in the memory; places that are not filled yet have the density zero."""
        kept = {name: getattr(self, f"memory_{name}").to(getattr(like, name).dtype) for name in self._names}
        parameters, constants = replace(like, **kept).natural()
        empty = torch.arange(self.memory_size, device=constants.device) >= self.written
        return parameters.detach(), constants.detach().masked_fill(empty, math.inf)

    @torch.no_grad()
    def _remember(self, posterior: Posterior) -> None:
        """Put the batch of all processes in the place of the oldest, or as much of its end as there is room for."""
        batch = posterior.map(gather)
        last = min(len(batch), self.memory_size)
        rows = torch.arange(len(batch) - last, len(batch), device=self.written.device)
        places = (self.written + rows) % max(1, self.memory_size)
        for name, tensor in batch.tensors().items():
            memory: Tensor = getattr(self, f"memory_{name}")
            memory.index_copy_(0, places, tensor[len(batch) - last :].to(memory.dtype))
        self.written += len(batch)


class _LogSum(torch.autograd.Function):
    """Σ_n log Σ_k exp(η_k · T_n − a_k), over a group's components and those of the memory, which get no gradient.

    T: [N, F]; η: [K, F]; a: [K]; the memory's: [M, F], [M]. The gradient is computed along with the value, over some
    components at a time, so that neither N × M densities nor a long memory pass through the processor's cache again and again.
    """

    @staticmethod
    def forward(
        ctx: Any, statistics: Tensor, own: Tensor, own_constants: Tensor, memory: Tensor, memory_constants: Tensor
    ) -> Tensor:
        sums = [_summed(part, own, own_constants, memory, memory_constants) for part in statistics.split(_SAMPLES)]
        log_sums = torch.cat([log_sum for log_sum, _ in sums])  # [N, 1]
        if any(ctx.needs_input_grad):
            shares = torch.addmm(-own_constants, statistics, own.T).sub_(log_sums).exp_()  # p(k | z_n) of the group's
            ctx.save_for_backward(torch.cat([mean for _, mean in sums]), shares.T @ statistics, -shares.sum(0))
        return log_sums.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return *(grad * x for x in ctx.saved_tensors), None, None


def _summed(
    statistics: Tensor, own: Tensor, own_constants: Tensor, memory: Tensor, memory_constants: Tensor
) -> tuple[Tensor, Tensor]:
    """log Σ_k exp(η_k · T_n − a_k), [N, 1], and its gradient by T, Σ_k p(k | z_n) η_k, [N, F].

    The sum goes over the components once: what was summed before a larger exponent came is shrunk (Milakov & Gimelshein 2018,
    arXiv 1805.02867).
    """
    step = max(1, _PIECE.get(own.device.type, _LARGE_PIECE) // len(statistics))
    peak = statistics.new_full((len(statistics), 1), -math.inf)
    mass, weighted = torch.zeros_like(peak), torch.zeros_like(statistics)
    # The group comes first, so that the peak is finite where a part of the memory is still empty.
    for parameters, constants in ((own, own_constants), (memory, memory_constants)):
        for first in range(0, len(parameters), step):
            some = parameters[first : first + step]
            logits = torch.addmm(-constants[first : first + step], statistics, some.T)  # [N, step]
            before, peak = peak, torch.maximum(peak, logits.amax(1, keepdim=True))
            # Nothing is lost at e^−70, and denormal numbers, which are slow, do not arise.
            densities = logits.sub_(peak).to(torch.float32).clamp_min_(-70).exp_()
            shrink = (before - peak).exp()
            mass = mass * shrink + densities.sum(1, keepdim=True)
            weighted = weighted.mul_(shrink).addmm_(densities.to(some.dtype), some)
    return peak + mass.log(), weighted.div_(mass)
