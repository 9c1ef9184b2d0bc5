"""The von Mises–Fisher posterior and its prior against quadrature, closed forms and scipy's distributions."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from torch import Tensor
from torch.nn import functional as F

from dgvae.posteriors import UniformSphere, VonMisesFisher, concatenate
from dgvae.posteriors.von_mises_fisher import _draw_angles, log_area, log_normalizer, mean_cosine

DIMENSIONS, KAPPAS = (2, 3, 32, 768), (1.0, 13.0, 200.0, 10_000.0)
every_shape = pytest.mark.parametrize(("dim", "kappa"), [(d, k) for d in DIMENSIONS for k in KAPPAS])
AREAS = {1: 2.0, 2: 2 * math.pi, 3: 4 * math.pi, 4: 2 * math.pi**2, 5: 8 * math.pi**2 / 3, 8: math.pi**4 / 3}


@lru_cache
def angle_mean(dim: int, kappa: float, power: int = 0) -> tuple[float, float]:
    """(log C, E cos^power θ) by adaptive quadrature over the angle θ: ∫ f = area of S^(d−2) · ∫ sin^(d−2) θ f(θ) dθ."""
    log_ring = math.log(2) + 0.5 * (dim - 1) * math.log(math.pi) - special.gammaln(0.5 * (dim - 1))

    def log_density(angle: float) -> float:
        return kappa * math.cos(angle) + ((dim - 2) * math.log(math.sin(angle)) if dim > 2 else 0.0)

    grid = np.linspace(1e-9, math.pi - 1e-9, 20_001)
    logs = np.array([log_density(angle) for angle in grid])
    mode, peak = grid[logs.argmax()], logs.max()
    inside = grid[logs > peak - 60]  # beyond lies less than e^(−60)
    low, high = max(inside[0] - 2e-4, 1e-12), min(inside[-1] + 2e-4, math.pi - 1e-12)

    def integral(exponent: int) -> float:
        parts = [(low, mode), (mode, high)] if low < mode < high else [(low, high)]
        weight = lambda a: math.exp(log_density(a) - peak) * math.cos(a) ** exponent  # noqa: E731
        return sum(integrate.quad(weight, a, b, epsabs=0, epsrel=1e-12, limit=200)[0] for a, b in parts)

    mass = integral(0)
    return -(log_ring + peak + math.log(mass)), integral(power) / mass


@pytest.mark.parametrize("fault", ["too long", "zero", "a row"])
def test_a_direction_that_is_no_unit_vector_is_an_error(fault: str) -> None:
    length = {"too long": torch.tensor(1.001), "zero": torch.tensor(0.0), "a row": torch.tensor([[1.0], [1], [2], [1]])}[fault]
    direction = length * unit(4, 3)
    with pytest.raises(ValueError, match="length 1"):
        VonMisesFisher(direction, 5.0)


@pytest.mark.parametrize("kappa", [0.0, -1.0, math.nan, math.inf])
def test_a_concentration_that_is_none_is_an_error(kappa: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        VonMisesFisher(unit(4, 3), kappa)


def unit(count: int, dim: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return F.normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=dtype), dim=-1)


@pytest.mark.parametrize(("dim", "area"), AREAS.items())
def test_the_prior_is_one_over_the_area_of_the_sphere(dim: int, area: float) -> None:
    log_prob = UniformSphere(dim).log_prob(unit(4, dim).view(2, 2, dim))
    torch.testing.assert_close(log_prob, torch.full((2, 2), -math.log(area), dtype=torch.float64))


@every_shape
def test_the_normalizer_equals_quadrature(dim: int, kappa: float) -> None:
    assert log_normalizer(dim, kappa) == pytest.approx(angle_mean(dim, kappa)[0], rel=1e-9, abs=1e-8)


@pytest.mark.parametrize(("dim", "kappa"), [(4096, 0.1), (4096, 1000.0), (4096, 100_000.0), (768, 0.1), (2, 100_000.0)])
def test_the_normalizer_is_right_at_the_ends_of_the_options_ranges(dim: int, kappa: float) -> None:
    assert log_normalizer(dim, kappa) == pytest.approx(angle_mean(dim, kappa)[0], rel=1e-9)


@every_shape
def test_kl_and_mean_cosine_equal_quadrature(dim: int, kappa: float) -> None:
    log_constant, cosine = angle_mean(dim, kappa, 1)
    log_sphere = math.log(2) + 0.5 * dim * math.log(math.pi) - special.gammaln(0.5 * dim)
    assert mean_cosine(dim, kappa) == pytest.approx(cosine, rel=1e-8)
    kl = VonMisesFisher(unit(3, dim), kappa).kl()
    assert kl.shape == (3,)
    # The three terms cancel, so the digits that can be had are those of the largest.
    expected = kappa * cosine + log_constant + log_sphere
    assert kl.tolist() == pytest.approx([expected] * 3, rel=1e-7, abs=1e-11 * max(kappa, abs(log_constant)))


def test_kl_of_three_dimensions_is_the_closed_form() -> None:
    """C_3(κ) = κ / (4π sinh κ) and A_3(κ) = coth κ − 1/κ."""
    for kappa in (0.5, 5.0, 50.0):
        expected = kappa / math.tanh(kappa) - 1 + math.log(kappa / math.sinh(kappa))
        assert float(VonMisesFisher(unit(1, 3), kappa).kl()) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kappa", [0.3, 4.0, 90.0])
def test_the_density_integrates_to_one_on_the_circle_and_is_scipys(kappa: float) -> None:
    posterior = VonMisesFisher(torch.tensor([[0.6, 0.8], [-1.0, 0.0]], dtype=torch.float64), kappa)
    angles = torch.arange(2000, dtype=torch.float64) * (2 * math.pi / 2000)
    log_prob = posterior.log_prob(torch.stack([angles.cos(), angles.sin()], dim=-1).unsqueeze(1))  # [2000, 2]
    torch.testing.assert_close(log_prob.exp().mean(0) * 2 * math.pi, torch.ones(2, dtype=torch.float64))
    expected = stats.vonmises.logpdf(angles.numpy(), kappa, loc=math.atan2(0.8, 0.6))
    np.testing.assert_allclose(log_prob[:, 0].numpy(), expected, rtol=1e-9, atol=1e-9)


def test_the_density_is_scipys_on_a_sphere_of_many_dimensions() -> None:
    direction, z = unit(5, 16), unit(5, 16, seed=1)
    for mine, mu, x in zip(VonMisesFisher(direction, 20.0).log_prob(z), direction.numpy(), z.numpy(), strict=True):
        assert float(mine) == pytest.approx(stats.vonmises_fisher(mu, 20).logpdf(x), rel=1e-10)


@pytest.mark.parametrize("dim", DIMENSIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_samples_are_unit_vectors(dim: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    norms = VonMisesFisher(unit(50, dim, dtype=dtype), 13.0).samples(2000 if dim < 100 else 50).norm(dim=-1)
    torch.testing.assert_close(norms, torch.ones_like(norms), atol=4 * torch.finfo(dtype).eps, rtol=0)


@every_shape
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_samples_have_the_mean_and_variance_of_the_cosine(dim: int, kappa: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    direction, count = unit(2, dim, dtype=dtype), 40_000 if dim < 100 else 3_000
    samples = VonMisesFisher(direction, kappa).samples(count)
    assert samples.shape == (2, count, dim)
    assert samples.dtype == dtype
    # 1 − cos θ = |z − μ|² / 2 keeps the digits where κ is large
    drop = 0.5 * (samples.double() - direction.double().unsqueeze(1)).square().sum(-1).flatten()
    cosine, square = angle_mean(dim, kappa, 1)[1], angle_mean(dim, kappa, 2)[1]
    variance = square - cosine**2
    assert abs(float(drop.mean()) - (1 - cosine)) < 4.5 * math.sqrt(variance / len(drop)) + 1e-6 * (1 - cosine)
    kurtosis = float(((drop - drop.mean()) ** 4).mean()) / variance**2
    assert float(drop.var()) == pytest.approx(variance, rel=4.5 * math.sqrt((kurtosis - 1) / len(drop)) + 1e-4)


@every_shape
def test_the_angles_of_even_quantiles_have_the_exact_moments(dim: int, kappa: float) -> None:
    """Without the noise of sampling: the table of angles is good to five digits of the spread."""
    angle = _draw_angles((torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000, dim, kappa)
    cosine, square = angle_mean(dim, kappa, 1)[1], angle_mean(dim, kappa, 2)[1]
    spread = math.sqrt(square - cosine**2)
    drop = 2 * torch.sin(0.5 * angle).square()
    assert float(drop.mean()) == pytest.approx(1 - cosine, abs=2e-5 * spread)
    assert float(drop.std()) == pytest.approx(spread, rel=1e-4)


@pytest.mark.parametrize("kappa", [0.1, 2.0, 200.0, 10_000.0])
@pytest.mark.parametrize("dim", [2, 3])
def test_samples_have_the_whole_distribution_of_the_angle(dim: int, kappa: float) -> None:
    torch.manual_seed(1)
    direction = unit(1, dim)
    drop = 0.5 * (VonMisesFisher(direction, kappa).samples(20_000)[0] - direction).square().sum(-1).numpy()
    if dim == 3:  # the closed form of P(1 − cos θ ≤ d)
        test = stats.kstest(drop, lambda d: np.expm1(-kappa * d) / math.expm1(-2 * kappa))
    else:
        test = stats.kstest(2 * np.arcsin(np.sqrt(drop / 2)), lambda a: 2 * stats.vonmises.cdf(a, kappa) - 1)
    assert test.pvalue > 1e-3


@pytest.mark.parametrize(("dim", "kappa"), [(2, 13.0), (3, 13.0), (32, 13.0), (32, 10_000.0)])
def test_samples_are_rotationally_symmetric_about_the_mean_direction(dim: int, kappa: float) -> None:
    """The direction v at right angles to μ is uniform on a sphere of d − 1: (1 + v·w)/2 ~ Beta((d−2)/2, (d−2)/2)."""
    torch.manual_seed(2)
    direction = unit(1, dim)
    samples = VonMisesFisher(direction, kappa).samples(20_000)[0]
    tangent = F.normalize(samples - (samples @ direction.T) * direction, dim=-1)
    others = torch.linalg.qr(torch.cat([direction, unit(dim - 1, dim, seed=3)]).T).Q[:, 1:].T  # a basis of the rest
    for axis in others[:3]:
        along = 0.5 * (1 + tangent @ axis).numpy()
        if dim == 2:
            assert abs(along.round().mean() - 0.5) < 4.5 * 0.5 / math.sqrt(len(along))
        else:
            assert stats.kstest(along, stats.beta(0.5 * (dim - 2), 0.5 * (dim - 2)).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("dim", "kappa"), [(3, 5.0), (32, 13.0), (32, 200.0)])
def test_the_gradient_through_samples_is_that_of_the_expectation(dim: int, kappa: float) -> None:
    """E a·z = A_d(κ) a·μ, with A_d by quadrature and its gradient by the weights x, μ = x / |x|, by finite differences."""
    weights, a = torch.randn(2, dim, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    cosine = angle_mean(dim, kappa, 1)[1]

    def expectation(x: np.ndarray) -> float:
        return cosine * float(a.numpy() @ x) / float(np.linalg.norm(x))

    steps = 1e-6 * np.eye(dim)
    expected = [(expectation(weights.numpy() + s) - expectation(weights.numpy() - s)) / 2e-6 for s in steps]

    torch.manual_seed(5)
    repeated = weights.expand(40_000, dim).clone().requires_grad_()
    (VonMisesFisher(F.normalize(repeated, dim=-1), kappa).rsample() @ a).sum().backward()
    assert repeated.grad is not None
    error = repeated.grad.mean(0) - torch.tensor(expected)
    standard_error = repeated.grad.std(0) / math.sqrt(len(repeated))
    assert (error.abs() < 4.5 * standard_error).all()
    assert float(standard_error.max()) < 0.03 * float(torch.tensor(expected).abs().max())  # so that the test can fail


def test_the_gradient_of_a_curved_function_is_that_of_the_expectation() -> None:
    """On the circle E cos(3 φ) = I_3(κ) / I_0(κ) · cos(3 φ_μ), and the gradient by φ_μ is known."""
    torch.manual_seed(6)
    kappa, place = 4.0, 0.7
    angle = torch.full((100_000,), place, dtype=torch.float64, requires_grad=True)
    z = VonMisesFisher(torch.stack([angle.cos(), angle.sin()], dim=-1), kappa).rsample()
    (4 * z[:, 0] ** 3 - 3 * z[:, 0]).sum().backward()  # cos 3φ by cos φ
    assert angle.grad is not None
    expected = -3 * special.ive(3, kappa) / special.ive(0, kappa) * math.sin(3 * place)
    assert abs(float(angle.grad.mean()) - expected) < 4.5 * float(angle.grad.std()) / math.sqrt(len(angle))


def test_no_gradient_on_the_circle_is_larger_than_the_turn() -> None:
    """z turns with μ, so d(a·z)/dφ is at most |a|, in fp32 as well and however near the noise comes to μ."""
    torch.manual_seed(7)
    angle = (2 * math.pi * torch.rand(100_000)).requires_grad_()
    VonMisesFisher(torch.stack([angle.cos(), angle.sin()], dim=-1), 13.0).rsample().sum().backward()
    assert angle.grad is not None
    assert float(angle.grad.abs().max()) < math.sqrt(2) + 1e-4


def test_draws_of_the_prior_are_uniform() -> None:
    """The height of a uniform point on the sphere of R³ is uniform, and so is its angle on the circle."""
    for dim, height in ((2, lambda z: np.arctan2(z[:, 0], z[:, 1]) / math.pi), (3, lambda z: z[:, 1])):
        z = UniformSphere(dim).sample(20_000, torch.Generator().manual_seed(7))
        torch.testing.assert_close(z.norm(dim=-1), torch.ones(20_000))
        assert stats.kstest(height(z.double().numpy()), stats.uniform(-1, 2).cdf).pvalue > 1e-3
        torch.testing.assert_close(UniformSphere(dim).project(3 * z), z)


def test_a_posterior_is_restored_from_half_precision_as_a_unit_vector() -> None:
    posterior = VonMisesFisher(unit(6, 32, dtype=torch.float32), 25.0)
    rounded = {name: tensor.half().float() for name, tensor in posterior.tensors().items()}
    restored = VonMisesFisher.restore(rounded, {"kappa": 25.0})
    torch.testing.assert_close(restored.direction.norm(dim=-1), torch.ones(6), atol=2e-7, rtol=0)
    torch.testing.assert_close(restored.direction, posterior.direction, atol=2e-3, rtol=0)
    assert len(concatenate([posterior, restored])) == 12
    assert concatenate([posterior, restored]).kappa == 25.0
    assert log_area(32) == pytest.approx(math.log(2) + 16 * math.log(math.pi) - special.gammaln(16))
