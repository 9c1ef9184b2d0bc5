"""The density gap with a memory: quadrature, its bound, its gradient, extreme variances, what it remembers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from dgvae.posteriors import DiagonalGaussian, Posterior, VonMisesFisher
from dgvae.regularizers import JointDensityGap, MemoryDensityGap, PrincipalDensityGap, memory_density_gap
from dgvae.regularizers.accompanied import AccompaniedMemoryGap
from tests.posteriors.test_von_mises_fisher import unit
from tests.regularizers.test_regularizers import standard_error


def gaussians(count: int, dim: int, seed: int = 0, low: float = -3, high: float = 0) -> DiagonalGaussian:
    generator = torch.Generator().manual_seed(seed)
    mean = torch.randn(count, dim, generator=generator, dtype=torch.float64)
    log_var = low + (high - low) * torch.rand(count, dim, generator=generator, dtype=torch.float64)
    return DiagonalGaussian(mean, log_var)


def remembering(memory: Posterior, **options: int) -> MemoryDensityGap:
    """A gap whose memory is full of `memory`."""
    gap = MemoryDensityGap(
        memory.location.shape[1], len(memory), kind=type(memory), **{"aggregation_size": 4096, **options}
    ).double()
    gap._remember(memory)
    return gap


def plain(batch: DiagonalGaussian, memory: DiagonalGaussian, z: Tensor) -> Tensor:
    """The formula as it stands, z: [B, S, D]."""
    mean, log_var = torch.cat([batch.mean, memory.mean]), torch.cat([batch.log_var, memory.log_var])
    components = torch.distributions.Normal(mean, (0.5 * log_var).exp())
    log_q = components.log_prob(z.unsqueeze(2)).sum(-1).logsumexp(-1) - math.log(len(mean))
    log_p = torch.distributions.Normal(torch.zeros(1).to(z), torch.ones(1).to(z)).log_prob(z).sum(-1)
    return (log_q - log_p).mean()


@pytest.mark.parametrize("dim", [1, 2])
def test_the_gap_equals_quadrature(dim: int) -> None:
    """E over the batch's part of q of log q_M − log p, on a grid."""
    batch, memory = gaussians(5, dim), gaussians(20, dim, seed=1)
    axis = torch.linspace(-9, 9, 1201, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(*[axis] * dim, indexing="ij"), -1).reshape(-1, 1, dim)

    def density(q: DiagonalGaussian) -> Tensor:
        return torch.cat([q.log_prob(points).exp().mean(-1) for points in grid.split(20_000)])

    own = density(batch)
    mixture = (5 * own + 20 * density(memory)) / 25
    log_ratio = mixture.log() - batch.prior(dim).log_prob(grid[:, 0])
    expected = float((own * log_ratio).sum() * (axis[1] - axis[0]) ** dim)
    gap = remembering(memory, samples=2000).eval()
    values = torch.stack([gap(batch, batch.mean) for _ in range(20)])
    assert abs(float(values.mean()) - expected) < 4 * standard_error(values) + 1e-9
    assert standard_error(values) < 0.02


