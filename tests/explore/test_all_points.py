"""All points of a large map: the same latents every time, and places on both maps."""

from __future__ import annotations

import math

import pytest
import torch

from dgvae.checkpoint.latents import LatentMap, prior_samples
from dgvae.explore import all_points
from dgvae.explore.all_points import AllPoints, Places
from dgvae.explore.principal import PrincipalPlane
from dgvae.posteriors import DiagonalGaussian

COUNT, DRAWS, FITTED = 700, 40, 30


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> AllPoints:
    """Narrow posteriors in three dimensions. On the map, a point has the first two of them, so that places can be told."""
    monkeypatch.setattr(all_points, "_TOGETHER", 2)
    generator = torch.Generator().manual_seed(0)
    posterior = DiagonalGaussian(2 * torch.randn(COUNT, 3, generator=generator), torch.full((COUNT, 3), -6.0))
    sentences = torch.randperm(COUNT, generator=generator)[:FITTED].sort().values
    z = torch.cat([prior_samples(posterior.prior(3), DRAWS), posterior.mean[sentences] + 0.01])
    return AllPoints(posterior, LatentMap(sentences, z, z[:, :2].clone()))


def test_numbers_are_those_of_the_file(points: AllPoints) -> None:
    numbers = torch.tensor([-1, -COUNT, 1, COUNT])
    assert points.rows(numbers).tolist() == [0, COUNT - 1, COUNT, 2 * COUNT - 1]
    assert points.numbers(points.rows(numbers)).tolist() == numbers.tolist()


def test_a_point_has_the_same_latent_alone_and_among_all(points: AllPoints) -> None:
    every = points.z(torch.arange(len(points)))
    some = torch.tensor([3, 2 * COUNT - 1, 500, COUNT, 299, 256, 255])
    assert torch.equal(points.z(some), every[some])
    drawn = torch.cat([z for _, z in points.parts()])
    others = torch.ones(len(points), dtype=torch.bool)
    others[points.stored_rows] = False
    assert torch.equal(drawn[others], every[others])
    assert torch.equal(every[points.stored_rows], points.stored.z)
    examples = every[COUNT:] - points.posterior.location
    assert float(examples.std()) == pytest.approx(math.exp(-3), rel=0.1)
    assert float(every[:COUNT].std()) == pytest.approx(1, rel=0.1)
    assert len(every.unique(dim=0)) == len(points)  # no block has the seed of another


def test_a_point_lies_between_the_fitted_points_near_it_and_a_fitted_point_where_it_was(points: AllPoints) -> None:
    places = Places.find(points)
    assert torch.equal(places.umap[points.stored_rows], points.stored.xy)
    z = points.z(torch.arange(len(points)))
    near = torch.cdist(z, points.stored.z).topk(5, largest=False).indices
    low, high = points.stored.xy[near].aminmax(dim=1)
    assert ((places.umap >= low - 1e-4) & (places.umap <= high + 1e-4)).all()
    plane = PrincipalPlane.fit(points.posterior.location)
    torch.testing.assert_close(places.plane, plane.project(z))
