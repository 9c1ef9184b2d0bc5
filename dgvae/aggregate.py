"""The aggregated posterior q(z) = (1/N) Σ_n q(z|x_n), exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.posteriors import LOG_2PI, DiagonalGaussian

_PAIRS = 1 << 22  # densities in hand at once: 32 MB in fp64


@dataclass(frozen=True)
class AggregatedPosterior:
    """The mixture of N posteriors. mean, log_var: [N, D]. Densities are computed in fp64."""

    mean: Tensor
    log_var: Tensor

    @classmethod
    def of(cls, posterior: DiagonalGaussian) -> AggregatedPosterior:
        """The aggregated posterior of a batch of posteriors."""
        return cls(posterior.mean.double(), posterior.log_var.double())

    def __len__(self) -> int:
        return len(self.mean)

    def sample_each(self, generator: torch.Generator | None = None) -> Tensor:
        """One sample of every posterior: [N, D]."""
        noise = torch.randn(self.mean.shape, dtype=self.mean.dtype, device=self.mean.device, generator=generator)
        return self.mean + torch.exp(0.5 * self.log_var) * noise

    def log_prob(self, z: Tensor, leave_out: Tensor | None = None) -> Tensor:
        """log q(z) in nats. z: [S, D] -> [S].

        leave_out: [S], the posterior that is left out of the mixture for each sample: its own, if z was drawn from one.
        """
        # Σ_i log N(z_i; μ_i, σ_i²) = z²·a + z·b + c, one matrix product for all pairs
        precision = torch.exp(-self.log_var)
        weights = torch.cat([-0.5 * precision, self.mean * precision], dim=1).T  # [2D, N]
        constant = -0.5 * (self.mean.square() * precision + self.log_var + LOG_2PI).sum(1)  # [N]
        components = len(self) - (leave_out is not None)
        result = []
        for rows in torch.arange(len(z), device=z.device).split(max(1, _PAIRS // len(self))):
            part = z[rows].to(weights.dtype)
            log_pair = torch.addmm(constant, torch.cat([part.square(), part], dim=1), weights)  # [rows, N]
            if leave_out is not None:
                log_pair.scatter_(1, leave_out[rows].unsqueeze(1), -torch.inf)
            result.append(torch.logsumexp(log_pair, dim=1) - math.log(components))
        return torch.cat(result) if result else z.new_zeros(0)

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
        """KL(q(z_i) ‖ N(0, 1)) of every dimension, nats: [D].

        By quadrature on a grid that covers every posterior to 6 σ. Where a grid of 4,096 points is too coarse to see every
        posterior (the density then does not integrate to 1), by a sample of every posterior.
        """
        return torch.stack([self._marginal_kl(i) for i in range(self.mean.shape[1])])

    def _marginal_kl(self, dimension: int) -> Tensor:
        mean, std = self.mean[:, dimension], torch.exp(0.5 * self.log_var[:, dimension])
        low, high = float((mean - 6 * std).min()), float((mean + 6 * std).max())
        narrow = float(std.sort().values[len(std) // 100])
        points = math.ceil((high - low) / (0.6 * narrow))
        grid = torch.linspace(low, high, min(4096, max(512, points)), dtype=mean.dtype, device=mean.device)
        log_q = self.marginal_log_prob(dimension, grid)
        if abs(float(torch.trapezoid(log_q.exp(), grid)) - 1) < 1e-3:
            return torch.trapezoid(log_q.exp() * (log_q + 0.5 * (grid.square() + LOG_2PI)), grid)
        noise = torch.randn(len(mean), generator=torch.Generator().manual_seed(0), dtype=mean.dtype)
        z = mean + std * noise.to(mean.device)
        return (self.marginal_log_prob(dimension, z) + 0.5 * (z.square() + LOG_2PI)).mean()

    def covariance(self) -> Tensor:
        """Cov_q(z) = Cov_x(μ) + diag(E_x σ²): [D, D]."""
        centred = self.mean - self.mean.mean(0)
        return centred.T @ centred / len(self) + torch.diag(self.log_var.exp().mean(0))
