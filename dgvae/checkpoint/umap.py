"""UMAP of prior samples and aggregated-posterior samples, fitted together."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from dgvae.environment import choose_cache

SEED = 0
_NEIGHBORS = 15


def project(
    groups: Sequence[np.ndarray], start: np.ndarray | None = None, progress: Callable[[float], None] | None = None
) -> np.ndarray:
    """Fit one UMAP on all groups of latents.

    Fitted together, so that a place on the map is a place in latent space for all; with a seed, so that it is the same
    every time. About 15 s for 5,000 + 5,000 points. Never inverted: every point is a real latent, which can be decoded.

    Args:
        groups: [N_i, D] each.
        start: [Σ N_i, 2], coordinates to begin with, which UMAP first stretches to a square.
        progress: is told the share that is done, once neighbors have been found.

    Returns:
        [Σ N_i, 2], in the groups' order.
    """
    points = np.concatenate(list(groups)).astype(np.float32)
    if len(points) < 4:
        return np.zeros((len(points), 2), dtype=np.float32)  # UMAP needs neighbors
    choose_cache()  # numba keeps compiled code there, and does not compile if it can't be written
    from umap import UMAP  # 5 s, and not needed to run a model

    listener = _Listener(progress) if progress else None
    bar = listener and {"disable": False, "file": listener, "bar_format": "{percentage}", "mininterval": 0.5}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value", category=UserWarning)
        umap = UMAP(
            n_neighbors=min(_NEIGHBORS, len(points) - 1),
            min_dist=0.1,
            random_state=SEED,
            init="spectral" if start is None else start,  # pyright: ignore[reportArgumentType]  # an array is one of its kinds
            tqdm_kwds=bar,  # pyright: ignore[reportArgumentType]
        )
        return np.asarray(umap.fit_transform(points), dtype=np.float32)


class _Listener(io.StringIO):
    """What UMAP's progress bar is written to, as a mere number: UMAP has no other way to tell how far it is."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        super().__init__()
        self.progress = progress

    def write(self, text: str) -> int:
        if percentage := text.strip():
            self.progress(float(percentage) / 100)
        return len(text)
