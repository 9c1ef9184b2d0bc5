"""Free bits and MMD against closed forms, quadrature and plain double loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian, Implicit
from dgvae.regularizers import Regularizer, build_regularizer
from dgvae.regularizers.kl import FreeBits
from dgvae.regularizers.mmd import MMD, squared_mmd


def build(method: str, latent_dim: int, **options: float | str) -> Regularizer:
    torch.manual_seed(0)
    return build_regularizer(TextVAEConfig(method, vocab_size=10, latent_dim=latent_dim, options=options))


def normal(mean: Tensor, std: Tensor, count: int) -> Tensor:
    return mean + std * torch.randn(count, len(mean))


def standard_error(values: Tensor) -> float:
    return float(values.std()) / math.sqrt(len(values))


def test_free_bits_hinge_the_mean_kl_of_every_dimension_and_mask_its_gradient() -> None:
    """Shares of 1 nat: dimension 0 lies above, 1 below, and 2 above on average though not in every sentence."""
    mean = torch.tensor([[2.0, 0.5, 3.0], [1.8, 0.4, 0.0]], requires_grad=True)
    log_var = torch.tensor([[-1.0, 0.2, -0.5], [0.5, -0.1, 0.0]], requires_grad=True)
    kl = kl_divergence(Normal(mean, torch.exp(0.5 * log_var)), Normal(0.0, 1.0)).mean(0)
    assert (kl > 1).tolist() == [True, False, True]

    loss = build("fb-vae", 3, free_bits=3.0)(DiagonalGaussian(mean, log_var), mean)
    torch.testing.assert_close(loss, kl[0] + 1 + kl[2])
    gradients = torch.autograd.grad(loss, (mean, log_var), retain_graph=True)
    for mine, expected in zip(gradients, torch.autograd.grad(kl.sum(), (mean, log_var)), strict=True):
        assert torch.equal(mine[:, 1], torch.zeros(2))
        torch.testing.assert_close(mine[:, [0, 2]], expected[:, [0, 2]])


SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def plain_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate, a pair of samples at a time."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return sum(2 * len(a) * s / (2 * len(a) * s + float(((a - b) ** 2).sum())) for s in SCALES)

    def within(s: np.ndarray) -> float:
        return float(np.mean([kernel(a, b) for i, a in enumerate(s) for j, b in enumerate(s) if i != j]))

    return within(x) + within(y) - 2 * float(np.mean([kernel(a, b) for a in x for b in y]))


def expected_mmd(mean: float, std: float) -> float:
    """MMD² of N(mean, std²) to N(0, 1) by quadrature: differences of independent normal variables are normal."""

    def kernel_mean(shift: float, variance: float) -> float:
        std = math.sqrt(variance)

        def integrand(d: float) -> float:
            return float(stats.norm.pdf(d, shift, std)) * sum(2 * s / (2 * s + d * d) for s in SCALES)

        return integrate.quad(integrand, shift - 12 * std, shift + 12 * std, limit=200)[0]

    return kernel_mean(0, 2 * std**2) + kernel_mean(0, 2) - 2 * kernel_mean(mean, 1 + std**2)


@pytest.mark.parametrize("rows", [(7, 7), (4, 9), (9, 2)])
def test_mmd_equals_a_double_loop_whatever_the_numbers_of_rows(rows: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(count, 3, generator=generator, dtype=torch.float64) for count in rows)
    assert float(squared_mmd(0.5 + 2 * x, y)) == pytest.approx(plain_mmd(0.5 + 2 * x.numpy(), y.numpy()), rel=1e-12)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.0, 1.0), (0.0, 0.3)])
def test_the_mean_of_mmd_is_its_value_for_the_distributions(mean: float, std: float) -> None:
    regularizer, z = build("wae", 1), torch.randn(800, 25, 1, generator=torch.Generator().manual_seed(1))
    estimates = torch.stack([regularizer(Implicit(part.unsqueeze(1)), part) for part in mean + std * z])
    expected = expected_mmd(mean, std)
    assert abs(float(estimates.mean()) - expected) < 4 * standard_error(estimates)
    if (mean, std) == (0.0, 1.0):
        assert abs(expected) < 1e-9
    else:
        assert expected > 20 * standard_error(estimates)


@pytest.mark.parametrize(("size", "blocks"), [(700, (512, 188)), (513, (512,)), (1024, (512, 512))])
def test_a_large_batch_is_the_mean_of_its_blocks_by_their_size(size: int, blocks: tuple[int, ...]) -> None:
    regularizer, z = build("wae", 2), 0.5 + torch.randn(size, 2, generator=torch.Generator().manual_seed(2))
    torch.manual_seed(3)
    mine = float(regularizer(DiagonalGaussian(z, z), z))
    torch.manual_seed(3)
    parts = [float(squared_mmd(part, torch.randn(count, 2))) for part, count in zip(z.split(512), blocks, strict=False)]
    assert mine == pytest.approx(np.average(parts, weights=blocks), rel=1e-5)


@pytest.mark.parametrize("shapes", [((1, 3), (5, 3)), ((5, 3), (0, 3)), ((5, 3), (5, 2)), ((5,), (5,))])
def test_mmd_of_what_has_no_pairs_or_another_dimension_is_an_error(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="at least two rows"):
        squared_mmd(*map(torch.zeros, shapes))


@pytest.mark.parametrize("dimensions", [1, 4])
def test_free_bits_of_another_dimension_are_an_error(dimensions: int) -> None:
    posterior = DiagonalGaussian(torch.zeros(2, dimensions), torch.zeros(2, dimensions))
    with pytest.raises(ValueError, match="3 dimensions"):
        FreeBits(3, nats=3.0)(posterior, posterior.mean)


def test_mmd_sees_the_samples_and_is_not_the_kl() -> None:
    """Narrow posteriors whose samples are spread like the prior: MMD is zero, the KL is large."""
    regularizer, generator = build("wae", 2), torch.Generator().manual_seed(4)
    mean = torch.randn(2000, 2, generator=generator)
    posterior = DiagonalGaussian(mean, torch.full_like(mean, -10.0))
    assert float(posterior.kl().mean()) > 8
    assert abs(float(regularizer(posterior, posterior.rsample()))) < 0.1
    assert abs(float(regularizer(posterior, mean + 3))) > 1


def test_mmd_pulls_samples_towards_the_prior() -> None:
    z = (3.0 + 0.1 * torch.randn(200, 2, generator=torch.Generator().manual_seed(5))).requires_grad_()
    build("wae", 2)(DiagonalGaussian(z, z), z).backward()
    assert z.grad is not None
    assert float(z.grad.mean(0).min()) > 0


def test_mmd_of_one_sample_is_zero_with_no_gradient() -> None:
    z = torch.ones(1, 3, requires_grad=True)
    loss = build("wae", 3)(DiagonalGaussian(z, z), z)
    loss.backward()
    assert float(loss.detach()) == 0
    assert z.grad is not None
    assert torch.equal(z.grad, torch.zeros(1, 3))
    assert isinstance(build("wae", 3), MMD)
