"""One- and two-dimensional marginals of a mixture of diagonal Gaussians on grids, and their KL to the prior.

Everything comes in groups of posteriors, so that a figure without one of the groups costs next to nothing (see `jackknife`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.aggregate.quadrature import REACH, Panels
from dgvae.cancellation import check_cancelled
from dgvae.posteriors import LOG_2PI

_PRIOR_REACH = 8
_DENSE_NODES = 4096  # up to which every posterior is looked up at every place
_MOST_NODES = 1 << 18
_PAIRS = 1 << 22  # densities in hand at once: 32 MB in fp64
SENTENCES = 2048  # whose bin masses are in hand at once
_TINY = 1e-290
_MOST_BINS = 4096  # of all dimensions together, so that P Pᵀ stays 64 MB
_MOST_WIDE_BINS = 1024  # likewise, so that their information takes seconds


@dataclass(frozen=True)
class MarginalGaps:
    """KL(q(z_i) ‖ N(0, 1)) and KL(N(0, 1) ‖ q(z_i)), nats: [D]; both without each group of posteriors: [G, D]."""

    kl: Tensor
    reverse_kl: Tensor
    kl_without: Tensor
    reverse_kl_without: Tensor


def marginal_gaps(mean: Tensor, log_var: Tensor, groups: Sequence[slice]) -> MarginalGaps:
    """KL(q(z_i) ‖ p(z_i)) of every dimension, by quadrature over the prior and every posterior, as fine as each place needs it.

    KL(q ‖ p) is good to 1e-6 where no posterior is narrower than 0.001. Where so many are so narrow that _MOST_NODES places are
    too few, it is the mean of log q − log p over one sample of every posterior.

    Args:
        mean: [N, D].
        log_var: [N, D].
        groups: G slices of the posteriors; the gaps are also computed without each of them.

    Returns:
        Gaps in nats: of all posteriors, [D], and without each group, [G, D].
    """
    columns = [_marginal_gap(mean[:, i], log_var[:, i], groups) for i in range(mean.shape[1])]  # [1 + G, 2] each
    both = torch.stack(columns, dim=1)
    return MarginalGaps(both[0, :, 0], both[0, :, 1], both[1:, :, 0], both[1:, :, 1])


def _marginal_gap(mean: Tensor, log_var: Tensor, groups: Sequence[slice]) -> Tensor:
    check_cancelled()
    std = torch.exp(0.5 * log_var)
    low = min(-_PRIOR_REACH, float((mean - REACH * std).min()))
    high = max(_PRIOR_REACH, float((mean + REACH * std).max()))
    panels = Panels(mean, std, low, high, _MOST_NODES)
    if panels.complete and len(panels) <= _DENSE_NODES:
        places, weights = panels.nodes()
        return torch.stack(_both_gaps(places, weights, marginal_log_prob(mean, log_var, places, groups).T), dim=1)
    # Beyond _PRIOR_REACH the prior weighs nothing, however far a posterior lies.
    grid = torch.linspace(-_PRIOR_REACH, _PRIOR_REACH, _DENSE_NODES, dtype=mean.dtype, device=mean.device)
    step = torch.full_like(grid, 2 * _PRIOR_REACH / (len(grid) - 1))
    _, reverse = _both_gaps(grid, step, marginal_log_prob(mean, log_var, grid, groups).T)
    kl = _kl_of_narrow(panels, mean, std, groups) if panels.complete else _sampled_kl(mean, log_var, groups)
    return torch.stack([kl, reverse], dim=1)


def _both_gaps(places: Tensor, weights: Tensor, log_q: Tensor) -> list[Tensor]:
    """KL(q ‖ p) and KL(p ‖ q). places, weights: [P]; log_q: [1 + G, P] -> [1 + G] each."""
    log_prior = -0.5 * (places.square() + LOG_2PI)
    difference = log_q - log_prior
    return [(log_q.exp() * difference) @ weights, -difference @ (weights * log_prior.exp())]


def _kl_of_narrow(panels: Panels, mean: Tensor, std: Tensor, groups: Sequence[slice]) -> Tensor:
    """KL(q ‖ p), and without each group, from those posteriors alone that reach a place: [1 + G]."""
    member = torch.zeros(len(mean), max(1, len(groups)), dtype=mean.dtype, device=mean.device)
    for i, group in enumerate(groups or [slice(None)]):
        member[group, i] = 1
    left = torch.cat([torch.tensor([len(mean)]), len(mean) - member.sum(0).cpu()]).to(mean)[: 1 + len(groups)]
    kl = mean.new_zeros(1 + len(groups))
    for places, weights, near in panels.pieces():
        t = (places.unsqueeze(1) - mean[near]).div_(std[near])
        density = t.square_().mul_(-0.5).exp_().div_(std[near])
        sums = density @ member[near]  # [P, G]
        total = sums.sum(1, keepdim=True)
        without = (total - sums).clamp_min_(0) if groups else sums[:, :0]
        q = torch.cat([total, without], dim=1) / (left * math.sqrt(2 * math.pi))  # [P, 1 + G]
        log_prior = -0.5 * (places.square() + LOG_2PI)
        kl += weights @ (torch.special.xlogy(q, q) - q * log_prior.unsqueeze(1))
    return kl


def marginal_log_prob(mean: Tensor, log_var: Tensor, z: Tensor, groups: Sequence[slice] = ()) -> Tensor:
    """log q(z_i) of one dimension, and without each group of posteriors.

    Args:
        mean: [N].
        log_var: [N].
        z: [P].
        groups: G slices, which together hold every posterior; none by default.

    Returns:
        [P, 1 + G], in nats: with all posteriors, then without each group.
    """
    inv_std, count = torch.exp(-0.5 * log_var), len(mean)
    sizes = [group.stop - group.start for group in groups] or [count]
    left = torch.tensor([count, *(count - size for size in sizes if groups)], dtype=mean.dtype, device=mean.device)
    parts = []
    for places in z.split(max(1, _PAIRS // count)):
        t = (places.unsqueeze(1) - mean).mul_(inv_std)  # [places, N]
        density = t.square_().mul_(-0.5).exp_().mul_(inv_std)
        sums = torch.stack([part.sum(1) for part in density.split(sizes, dim=1)], dim=1)  # [places, G]
        total = sums.sum(1, keepdim=True)
        log_sum = torch.cat([total, total - sums] if groups else [total], dim=1).clamp_min(_TINY).log()
        far = total.squeeze(1) < 1e6 * _TINY  # exp underflows there
        if far.any():
            t = (places[far].unsqueeze(1) - mean) * inv_std
            log_sum[far] = torch.logsumexp(t.square_().mul_(-0.5) - 0.5 * log_var, dim=1, keepdim=True)
        parts.append(log_sum)
    return torch.cat(parts) - left.log() - 0.5 * LOG_2PI


def _sampled_kl(mean: Tensor, log_var: Tensor, groups: Sequence[slice]) -> Tensor:
    noise = torch.randn(len(mean), generator=torch.Generator().manual_seed(0), dtype=mean.dtype)
    z = mean + torch.exp(0.5 * log_var) * noise.to(mean.device)
    gap = marginal_log_prob(mean, log_var, z)[:, 0] + 0.5 * (z.square() + LOG_2PI)
    left_out = [torch.cat([gap[: group.start], gap[group.stop :]]) for group in groups]
    return torch.stack([part.mean() for part in (gap, *left_out)])


@dataclass(frozen=True)
class PairGaps:
    """A KL of every pair's q(z_i, z_j), nats: [D, D], and without each group: [G, D, D]. The diagonals mean nothing."""

    kl: Tensor
    kl_without: Tensor


