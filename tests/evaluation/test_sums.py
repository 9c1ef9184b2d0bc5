"""Figures that are made of sums over all examples, against those of `measure_latents`."""

from __future__ import annotations

import math

import pytest
import torch

from dgvae.evaluation import sums
from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.figures import SUMMED
from dgvae.evaluation.latent_figures import SINGULAR, measure_latents
from dgvae.evaluation.sums import summed_figures
from dgvae.posteriors import DiagonalGaussian, Points


def uneven(examples: int, far: float = 0.0) -> DiagonalGaussian:
    """Some dimensions are correlated, one says little, one nothing, and one is `far` away. In fp32."""
    generator = torch.Generator().manual_seed(3)
    mean = torch.randn(examples, 5, generator=generator)
    mean[:, 1] = 0.6 * mean[:, 0] + 0.8 * mean[:, 1]
    mean[:, 2:4] *= torch.tensor([0.4, 0.1])
    mean[:, 4] = far
    return DiagonalGaussian(mean, 0.3 * torch.randn(examples, 5, generator=generator) - torch.tensor([2, 1, 0.2, 0, 0]))


@pytest.mark.parametrize("examples", [2, 3, 41, 1000])
@pytest.mark.parametrize("kind", ["posteriors", "points", "far"])
def test_they_are_those_of_measure_latents(kind: str, examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_NUMBERS", 5 * 17)  # 17 examples at once
    posterior = uneven(examples, 900.0 if kind == "far" else 0.0)
    posterior = Points(posterior.mean) if kind == "points" else posterior
    known = measure_latents(posterior, torch.randn(50, 5), torch.Generator().manual_seed(0))
    found = summed_figures(posterior, torch.Generator().manual_seed(0))
    assert found.figures.keys() == {*SUMMED} & known.figures.keys()
    assert found.absent.items() <= known.absent.items()
    for name, (value, error) in found.figures.items():
        wanted = known.figures[name]
        assert (value, error) == pytest.approx((wanted.value, wanted.error), rel=1e-6, abs=1e-9, nan_ok=True), name
    for name, values in found.profile.items():
        assert values == pytest.approx(known.profile[name], rel=1e-7, abs=1e-10), name
    assert known.profile.keys() - found.profile.keys() <= {
        "marginal_kl", "marginal_kl_error", "marginal_kl_bias", "marginal_kl_by_chance", "marginal_kl_bound",
        "marginal_kl_bound_error", "marginal_kl_bound_bias", "dimension_mi",
    }  # fmt: skip


def test_a_singular_covariance_is_told() -> None:
    wide = DiagonalGaussian(torch.randn(60, 3), torch.full((60, 3), -90.0))
    wide.mean[:, 2] = wide.mean[:, 1]
    assert summed_figures(wide, torch.Generator()).absent == {"covariance_gap": SINGULAR}


def test_of_many_examples_the_error_is_small() -> None:
    """A hundred times as many examples have a tenth of the error; 1/√N is its law."""
    errors = [summed_figures(uneven(count), torch.Generator()).figures["kl"] for count in (400, 40_000)]
    assert all(isinstance(of, Estimate) for of in errors)
    assert math.log10(errors[0].error / errors[1].error) == pytest.approx(1, abs=0.1)
