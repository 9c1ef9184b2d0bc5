"""The aggregated posterior q(z) = (1/N) Σ_n q(z|x_n), exactly."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from dgvae.posteriors import LOG_2PI, DiagonalGaussian, Implicit, Posterior, VonMisesFisher
from dgvae.posteriors.von_mises_fisher import log_normaliser

_PAIRS = 1 << 22  # densities in hand at once: 32 MB in fp64
_NO_DENSITY = "an implicit posterior has no density: z is what a network makes of the sentence and of noise"
_NO_MARGINAL = "it compares with N(0, 1) or N(0, I), and these posteriors lie on the unit sphere"


class AggregatedPosterior(ABC):
    """The mixture of N posteriors of one kind, in fp64. Make it with `AggregatedPosterior.of(posterior)`.

    `absent` holds the figures that this kind does not have, and why; asking for what they need raises NotImplementedError.
    """

    absent: ClassVar[Mapping[str, str]] = {}

    def __init__(self, posterior: Posterior) -> None:
        self.posterior = posterior
        self.prior = posterior.prior(posterior.location.shape[1])

    @staticmethod
    def of(posterior: Posterior) -> AggregatedPosterior:
        """The aggregated posterior of a batch of posteriors."""
        return _KINDS[type(posterior)](posterior.map(Tensor.double))

    def __len__(self) -> int:
        return len(self.posterior)

    @abstractmethod
    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """One sample of every posterior: [N, D]."""

    @abstractmethod
    def variance_of_locations(self) -> Tensor:
        """Var_x of the posterior means, by dimension, as a share of the prior's variance: [D]."""

    def log_prob(self, z: Tensor, leave_out: Tensor | None = None) -> Tensor:
        """log q(z) in nats. z: [S, D] -> [S].

        leave_out: [S], the posterior that is left out of the mixture for each sample: its own, if z was drawn from one.
        """
        components = len(self) - (leave_out is not None)
        result = []
        for rows in torch.arange(len(z), device=z.device).split(max(1, _PAIRS // len(self))):
            log_pair = self._log_pairs(z[rows].double())  # [rows, N]
            if leave_out is not None:
                log_pair.scatter_(1, leave_out[rows].unsqueeze(1), -torch.inf)
            result.append(torch.logsumexp(log_pair, dim=1) - math.log(components))
        return torch.cat(result) if result else z.new_zeros(0)

    def _log_pairs(self, z: Tensor) -> Tensor:
        """log q(z|x_n) of every pair: [S, D] -> [S, N]."""
        raise NotImplementedError(_NO_DENSITY)

    def marginal_kl(self) -> Tensor:
        """KL(q(z_i) ‖ N(0, 1)) of every dimension, nats: [D]."""
        raise NotImplementedError(self.absent["consistent_units"])

    def moments(self) -> tuple[Tensor, Tensor]:
        """E_q z, [D], and Cov_q(z), [D, D]."""
        raise NotImplementedError(self.absent["covariance_gap"])


class AggregatedGaussian(AggregatedPosterior):
    """A mixture of diagonal Gaussians. mean, log_var: [N, D]."""

    def __init__(self, posterior: DiagonalGaussian) -> None:
        super().__init__(posterior)
        self.mean, self.log_var = posterior.mean, posterior.log_var

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """See `AggregatedPosterior`."""
        noise = torch.randn(self.mean.shape, dtype=self.mean.dtype, device=self.mean.device, generator=generator)
        return self.mean + torch.exp(0.5 * self.log_var) * noise

    def variance_of_locations(self) -> Tensor:
        """See `AggregatedPosterior`."""
        return self.mean.var(0, correction=0)

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
        """log q(z_i) of one dimension at the places z: [G] -> [G]."""
        mean, log_var = self.mean[:, dimension], self.log_var[:, dimension]
        inv_std, constant = torch.exp(-0.5 * log_var), -0.5 * (log_var + LOG_2PI)
        return torch.cat(
            [
                torch.logsumexp(torch.addcmul(constant, t, t, value=-0.5), dim=1)
                for part in z.split(max(1, _PAIRS // len(self)))
                for t in [(part.unsqueeze(1) - mean) * inv_std]  # [part, N]
            ]
        ) - math.log(len(self))

    def marginal_kl(self) -> Tensor:
        """See `AggregatedPosterior`.

        By quadrature on a grid that covers every posterior to 6 σ. Where a grid of 4,096 points is too coarse to see every
        posterior (the density then does not integrate to 1), by a sample of every posterior.
        """
        return torch.stack([self._marginal_kl(i) for i in range(self.mean.shape[1])])

    def _marginal_kl(self, dimension: int) -> Tensor:
        mean, std = self.mean[:, dimension], torch.exp(0.5 * self.log_var[:, dimension])
        low, high = float((mean - 6 * std).min()), float((mean + 6 * std).max())
        narrow = float(std.sort().values[len(std) // 100])
        points = min(4096.0, max(512.0, (high - low) / (0.6 * max(narrow, 1e-100))))
        grid = torch.linspace(low, high, math.ceil(points), dtype=mean.dtype, device=mean.device)
        log_q = self.marginal_log_prob(dimension, grid)
        if abs(float(torch.trapezoid(log_q.exp(), grid)) - 1) < 1e-3:
            return torch.trapezoid(log_q.exp() * (log_q + 0.5 * (grid.square() + LOG_2PI)), grid)
        noise = torch.randn(len(mean), generator=torch.Generator().manual_seed(0), dtype=mean.dtype)
        z = mean + std * noise.to(mean.device)
        return (self.marginal_log_prob(dimension, z) + 0.5 * (z.square() + LOG_2PI)).mean()

    def moments(self) -> tuple[Tensor, Tensor]:
        """See `AggregatedPosterior`. Cov_q(z) = Cov_x(μ) + diag(E_x σ²)."""
        centred = self.mean - self.mean.mean(0)
        return self.mean.mean(0), centred.T @ centred / len(self) + torch.diag(self.log_var.exp().mean(0))


class AggregatedVonMisesFisher(AggregatedPosterior):
    """A mixture of von Mises–Fisher distributions with one κ."""

    absent: ClassVar = {"consistent_units": _NO_MARGINAL, "covariance_gap": _NO_MARGINAL}

    def __init__(self, posterior: VonMisesFisher) -> None:
        super().__init__(posterior)
        self.vmf = posterior

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """See `AggregatedPosterior`."""
        return self.vmf.samples(1, generator)[:, 0]

    def variance_of_locations(self) -> Tensor:
        """Of the mean directions; the prior's variance is 1/D in every dimension."""
        return self.vmf.direction.var(0, correction=0) * self.prior.dim

    def _log_pairs(self, z: Tensor) -> Tensor:
        return self.vmf.kappa * (z @ self.vmf.direction.T) + log_normaliser(self.prior.dim, self.vmf.kappa)


class AggregatedDraws(AggregatedPosterior):
    """What is known of an implicit posterior's mixture: draws. draws: [N, S, D]."""

    absent: ClassVar = dict.fromkeys(("kl", "elbo", "mi", "consistent_units", "hole_mass", "auc", "density_gap"), _NO_DENSITY)

    def __init__(self, posterior: Implicit) -> None:
        super().__init__(posterior)
        self.draws = posterior.draws

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """The first draw of each, whatever the generator: [N, D]."""
        return self.draws[:, 0]

    def variance_of_locations(self) -> Tensor:
        """See `AggregatedPosterior`. The share that is due to S draws not giving the mean itself is taken away."""
        within = self.draws.var(1).mean(0) / self.draws.shape[1]
        return self.draws.mean(1).var(0, correction=0) - within

    def moments(self) -> tuple[Tensor, Tensor]:
        """See `AggregatedPosterior`. Of all draws."""
        draws = self.draws.flatten(0, 1)
        return draws.mean(0), torch.cov(draws.T)


def absent_figures(kind: type[Posterior]) -> Mapping[str, str]:
    """The figures that a kind of posterior does not have, and why."""
    return _KINDS[kind].absent


_KINDS: dict[type[Posterior], Callable[..., AggregatedPosterior]] = {
    DiagonalGaussian: AggregatedGaussian,
    VonMisesFisher: AggregatedVonMisesFisher,
    Implicit: AggregatedDraws,
}
