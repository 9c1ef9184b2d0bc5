"""The joint density gap for von Mises–Fisher posteriors (Zhang et al. 2022, Eq. 9).

For a group of |b| sentences the aggregated posterior is the mixture q_b(z) = (1/|b|) Σ_n vMF(z; μ_n, κ), and the loss is
KL(q_b(z) ‖ p(z)), averaged over the groups of a batch, by M samples of every posterior: the mean of log q_b(z) − log p(z). One
κ for all makes the joint density a matter of one matrix product.
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor

from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import VonMisesFisher
from dgvae.posteriors.von_mises_fisher import log_area, log_normalizer
from dgvae.regularizers.base import Regularizer, groups


class JointDensityGap(Regularizer[VonMisesFisher]):
    """Joint density gap of groups of sentences, for von Mises–Fisher posteriors (Zhang et al. 2022, Eq. 9).

    Args:
        aggregation_size: sentences per group.
        samples: of each posterior.

    Example:
        >>> import torch
        >>> from dgvae import JointDensityGap, VonMisesFisher
        >>> direction = torch.nn.functional.normalize(torch.randn(64, 8), dim=-1)
        >>> posterior = VonMisesFisher(direction, kappa=20.0)
        >>> loss = JointDensityGap(aggregation_size=32)(posterior, posterior.rsample())  # nats per sentence
    """

    def __init__(self, aggregation_size: int = 32, samples: int = 32) -> None:
        super().__init__()
        self.aggregation_size = aggregation_size
        self.samples = samples

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """See `Regularizer`."""
        return cls(int(config.options["aggregation_size"]), int(config.options["samples"]))

    def forward(self, posterior: VonMisesFisher, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        posterior = posterior.map(self.gather)
        _, processes = self.share()
        samples = posterior.samples(-(-self.samples // processes))  # [B, M, D]: each process draws some of a posterior's
        parts = [
            _gap_sum(samples[rows], posterior.direction[rows], posterior.kappa, group)
            for rows, group in groups(len(posterior), self.aggregation_size)
        ]
        return torch.stack(parts).sum() / (samples.shape[0] * samples.shape[1])


def _gap_sum(samples: Tensor, direction: Tensor, kappa: float, group: int) -> Tensor:
    """Σ log q_b(z) − log p(z) over the samples [C · |b|, M, D], each in the mixture of its group."""
    dim = direction.shape[-1]
    components = direction.view(-1, group, dim)  # [C, |b|, D]
    cosine = torch.bmm(samples.reshape(len(components), -1, dim), components.mT)  # [C, |b| · M, |b|]
    log_q = torch.logsumexp(kappa * cosine, dim=-1) + log_normalizer(dim, kappa) - math.log(group)
    return (log_q + log_area(dim)).sum()