def pair_gaps(mean: Tensor, log_var: Tensor, groups: Sequence[slice], bins: int) -> PairGaps:
    """KL between the masses of q and p on a grid of bins, whose outer ones are open.

    The two-dimensional mixture is separable: all pairs together are P Pᵀ / N with the bin masses P of every dimension,
    [D · bins, N], one matrix product per group of posteriors. Of posteriors narrower than a bin it sees the bin alone, so
    that it is a lower bound of the densities' KL.

    Args:
        mean: [N, D].
        log_var: [N, D].
        groups: of posteriors, which follow each other and cover all.
        bins: along each side of the grid; a latent of many dimensions gets fewer.

    Returns:
        The gaps of all pairs, and without each group.
    """
    dim = mean.shape[1]
    edges = pair_edges(mean, log_var, max(8, min(bins, _MOST_BINS // dim)))
    log_prior = _log_prior_masses(edges)  # [D, bins]
    return _by_masses(mean, log_var, groups, edges, lambda masses: _pair_kl(masses, log_prior))


def pair_information(mean: Tensor, log_var: Tensor, groups: Sequence[slice], bins: int) -> PairGaps:
    """KL(q(z_i, z_j) ‖ q(z_i) q(z_j)), the mutual information of two dimensions, between masses of bins.

    It is a lower bound of that of the densities. The bins have equal mass under N(0, 1). They are few and wide, so that N
    sentences are enough to estimate their masses.

    Args:
        mean: [N, D].
        log_var: [N, D].
        groups: of posteriors, which follow each other and cover all.
        bins: of each dimension; a latent of many dimensions gets fewer.

    Returns:
        The information of all pairs, and without each group.
    """
    dim = mean.shape[1]
    count = max(4, min(bins, _MOST_WIDE_BINS // dim))
    edges = equal_mass_edges(count, mean).expand(dim, -1)
    return _by_masses(mean, log_var, groups, edges, lambda masses: _pair_information(masses, dim))


def equal_mass_edges(bins: int, like: Tensor) -> Tensor:
    """Inner edges of bins of equal mass under N(0, 1), of the type and device of `like`: [bins − 1]."""
    return torch.special.ndtri(torch.arange(1, bins, dtype=like.dtype, device=like.device) / bins)


def _by_masses(
    mean: Tensor, log_var: Tensor, groups: Sequence[slice], edges: Tensor, figure: Callable[[Tensor], Tensor]
) -> PairGaps:
    """A figure, [D B, D B] -> [D, D], of the mean products of all bin masses, and of those without each group."""
    count = len(mean)

    def masses(group: slice) -> Tensor:
        return sum_of_products(mean[group], log_var[group], edges)

    total = masses(groups[0])
    for group in groups[1:]:
        total += masses(group)
    sizes = [group.stop - group.start for group in groups]
    left_out = [figure((total - masses(g)) / (count - size)) for g, size in zip(groups, sizes, strict=True)]
    return PairGaps(figure(total / count), torch.stack(left_out))


def pair_edges(mean: Tensor, log_var: Tensor, bins: int) -> Tensor:
    """Inner edges of every dimension's bins. Beyond them lie some outliers, and the prior from 5 on.

    Args:
        mean: [N, D].
        log_var: [N, D].
        bins: how many bins a dimension has.

    Returns:
        [D, bins − 1].
    """
    reach = 3 * torch.exp(0.5 * log_var)
    outliers = len(mean) // 2000
    low = (mean - reach).kthvalue(1 + outliers, dim=0).values.clamp_max(-5)
    high = (mean + reach).kthvalue(len(mean) - outliers, dim=0).values.clamp_min(5)
    return torch.lerp(low.unsqueeze(1), high.unsqueeze(1), torch.linspace(0, 1, bins - 1, dtype=mean.dtype, device=mean.device))


def bin_masses(mean: Tensor, log_var: Tensor, edges: Tensor) -> Tensor:
    """The mass of every posterior in every bin.

    Args:
        mean: [N, D].
        log_var: [N, D].
        edges: [D, B − 1], the inner edges of the bins.

    Returns:
        [D, B, N], in fp32.
    """
    t = (edges.unsqueeze(2) - mean.T.unsqueeze(1)) * torch.exp(-0.5 * log_var).T.unsqueeze(1)
    below = torch.special.ndtr(t.float())
    return torch.cat([below[:, :1], below.diff(dim=1), 1 - below[:, -1:]], dim=1)


def sum_of_products(mean: Tensor, log_var: Tensor, edges: Tensor) -> Tensor:
    """Σ_n P_n P_nᵀ of the bin masses of all dimensions.

    Args:
        mean: [N, D].
        log_var: [N, D].
        edges: [D, B − 1], the inner edges of the bins.

    Returns:
        [D B, D B], in fp32.
    """
    total = torch.zeros(2 * [edges.shape[0] * (edges.shape[1] + 1)], device=mean.device)
    for rows in torch.arange(len(mean), device=mean.device).split(SENTENCES):
        p = bin_masses(mean[rows], log_var[rows], edges).flatten(0, 1)
        total.addmm_(p, p.T)
    return total


def _log_prior_masses(edges: Tensor) -> Tensor:
    """log of what N(0, 1) has in every bin: [D, B − 1] -> [D, B]."""
    end = torch.full_like(edges[:, :1], torch.inf)
    low, high = torch.cat([-end, edges], dim=1), torch.cat([edges, end], dim=1)
    low, high = torch.where(low > 0, -high, low), torch.where(low > 0, -low, high)  # Φ has its digits in the lower tail
    log_low, log_high = torch.special.log_ndtr(low), torch.special.log_ndtr(high)
    return log_high + torch.log1p(-torch.exp(log_low - log_high))


def _pair_kl(masses: Tensor, log_prior: Tensor) -> Tensor:
    """Σ q log(q / p) of every block. masses: [D B, D B]; log_prior: [D, B] -> [D, D]."""
    dim, bins = log_prior.shape
    masses = masses.clamp_min_(0)
    cross = (masses.view(dim, bins, dim, bins)[:, :, 0].sum(-1) * log_prior).sum(1)  # E_q log p of one dimension: [D]
    own = torch.special.xlogy(masses, masses).view(dim, bins, dim, bins).sum((1, 3), dtype=torch.float64)
    return own - cross.unsqueeze(1) - cross


def _pair_information(masses: Tensor, dim: int) -> Tensor:
    """Σ q log(q / (q_i q_j)) of every block. masses: [D B, D B] -> [D, D]."""
    blocks = masses.clamp_min_(0).view(dim, -1, dim, masses.shape[0] // dim)
    own = blocks[:, :, 0].sum(-1, dtype=torch.float64)  # q_i: [D, B]
    entropy = -torch.special.xlogy(own, own).sum(1)
    joint = torch.special.xlogy(masses, masses).view_as(blocks).sum((1, 3), dtype=torch.float64)
    return joint + entropy.unsqueeze(1) + entropy
