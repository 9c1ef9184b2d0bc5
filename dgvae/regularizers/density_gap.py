"""The density gap of aggregated posteriors to the prior, marginal by marginal (Zhang et al. 2022, Eq. 11).

For a group of |b| sentences the aggregated posterior of dimension i is the mixture

    q_b(z_i) = (1/|b|) Σ_n N(z_i; μ_ni, σ_ni²)

and the loss is Σ_i KL(q_b(z_i) ‖ N(0, 1)), averaged over the groups of a batch. The KL is the mean over the group's
posteriors of E log q_b(z_i) − log p(z_i) under each of them, an expectation in one dimension that is estimated with

    monte-carlo     M random samples μ_n + σ_n ε, as in the paper
    gauss-hermite   K fixed nodes μ_n + σ_n x_k with weights w_k: no noise in the loss or its gradient

The pairwise densities number N · M · |b| · D, some millions a step, so the value and its gradient are computed together, a
piece at a time, which fits a CPU's cache, and only the gradient is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from dgvae.methods.config import TextVAEConfig
from dgvae.methods.spec import Value
from dgvae.posteriors import LOG_2PI, DiagonalGaussian
from dgvae.regularizers.base import Regularizer, groups

MOST_NODES = 256  # of Gauss–Hermite: numpy's weights overflow from about 380 on, and every mean is NaN
_PIECE = {"cpu": 1 << 17}  # pairwise densities in hand at once: 0.5 MB in fp32
_LARGE_PIECE = 1 << 26  # on a GPU, where every piece costs the starts of twenty kernels


class MonteCarlo:
    """Random points, M of them, for the mean over N(0, 1).

    Example:
        >>> from dgvae import DensityGap, MonteCarlo
        >>> regularizer = DensityGap(aggregation_size=32, estimator=MonteCarlo(samples=8))
    """

    def __init__(self, samples: int = 32) -> None:
        if samples < 1:
            raise ValueError(f"Monte Carlo needs one sample at least, not {samples}.")
        self.samples = samples

    def points(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """For means [P, K]: ε, [P, K, M], and its weights, [M], which sum to 1."""
        noise = torch.randn((*mean.shape, self.samples), dtype=mean.dtype, device=mean.device)
        return noise, mean.new_full((self.samples,), 1 / self.samples)


class GaussHermite:
    """Fixed points, `nodes` of them, 2 to MOST_NODES, for the mean over N(0, 1).

    Example:
        >>> from dgvae import DensityGap, GaussHermite
        >>> regularizer = DensityGap(aggregation_size=32, estimator=GaussHermite(nodes=16))
    """

    def __init__(self, nodes: int = 16) -> None:
        if not 2 <= nodes <= MOST_NODES:
            raise ValueError(f"Gauss–Hermite needs from 2 to {MOST_NODES} nodes, not {nodes}.")
        self.nodes = nodes

    def points(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """As `MonteCarlo.points`."""
        nodes, weights = (torch.from_numpy(x).to(mean, non_blocking=True) for x in _gauss_hermite(self.nodes))
        return nodes.expand(*mean.shape, -1), weights


Estimator = MonteCarlo | GaussHermite


def read_estimator(options: Mapping[str, Value]) -> Estimator:
    """The estimator that a method's options name (estimator, samples, nodes). Raises ValueError if there is none."""
    match options["estimator"]:
        case "monte-carlo":
            return MonteCarlo(int(options["samples"]))
        case "gauss-hermite":
            return GaussHermite(int(options["nodes"]))
        case other:
            raise ValueError(f"There is no estimator {other!r}; choose monte-carlo or gauss-hermite.")


@lru_cache(maxsize=16)
def _gauss_hermite(count: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)  # for the weight function exp(−x²/2)
    return nodes, weights / weights.sum()


class DensityGap(Regularizer[DiagonalGaussian]):
    """Marginal density gap of groups of sentences (Zhang et al. 2022, Eq. 11).

    Args:
        aggregation_size: sentences per group.
        estimator: MonteCarlo(32) by default.

    Example:
        >>> import torch
        >>> from dgvae import DensityGap, DiagonalGaussian
        >>> mean = torch.randn(64, 2, requires_grad=True)  # from your encoder
        >>> posterior = DiagonalGaussian(mean, torch.full((64, 2), -2.0))
        >>> loss = DensityGap(aggregation_size=32)(posterior, posterior.rsample())  # nats per sentence
        >>> loss.backward()
    """

    def __init__(self, aggregation_size: int = 32, estimator: Estimator | None = None) -> None:
        super().__init__()
        if aggregation_size < 1:
            raise ValueError(f"A sentence at least is aggregated, not {aggregation_size}.")
        if not isinstance(estimator, Estimator | None):
            raise ValueError(f"An estimator is MonteCarlo(samples) or GaussHermite(nodes), not {estimator!r}.")
        self.aggregation_size = aggregation_size
        self.estimator = estimator or MonteCarlo()

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """See `Regularizer`."""
        return cls(int(config.options["aggregation_size"]), read_estimator(config.options))

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        posterior = posterior.map(self.gather)
        return density_gap(posterior.mean, posterior.log_var, self.aggregation_size, self.estimator, self.share())


