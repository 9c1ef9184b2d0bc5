"""The two-dimensional map of latents."""

from __future__ import annotations

import numpy as np
import pytest

from dgvae.cancellation import cancelled_by
from dgvae.checkpoint.umap import UmapOptions, project
from dgvae.errors import UserError


def test_progress_is_told_as_a_share_from_0_to_1() -> None:
    """It is read from UMAP's progress bar, whose form an upgrade may change."""
    latents = np.random.default_rng(0).normal(size=(40, 3))
    shares: list[float] = []
    places = project([latents[:30], latents[30:]], progress=shares.append)
    assert places.shape == (40, 2)
    assert (shares[0], shares[-1]) == (0, 1)
    assert shares == sorted(shares)
    assert np.array_equal(places, project([latents]))  # which is the same whether it is told or not


def test_a_fit_that_is_not_wanted_any_more_is_broken_off() -> None:
    latents = np.random.default_rng(0).normal(size=(40, 3))
    shares: list[float] = []

    def check() -> None:
        if shares:
            raise UserError("not wanted")

    with cancelled_by(check), pytest.raises(UserError, match="not wanted"):
        project([latents], progress=shares.append)
    assert shares == [0]


def test_options_make_another_map_and_bad_ones_are_said() -> None:
    latents = np.random.default_rng(0).normal(size=(60, 3))
    some = UmapOptions(), UmapOptions(5), UmapOptions(15, 0.9)
    usual, few, spread = (project([latents], options=options) for options in some)
    assert not np.allclose(usual, few)
    apart = [np.sort(np.hypot(*(xy[:, None] - xy).T), axis=1)[:, 1].mean() for xy in (usual, spread)]
    assert apart[1] > apart[0]  # to the nearest point
    with pytest.raises(UserError, match=r"UMAP takes 2 to 200 neighbors, not 1\."):
        UmapOptions(1)
    with pytest.raises(UserError, match=r"UMAP takes a minimum distance from 0 to 1, not nan\."):
        UmapOptions(15, float("nan"))
