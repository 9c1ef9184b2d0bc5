"""Regularizers other than the random density gap, against quadrature, closed forms and plain double loops."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from dgvae.config import TextVAEConfig
from dgvae.methods import METHODS
from dgvae.posteriors import DiagonalGaussian, Implicit, VonMisesFisher
from dgvae.regularizers import Regularizer, build_regularizer
from dgvae.regularizers.critics import Adversarial, DualKL
from dgvae.regularizers.density_gap import density_gap
from dgvae.regularizers.mmd import MMD, squared_mmd
from tests.test_density_gap import DIMENSIONS, gauss_hermite, mixed, quadrature_gap, spread
from tests.test_von_mises_fisher import angle_mean, unit


def build(method: str, latent_dim: int, **options: float | str) -> Regularizer:
    torch.manual_seed(0)
    return build_regularizer(TextVAEConfig(method, vocab_size=10, latent_dim=latent_dim, options=options))


def normal(mean: Tensor, std: Tensor, count: int) -> Tensor:
    return mean + std * torch.randn(count, len(mean))


def standard_error(values: Tensor) -> float:
    return float(values.std()) / math.sqrt(len(values))


# Free bits


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


# MMD

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def plain_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate, a pair of samples at a time."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return sum(2 * len(a) * s / (2 * len(a) * s + float(((a - b) ** 2).sum())) for s in SCALES)

    n, pairs = len(x), [(i, j) for i in range(len(x)) for j in range(len(x))]
    within = sum(kernel(s[i], s[j]) for s in (x, y) for i, j in pairs if i != j) / (n * (n - 1))
    return within - 2 * sum(kernel(x[i], y[j]) for i, j in pairs) / n**2


def expected_mmd(mean: float, std: float) -> float:
    """MMD² of N(mean, std²) to N(0, 1) by quadrature: differences of independent normal variables are normal."""

    def kernel_mean(shift: float, variance: float) -> float:
        std = math.sqrt(variance)

        def integrand(d: float) -> float:
            return float(stats.norm.pdf(d, shift, std)) * sum(2 * s / (2 * s + d * d) for s in SCALES)

        return integrate.quad(integrand, shift - 12 * std, shift + 12 * std, limit=200)[0]

    return kernel_mean(0, 2 * std**2) + kernel_mean(0, 2) - 2 * kernel_mean(mean, 1 + std**2)


def test_mmd_equals_a_double_loop() -> None:
    x, y = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
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


def test_mmd_sees_the_samples_and_is_not_the_kl() -> None:
    """Narrow posteriors whose samples are spread like the prior: MMD is nought, the KL is large."""
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


def test_mmd_of_one_sample_is_nought_with_no_gradient() -> None:
    z = torch.ones(1, 3, requires_grad=True)
    loss = build("wae", 3)(DiagonalGaussian(z, z), z)
    loss.backward()
    assert float(loss.detach()) == 0
    assert z.grad is not None
    assert torch.equal(z.grad, torch.zeros(1, 3))
    assert isinstance(build("wae", 3), MMD)


# Critics


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


def test_the_dual_kl_of_the_prior_itself_is_not_above_nought() -> None:
    critic = build("ivae-mi", 2, critic_width=32)
    train_critic(critic, lambda count: torch.randn(count, 2), steps=100)
    assert isinstance(critic, DualKL)
    with torch.no_grad():
        bounds = torch.stack([critic.bound(torch.randn(5000, 2)) for _ in range(40)])
    assert float(bounds.mean()) < 4 * standard_error(bounds)
    assert float(bounds.mean()) > -0.05


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


# Joint density gap


def circle_gap(angles: np.ndarray, kappa: float) -> float:
    """KL of a mixture of von Mises distributions to the uniform one, by the trapezoid rule on the circle."""
    grid = np.arange(4000) * (2 * math.pi / 4000)
    q = stats.vonmises.pdf(grid[:, None], kappa, loc=angles).mean(1)
    return float((q * np.log(2 * math.pi * q)).mean()) * 2 * math.pi


def sphere_gap(directions: np.ndarray, kappa: float) -> float:
    """The same on the sphere of R³: Gauss–Legendre in the height, the trapezoid rule around."""
    height, weights = np.polynomial.legendre.leggauss(200)
    around = np.arange(200) * (2 * math.pi / 200)
    radius = np.sqrt(1 - height**2)[:, None]
    z = np.stack([radius * np.cos(around), radius * np.sin(around), height[:, None] + 0 * around], axis=-1)
    q = (kappa / (4 * math.pi * math.sinh(kappa)) * np.exp(kappa * z @ directions.T)).mean(-1)
    return float((weights[:, None] * q * np.log(4 * math.pi * q)).sum()) * 2 * math.pi / 200


def joint_gaps(direction: Tensor, kappa: float, size: int, draws: int = 40, samples: int = 200) -> Tensor:
    regularizer = build("dg-vmf-vae", direction.shape[1], kappa=kappa, aggregation_size=size, samples=samples)
    posterior = VonMisesFisher(direction, kappa)
    return torch.stack([regularizer(posterior, posterior.rsample()) for _ in range(draws)])


@pytest.mark.parametrize("dim", [2, 3, 32])
def test_the_joint_gap_of_single_sentences_is_the_kl(dim: int) -> None:
    log_constant, cosine = angle_mean(dim, 13.0, 1)
    log_sphere = math.log(2) + 0.5 * dim * math.log(math.pi) - special.gammaln(0.5 * dim)
    gaps = joint_gaps(unit(6, dim), 13.0, 1)
    assert abs(float(gaps.mean()) - (13 * cosine + log_constant + log_sphere)) < 4 * standard_error(gaps)


def test_the_joint_gap_equals_quadrature_on_the_circle_with_the_smaller_group_by_its_number() -> None:
    angles = np.array([0.1, 0.2, 3.0, 4.0, 1.0, 1.1, 1.2, 1.3, 5.0])
    direction = torch.from_numpy(np.stack([np.cos(angles), np.sin(angles)], axis=-1))
    groups = [circle_gap(angles[i : i + 4], 13.0) for i in (0, 4, 8)]
    assert np.ptp(groups) > 0.3  # so that the weights matter
    gaps = joint_gaps(direction, 13.0, 4)
    assert abs(float(gaps.mean()) - np.average(groups, weights=[4, 4, 1])) < 4 * standard_error(gaps)
    few = joint_gaps(direction[:3], 13.0, 32)  # a batch smaller than a group is one group
    assert abs(float(few.mean()) - circle_gap(angles[:3], 13.0)) < 4 * standard_error(few)


@pytest.mark.parametrize("kappa", [2.0, 20.0])
def test_the_joint_gap_equals_quadrature_on_the_sphere(kappa: float) -> None:
    direction = unit(5, 3, seed=8)
    gaps = joint_gaps(direction, kappa, 5)
    assert abs(float(gaps.mean()) - sphere_gap(direction.numpy(), kappa)) < 4 * standard_error(gaps)


def test_the_gradient_of_the_joint_gap_equals_finite_differences_of_quadrature() -> None:
    angles, kappa = np.array([0.0, 0.4, 1.0, 3.0]), 6.0
    steps = 1e-4 * np.eye(4)
    expected = np.array([(circle_gap(angles + s, kappa) - circle_gap(angles - s, kappa)) / 2e-4 for s in steps])
    gradients = []
    regularizer = build("dg-vmf-vae", 2, kappa=kappa, aggregation_size=4, samples=500)
    for _ in range(60):
        angle = torch.from_numpy(angles).requires_grad_()
        posterior = VonMisesFisher(torch.stack([angle.cos(), angle.sin()], dim=-1), kappa)
        gradients.append(torch.autograd.grad(regularizer(posterior, posterior.location), angle)[0])
    found = torch.stack(gradients)
    errors = found.std(0).numpy() / math.sqrt(len(found))
    assert (np.abs(found.mean(0).numpy() - expected) < 4 * errors).all()
    assert errors.max() < 0.05 * np.abs(expected).max()


def test_the_gradient_of_the_joint_gap_is_that_of_its_value_draw_by_draw() -> None:
    """With the draws fixed by a seed: the gradient flows through samples and densities."""
    regularizer = build("dg-vmf-vae", 3, kappa=6, aggregation_size=2, samples=3)

    def value(weights: Tensor) -> Tensor:
        torch.manual_seed(1)
        direction = weights / weights.norm(dim=-1, keepdim=True)
        return regularizer(VonMisesFisher(direction, 6.0), direction)

    assert torch.autograd.gradcheck(value, unit(5, 3, seed=2).requires_grad_())


def test_a_step_down_the_joint_gap_parts_directions_that_are_near() -> None:
    angle = torch.tensor([0.0, 0.2], dtype=torch.float64, requires_grad=True)
    regularizer = build("dg-vmf-vae", 2, kappa=10, aggregation_size=2, samples=1000)
    direction = torch.stack([angle.cos(), angle.sin()], dim=-1)
    regularizer(VonMisesFisher(direction, 10.0), direction).backward()
    assert angle.grad is not None
    assert float(angle.grad[0]) > 0 > float(angle.grad[1])


# Gauss–Hermite


@pytest.mark.parametrize(("posteriors", "tolerances"), [(spread, (5e-3, 1e-4, 1e-6)), (mixed, (5e-2, 3e-2, 1e-3))])
@pytest.mark.parametrize("size", [4, 32])
def test_gauss_hermite_converges_to_quadrature(posteriors, tolerances: tuple[float, ...], size: int) -> None:
    mean, log_var = (x.double() for x in posteriors(torch.Generator().manual_seed(1)))
    expected = np.mean(
        [
            sum(quadrature_gap(m[:, i].numpy(), v[:, i].numpy()) for i in range(DIMENSIONS))
            for m, v in zip(mean.split(size), log_var.split(size), strict=True)
        ]
    )
    for nodes, tolerance in zip((8, 16, 128), tolerances, strict=True):
        assert abs(float(density_gap(mean, log_var, size, gauss_hermite(nodes))) - expected) < tolerance, nodes


LEAST_NODES = METHODS["dg-vae"].options["nodes"].low  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("nodes", sorted({int(LEAST_NODES), 2, 3, 8, 128}))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gauss_hermite_of_single_sentences_is_exactly_the_kl(nodes: int, dtype: torch.dtype) -> None:
    """log q − log p is quadratic then, and two nodes are enough; every number of nodes that is allowed has to do it."""
    mean, log_var = (x.to(dtype).requires_grad_() for x in mixed(torch.Generator().manual_seed(2)))
    closed_form = kl_divergence(Normal(mean, torch.exp(0.5 * log_var)), Normal(0.0, 1.0)).sum(1).mean()
    value = density_gap(mean, log_var, 1, gauss_hermite(nodes))
    torch.testing.assert_close(value, closed_form, rtol=1e-5 if dtype is torch.float32 else 1e-10, atol=0)
    gradients, expected = (torch.autograd.grad(x, (mean, log_var)) for x in (value, closed_form))
    torch.testing.assert_close(gradients, expected, rtol=1e-4, atol=2e-6)


def test_gauss_hermite_is_deterministic_and_is_chosen_by_the_option() -> None:
    mean, log_var = mixed(torch.Generator().manual_seed(3))
    options: dict[str, float | str] = {"aggregation_size": 8, "estimator": "gauss-hermite", "nodes": 5}
    values = []
    for seed in range(2):
        regularizer = build("dg-vae", DIMENSIONS, **options)
        torch.manual_seed(seed)
        values.append(regularizer(DiagonalGaussian(mean, log_var), mean))
    assert torch.equal(*values)
    assert torch.equal(values[0], density_gap(mean, log_var, 8, gauss_hermite(5)))


@pytest.mark.parametrize("sentences", [6, 7])
def test_the_gradient_of_gauss_hermite_equals_autograd_of_the_plain_formula(sentences: int) -> None:
    """Seven sentences in groups of three leave a group of one."""
    nodes, weights = (torch.from_numpy(x) for x in special.roots_hermitenorm(4))
    mean, log_var = torch.randn(2, sentences, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    mean, log_var = mean.requires_grad_(), log_var.requires_grad_()
    expected = torch.zeros((), dtype=torch.float64)
    for m, v in zip(mean.split(3), log_var.split(3), strict=True):
        for i in range(2):
            components = Normal(m[:, i], torch.exp(0.5 * v[:, i]))
            for n in range(len(m)):
                z = m[n, i] + torch.exp(0.5 * v[n, i]) * nodes
                log_q = torch.log(torch.exp(components.log_prob(z.unsqueeze(-1))).mean(-1))
                gap = (weights * (log_q - Normal(0.0, 1.0).log_prob(z))).sum() / math.sqrt(2 * math.pi)
                expected = expected + gap / sentences
    value = density_gap(mean, log_var, 3, gauss_hermite(4))
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(torch.autograd.grad(value, (mean, log_var)), torch.autograd.grad(expected, (mean, log_var)))
    assert torch.autograd.gradcheck(lambda m, v: density_gap(m, v, 3, gauss_hermite(4)), (mean, log_var))


def test_the_principal_gap_takes_the_estimator_too() -> None:
    """One sentence a group, axes turned by hand: both halves are closed forms, and exact."""
    regularizer = build("pdg-vae", 2, aggregation_size=1, estimator="gauss-hermite").double().eval()
    turned = torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)
    square = turned @ torch.diag(torch.tensor([2.0, 0.5], dtype=torch.float64)) @ turned.T
    regularizer.load_state_dict({"running_mean": torch.zeros(2), "running_square": square})
    mean, log_var = torch.randn(2, 30, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    along = [Normal(mean, torch.exp(0.5 * log_var)), Normal(mean @ turned, (log_var.exp() @ turned.square()).sqrt())]
    expected = sum(0.5 * kl_divergence(q, Normal(0.0, 1.0)).sum(1).mean() for q in along)
    torch.testing.assert_close(regularizer(DiagonalGaussian(mean, log_var), mean), expected)
