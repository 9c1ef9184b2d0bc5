"""The density gap against one-dimensional quadrature and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from scipy.special import logsumexp
from torch import Tensor

from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers import build_regularizer
from dgvae.regularizers.density_gap import Estimator, GaussHermite, MonteCarlo, density_gap

SENTENCES, DIMENSIONS = 32, 3


def monte_carlo(samples: int) -> Estimator:
    return MonteCarlo(samples)


def gauss_hermite(nodes: int) -> Estimator:
    return GaussHermite(nodes)


def collapsed(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return torch.zeros(SENTENCES, DIMENSIONS), torch.zeros(SENTENCES, DIMENSIONS)


def spread(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    mean = torch.randn(SENTENCES, DIMENSIONS, generator=generator)
    return mean, torch.full_like(mean, -2.0)


def mixed(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    mean, log_var = spread(generator)
    log_var = log_var + torch.randn(log_var.shape, generator=generator)
    mean[::2], log_var[::2] = 0.0, 0.0
    mean[:4] *= 3
    return mean, log_var


def quadrature_gap(mean: np.ndarray, log_var: np.ndarray) -> float:
    """KL of a one-dimensional mixture to N(0, 1), adaptive quadrature."""
    std = np.exp(0.5 * log_var)

    def integrand(z: float) -> float:
        log_q = np.asarray(logsumexp(stats.norm.logpdf(z, mean, std))).item() - math.log(len(mean))
        return math.exp(log_q) * (log_q - stats.norm.logpdf(z))

    low, high = (mean - 9 * std).min(), (mean + 9 * std).max()
    return integrate.quad(integrand, low, high, points=np.unique(mean)[:40], limit=400, epsabs=1e-7)[0]


@pytest.mark.parametrize("posteriors", [collapsed, spread, mixed])
@pytest.mark.parametrize("size", [1, 4, 32])
def test_equals_quadrature(posteriors, size: int) -> None:
    mean, log_var = posteriors(torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    estimates = torch.stack([density_gap(mean, log_var, size, monte_carlo(200)) for _ in range(30)])
    expected = np.mean(
        [
            sum(quadrature_gap(m[:, i].numpy(), v[:, i].numpy()) for i in range(DIMENSIONS))
            for m, v in zip(mean.double().split(size), log_var.double().split(size), strict=True)
        ]
    )
    standard_error = float(estimates.std() / math.sqrt(len(estimates)))
    assert abs(float(estimates.mean()) - expected) < 4 * standard_error + 1e-4


@pytest.mark.parametrize("size", [4, 32])
def test_the_size_of_the_pieces_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for piece in (1, 1 << 26):  # a mixture at a time; all at once, as on a GPU
        monkeypatch.setattr("dgvae.regularizers.density_gap._PIECE", {"cpu": piece})
        mean, log_var = (x.double().requires_grad_() for x in mixed(torch.Generator().manual_seed(1)))
        value = density_gap(mean, log_var, size, gauss_hermite(16))
        found.append((value.detach(), *torch.autograd.grad(value, (mean, log_var))))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_aggregation_size_one_is_the_closed_form_kl() -> None:
    mean, log_var = mixed(torch.Generator().manual_seed(2))
    torch.manual_seed(0)
    estimates = torch.stack([density_gap(mean, log_var, 1, monte_carlo(500)) for _ in range(30)])
    closed_form = float(DiagonalGaussian(mean, log_var).kl().mean())
    assert abs(float(estimates.mean()) - closed_form) < 4 * float(estimates.std()) / math.sqrt(30)


def plain_density_gap(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """The same sum by torch.distributions and autograd. mean: [K]; noise: [K, M]."""
    z = mean.unsqueeze(1) + torch.exp(0.5 * log_var).unsqueeze(1) * noise
    components = torch.distributions.Normal(mean, torch.exp(0.5 * log_var))
    log_q = torch.logsumexp(components.log_prob(z.unsqueeze(-1)), -1) - math.log(len(mean))
    return (log_q - torch.distributions.Normal(0.0, 1.0).log_prob(z)).mean()


@pytest.mark.parametrize("sentences", [7, 16])
def test_value_and_gradient_equal_autograd(sentences: int) -> None:
    """Seven sentences in groups of four also try the smaller last group."""
    generator = torch.Generator().manual_seed(3)
    mean, log_var = (torch.randn(sentences, 2, generator=generator, dtype=torch.float64).requires_grad_() for _ in range(2))
    torch.manual_seed(5)
    value = density_gap(mean, log_var, 4, monte_carlo(6))
    gradient = torch.autograd.grad(value, (mean, log_var))

    torch.manual_seed(5)
    expected = torch.zeros((), dtype=torch.float64)
    groups = [range(i, min(i + 4, sentences // 4 * 4)) for i in range(0, sentences // 4 * 4, 4)]
    whole = torch.randn(2 * len(groups), 4, 6, dtype=torch.float64).view(2, len(groups), 4, 6)
    for c, rows in enumerate(groups):
        for i in range(2):
            expected = expected + 4 / sentences * plain_density_gap(mean[rows, i], log_var[rows, i], whole[i, c])
    if rest := sentences % 4:
        noise = torch.randn(2, rest, 6, dtype=torch.float64)
        for i in range(2):
            expected = expected + rest / sentences * plain_density_gap(mean[-rest:, i], log_var[-rest:, i], noise[i])
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(gradient, torch.autograd.grad(expected, (mean, log_var)))


@pytest.mark.parametrize("log_var", [-20.0, 10.0])
@pytest.mark.parametrize("method", ["dg-vae", "pdg-vae"])
def test_gradients_are_finite_at_extreme_variances(log_var: float, method: str) -> None:
    config = TextVAEConfig(method=method, vocab_size=10, latent_dim=4)
    regularizer = build_regularizer(config)
    mean = torch.randn(32, 4, generator=torch.Generator().manual_seed(4)).requires_grad_()
    log_vars = torch.full((32, 4), log_var).requires_grad_()
    loss = regularizer(DiagonalGaussian(mean, log_vars), mean.detach())
    loss.backward()
    assert torch.isfinite(loss)
    for gradient in (mean.grad, log_vars.grad):
        assert gradient is not None
        assert torch.isfinite(gradient).all()
    assert log_vars.grad is not None
    # Too narrow a posterior is widened by a gradient descent step, too wide a one is narrowed.
    assert (log_vars.grad.mean() < 0) == (log_var < 0)


def test_principal_density_gap_sees_a_correlation_that_the_marginals_hide() -> None:
    """q(z) with marginals N(0, 1) and correlation 0.9: the marginal gap is zero, the principal one is not."""
    generator = torch.Generator().manual_seed(6)
    root = torch.linalg.cholesky(torch.tensor([[1.0, 0.9], [0.9, 1.0]]))
    mean = torch.randn(4096, 2, generator=generator) @ root.T * math.sqrt(0.99)
    posterior = DiagonalGaussian(mean, torch.full_like(mean, math.log(0.01)))
    options = {"aggregation_size": 1024, "estimator": "monte-carlo", "samples": 1}
    marginal, principal = (
        build_regularizer(TextVAEConfig(method=m, vocab_size=10, latent_dim=2, options=options)) for m in ("dg-vae", "pdg-vae")
    )
    for _ in range(300):  # the running covariance settles
        principal.train()(DiagonalGaussian(posterior.mean[:64], posterior.log_var[:64]), mean)
    assert float(marginal(posterior, mean)) < 0.1
    assert float(principal(posterior, mean)) > 0.4


def test_principal_density_gap_is_half_along_the_axes_and_half_along_the_eigenvectors() -> None:
    """With the running covariance set by hand: one sentence a group, so that both halves have a closed form."""
    config = TextVAEConfig(
        "pdg-vae", vocab_size=10, latent_dim=2, options={"aggregation_size": 1, "estimator": "gauss-hermite"}
    )
    regularizer = build_regularizer(config).eval()
    turned = torch.tensor([[0.6, -0.8], [0.8, 0.6]])  # columns are the eigenvectors
    covariance = turned @ torch.diag(torch.tensor([2.0, 0.5])) @ turned.T
    regularizer.load_state_dict({"running_mean": torch.zeros(2), "running_square": covariance})
    before = {name: x.clone() for name, x in regularizer.state_dict().items()}
    generator = torch.Generator().manual_seed(7)
    posterior = DiagonalGaussian(*torch.randn(2, 400, 2, generator=generator).unbind(0))

    along = DiagonalGaussian(posterior.mean @ turned, torch.log(posterior.log_var.exp() @ turned.square()))
    expected = 0.5 * (posterior.kl() + along.kl()).mean()
    torch.manual_seed(0)
    assert float(regularizer(posterior, posterior.mean)) == pytest.approx(float(expected), rel=5e-3)
    assert all(torch.equal(before[name], x) for name, x in regularizer.state_dict().items())  # evaluation changes nothing


def test_the_running_covariance_settles_on_that_of_the_aggregated_posterior() -> None:
    regularizer = build_regularizer(TextVAEConfig("pdg-vae", vocab_size=10, latent_dim=2)).train()
    generator = torch.Generator().manual_seed(8)
    root = torch.tensor([[1.0, 0.0], [0.7, 0.5]])
    for _ in range(500):
        mean = 0.5 + torch.randn(64, 2, generator=generator) @ root.T
        regularizer(DiagonalGaussian(mean, torch.full_like(mean, math.log(0.3))), mean)
    state = regularizer.state_dict()
    covariance = state["running_square"] - torch.outer(state["running_mean"], state["running_mean"])
    torch.testing.assert_close(covariance, root @ root.T + 0.3 * torch.eye(2), atol=0.1, rtol=0)
