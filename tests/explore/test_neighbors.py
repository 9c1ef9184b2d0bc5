"""The nearest posteriors, beside a plain loop over torch's own divergences."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from dgvae.explore import neighbors
from dgvae.explore.neighbors import nearest, nearest_posteriors
from dgvae.posteriors import DiagonalGaussian, Implicit, Points, VonMisesFisher

GENERATOR = torch.Generator().manual_seed(0)
GAUSSIAN = DiagonalGaussian(torch.randn(60, 3, generator=GENERATOR), torch.randn(60, 3, generator=GENERATOR) - 1)


def plain_kl(a: int, b: int) -> float:
    one, other = (Independent(Normal(GAUSSIAN.mean[i].double(), GAUSSIAN.log_var[i].double().div(2).exp()), 1) for i in (a, b))
    return float(kl_divergence(one, other))


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_gaussians_are_compared_by_their_divergence(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "_NUMBERS", block)
    others = [i for i in range(60) if i != 4]
    for name, plain in {"kl": lambda i: plain_kl(4, i), "symmetric": lambda i: (plain_kl(4, i) + plain_kl(i, 4)) / 2}.items():
        distances, found = nearest_posteriors(GAUSSIAN, 4, 5, name)
        assert found.tolist() == sorted(others, key=plain)[:5]
        assert distances.tolist() == pytest.approx(sorted(map(plain, others))[:5], rel=1e-6)


def test_far_from_zero_small_distances_are_told() -> None:
    z = torch.randn(160, 8, generator=GENERATOR)
    near = nearest(z[:20], z, 5)[1]
    assert nearest(100 + 0.001 * z[:20].double(), 100 + 0.001 * z.double(), 5)[1].tolist() == near.tolist()
    far = (5 + 0.01 * z).float()
    exact = torch.cdist(far.double(), far.double(), compute_mode="donot_use_mm_for_euclid_dist").topk(2, largest=False).indices
    assert nearest(far, far, 2)[1].tolist() == exact.tolist()


def test_means_are_compared_where_there_is_no_density() -> None:
    z = torch.randn(40, 8, 2, generator=GENERATOR)
    for posterior in (Implicit(z), Points(z[:, 0])):
        apart = (posterior.location - posterior.location[7]).norm(dim=1)
        distances, found = nearest_posteriors(posterior, 7, 6)
        assert found.tolist() == apart.argsort()[1:7].tolist()
        torch.testing.assert_close(distances, apart.sort().values[1:7], rtol=1e-4, atol=1e-4)


def test_directions_of_one_concentration_have_one_order() -> None:
    directions = torch.nn.functional.normalize(torch.randn(50, 4, generator=GENERATOR), dim=-1)
    posterior = VonMisesFisher(directions, kappa=20.0)
    orders = [nearest_posteriors(posterior, 3, 9, name)[1].tolist() for name in ("euclidean", "kl", "symmetric")]
    assert orders[0] == orders[1] == orders[2]


def test_the_divergence_of_directions_is_that_of_samples() -> None:
    directions = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    one, other = VonMisesFisher(directions[:1], kappa=5.0), VonMisesFisher(directions[1:], kappa=12.0)
    z = one.samples(200_000, GENERATOR)[0]
    sampled = (one.log_prob(z.unsqueeze(1)) - other.log_prob(z.unsqueeze(1))).mean()
    assert float(one.kl_to(other)) == pytest.approx(float(sampled), rel=0.01)
    assert float(one.kl_to(one)) == pytest.approx(0, abs=1e-9)


def test_a_set_with_fewer_has_fewer_and_equal_ones_do_not_hide_each_other() -> None:
    same = Points(torch.zeros(5, 2))
    for row in range(5):
        assert sorted(nearest_posteriors(same, row, 9)[1].tolist()) == [i for i in range(5) if i != row]
        assert len(nearest_posteriors(same, row, 3)[1]) == 3
    assert nearest(torch.zeros(2, 2), torch.ones(3, 2), 9)[1].shape == (2, 3)
