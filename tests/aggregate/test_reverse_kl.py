"""KL of the prior to a marginal, against quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.integrate import quad
from scipy.special import logsumexp

from dgvae.aggregate import aggregate
from dgvae.posteriors import DiagonalGaussian


def test_reverse_marginal_kl_equals_adaptive_quadrature() -> None:
    """A mixture of two narrow bells, where the two directions differ much."""
    posterior = DiagonalGaussian(torch.tensor([[-1.0], [1.0]]), torch.full((2, 1), -2.0))
    gaps = aggregate(posterior).marginal_gaps()

    def q(z: float) -> float:
        return float(0.5 * (stats.norm.pdf(z, -1, math.exp(-1)) + stats.norm.pdf(z, 1, math.exp(-1))))

    forward = quad(lambda z: q(z) * math.log(q(z) / stats.norm.pdf(z)), -6, 6)[0]
    reverse = quad(lambda z: stats.norm.pdf(z) * math.log(stats.norm.pdf(z) / q(z)), -8, 8)[0]
    assert reverse > 1.5 * forward
    assert float(gaps.kl) == pytest.approx(forward, rel=1e-5)
    assert float(gaps.reverse_kl) == pytest.approx(reverse, rel=1e-5)


@pytest.mark.parametrize("far", [1e4, 1e5])
def test_reverse_marginal_kl_beside_an_outlier(far: float) -> None:
    """A grid over all posteriors would have hardly a place where the prior is."""
    mean = torch.randn(500, 1, generator=torch.Generator().manual_seed(0)).double()
    mean[0] = far
    log_var = torch.full_like(mean, 2 * math.log(0.02))
    z = np.linspace(-8, 8, 100_001)
    near = (stats.norm.logpdf(part[:, None], mean[:, 0].numpy(), 0.02) for part in np.array_split(z, 100))
    log_q = np.concatenate([np.asarray(logsumexp(part, axis=1)) for part in near]) - math.log(500)
    expected = float(np.trapezoid(stats.norm.pdf(z) * (stats.norm.logpdf(z) - log_q), z))
    gaps = aggregate(DiagonalGaussian(mean, log_var)).marginal_gaps()
    assert float(gaps.reverse_kl) == pytest.approx(expected, rel=0.01)
