"""The principal plane, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from dgvae.explore.principal import PrincipalPlane

GENERATOR = torch.Generator().manual_seed(0)
MEANS = torch.randn(300, 6, generator=GENERATOR) @ torch.randn(6, 6, generator=GENERATOR) + 3


def test_it_is_that_of_scikit_learn() -> None:
    plane, other = PrincipalPlane.fit(MEANS), PCA(2, svd_solver="full").fit(MEANS.double().numpy())
    assert plane.shares == pytest.approx(other.explained_variance_ratio_)
    draws = torch.randn(50, 6, generator=GENERATOR)
    theirs = other.transform(draws.double().numpy())
    signs = np.sign((plane.project(draws).numpy() * theirs).sum(0))
    np.testing.assert_allclose(plane.project(draws).numpy(), theirs * signs, atol=1e-4)


def test_it_is_the_same_for_the_same_means_in_any_order() -> None:
    again = PrincipalPlane.fit(MEANS.flip(0))
    torch.testing.assert_close(again.axes, PrincipalPlane.fit(MEANS).axes)


def test_a_collapsed_latent_and_one_dimension_have_a_plane() -> None:
    assert PrincipalPlane.fit(torch.zeros(5, 3)).shares == (0.0, 0.0)
    line = PrincipalPlane.fit(torch.arange(4.0).view(4, 1))
    assert line.shares == (1.0, 0.0)
    assert line.project(torch.tensor([[0.0], [3.0]])).tolist() == [[-1.5, 0.0], [1.5, 0.0]]
