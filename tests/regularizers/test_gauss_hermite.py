"""The density gap by Gauss–Hermite nodes against quadrature, the closed form and autograd."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import special
from torch.distributions import Normal, kl_divergence

from dgvae.methods.table import METHODS
from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers.density_gap import MOST_NODES, DensityGap, GaussHermite, MonteCarlo, density_gap, read_estimator
from tests.regularizers.test_density_gap import DIMENSIONS, gauss_hermite, mixed, quadrature_gap, spread
from tests.regularizers.test_regularizers import build


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


@pytest.mark.parametrize("nodes", [1, MOST_NODES + 1, 380])
def test_nodes_of_which_nothing_comes_are_refused(nodes: int) -> None:
    with pytest.raises(ValueError, match=f"from 2 to {MOST_NODES} nodes"):
        GaussHermite(nodes)


def test_every_number_of_nodes_that_is_allowed_gives_the_moments_of_the_normal_distribution() -> None:
    option = METHODS["dg-vae"].options["nodes"]
    assert option.high <= MOST_NODES  # pyright: ignore[reportAttributeAccessIssue]
    for count in (2, 16, 128, MOST_NODES):
        nodes, weights = GaussHermite(count).points(torch.zeros(1, 1, dtype=torch.float64))
        assert float((nodes**2 * weights).sum()) == pytest.approx(1, rel=1e-12), count


@pytest.mark.parametrize("name", ["gauss-hermit", "Monte-Carlo", ""])
def test_an_unknown_estimator_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="estimator"):
        read_estimator({"estimator": name, "samples": 8, "nodes": 8})
    with pytest.raises(ValueError, match="estimator"):
        DensityGap(4, name)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="one sample"):
        MonteCarlo(0)


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
