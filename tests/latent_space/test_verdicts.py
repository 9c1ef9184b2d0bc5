"""What a latent space's diagnosis says of outliers, copies, constants and bounds."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import torch

from dgvae import DiagonalGaussian, LatentSpace, density_gap_at
from dgvae.aggregate import aggregate
from dgvae.errors import UserError
from dgvae.evaluation import pair_figures
from dgvae.evaluation.joint_cause import covariance_differs
from dgvae.evaluation.latent_figures import SINGULAR
from dgvae.evaluation.measured import Measured, remarks


def test_correlations_of_wide_posteriors_are_told_from_chance() -> None:
    """N means of a part of the variance bring less by chance than N points."""
    dim, variance = 64, 0.7
    covariance = torch.full((dim, dim), 0.2, dtype=torch.float64).fill_diagonal_(1) - variance * torch.eye(dim)
    values, vectors = torch.linalg.eigh(covariance)
    mean = (torch.randn(300, dim, generator=torch.Generator().manual_seed(5)).double() * values.sqrt()) @ vectors.T
    assert covariance_differs(LatentSpace(mean, torch.full_like(mean, math.log(variance))).record)
    same = math.sqrt(1 - variance) * torch.randn(300, dim, generator=torch.Generator().manual_seed(5))
    assert not covariance_differs(LatentSpace(same, torch.full_like(same, math.log(variance))).record)


def test_means_of_one_length_are_no_sphere_where_posteriors_fill_the_space() -> None:
    mean = 2 * torch.nn.functional.normalize(torch.randn(1000, 16, generator=torch.Generator().manual_seed(0)))
    wide, narrow = (LatentSpace(mean, torch.full_like(mean, math.log(variance))) for variance in (0.75, 0.001))
    assert not any("sphere" in f.text for f in wide.diagnosis())
    assert any("sphere" in f.text for f in narrow.diagnosis())


@pytest.mark.parametrize("std", [0.3, 0.7])
def test_of_means_without_their_spread_it_is_said_that_this_is_missing(std: float) -> None:
    generator = torch.Generator().manual_seed(0)
    mean = (1 - std**2) ** 0.5 * torch.randn(2000, 4, generator=generator)
    mean[:, 3] = 0  # collapsed
    log_var = torch.full_like(mean, 2 * math.log(std))
    log_var[:, 3] = 0
    drawn = mean + (0.5 * log_var).exp() * torch.randn(2000, 4, generator=generator)
    said = [any("their spread is missing" in f.text for f in LatentSpace(*each).diagnosis()) for each in ((mean,), (drawn,))]
    assert said == [True, False]
    assert not any(f.severity == "fault" for f in LatentSpace(mean, log_var).diagnosis())


def test_dimensions_that_depend_on_each_other_are_named_where_there_are_holes_too() -> None:
    z = torch.randn(2000, 4, generator=torch.Generator().manual_seed(0))
    z[:, 1] = z[:, 0].sign() * z[:, 1].abs()
    said = [finding.text for finding in LatentSpace(z).diagnosis()]
    assert any(text.startswith("Holes: ") for text in said)
    assert any("Dimensions 1 and 2 depend on each other" in text for text in said)


@pytest.mark.parametrize("center", [0.0, 1.0, 3.0])
def test_normalized_embeddings_with_a_common_direction_lie_on_a_sphere(center: float) -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(500, 64, generator=generator) / 8
    z[:, 0] += center
    assert any("lie on a sphere" in f.text for f in LatentSpace(z / z.norm(dim=1, keepdim=True)).diagnosis())
    z[:, 0] += 300  # far away, all have about one length
    assert not any("lie on a sphere" in f.text for f in LatentSpace(z).diagnosis())


def test_two_models_of_the_same_examples_compare() -> None:
    generator = torch.Generator().manual_seed(0)
    z = [torch.randn(100, 2, generator=generator) for _ in range(2)]
    texts, labels = [f"boat {n}" for n in range(100)], np.arange(100) % 3

    def said(*others: dict[str, Any]) -> str:
        spaces = [LatentSpace(each, **other) for each, other in zip(z, others, strict=True)]
        return " ".join(remarks(Measured("", "", "", None, space.record) for space in spaces))

    assert said({"text": texts}, {"text": texts}) == ""
    assert "It is not known whether" in said({"labels": labels}, {"labels": labels})
    assert "Not all of these models" in said({"text": texts}, {"text": texts[::-1]})
    assert "It is not known whether" in said({}, {"text": texts})
    assert "It is not known whether" in said({}, {})


def test_what_one_outlier_or_copies_show_is_no_difference_of_marginals() -> None:
    z = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    z[0] = 30
    assert not any("marginal" in f.text for f in LatentSpace(z).diagnosis() if f.severity == "fault")
    few = torch.randn(20, 16, generator=torch.Generator().manual_seed(1)).repeat(10, 1)
    for space in (LatentSpace(few), LatentSpace(few, torch.full_like(few, -2.0))):
        assert not any("differ" in f.text for f in space.diagnosis() if f.severity == "fault")


def test_points_that_are_near_to_each_other_are_not_collapsed() -> None:
    texts = [f.text for f in LatentSpace(0.05 * torch.randn(500, 3)).diagnosis()]
    assert "The points barely vary in 3 of 3 dimensions." in texts
    assert not any("Collapsed" in text for text in texts)


@pytest.mark.parametrize("length", [1.0, 3.0])
def test_of_a_sphere_it_is_said_that_the_prior_is_another(length: float) -> None:
    z = torch.nn.functional.normalize(torch.randn(500, 8, generator=torch.Generator().manual_seed(0)))
    for space in (LatentSpace(length * z.half().float()), LatentSpace(length * z, torch.full_like(z, -4.0))):
        assert space.diagnosis()[0].text.startswith("All encoded examples have one length, and so lie on a sphere")
    aside = torch.cat(
        [0.1 * torch.randn(300, 3), torch.full((300, 1), 40.0)], dim=1
    )  # nearly all of the length is its last part
    for other in (torch.randn(300, 200), aside, 0.5 + 0.001 * torch.randn(300, 3)):
        assert not any("sphere" in f.text for f in LatentSpace(other).diagnosis())


def test_narrow_posteriors_that_match_are_said_to_have_too_few_consistent_units() -> None:
    z = torch.randn(2000, 4, generator=torch.Generator().manual_seed(0))
    narrow, wide = (LatentSpace(scale * z, torch.full_like(z, log_var)) for scale, log_var in ((1, -18.0), (0.8, -1.02)))
    assert narrow.figures()["consistent_units"][0] == 0  # of 4 that are
    assert any(
        "Consistent units may be too few here" in f.text and "in 4 of 4 dimensions" in f.text for f in narrow.diagnosis()
    )
    assert not any("too few here" in f.text for f in wide.diagnosis())


def test_samples_of_a_collapsed_model_are_not_said_to_carry_information() -> None:
    found = LatentSpace(torch.randn(500, 3, generator=torch.Generator().manual_seed(0))).diagnosis()
    assert not any("No collapse" in finding.text for finding in found)
    assert any(finding.severity == "note" and "samples from posteriors" in finding.text for finding in found)


def test_a_dimension_in_which_all_points_agree_has_no_covariance_gap() -> None:
    z = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    z[:, 2] = 0.1
    one, shifted = LatentSpace(z), LatentSpace(torch.cat([z[:, :2] + 3, z[:, 2:]], dim=1))
    assert one.absent["covariance_gap"] == SINGULAR
    assert any("2 of 3 marginals differ from N(0, 1)" in finding.text for finding in shifted.diagnosis())
    assert not any("Too few" in finding.text for finding in one.diagnosis())


def test_copies_make_no_holes() -> None:
    z = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    (once, *_), twice = (LatentSpace(z).diagnosis(), LatentSpace(torch.cat([z, z])).diagnosis())
    assert "copies" not in once.text
    assert any(f.severity == "note" and "500 of 1,000 encoded examples are copies of others" in f.text for f in twice)
    assert not any("Holes:" in finding.text for finding in twice)
    space = LatentSpace(torch.cat([z, z]), torch.full((1000, 2), -2.0))
    assert {"hole_mass", "smoothed_gap", "auc", "joint_gap"} & space.figures().keys() == set()
    assert "500 of 1,000 encoded examples are copies" in space.absent["hole_mass"]
    with pytest.raises(UserError, match=r"500 of 1,000 encoded examples are copies .* Leave the copies out\."):
        space.holes()


def test_copies_hide_no_other_fault_and_make_none() -> None:
    z = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    skewed = torch.cat([z, z]) @ torch.tensor([[1.0, 0.9], [0.0, 0.44]])
    assert any("mean or covariance of q(z) differs" in finding.text for finding in LatentSpace(skewed).diagnosis())
    few = torch.randn(20, 16, generator=torch.Generator().manual_seed(1)).repeat(10, 1)
    assert not any("covariance" in finding.text for finding in LatentSpace(few).diagnosis())


@pytest.mark.parametrize(("mean", "log_var"), [(1.0, -4.6), (0.0, -3.0), (0.0, 0.0)])
def test_of_a_constant_encoder_q_is_known(mean: float, log_var: float) -> None:
    space = LatentSpace(torch.full((500, 2), mean), torch.full((500, 2), log_var))
    texts = [finding.text for finding in space.diagnosis()]
    assert any("Collapsed: 2 of 2 dimensions" in text for text in texts)
    assert any("marginals differ from N(0, 1)" in text and "Too few" not in text for text in texts) == (log_var < 0)
    assert not any("opies" in text or "Too few" in text for text in texts)


@pytest.mark.parametrize(("outlier", "scale"), [(3e4, 1.0), (0.0, 3e3)])
def test_what_is_far_out_is_not_collapsed(outlier: float, scale: float) -> None:
    mean = 0.95 * scale * torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    mean[0] += outlier
    assert not any("ollapsed" in finding.text for finding in LatentSpace(mean, torch.full_like(mean, -2.3)).diagnosis())


def test_a_bound_is_not_said_to_be_more_than_its_error_allows() -> None:
    generator = torch.Generator().manual_seed(1)
    mean = 0.97 * torch.randn(3000, 4, generator=generator)
    mean[:, 1] = mean[:, 1].abs() * mean[:, 0].sign()
    mean[0] = 1000
    space = LatentSpace(mean, torch.full_like(mean, -3.0))
    value, error = space.figures()["smoothed_gap"]
    assert value > 10
    assert error > value / 2
    said = next(finding.text for finding in space.diagnosis() if "joint gap at least" in finding.text)
    assert float(said.split("joint gap at least ")[1].split()[0]) < 3


def test_copies_make_no_posterior_narrow() -> None:
    mean = 0.84 * torch.randn(300, 4, generator=torch.Generator().manual_seed(0)) + 3
    both = torch.cat([mean, mean])
    assert not any("narrow" in finding.text for finding in LatentSpace(both, torch.full_like(both, -1.2)).diagnosis())


def texts(mean: torch.Tensor, log_var: float | torch.Tensor) -> list[str]:
    return [f.text for f in LatentSpace(mean, torch.as_tensor(log_var).expand_as(mean)).diagnosis()]


@pytest.mark.parametrize(("width", "shift"), [(1e-3, 3.0), (1e-4, 1.0), (0.01, -0.5)])
def test_a_mean_tells_a_marginal_however_narrow_posteriors_are(width: float, shift: float) -> None:
    mean = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0)) + torch.tensor([shift, 0.0])
    found = texts(mean, 2 * math.log(width))
    said = re.compile(r"Dimension 1 differs .* by (at least )?.* nats: its mean is ([+-][\d.]+)\.")
    (match,) = (match for match in map(said.match, found) if match)
    assert float(match[2]) == pytest.approx(shift, abs=0.06)


@pytest.mark.parametrize(("far", "distance"), [(0, 0), (10, 100), (4, 1000), (30, 20), (50, -100)])
@pytest.mark.parametrize("are_points", [False, True])
def test_a_few_examples_far_out_hide_no_hole(far: int, distance: float, are_points: bool) -> None:
    generator = torch.Generator().manual_seed(far)
    mean = torch.randn(1000, 2, generator=generator)
    mean[:, 0] = mean[:, 0].abs()
    angle = 2 * math.pi * torch.rand(far, generator=generator)
    mean[:far] = distance * torch.stack([angle.cos(), angle.sin()], dim=1)
    if distance < 0:  # all on one side
        mean[:far] = torch.tensor([distance, 0.0]) + 3 * torch.randn(far, 2, generator=generator)
    space = LatentSpace(mean) if are_points else LatentSpace(mean, torch.full_like(mean, -3.0))
    assert space.figures()["hole_mass"].value == pytest.approx(0.5 if are_points else 0.39, abs=0.06)
    assert 0.3 < sum(hole.share for hole in space.holes()) < 0.6
    assert any("far from the rest" in f.text for f in space.diagnosis()) == bool(far)


def test_a_dimension_is_silent_by_the_same_examples_that_measure_both_parts_of_it() -> None:
    generator = torch.Generator().manual_seed(3)
    mean = 0.7 * torch.randn(12_000, 3, generator=generator)
    mean[:5, 1] = 400.0
    space = LatentSpace(mean, torch.full_like(mean, -2.0))
    assert len(space.rows) < len(mean)
    assert not any("carry less than" in f.text for f in space.diagnosis())


def test_many_weak_dimensions_are_no_collapse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_figures, "PAIR_BINS", 4)  # of 3,160 pairs
    mean = 0.13 * torch.randn(800, 80, generator=torch.Generator().manual_seed(0))
    found = texts(mean, math.log(1 - 0.13**2))
    assert any(re.match(r"z carries 0\.[67]\d nats .* no dimension carries 0\.01 nats", text) for text in found), found
    assert not any("ollapsed" in text for text in found)


def test_what_a_covariance_explains_is_not_said_to_be_a_shape() -> None:
    generator = torch.Generator().manual_seed(0)
    covariance = 0.27 + 0.73 * torch.eye(7)
    mean = torch.randn(3000, 7, generator=generator) @ torch.linalg.cholesky(covariance - 0.1 * torch.eye(7)).T
    found = texts(mean, math.log(0.1))
    assert any("the mean or covariance of q(z) differs" in text for text in found), found


@pytest.mark.parametrize(
    ("scale", "shift", "how"),
    [(0.7, 0.45, "its mean is +0.4"), (0.7, -0.4, "its mean is -0.4"), (0.4, 0.1, "it is too narrow")],
)
def test_what_differs_in_a_marginal_is_what_explains_most_of_it(scale: float, shift: float, how: str) -> None:
    mean = math.sqrt(scale) * torch.randn(5000, 1, generator=torch.Generator().manual_seed(0)) + shift
    found = texts(mean, math.log(0.3))
    assert any(how in text for text in found), found


def test_what_lies_within_the_prior_is_no_outlier() -> None:
    generator = torch.Generator().manual_seed(0)
    mean = 0.05 * torch.randn(2000, 1, generator=generator)
    mean[:90] = torch.randn(90, 1, generator=generator)
    assert not any("far from the rest" in text for text in texts(mean, -8.0))


def test_where_outliers_lie_q_is_denser_than_the_prior() -> None:
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(1000, 2, generator=generator)
    mean[:20] = torch.tensor([12.0, 0.0]) + 0.3 * torch.randn(20, 2, generator=generator)
    aggregated = aggregate(DiagonalGaussian(mean.double(), torch.full_like(mean, -3.0).double()))
    exact = aggregated.prior.log_prob(mean[:20].double()) - aggregated.log_prob(mean[:20].double())
    for own in (None, torch.arange(20)):
        torch.testing.assert_close(density_gap_at(mean[:20], aggregated, own), exact, atol=0.1, rtol=0)
    others = torch.arange(20, 1000)  # of which each is left out of the smoothed q(z)
    usual = aggregate(DiagonalGaussian(mean[20:].double(), torch.full((980, 2), -3.0).double()))
    gap = density_gap_at(mean[20:], usual, torch.arange(980))
    torch.testing.assert_close(density_gap_at(mean[20:], aggregated, others), gap - math.log(0.98), atol=1e-6, rtol=0)
