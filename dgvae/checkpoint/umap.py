"""UMAP of prior samples and aggregated-posterior samples, fitted together."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection

import numpy as np
import torch

from dgvae.cancellation import check_cancelled
from dgvae.environment import choose_cache
from dgvae.errors import UserError

SEED = 0
MOST_NEIGHBORS = 200
_COMPARED_BY_UMAP, _MOST_COMPARED = 4096, 20_000  # points, each with each


@dataclass(frozen=True)
class UmapOptions:
    """What a UMAP shows: few neighbors show small structure, many show large. min_dist: the least distance of points.

    Raises UserError if UMAP can't take them.
    """

    neighbors: int = 15
    min_dist: float = 0.1

    def __post_init__(self) -> None:
        if not 2 <= self.neighbors <= MOST_NEIGHBORS:
            raise UserError(f"UMAP takes 2 to {MOST_NEIGHBORS} neighbors, not {self.neighbors}.")
        if not 0 <= self.min_dist <= 1:
            raise UserError(f"UMAP takes a minimum distance from 0 to 1, not {self.min_dist:g}.")


USUAL = UmapOptions()


def project(
    groups: Sequence[np.ndarray],
    start: np.ndarray | None = None,
    progress: Callable[[float], None] | None = None,
    options: UmapOptions = USUAL,
) -> np.ndarray:
    """Fit one UMAP on all groups of latents.

    Fitted together, so that a place on the map is a place in latent space for all; with a seed, so that it is the same
    every time. About 15 s for 5,000 + 5,000 points. Never inverted: every point is a real latent, which can be decoded. Once
    neighbors have been found, it asks twice a second whether it is still wanted (see `check_cancelled`).

    Args:
        groups: [N_i, D] each.
        start: [Σ N_i, 2], coordinates to begin with, which UMAP first stretches to a square.
        progress: is told the share that is done, once neighbors have been found.
        options: of UMAP.

    Returns:
        [Σ N_i, 2], in the groups' order.
    """
    points = np.concatenate(list(groups)).astype(np.float32)
    if len(points) < 4:
        return np.zeros((len(points), 2), dtype=np.float32)  # UMAP needs neighbors
    choose_cache()  # numba keeps compiled code there, and does not compile if it can't be written
    from umap import UMAP  # 5 s, and not needed to run a model

    _keep_compiled()
    check_cancelled()
    neighbors = min(options.neighbors, len(points) - 1)
    threads = torch.get_num_threads()
    listener = _Listener(progress or (lambda _: None))
    bar = {"disable": False, "file": listener, "bar_format": "{percentage}", "mininterval": 0.5}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value|precomputed_knn", category=UserWarning)
        umap = UMAP(
            n_neighbors=neighbors,
            precomputed_knn=_nearest(points, neighbors),
            min_dist=options.min_dist,
            random_state=SEED,
            init="spectral" if start is None else start,  # pyright: ignore[reportArgumentType]  # an array is one of its kinds
            tqdm_kwds=bar,
        )
        try:
            return np.asarray(umap.fit_transform(points), dtype=np.float32)
        except BaseException:
            _unlock_bars()
            raise
        finally:
            torch.set_num_threads(threads)  # numba lets torch use all cores, and its sums then differ in the last bits


def _nearest(points: np.ndarray, count: int) -> tuple[np.ndarray | None, ...]:
    """The nearest points of each, itself among them, and their distances, [N, K] both; nothing where UMAP is to find them.

    UMAP compares few points exactly, too. Its approximate search is made for more, and is compiled for a minute at first.
    """
    if not _COMPARED_BY_UMAP <= len(points) <= _MOST_COMPARED:
        return None, None, None
    from sklearn.neighbors import NearestNeighbors

    distances, indices = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(points).kneighbors(points)
    return indices, distances


@cache
def _keep_compiled() -> None:
    """Let numba keep UMAP's compiled code, as it keeps that of other libraries: else every process compiles it, for 17 s."""
    import umap.layouts
    import umap.umap_
    import umap.utils
    from numba.core.dispatcher import Dispatcher

    for module in (umap.umap_, umap.utils, umap.layouts):
        for function in vars(module).values():
            if isinstance(function, Dispatcher):
                with suppress(RuntimeError):  # there is no folder for it
                    function.enable_caching()


class _Listener(io.StringIO):
    """What UMAP's progress bar is written to, as a mere number: UMAP has no other way to tell how far it is."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        super().__init__()
        self._progress = progress
        self._is_cancelled = False  # the bar writes once more as it is closed

    def write(self, text: str) -> int:
        try:
            share = float(text) / 100
        except ValueError:  # it moves the cursor to its line, below the bars of other threads
            return len(text)
        if not self._is_cancelled:
            try:
                self._progress(share)
                check_cancelled()
            except Exception:
                self._is_cancelled = True
                raise
        return len(text)


def _unlock_bars() -> None:
    """Release the lock of the bars of all threads, which `tqdm.refresh` holds as it writes, and keeps if that raises."""
    from tqdm.auto import tqdm

    with suppress(RuntimeError):  # this thread does not hold it
        tqdm.get_lock().release()


def project_aside(groups: Sequence[np.ndarray], options: UmapOptions, told: Connection) -> None:
    """`project` for a process of its own: it would take the interpreter from the other threads for seconds.

    Args:
        groups: see `project`.
        options: of UMAP.
        told: gets the share that is done, and at last the coordinates, or a sentence that says what went wrong.
    """
    try:
        told.send(project(groups, progress=told.send, options=options))
    except (OSError, MemoryError) as error:
        told.send(str(error))