def density_gap(
    mean: Tensor, log_var: Tensor, aggregation_size: int, estimator: Estimator, share: tuple[int, int] = (0, 1)
) -> Tensor:
    """The density gap of a batch (Eq. 11). Differentiable once.

    Args:
        mean: [B, D].
        log_var: [B, D].
        aggregation_size: sentences per group. The sentences left over make one smaller group, weighted by their number.
        estimator: chooses the points at which densities are computed.
        share: (rank, processes). Each of several processes is given the whole batch and computes its share of the
            one-dimensional mixtures: the *mean* of their results and gradients is the loss and its gradient.

    Returns:
        A scalar, in nats per sentence.
    """
    rank, processes = share
    total = 0 * mean.sum()  # which has a gradient, even where a process has no mixture to compute
    for rows, group in groups(len(mean), aggregation_size):
        problems = [_problems(x[rows], group)[rank::processes] for x in (mean, log_var)]
        total = total + _GapSum.apply(*problems, *estimator.points(problems[0])) * (processes / len(mean))
    return total


def _problems(x: Tensor, group: int) -> Tensor:
    """[C · |b|, D] -> [D · C, |b|]: one row per one-dimensional mixture."""
    return x.reshape(-1, group, x.shape[-1]).permute(2, 0, 1).reshape(-1, group).contiguous()


class _GapSum(torch.autograd.Function):
    """Σ over problems, components n and points m of w_m (log q(z_nm) − log p(z_nm)), where z_nm = μ_n + σ_n ε_nm.

    mean, log_var: [P, K]; ε: [P, K, M]; w: [M]. The gradient flows through points and densities.
    """

    @staticmethod
    def forward(ctx: Any, mean: Tensor, log_var: Tensor, noise: Tensor, weights: Tensor) -> Tensor:
        problems, components, points = noise.shape
        step = max(1, _PIECE.get(mean.device.type, _LARGE_PIECE) // (components * components * points))
        value = mean.new_zeros(())
        grad_mean, grad_log_var = torch.empty_like(mean), torch.empty_like(mean)
        for piece in (slice(i, i + step) for i in range(0, problems, step)):
            part = _gap_with_gradient(mean[piece], log_var[piece], noise[piece], weights)
            value += part.value
            grad_mean[piece], grad_log_var[piece] = part.by_mean, part.by_log_var
        ctx.save_for_backward(grad_mean, grad_log_var)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        grad_mean, grad_log_var = ctx.saved_tensors
        return grad * grad_mean, grad * grad_log_var, None, None


@dataclass(frozen=True)
class _Gap:
    value: Tensor
    by_mean: Tensor
    by_log_var: Tensor


def _gap_with_gradient(mean: Tensor, log_var: Tensor, noise: Tensor, weights: Tensor) -> _Gap:
    """The sum above for some problems, with its gradient by mean and log_var."""
    count, components, points = noise.shape
    inv_std = torch.exp(-0.5 * log_var)
    offset = torch.exp(0.5 * log_var).unsqueeze(-1) * noise  # σ_n ε_nm: [P, K, M]
    z = mean.unsqueeze(-1) + offset

    # t_nmk = (z_nm − μ_k) / σ_k. Written with μ_n − μ_k, so that t_nmn = ε_nm however narrow the posterior is.
    t = (mean[:, :, None, None] - mean[:, None, None, :]) + offset.unsqueeze(-1)  # [P, K, M, K]
    t = t.mul_(inv_std[:, None, None, :]).view(count, components * points, components)
    log_scale = -0.5 * (log_var + LOG_2PI) - math.log(components)
    log_joint = torch.addcmul(log_scale.unsqueeze(1), t, t, value=-0.5)
    peak = log_joint.amax(-1, keepdim=True)
    joint = log_joint.sub_(peak).exp_()  # q(z_nm, k), but for the factor exp(peak)
    mass = joint.sum(-1)
    log_q = (peak.squeeze(-1) + mass.log()).view(count, components, points)
    value = ((log_q + 0.5 * (z.square() + LOG_2PI)) * weights).sum()

    # With responsibilities r_k = p(k | z_nm) = joint / mass:
    # ∂ log q(z) / ∂μ_k = r_k t_k / σ_k,  ∂ / ∂ log σ_k² = ½ r_k (t_k² − 1),  ∂ / ∂z = −Σ_k r_k t_k / σ_k
    share = (weights.repeat(components) / mass).unsqueeze(1)  # w_m / mass: [P, 1, K · M]
    by_log_var = -0.5 * torch.bmm(share, joint).squeeze(1)
    pull = joint.mul_(t)  # r_k t_k, but for the mass
    by_mean = torch.bmm(share, pull).squeeze(1) * inv_std
    towards = torch.bmm(pull, inv_std.unsqueeze(-1)).squeeze(-1) * share.squeeze(1)
    by_z = z * weights - towards.view(count, components, points)
    by_log_var += 0.5 * torch.bmm(share, pull.mul_(t)).squeeze(1)
    # ∂z_nm / ∂μ_n = 1,  ∂z_nm / ∂ log σ_n² = ½ σ_n ε_nm
    return _Gap(value, by_mean + by_z.sum(-1), by_log_var + 0.5 * (by_z * offset).sum(-1))
