"""Copies among the examples are counted, exact ones and near ones, and independent examples are not."""

from __future__ import annotations

import pytest
import torch

from dgvae import DiagonalGaussian
from dgvae.evaluation.copied import MOST_COPIES
from dgvae.latent_space.copies import copies
from dgvae.posteriors import Points


@pytest.mark.parametrize("dim", [1, 2, 8, 64])
@pytest.mark.parametrize("views", [1, 2, 4, 12, 60])
def test_near_copies_are_counted(dim: int, views: int) -> None:
    generator = torch.Generator().manual_seed(dim)
    z = torch.randn(2400 // views, dim, generator=generator).double()
    noise = 1e-5 if dim == 1 else 1e-3 if dim == 2 else 0.1  # small beside the distance to the next of so many
    mean = torch.cat([z + noise / 2 * torch.randn(z.shape, generator=generator) for _ in range(views)])
    found = copies(DiagonalGaussian(mean, torch.full_like(mean, -4.0))) / len(mean)
    assert found == 0 if views == 1 else 0.8 < found / (1 - 1 / views) <= 1.01


@pytest.mark.parametrize("dim", [2, 8, 64])
@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("times", ["10 x 30", "55 x 10 and others", "1 to 10", "with replacement", "8%", "many, 2 to 12"])
def test_equal_places_are_counted_however_often_each_comes(times: str, kind: str, dim: int) -> None:
    generator = torch.Generator().manual_seed(dim)
    repeats = {
        "10 x 30": torch.full((10,), 30),
        "55 x 10 and others": torch.cat([torch.full((55,), 10), torch.ones(445, dtype=torch.int64)]),
        "1 to 10": torch.randint(1, 11, (200,), generator=generator),
        "with replacement": torch.randint(300, (1000,), generator=generator).bincount(minlength=300),
        "8%": torch.cat([torch.full((80,), 2), torch.ones(840, dtype=torch.int64)]),
        "many, 2 to 12": torch.cat([torch.randint(2, 13, (100,), generator=generator), torch.ones(4000, dtype=torch.int64)]),
    }[times]
    z = torch.randn(len(repeats), dim, generator=generator).to(getattr(torch, kind)).double()
    expected = int(repeats.sum() - (repeats > 0).sum())
    by_rounding = (
        0.05 * expected if dim == 2 and kind != "float32" else 0
    )  # of two coordinates of few digits, some are not told
    assert copies(Points(z.repeat_interleave(repeats, dim=0))) == pytest.approx(expected, abs=by_rounding)


def test_of_one_place_nothing_is_a_copy() -> None:
    assert copies(DiagonalGaussian(torch.ones(3000, 4), torch.full((3000, 4), -4.0))) == 0


@pytest.mark.parametrize(
    "shape",
    ["clusters", "curve", "winding curve", "heavy tails", "sparse", "two widths", "rounded", "tenths", "cut at zero", "codes"],
)
def test_independent_examples_are_no_copies_whatever_their_shape(shape: str) -> None:
    generator = torch.Generator().manual_seed(0)
    noise, t = torch.randn(3000, 3, generator=generator), torch.rand(3000, 1, generator=generator)
    z = {
        "clusters": 0.05 * noise + 3 * torch.randint(0, 3, noise.shape, generator=generator),
        "curve": torch.cat([(7 * t).sin(), (7 * t).cos(), t], dim=1),
        "winding curve": torch.cat([(7 * t * torch.arange(32)).sin(), (7 * t * torch.arange(32)).cos()], dim=1),
        "two widths": noise * torch.where(t < 0.5, 0.03, 1),
        "rounded": noise[:, :1].bfloat16().float(),
        "tenths": (10 * noise).round() / 10,
        "cut at zero": noise[:, :2].clamp_min(0),
        "codes": torch.randint(0, 8, (3000, 4), generator=generator).float(),
        "heavy tails": noise / t,
        "sparse": torch.cat([noise, noise.flip(0)], dim=1) * (torch.arange(6) < 6 * t),
    }[shape]
    assert copies(Points(z)) < MOST_COPIES * len(z)


@pytest.mark.parametrize("examples", [300, 1000, 3000])
@pytest.mark.parametrize(
    ("dim", "kind"), [(1, "bfloat16"), (1, "float16"), (2, "0.1"), (1, "0.01"), (2, "bfloat16"), (3, "0.1")]
)
def test_numbers_of_few_digits_are_no_copies(dim: int, kind: str, examples: int) -> None:
    for seed in range(3):
        z = torch.randn(examples, dim, generator=torch.Generator().manual_seed(seed))
        step = float(kind) if "." in kind else 0
        z = (z / step).round() * step if step else z.to(getattr(torch, kind)).float()
        assert copies(Points(z)) < MOST_COPIES * len(z)
    hundredths = (100 * torch.randn(examples, 2, generator=torch.Generator().manual_seed(0))).round() / 100
    share = examples // 5
    assert copies(Points(torch.cat([hundredths, hundredths[:share]]))) == pytest.approx(share, rel=0.2)
    if dim > 1 and "." not in kind:  # where exact ones are counted nonetheless
        assert copies(Points(torch.cat([z, z]))) == pytest.approx(examples, rel=0.1)
