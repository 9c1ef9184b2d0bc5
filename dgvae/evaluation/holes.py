"""Where the prior has mass and the aggregated posterior has none: one estimator for the record, the report and the map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from torch import Tensor

from dgvae.aggregate import AggregatedPosterior
from dgvae.evaluation.estimates import group_slices
from dgvae.evaluation.figures import QUANTILE

MOST_SENTENCES = 10_000  # in which holes are looked for; of more, so many are drawn


def density_gap_at(z: Tensor, aggregated: AggregatedPosterior, leave_out: Tensor | None = None) -> Tensor:
    """log p(z) − log q̂(z) in nats, where q̂ is q(z), smoothed. Large and positive is a place that sentences do not reach.

    The outliers of q(z) are not smoothed, and choose no smoothing: see `AggregatedPosterior.usual`. This describes a place.
    Whether it lies in a hole is decided by `in_holes`, from cross-validated gaps.

    Args:
        z: places, [S, D].
        aggregated: q(z).
        leave_out: the posterior that is left out of the mixture for each place, or −1, [S]; see `AggregatedPosterior.log_prob`.

    Returns:
        The gaps, [S].

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian, density_gap_at
        >>> from dgvae.aggregate import aggregate
        >>> posterior = DiagonalGaussian(torch.randn(200, 2), torch.full((200, 2), -4.0))
        >>> gaps = density_gap_at(torch.tensor([[0.0, 0.0], [9.0, 9.0]]), aggregate(posterior))
        >>> bool(gaps[0] < gaps[1])  # no sentence lies near (9, 9)
        True
    """
    check_dimensions(z, aggregated.posterior.location.shape[1])
    log_prior, far = aggregated.prior.log_prob(z.double()), aggregated.outliers
    log_q = _log_usual(z, aggregated, leave_out)
    if far.any():
        share = float(far.double().mean())
        log_q = torch.logaddexp(log_q + math.log(1 - share), aggregated.strays.log_prob(z) + math.log(share))
    return log_prior - log_q


def _log_usual(z: Tensor, aggregated: AggregatedPosterior, leave_out: Tensor | None) -> Tensor:
    """log q̂ of `AggregatedPosterior.usual`, smoothed; as `density_gap_at`."""
    smoothed = aggregated.usual.smoothed
    if leave_out is None:
        return smoothed.log_prob(z)
    kept = ~aggregated.outliers
    place = torch.where(kept, kept.cumsum(0) - 1, -1)  # in `usual`, [N]
    own = torch.where(leave_out < 0, -1, place[leave_out.clamp_min(0)])
    log_q = torch.empty(len(z), dtype=torch.float64, device=z.device)
    log_q[own < 0] = smoothed.log_prob(z[own < 0])
    log_q[own >= 0] = smoothed.log_prob(z[own >= 0], own[own >= 0])
    return log_q


def check_dimensions(z: Tensor, dim: int) -> None:
    """Raise ValueError where latents, which must be [S, D], would be broadcast."""
    if z.ndim != 2 or z.shape[1] != dim:
        raise ValueError(f"latents must be of the shape [S, {dim}], not {list(z.shape)}")


def held_out_gaps(aggregated: AggregatedPosterior, z: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """Cross-validated density gaps log p(z) − log q̂(z), where q̂ is made without the sentences of one group.

    z is cut into as many groups as the sentences, and group g of z is compared with the sentences of all other groups. Samples
    of the sentences are thus held out from the mixture and from the moments by which it is smoothed, hence E log q̂ ≤ E log q
    for every N. Samples of the prior are cut in the same way, so that both are compared with equally many sentences.

    Args:
        aggregated: q(z) of N sentences in random order.
        z: one sample of each posterior in this order, [N, D], or samples of the prior, [S, D].
        width: how much q̂ is smoothed; see `AggregatedPosterior.smooth`.

    Returns:
        The gaps in nats, [S], and for each group the gaps without that group too, [S, G]. NaN if there are too few sentences
        for two groups.
    """
    groups, log_prior = group_slices(len(aggregated)), aggregated.prior.log_prob(z.double())
    sums = torch.full((len(z), len(groups)), -torch.inf, dtype=torch.float64)
    sizes = torch.tensor([group.stop - group.start for group in groups], dtype=torch.float64)
    components = torch.empty(len(z), dtype=torch.float64)
    if len(groups) < 2:
        return torch.full_like(log_prior, torch.nan), sums
    for i, rows in enumerate(group_slices(len(z), len(groups))):
        rest = aggregated.without(groups[i])
        columns = [j for j in range(len(groups)) if j != i]
        shift = groups[i].stop - groups[i].start
        slices = [groups[j] if j < i else slice(groups[j].start - shift, groups[j].stop - shift) for j in columns]
        sums[rows, columns] = rest.smooth(width).log_sums(z[rows], slices)
        components[rows] = len(rest)
    gap = log_prior - sums.logsumexp(1) + components.log()
    without = torch.stack(
        [
            log_prior - sums[:, [j for j in range(len(groups)) if j != i]].logsumexp(1) + (components - sizes[i]).log()
            for i in range(len(groups))
        ],
        dim=1,
    )
    return gap, without


def hole_threshold(posterior_gap: Tensor) -> float:
    """The density gap in nats above which a place lies in a hole. This threshold decides what a hole is, everywhere.

    It is the QUANTILE of the gaps of held-out samples of q(z), one for each sentence, [N], linearly interpolated between two
    of them. The gaps come from `held_out_gaps` and are rounded to a millionth of a nat. NaN if they are.
    """
    return float(torch.quantile(_rounded(posterior_gap), QUANTILE))


def in_holes(posterior_gap: Tensor, prior_gap: Tensor) -> Tensor:
    """Which prior samples lie in a hole: those with a gap above the threshold. [N], [S] -> [S], bool.

    Both kinds of gaps come from `held_out_gaps` of one q(z).
    """
    return _rounded(prior_gap) > hole_threshold(posterior_gap)


def hole_mass(posterior_gap: Tensor, prior_gap: Tensor) -> float:
    """Share of prior samples that lie in a hole; 1 − QUANTILE where q(z) is the prior. NaN without gaps."""
    if posterior_gap.isnan().any():
        return math.nan
    return float(in_holes(posterior_gap, prior_gap).double().mean())


def auc(posterior_gap: Tensor, prior_gap: Tensor) -> float:
    """P(the gap at a prior sample > that at a held-out posterior sample), by counting (Mann & Whitney 1947); 0.5 is a match."""
    if posterior_gap.isnan().any():
        return math.nan
    ranked, prior_gap = _rounded(posterior_gap).sort().values, _rounded(prior_gap)
    below = torch.searchsorted(ranked, prior_gap, side="left")
    upto = torch.searchsorted(ranked, prior_gap, side="right")
    return float(((below + upto) / 2 / len(ranked)).double().mean())


def auc_error(posterior_gap: Tensor, prior_gap: Tensor) -> float:
    """The standard error of `auc`, by the variance of both samples' placements (DeLong et al. 1988), the sentences' twice.

    With a fixed q̂, once would be right. But the same sentences also make q̂, from which each is held out in turn. Where q(z) is
    near the prior, q̂ tells mere chance: AUC is then like Σ_{i≠j} h(z_i, z_j) of an h without a first-order part, whose variance
    is twice that of a sum with fixed h. Where q̂ tells a true difference, once would do, and the error is up to √2 too large.
    """
    if posterior_gap.isnan().any():
        return math.nan
    posterior_gap, prior_gap = _rounded(posterior_gap), _rounded(prior_gap)
    return math.sqrt(2 * _placement_variance(posterior_gap, prior_gap) + _placement_variance(prior_gap, posterior_gap))


def _placement_variance(gap: Tensor, others: Tensor) -> float:
    """The variance of the mean over a sample, [N], of the share of the others, [M], that lie below; NaN for a sample of one."""
    ranked = others.sort().values
    below = torch.searchsorted(ranked, gap, side="left") + torch.searchsorted(ranked, gap, side="right")
    return float((below / 2 / len(ranked)).double().var() / len(gap)) if len(gap) > 1 else math.nan


def _rounded(gap: Tensor) -> Tensor:
    """To a millionth of a nat: where densities agree, rounding errors must not rank the samples."""
    return gap.double().round(decimals=6)


@dataclass(frozen=True)
class Hole:
    """A cluster of prior samples that lie in holes. Clusters share out the prior samples: a large hole has several of them.

    index: which of the prior samples has the cluster's largest gap. z: that sample, [D]. gap: `density_gap_at` it, nats.
    share: the cluster's share of all prior samples. nearest: the sentence whose posterior mean lies nearest to z.
    """

    index: int
    z: Tensor
    gap: float
    share: float
    nearest: int


def find_holes(aggregated: AggregatedPosterior, prior_samples: Tensor, count: int = 5) -> list[Hole]:
    """The prior samples that lie in holes, gathered in clusters.

    The shares of all clusters add up to the hole mass, by the estimator of the record (`in_holes`), of these prior samples.
    Of more than MOST_SENTENCES sentences, so many decide.

    Args:
        aggregated: q(z).
        prior_samples: [S, D].
        count: how many clusters at most.

    Returns:
        The clusters, the one with the most prior samples first: the deepest may be a single one that lies far out, as 1% of
        them do where q(z) is the prior.

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian, find_holes
        >>> from dgvae.aggregate import aggregate
        >>> mean = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
        >>> mean[:, 0] = mean[:, 0].abs()  # no sentence lies on the left
        >>> posterior = DiagonalGaussian(mean, torch.full((1000, 2), -4.0))
        >>> prior_samples = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1))
        >>> all(hole.z[0] < 0 for hole in find_holes(aggregate(posterior), prior_samples))
        True
    """
    inside = torch.nonzero(_inside(aggregated, prior_samples)).squeeze(1)
    if not len(inside):
        return []
    gap = density_gap_at(prior_samples[inside], aggregated)
    found = []
    for members in _clusters(prior_samples[inside].double(), count):
        worst = members[gap[members].argmax()]
        z = prior_samples[inside[worst]]
        distance = torch.linalg.vector_norm(aggregated.posterior.location - z.double(), dim=1)
        share = len(members) / len(prior_samples)
        found.append(Hole(int(inside[worst]), z, float(gap[worst]), share, int(distance.argmin())))
    return sorted(found, key=lambda hole: (-hole.share, -hole.gap))


def _inside(aggregated: AggregatedPosterior, prior_samples: Tensor) -> Tensor:
    """Which prior samples, [S, D], lie in a hole: [S], bool. The seed and the order of draws are those of the record."""
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(aggregated), generator=generator)  # groups have to be random
    shuffled = aggregated.reordered(order[:MOST_SENTENCES])
    z = shuffled.sample_each(generator)
    z, shuffled = z[~shuffled.outliers], shuffled.usual
    gaps, prior_gaps = (held_out_gaps(shuffled, places, shuffled.smoothed.width)[0] for places in (z, prior_samples))
    return in_holes(gaps, prior_gaps)


def _clusters(z: Tensor, count: int) -> list[Tensor]:
    """Indices of the members of each k-means cluster of [S, D] that has any."""
    if len(z) <= count:
        return list(torch.arange(len(z)).split(1))
    _, label = kmeans2(z.numpy(), count, minit="++", rng=np.random.default_rng(0))
    return [members for i in range(count) if len(members := torch.from_numpy(np.flatnonzero(label == i)))]
