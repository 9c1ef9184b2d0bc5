"""The density gap of aggregated posteriors to the prior, marginal by marginal (Zhang et al. 2022, Eq. 11).

For a group of |b| sentences the aggregated posterior of dimension i is the mixture

    q_b(z_i) = (1/|b|) Σ_n N(z_i; μ_ni, σ_ni²)

and the loss is Σ_i KL(q_b(z_i) ‖ N(0, 1)), averaged over the groups of a batch. The KL is estimated with M samples of every
posterior of the group: the mean of log q_b(z_i) − log p(z_i).

The pairwise densities number N · M · |b| · D, some millions a step, so the value and its gradient are computed together, a
piece that fits the processor's cache at a time, and only the gradient is kept.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from dgvae.config import TextVAEConfig
from dgvae.posteriors import LOG_2PI, DiagonalGaussian
from dgvae.regularizers.base import Regularizer

_PIECE = 1 << 17  # pairwise densities in hand at once: 0.5 MB in fp32


class DensityGap(Regularizer):
    """Marginal density gap with aggregation size |b| (options: aggregation_size, samples)."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config)
        self.aggregation_size = int(self.options["aggregation_size"])
        self.samples = int(self.options["samples"])

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return density_gap(posterior.mean, posterior.log_var, self.aggregation_size, self.samples)


def density_gap(mean: Tensor, log_var: Tensor, aggregation_size: int, samples: int) -> Tensor:
    """Return the density gap of a batch, a scalar in nats per sentence (Eq. 11).

    mean, log_var: [B, D]. The batch is cut into groups of `aggregation_size`; the sentences left over make one smaller
    group, weighted by their number. Differentiable once.
    """
    size = mean.shape[0]
    whole = size - size % aggregation_size
    total = mean.new_zeros(())
    for start, stop, group in ((0, whole, aggregation_size), (whole, size, size - whole)):
        if start < stop:
            problems = [_problems(x[start:stop], group) for x in (mean, log_var)]
            noise = torch.randn((*problems[0].shape, samples), dtype=mean.dtype, device=mean.device)
            total = total + _GapSum.apply(*problems, noise) / (size * samples)
    return total


def _problems(x: Tensor, group: int) -> Tensor:
    """[C · |b|, D] -> [D · C, |b|]: one row per one-dimensional mixture."""
    return x.reshape(-1, group, x.shape[-1]).permute(2, 0, 1).reshape(-1, group).contiguous()


class _GapSum(torch.autograd.Function):
    """Σ over problems, components n and samples m of log q(z_nm) − log p(z_nm), where z_nm = μ_n + σ_n ε_nm.

    mean, log_var: [P, K]; noise ε: [P, K, M]. The gradient flows through samples and densities.
    """

    @staticmethod
    def forward(ctx: Any, mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        problems, components, samples = noise.shape
        step = max(1, _PIECE // (components * components * samples))
        pieces = [
            _gap_with_gradient(mean[i : i + step], log_var[i : i + step], noise[i : i + step]) for i in range(0, problems, step)
        ]
        value, grad_mean, grad_log_var = zip(*pieces, strict=True)
        ctx.save_for_backward(torch.cat(grad_mean), torch.cat(grad_log_var))
        return torch.stack(value).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        grad_mean, grad_log_var = ctx.saved_tensors
        return grad * grad_mean, grad * grad_log_var, None


def _gap_with_gradient(mean: Tensor, log_var: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The sum above for some problems, with its gradient by mean and log_var."""
    count, components, samples = noise.shape
    inv_std = torch.exp(-0.5 * log_var)
    offset = torch.exp(0.5 * log_var).unsqueeze(-1) * noise  # σ_n ε_nm: [P, K, M]
    z = mean.unsqueeze(-1) + offset

    # t_nmk = (z_nm − μ_k) / σ_k. Written with μ_n − μ_k, so that t_nmn = ε_nm however narrow the posterior is.
    t = (mean[:, :, None, None] - mean[:, None, None, :]) + offset.unsqueeze(-1)  # [P, K, M, K]
    t = t.mul_(inv_std[:, None, None, :]).view(count, components * samples, components)
    log_scale = -0.5 * (log_var + LOG_2PI) - math.log(components)
    log_joint = torch.addcmul(log_scale.unsqueeze(1), t, t, value=-0.5)
    peak = log_joint.amax(-1, keepdim=True)
    responsibility = log_joint.sub_(peak).exp_()  # p(k | z_nm) once it is normalised
    mass = responsibility.sum(-1, keepdim=True)
    responsibility.div_(mass)
    log_q = (peak + mass.log()).view(count, components, samples)
    value = (log_q + 0.5 * (z.square() + LOG_2PI)).sum()

    # ∂ log q(z) / ∂μ_k = r_k t_k / σ_k,  ∂ / ∂ log σ_k² = ½ r_k (t_k² − 1),  ∂ / ∂z = −Σ_k r_k t_k / σ_k
    by_log_var = -0.5 * responsibility.sum(1)
    pull = responsibility.mul_(t)  # r_k t_k
    by_mean = pull.sum(1) * inv_std
    by_z = z - torch.matmul(pull, inv_std.unsqueeze(-1)).view(count, components, samples)
    by_log_var += 0.5 * pull.mul_(t).sum(1)
    # ∂z_nm / ∂μ_n = 1,  ∂z_nm / ∂ log σ_n² = ½ σ_n ε_nm
    return value, by_mean + by_z.sum(-1), by_log_var + 0.5 * (by_z * offset).sum(-1)
