"""The two-dimensional map of latents."""

from __future__ import annotations

import numpy as np

from dgvae.checkpoint.umap import project


def test_progress_is_told_as_a_share_from_0_to_1() -> None:
    """It is read from UMAP's progress bar, whose form an upgrade may change."""
    latents = np.random.default_rng(0).normal(size=(40, 3))
    shares: list[float] = []
    places = project([latents[:30], latents[30:]], progress=shares.append)
    assert places.shape == (40, 2)
    assert (shares[0], shares[-1]) == (0, 1)
    assert shares == sorted(shares)
    assert np.array_equal(places, project([latents]))  # which is the same whether it is told or not
