"""The principal density gap (ours): the density gap along the axes and along the principal axes.

Marginals say nothing of the joint: every q(z_i) may be N(0, 1) while the dimensions are correlated. The prior is
rotation-invariant, so the same loss may be asked of any rotation of the latent space; the one in which the aggregated
posterior's covariance C is diagonal shows the worst of it. With V the eigenvectors of C, q(zV_j | x) has
mean μ·V_j, and of its variance the diagonal σ²·V_j² is kept:

    L = ½ DG(μ, σ²) + ½ DG(μV, σ²V²)

C is a running estimate, C = Cov_x(μ) + diag(E_x σ²), through which no gradient flows.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from dgvae.distributed import gather
from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers.density_gap import DensityGap, Estimator, density_gap, read_estimator


class PrincipalDensityGap(DensityGap):
    """½ density gap along the axes + ½ density gap along the principal axes.

    Args:
        latent_dim: D.
        aggregation_size: sentences per group.
        estimator: see `DensityGap`.
        rate: of the running covariance, per batch.

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian, PrincipalDensityGap
        >>> posterior = DiagonalGaussian(torch.randn(64, 2), torch.full((64, 2), -2.0))
        >>> loss = PrincipalDensityGap(latent_dim=2)(posterior, posterior.rsample())  # nats per sentence
    """

    running_mean: Tensor
    running_square: Tensor

    def __init__(
        self, latent_dim: int, aggregation_size: int = 32, estimator: Estimator | None = None, rate: float = 0.02
    ) -> None:
        super().__init__(aggregation_size, estimator)
        self.rate = rate
        self.register_buffer("running_mean", torch.zeros(latent_dim))
        self.register_buffer("running_square", torch.eye(latent_dim))  # E[z zᵀ]

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """See `Regularizer`."""
        options = config.options
        return cls(config.latent_dim, int(options["aggregation_size"]), read_estimator(options), float(options["rate"]))

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        if self.training:
            self._update(posterior.map(gather))  # always of the whole batch: the axes are the same in every process
        posterior = posterior.map(self.gather)
        covariance = self.running_square - torch.outer(self.running_mean, self.running_mean)
        # On the CPU: a GPU takes some 10 ms for so small a matrix, and the host waits for it all the same.
        axes = torch.linalg.eigh(covariance.cpu()).eigenvectors.to(covariance, non_blocking=True)  # V: [D, D]
        # the clamp guards the logarithm where σ² underflows
        log_var = torch.log((posterior.log_var.exp() @ axes.square()).clamp_min(1e-30))
        how = self.aggregation_size, self.estimator, self.share()
        along_axes = density_gap(posterior.mean, posterior.log_var, *how)
        along_principal = density_gap(posterior.mean @ axes, log_var, *how)
        return 0.5 * along_axes + 0.5 * along_principal

    @torch.no_grad()
    def _update(self, posterior: DiagonalGaussian) -> None:
        square = posterior.mean.T @ posterior.mean / posterior.mean.shape[0]
        square += torch.diag(posterior.log_var.exp().mean(0))
        self.running_mean.lerp_(posterior.mean.mean(0), self.rate)
        self.running_square.lerp_(square, self.rate)
