"""The adversarial and the dual-KL regularizer on densities that are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from dgvae.methods.table import METHODS
from dgvae.posteriors import DiagonalGaussian, Implicit
from dgvae.regularizers import Regularizer
from dgvae.regularizers.critics import Adversarial, DualKL
from tests.regularizers.test_regularizers import build, normal, standard_error


def train_critic(critic: Regularizer, draw: Callable[[int], Tensor], steps: int = 500, rate: float = 5e-3) -> None:
    optimizer = torch.optim.Adam(critic.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        critic.critic_loss(draw(1024)).backward()
        optimizer.step()
        schedule.step()


def test_the_trained_discriminator_knows_the_log_density_ratio_and_the_encoder_follows_it() -> None:
    mean, std = torch.tensor([0.8]), torch.tensor([0.6])
    critic = build("aae", 1, critic_width=32)
    assert isinstance(critic, Adversarial)
    train_critic(critic, lambda count: normal(mean, std, count))

    grid = np.linspace(-1, 2.2, 33)
    with torch.no_grad():
        score = critic.score(torch.from_numpy(grid).float().unsqueeze(1)).numpy()
        loss = torch.stack([critic.critic_loss(normal(mean, std, 10_000)) for _ in range(20)])
    np.testing.assert_allclose(score, stats.norm.logpdf(grid) - stats.norm.logpdf(grid, 0.8, 0.6), atol=0.25)

    z = np.linspace(-7, 7, 14_001)  # Jensen–Shannon divergence by the trapezoid rule
    p, q = stats.norm.pdf(z), stats.norm.pdf(z, 0.8, 0.6)
    half = 0.5 * (p + q)
    jsd = 0.5 * integrate.trapezoid(special.rel_entr(p, half) + special.rel_entr(q, half), z)
    assert jsd > 0.1
    assert abs(float(loss.mean()) - (2 * math.log(2) - 2 * jsd)) < 4 * standard_error(loss) + 0.005

    moving_mean, moving_log_std = mean.clone().requires_grad_(), std.log().requires_grad_()
    z = normal(moving_mean, moving_log_std.exp(), 20_000)
    critic(DiagonalGaussian(z, z), z).backward()
    assert moving_mean.grad is not None
    assert moving_log_std.grad is not None
    step_mean, step_std = moving_mean - 0.1 * moving_mean.grad, (moving_log_std - 0.1 * moving_log_std.grad).exp()
    before, after = (kl_divergence(Normal(m, s), Normal(0.0, 1.0)) for m, s in ((mean, std), (step_mean, step_std)))
    assert float(after.detach()) < float(before) - 0.01


def test_a_discriminator_at_a_loss_costs_log_2() -> None:
    critic = build("aae", 4)
    assert isinstance(critic, Adversarial)
    torch.nn.init.zeros_(critic.network[-1].weight)  # pyright: ignore[reportArgumentType]
    torch.nn.init.zeros_(critic.network[-1].bias)  # pyright: ignore[reportArgumentType]
    z = torch.randn(10, 4)
    losses = torch.stack([critic(DiagonalGaussian(z, z), z), critic.critic_loss(z)])
    torch.testing.assert_close(losses, math.log(2) * torch.tensor([1.0, 2.0]))


def test_the_dual_kl_bounds_the_kl_from_below_and_training_makes_it_tight() -> None:
    mean, std = torch.tensor([1.0, -0.5]), torch.tensor([0.5, 0.8])
    expected = float(kl_divergence(Normal(mean, std), Normal(0.0, 1.0)).sum())
    critic = build("ivae-mi", 2, critic_width=48)
    assert isinstance(critic, DualKL)

    def bounds() -> Tensor:
        with torch.no_grad():
            return torch.stack([critic(Implicit(z.unsqueeze(1)), z) for z in (normal(mean, std, 5000) for _ in range(40))])

    for _ in range(5):  # whatever the critic
        for parameter in critic.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        untrained = bounds()
        assert float(untrained.mean()) < expected + 4 * standard_error(untrained)
    critic = build("ivae-mi", 2, critic_width=48)
    assert isinstance(critic, DualKL)
    train_critic(critic, lambda count: normal(mean, std, count))
    trained = bounds()
    assert float(trained.mean()) < expected + 4 * standard_error(trained)
    assert float(trained.mean()) > 0.9 * expected


def test_the_dual_kl_of_the_prior_itself_is_not_above_zero() -> None:
    critic = build("ivae-mi", 2, critic_width=32)
    train_critic(critic, lambda count: torch.randn(count, 2), steps=100)
    assert isinstance(critic, DualKL)
    with torch.no_grad():
        bounds = torch.stack([critic.bound(torch.randn(5000, 2)) for _ in range(40)])
    assert float(bounds.mean()) < 4 * standard_error(bounds)
    assert float(bounds.mean()) > -0.05


@pytest.mark.parametrize("method", ["aae", "ivae-mi"])
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.5, 0.4), (-3.0, 1.2), (0.0, 0.05)])
def test_the_best_critics_loss_is_bounded_by_the_kl(method: str, mean: float, std: float) -> None:
    """By quadrature of the loss with T at its optimum, between Gaussians. The dual KL is the KL itself."""
    kl = float(kl_divergence(Normal(mean, std), Normal(0.0, 1.0)))
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    z = mean + std * nodes
    log_ratio = stats.norm.logpdf(z, mean, std) - stats.norm.logpdf(z)
    best = float(weights @ (np.logaddexp(0, log_ratio) if method == "aae" else log_ratio)) / math.sqrt(2 * math.pi)
    bound = build(method, 1).loss_at_optimum(kl)
    assert bound <= best + 1e-6
    assert bound > 0.8 * best - 1e-6
    assert build(method, 1).loss_at_optimum(kl + 0.1) > bound


@pytest.mark.parametrize("method", [m.id for m in METHODS.values() if m.regularizer in ("adversarial", "dual-kl")])
def test_the_critics_loss_moves_the_critic_and_the_loss_moves_the_encoder(method: str) -> None:
    critic = build(method, 3)
    assert critic.critic_steps == METHODS[method].options["critic_steps"].default
    z = (2.0 + torch.randn(64, 3)).requires_grad_()
    critic.critic_loss(z.detach()).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in critic.parameters())
    assert z.grad is None
    critic(DiagonalGaussian(z, z), z).backward()
    assert z.grad is not None
    assert float(z.grad.abs().max()) > 0


def test_the_dual_kl_pulls_samples_however_far_they_are_and_a_critic_gone_astray_comes_back() -> None:
    """Where exp T would be infinite, value and gradients are finite and point home."""
    critic, z = build("ivae-mi", 3), torch.full((8, 3), 1e4, requires_grad=True)
    assert isinstance(critic, DualKL)
    critic.bound(z).backward()
    assert z.grad is not None
    assert torch.isfinite(z.grad).all()
    assert float(z.grad.abs().max()) > 1e-4

    with torch.no_grad():
        critic.network[-1].bias.fill_(200.0)  # pyright: ignore[reportCallIssue]
    critic.zero_grad()
    loss = critic.critic_loss(torch.randn(8, 3))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in critic.parameters())
    assert critic.network[-1].bias.grad > 0  # pyright: ignore[reportOptionalOperand,reportOperatorIssue]
