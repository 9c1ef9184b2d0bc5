"""The aggregated posterior of diagonal Gaussians: joint density, moments, and its smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from dgvae.aggregate import grids
from dgvae.aggregate.base import MANY_PAIRS, MOST_OUTLIERS, MOST_PAIRED, NO_PAIR, AggregatedPosterior, Smoothed
from dgvae.aggregate.grids import MarginalGaps, PairGaps
from dgvae.cancellation import check_cancelled
from dgvae.posteriors import LOG_2PI, DiagonalGaussian

_FAR = 4.0  # times
_OF_NEARLY_ALL = 1.26  # times as far as 88% of a Gaussian's draws lie 95% of them
_FEWEST = 100  # posteriors of which some are called outliers


class AggregatedGaussian(AggregatedPosterior):
    """A mixture of diagonal Gaussians. mean, log_var: [N, D]."""

    widths = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

    def __init__(self, posterior: DiagonalGaussian) -> None:
        super().__init__(posterior)
        self.gaussian = posterior
        if not 2 <= self.prior.dim <= MOST_PAIRED:
            self.absent = dict.fromkeys(("pair_gap", "worst_pair_gap"), NO_PAIR if self.prior.dim == 1 else MANY_PAIRS)
        self.mean, self.log_var = posterior.mean, posterior.log_var

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """See `AggregatedPosterior`."""
        noise = torch.randn(self.mean.shape, dtype=self.mean.dtype, device=self.mean.device, generator=generator)
        return self.mean + torch.exp(0.5 * self.log_var) * noise

    def variance_of_locations(self) -> Tensor:
        """See `AggregatedPosterior`."""
        return self.mean.var(0, correction=0)

    def profile(self) -> dict[str, Tensor]:
        """Besides, of every dimension: KL of the posteriors (nats a sentence), E σ², and mean and variance of q(z_i)."""
        within = self.log_var.exp().mean(0)
        return super().profile() | {
            "kl": self.gaussian.kl_per_dimension().mean(0),
            "mean_variance": within,
            "mean": self.mean.mean(0),
            "variance": self.variance_of_locations() + within,
        }

    @cached_property
    def _expansion(self) -> tuple[Tensor, Tensor]:
        """Σ_i log N(z_i; μ_i, σ_i²) = z²·a + z·b + c: a above b, [2D, N], and c, [N]. One matrix product for all pairs."""
        precision = torch.exp(-self.log_var)
        weights = torch.cat([-0.5 * precision, self.mean * precision], dim=1).T
        return weights, -0.5 * (self.mean.square() * precision + self.log_var + LOG_2PI).sum(1)

    def _log_pairs(self, z: Tensor) -> Tensor:
        weights, constant = self._expansion
        return torch.addmm(constant, torch.cat([z.square(), z], dim=1), weights)

    def marginal_log_prob(self, dimension: int, z: Tensor) -> Tensor:
        """log q(z_i) of one dimension at the places z: [P] -> [P]."""
        return grids.marginal_log_prob(self.mean[:, dimension], self.log_var[:, dimension], z)[:, 0]

    def marginal_gaps(self, groups: Sequence[slice] = ()) -> MarginalGaps:
        """See `AggregatedPosterior`."""
        return grids.marginal_gaps(self.mean, self.log_var, groups)

    def pair_gaps(self, groups: Sequence[slice], bins: int) -> PairGaps:
        """See `AggregatedPosterior`."""
        return grids.pair_gaps(self.mean, self.log_var, groups, bins)

    def pair_information(self, groups: Sequence[slice], bins: int) -> PairGaps:
        """See `grids.pair_information`."""
        return grids.pair_information(self.mean, self.log_var, groups, bins)

    def pair_density(self, pair: tuple[int, int], edges: tuple[Tensor, Tensor]) -> Tensor:
        """Mean density of q(z_i, z_j) in the cells between two rows of edges, [X + 1] and [Y + 1] -> [Y, X]."""
        total = self.mean.new_zeros(len(edges[1]) - 1, len(edges[0]) - 1)
        for rows in torch.arange(len(self), device=self.mean.device).split(grids.SENTENCES):
            check_cancelled()
            x, y = (
                grids.bin_masses(self.mean[rows, i, None], self.log_var[rows, i, None], edge[None])[0, 1:-1]
                for i, edge in zip(pair, edges, strict=True)
            )
            total += y @ x.T
        return total / len(self) / (edges[1].diff().unsqueeze(1) * edges[0].diff())

    def moments(self) -> tuple[Tensor, Tensor]:
        """See `AggregatedPosterior`. Cov_q(z) = Cov_x(μ) + diag(E_x σ²)."""
        return self.mean.mean(0), self._covariance_of_means + torch.diag(self.log_var.exp().mean(0))

    @property
    def _covariance_of_means(self) -> Tensor:
        centered = self.mean - self.mean.mean(0)
        return centered.T @ centered / len(self)

    @cached_property
    def outliers(self) -> Tensor:
        """See `AggregatedPosterior`: in a dimension, they are _FAR times as far from the median as nearly all, or σ, or 1."""
        ordered = self.mean.sort(dim=0).values
        low, median, high = (ordered[round(share * (len(self) - 1))] for share in (0.06, 0.5, 0.94))  # a twentieth may be far
        reach = _OF_NEARLY_ALL * torch.maximum(median - low, high - median)
        reach = torch.maximum(reach, torch.exp(0.5 * self.log_var).median(0).values).clamp_min(1)  # the prior's σ
        far = ((self.mean - median).abs() > _FAR * reach).any(1)
        return far & (len(self) >= _FEWEST) & (far.double().mean() <= MOST_OUTLIERS)

    def smooth(self, width: float) -> Smoothed:
        """Kernels of one covariance E σ² + h² Cov(μ) about means drawn together by √(1 − h²), h being `width` (West 1993).

        Mean and covariance of q(z) stay as they are for every h; h = 1 is the Gaussian with these moments. In coordinates in
        which the kernel is N(0, I) it is a mixture of diagonal Gaussians again.
        """
        mean = self.mean.mean(0)
        kernel = torch.diag(self.log_var.exp().mean(0)) + width**2 * self._covariance_of_means
        root, fault = torch.linalg.cholesky_ex(kernel)
        if not width or fault:  # or the kernel has no width in some direction
            return Smoothed(self)
        whiten = torch.linalg.solve_triangular(root, torch.eye(len(mean), dtype=root.dtype, device=root.device), upper=False)
        centers = (1 - width**2) ** 0.5 * (self.mean - mean) @ whiten.T
        return Smoothed(AggregatedGaussian(DiagonalGaussian(centers, torch.zeros_like(centers))), width, mean, whiten)
