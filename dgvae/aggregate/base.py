"""What every aggregated posterior is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from dgvae.aggregate.grids import MarginalGaps, PairGaps
from dgvae.cancellation import check_cancelled
from dgvae.posteriors import Posterior

_PAIRS = 1 << 22  # densities in hand at once: 32 MB in fp64
MOST_OUTLIERS = 0.05  # of all posteriors; more of them are a part of q(z)
_TRIED = 1000  # samples on which the smoothing is chosen
NO_DENSITY = "an implicit posterior has no density: z is what a network makes of the sentence and of noise"
NO_MARGINAL = "it compares with N(0, 1) or N(0, I), and these posteriors lie on the unit sphere"
NO_PAIR = "a latent of one dimension has no pairs"
MOST_PAIRED = 512  # dimensions
MANY_PAIRS = f"a latent of more than {MOST_PAIRED} dimensions has too many pairs"


class AggregatedPosterior(ABC):
    """The mixture of N posteriors of one kind, in fp64. Make it with `aggregate(posterior)`.

    `absent` holds the figures that this kind does not have, and why; asking for what they need raises NotImplementedError.
    """

    absent: Mapping[str, str] = {}
    widths: Sequence[float] = ()  # ever smoother, up to a single broad distribution

    def __init__(self, posterior: Posterior) -> None:
        self.posterior = posterior
        self.prior = posterior.prior(posterior.location.shape[1])

    def __len__(self) -> int:
        return len(self.posterior)

    @property
    def has_density(self) -> bool:
        """Whether log q(z) can be computed; NO_DENSITY says why not."""
        return self.posterior.has_density

    def without(self, group: slice) -> Self:
        """The same less some of its posteriors."""
        return type(self)(self.posterior.map(lambda tensor: torch.cat([tensor[: group.start], tensor[group.stop :]])))

    def reordered(self, order: Tensor) -> Self:
        """The same posteriors in another order, [N]."""
        return type(self)(self.posterior.map(lambda tensor: tensor[order]))

    @abstractmethod
    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """One sample of every posterior: [N, D]."""

    @abstractmethod
    def variance_of_locations(self) -> Tensor:
        """Var_x of the posterior means, by dimension, as a share of the prior's variance: [D]."""

    def profile(self) -> dict[str, Tensor]:
        """What there is to say of every dimension: [D] each."""
        return {"variance_of_means": self.variance_of_locations()}

    def log_prob(self, z: Tensor, leave_out: Tensor | None = None) -> Tensor:
        """log q(z) in nats. z: [S, D] -> [S].

        leave_out: [S], the posterior that is left out of the mixture for each sample: its own, if z was drawn from one.
        """
        components = max(1, len(self) - (leave_out is not None))  # of one posterior nothing is left: −inf
        return self.log_sums(z, [slice(0, len(self))], leave_out).squeeze(1) - math.log(components)

    def log_sums(self, z: Tensor, groups: Sequence[slice], leave_out: Tensor | None = None) -> Tensor:
        """log Σ_{n ∈ g} q(z|x_n) for every group g of posteriors.

        Args:
            z: [S, D].
            groups: G slices of the posteriors, each of which begins where the one before ends.
            leave_out: [S], the number of one posterior for each z, which is not summed there.

        Returns:
            [S, G], in fp64.
        """
        sizes = [group.stop - group.start for group in groups]
        result = []
        for rows in torch.arange(len(z), device=z.device).split(max(1, _PAIRS // len(self))):
            check_cancelled()
            log_pair = self._log_pairs(z[rows].double())  # [rows, N]
            if leave_out is not None:
                log_pair.scatter_(1, leave_out[rows].unsqueeze(1), -torch.inf)
            result.append(torch.stack([part.logsumexp(1) for part in log_pair.split(sizes, dim=1)], dim=1))
        return torch.cat(result) if result else z.new_zeros(0, len(groups))

    def _log_pairs(self, z: Tensor) -> Tensor:
        """log q(z|x_n) of every pair: [S, D] -> [S, N]."""
        raise NotImplementedError(NO_DENSITY)

    @cached_property
    def smoothed(self) -> Smoothed:
        """A density near q(z) that also covers sentences which are not among the N.

        Posteriors that are narrow and far apart leave nothing between them, and every place that is new, be it a held-out
        sentence's or the prior's, is equally void. So of several smoothings that one is taken under which held-out samples
        are the likeliest: E_q log q̂(z) ≤ E_q log q(z) for whatever q̂, so it is also the one nearest to the truth.
        """
        if len(self) < 2:
            return Smoothed(self)
        z = self.sample_each(torch.Generator().manual_seed(0))
        usual, far = (torch.nonzero(which).squeeze(1) for which in (~self.outliers, self.outliers))
        parts = [rows[torch.linspace(0, len(rows) - 1, min(len(rows), _TRIED)).long()] for rows in (usual, far)]
        shares = [len(rows) / len(self) for rows in (usual, far)]  # so that the few outliers have theirs

        def fit(candidate: Smoothed) -> float:
            fits = [float(candidate.log_prob(z[rows], leave_out=rows).mean()) if len(rows) else 0.0 for rows in parts]
            return sum(share * each for share, each in zip(shares, fits, strict=True))

        best = Smoothed(self)
        best_fit = fit(best)
        for width in self.widths:  # one at a time: each holds as much as this mixture
            if (its_fit := fit(candidate := self.smooth(width))) > best_fit:
                best, best_fit = candidate, its_fit
        return best

    @cached_property
    def outliers(self) -> Tensor:
        """Which posteriors lie far from the rest, at most MOST_OUTLIERS of them: [N], bool."""
        return torch.zeros(len(self), dtype=torch.bool)

    @cached_property
    def usual(self) -> Self:
        """q(z) without its outliers, to look for holes in: a few of them decide how `smoothed` blurs all others."""
        far = self.outliers
        return self.reordered(torch.nonzero(~far).squeeze(1)) if far.any() else self

    @cached_property
    def strays(self) -> Self:
        """The mixture of the outliers alone."""
        return self.reordered(torch.nonzero(self.outliers).squeeze(1))

    def smooth(self, width: float) -> Smoothed:
        """A version smoothed by one of `widths`; as it is for width 0, or where that cannot be done."""
        return Smoothed(self)

    def marginal_gaps(self, groups: Sequence[slice] = ()) -> MarginalGaps:
        """KL of every dimension's q(z_i) to N(0, 1) and back. The groups must follow each other and cover all."""
        raise NotImplementedError(self.absent["consistent_units"])

    def pair_gaps(self, groups: Sequence[slice], bins: int) -> PairGaps:
        """KL of every pair's q(z_i, z_j) to N(0, I), on a grid of at most bins × bins.

        The groups must follow each other and cover all.
        """
        raise NotImplementedError(self.absent["pair_gap"])

    def moments(self) -> tuple[Tensor, Tensor]:
        """E_q z, [D], and Cov_q(z), [D, D]."""
        raise NotImplementedError(self.absent["covariance_gap"])


@dataclass(frozen=True)
class Smoothed:
    """A mixture in coordinates of its own: log q̂(z) = log mixture(W(z − m)) + log |det W|; without `whiten`, in those of z."""

    mixture: AggregatedPosterior
    width: float = 0.0  # 0 is not smoothed, 1 as much as possible
    mean: Tensor | None = None  # m, [D]
    whiten: Tensor | None = None  # W, [D, D]

    def log_prob(self, z: Tensor, leave_out: Tensor | None = None) -> Tensor:
        """As of `AggregatedPosterior`."""
        return self.mixture.log_prob(self._coordinates(z), leave_out) + self._log_det

    def log_sums(self, z: Tensor, groups: Sequence[slice], leave_out: Tensor | None = None) -> Tensor:
        """As of `AggregatedPosterior`."""
        return self.mixture.log_sums(self._coordinates(z), groups, leave_out) + self._log_det

    def _coordinates(self, z: Tensor) -> Tensor:
        return z if self.whiten is None or self.mean is None else (z.double() - self.mean) @ self.whiten.T

    @property
    def _log_det(self) -> float:
        return 0.0 if self.whiten is None else float(torch.linalg.slogdet(self.whiten).logabsdet)