@pytest.mark.parametrize(("at_once", "densities"), [(256, 1 << 17), (7, 21)])
def test_value_and_gradient_are_those_of_the_formula_written_plainly(
    monkeypatch: pytest.MonkeyPatch, at_once: int, densities: int
) -> None:
    """In one piece, and in pieces of a few samples and a few components."""
    monkeypatch.setattr(memory_density_gap, "_SAMPLES", at_once)
    monkeypatch.setattr(memory_density_gap, "_PIECE", {"cpu": densities})
    batch, memory = gaussians(6, 3), gaussians(50, 3, seed=1)
    leaves = [x.clone().requires_grad_() for x in (batch.mean, batch.log_var)]
    gap = remembering(memory, samples=3).eval()
    torch.manual_seed(5)
    value = gap(DiagonalGaussian(*leaves), leaves[0])
    found = torch.autograd.grad(value, leaves)
    torch.manual_seed(5)
    posterior = DiagonalGaussian(*leaves)
    expected = plain(posterior, memory, posterior.samples(3))
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=1e-6)
    for mine, theirs in zip(found, torch.autograd.grad(expected, leaves), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("memory_size", [0, 7, 500])
def test_posteriors_far_apart_reach_the_bound_and_cost_their_kl_less_it(memory_size: int) -> None:
    """MI is at most log(B + M), and is that where no two posteriors touch: the gap is then the KL less log(B + M)."""
    batch = DiagonalGaussian(100.0 * torch.arange(8.0)[:, None].expand(8, 2), torch.full((8, 2), -2.0))
    far = DiagonalGaussian(
        -100.0 * torch.arange(1.0, memory_size + 1)[:, None].expand(memory_size, 2), torch.zeros(memory_size, 2)
    )
    gap = remembering(far.map(Tensor.double), samples=400).eval()
    values = torch.stack([gap(batch, batch.mean) for _ in range(20)])
    expected = float(batch.kl().mean()) - math.log(8 + memory_size)
    assert abs(float(values.mean()) - expected) < 4 * standard_error(values) + 1e-3


def test_without_information_the_gap_is_the_kl_to_the_prior_and_zero_if_they_are_equal() -> None:
    """q = p for every sentence: no gap, draw by draw. A batch like the memory: what it costs is KL(q ‖ p)."""
    same = DiagonalGaussian(torch.zeros(40, 3), torch.zeros(40, 3))
    gap = remembering(same.map(Tensor.double)).eval()
    assert abs(float(gap(same, same.mean))) < 1e-6
    # And where sentences differ, but their mixture is the prior: means N(0, 1 − σ²).
    generator = torch.Generator().manual_seed(3)
    std = 0.6

    def matched(count: int) -> DiagonalGaussian:
        mean = math.sqrt(1 - std**2) * torch.randn(count, 1, generator=generator, dtype=torch.float64)
        return DiagonalGaussian(mean, torch.full_like(mean, 2 * math.log(std)))

    values = torch.stack(
        [remembering(matched(5000), samples=10).eval()(batch, batch.mean) for batch in [matched(64) for _ in range(60)]]
    )
    assert abs(float(values.mean())) < 4 * standard_error(values)
    assert standard_error(values) < 0.02


@pytest.mark.parametrize("log_var", [-20.0, -10.0, 0.0, 10.0])
def test_fp32_is_stable(log_var: float) -> None:
    """Value and gradient agree with fp64, with near duplicates in the memory."""
    mean = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
    width = math.exp(0.5 * log_var)
    near = DiagonalGaussian(mean.double() + 0.5 * width, torch.full((16, 8), log_var, dtype=torch.float64))
    results = []
    for dtype in (torch.float32, torch.float64):
        leaves = [mean.to(dtype).requires_grad_(), torch.full((16, 8), log_var, dtype=dtype).requires_grad_()]
        gap = remembering(near).eval()
        torch.manual_seed(1)
        value = gap(DiagonalGaussian(*leaves), leaves[0])
        results.append([value.detach().double(), *(x.double() for x in torch.autograd.grad(value, leaves))])
    for single, double in zip(*results, strict=True):
        assert torch.isfinite(single).all()
        torch.testing.assert_close(single, double, rtol=1e-4, atol=1e-4)


def test_without_a_memory_it_is_the_papers_joint_gap_on_the_sphere() -> None:
    direction = unit(24, 5, seed=2)
    posterior = VonMisesFisher(direction, 13.0)
    with_memory = MemoryDensityGap(5, 0, aggregation_size=8, samples=64, kind=VonMisesFisher).eval()
    joint = JointDensityGap(aggregation_size=8, samples=64).eval()
    values = torch.stack([with_memory(posterior, direction) - joint(posterior, direction) for _ in range(60)])
    assert abs(float(values.mean())) < 4 * standard_error(values)
    assert standard_error(values) < 0.02


def test_with_one_sentence_and_no_memory_it_is_the_kl() -> None:
    batch = gaussians(10, 3)
    gap = MemoryDensityGap(3, 0, aggregation_size=1, samples=500).double().eval()
    values = torch.stack([gap(batch, batch.mean) for _ in range(30)])
    assert abs(float(values.mean()) - float(batch.kl().mean())) < 4 * standard_error(values)


def test_on_the_circle_the_gap_with_a_memory_equals_quadrature() -> None:
    angles = np.array([0.1, 0.4, 2.0, 3.0, 3.1, 5.0])
    direction = torch.from_numpy(np.stack([np.cos(angles), np.sin(angles)], axis=-1))
    batch, memory = VonMisesFisher(direction[:2], 9.0), VonMisesFisher(direction[2:], 9.0)
    grid = np.arange(4000) * (2 * math.pi / 4000)
    densities = stats.vonmises.pdf(grid[:, None], 9.0, loc=angles)
    log_ratio = np.log(2 * math.pi * densities.mean(1))
    expected = (densities[:, :2].mean(1) * log_ratio).mean() * 2 * math.pi
    gap = remembering(memory, samples=500).eval()
    values = torch.stack([gap(batch, batch.direction) for _ in range(30)])
    assert abs(float(values.mean()) - expected) < 4 * standard_error(values)


def test_the_memory_holds_the_last_sentences_and_only_those_of_training() -> None:
    gap = MemoryDensityGap(2, 10, aggregation_size=4)
    shares = []
    batches = [DiagonalGaussian(torch.full((4, 2), float(i)), torch.full((4, 2), -float(i))) for i in range(5)]
    for batch in batches:
        shares.append(float(gap.filled_share()))
        gap.train()(batch, batch.mean)
        gap.eval()(batch.map(lambda x: x + 100), batch.mean)
    assert shares == pytest.approx([0, 0.4, 0.8, 1, 1])
    assert float(gap.filled_share(delay=12)) == pytest.approx(0.8)
    assert float(gap.filled_share(delay=40)) == 0
    assert int(gap.written) == 20
    assert sorted(gap.get_buffer("memory_mean")[:, 0].tolist()) == [2, 2, 3, 3, 3, 3, 4, 4, 4, 4]
    large = DiagonalGaussian(torch.arange(26.0).view(13, 2), torch.zeros(13, 2))
    gap.train()(large, large.mean)  # more than the memory holds: the last ten
    assert sorted(gap.get_buffer("memory_mean")[:, 0].tolist()) == [2.0 * k for k in range(3, 13)]
    assert int(gap.written) == 33


@pytest.mark.parametrize("memory", [0, 3, 100])
def test_a_delay_counts_sentences_whatever_the_memory_holds(memory: int) -> None:
    gap = MemoryDensityGap(2, memory, aggregation_size=4).train()
    begun = []
    for _ in range(8):
        begun.append(float(gap.filled_share(delay=20)) > 0)
        batch = DiagonalGaussian(torch.randn(5, 2), torch.zeros(5, 2))
        gap(batch, batch.mean)
    assert begun.index(True) == (4 if memory == 0 else 5)  # 20 sentences; with a memory, once more than these are in it


def test_a_state_restores_the_memory() -> None:
    torch.manual_seed(0)
    gap, again = MemoryDensityGap(2, 10, aggregation_size=4), MemoryDensityGap(2, 10, aggregation_size=4)
    batch = DiagonalGaussian(torch.randn(4, 2), torch.randn(4, 2))
    gap(batch, batch.mean)
    again.load_state_dict(gap.state_dict())
    values = []
    for each in (gap, again):
        torch.manual_seed(1)
        values.append(each(batch, batch.mean))
    assert torch.equal(*values)


def test_a_companion_is_added_and_a_memory_that_fills_counts_by_its_share() -> None:
    batch = gaussians(8, 3).map(Tensor.float)
    memory = MemoryDensityGap(3, 16, aggregation_size=8)
    memory._remember(batch)
    torch.manual_seed(0)
    expected = 0.5 * 3.0 * memory.eval()(batch, batch.mean)
    expected = expected + 0.25 * PrincipalDensityGap(3).eval()(batch, batch.mean)
    both = AccompaniedMemoryGap(memory, PrincipalDensityGap(3), weight=3.0, companion_weight=0.25).eval()
    torch.manual_seed(0)
    torch.testing.assert_close(both(batch, batch.mean), expected)
