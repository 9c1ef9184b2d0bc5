"""The two-dimensional map of latents."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
import torch
from tqdm.auto import tqdm

from dgvae.cancellation import cancelled_by
from dgvae.checkpoint.umap import UmapOptions, _nearest, project
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


def test_compiled_code_is_kept_for_other_processes() -> None:
    """An upgrade of UMAP may bring functions that are compiled anew in every process."""
    import umap.layouts
    import umap.umap_
    import umap.utils
    from numba.core.dispatcher import Dispatcher

    project([np.random.default_rng(0).normal(size=(40, 3))])
    functions = [value for module in (umap.umap_, umap.utils, umap.layouts) for value in vars(module).values()]
    compiled = [function for function in functions if isinstance(function, Dispatcher) and function.signatures]
    assert len(compiled) > 3
    assert all(function.stats.cache_path for function in compiled)


def test_neighbors_of_many_points_are_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    """For few points UMAP finds the same by itself."""
    points = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    monkeypatch.setattr("dgvae.checkpoint.umap._COMPARED_BY_UMAP", 60)
    indices, distances = _nearest(points, 5)
    assert indices is not None
    assert distances is not None
    assert np.array_equal(indices, apart.argsort(axis=1)[:, :5])
    assert np.allclose(distances, np.sort(apart, axis=1)[:, :5], atol=1e-5)
    monkeypatch.setattr("dgvae.checkpoint.umap._MOST_COMPARED", 59)
    assert _nearest(points, 5) == (None, None, None)


def test_a_fit_that_is_not_wanted_any_more_is_broken_off() -> None:
    latents = np.random.default_rng(0).normal(size=(40, 3))
    shares: list[float] = []

    def check() -> None:
        if shares:
            raise UserError("not wanted")

    with cancelled_by(check), pytest.raises(UserError, match="not wanted"):
        project([latents], progress=shares.append)
    assert shares == [0]


@pytest.mark.parametrize(("fault", "at"), [(UserError("not wanted"), 0), (BrokenPipeError(), 0), (UserError("not wanted"), 1)])
def test_after_a_fit_was_broken_off_others_go_on(fault: Exception, at: int) -> None:
    """All of tqdm's bars share one lock, which whoever breaks a bar off must give back."""
    latents = np.random.default_rng(0).normal(size=(40, 3))

    def break_off(share: float) -> None:
        if share == at:
            raise fault

    with pytest.raises(type(fault)):
        project([latents], progress=break_off)
    other = threading.Thread(target=project, args=([latents],), daemon=True)
    other.start()
    other.join(60)
    assert not other.is_alive()


def test_it_tells_beside_other_bars() -> None:
    shares: list[float] = []
    with tqdm(total=2, file=io.StringIO()):
        project([np.random.default_rng(0).normal(size=(40, 3))], progress=shares.append)
    assert (shares[0], shares[-1]) == (0, 1)


def test_it_leaves_the_threads_of_torch_as_they_were() -> None:
    """Else what is computed after a map differs in the last bits from what is computed before it."""
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            project([np.random.default_rng(0).normal(size=(40, 3))])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


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
