"""The diagonal Gaussian against torch.distributions."""

from __future__ import annotations

import torch
from torch.distributions import Independent, Normal, kl_divergence

from dgvae.posteriors import DiagonalGaussian, StandardNormal

POSTERIOR = DiagonalGaussian(torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64))
ORACLE = Normal(POSTERIOR.mean, torch.exp(0.5 * POSTERIOR.log_var))
PRIOR = Normal(torch.zeros(3, dtype=torch.float64), 1.0)


def test_log_prob_and_kl() -> None:
    z = torch.randn(7, 5, 3, dtype=torch.float64)
    torch.testing.assert_close(POSTERIOR.log_prob(z), Independent(ORACLE, 1).log_prob(z))
    torch.testing.assert_close(StandardNormal(3).log_prob(z), Independent(PRIOR, 1).log_prob(z))
    torch.testing.assert_close(POSTERIOR.kl_per_dimension(), kl_divergence(ORACLE, PRIOR))


def test_samples_have_the_mean_and_variance() -> None:
    torch.manual_seed(0)
    samples = torch.stack([POSTERIOR.rsample() for _ in range(50_000)])
    torch.testing.assert_close(samples.mean(0), POSTERIOR.mean, atol=0.03, rtol=0)
    torch.testing.assert_close(samples.var(0), POSTERIOR.log_var.exp(), atol=0, rtol=0.03)
