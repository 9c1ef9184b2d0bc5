"""The joint density gap on the sphere against quadrature, closed forms and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import special, stats
from torch import Tensor

from dgvae.posteriors import VonMisesFisher
from tests.posteriors.test_von_mises_fisher import angle_mean, unit
from tests.regularizers.test_regularizers import build, standard_error


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
