"""UMAP of prior samples and aggregated-posterior samples, fitted together."""

from __future__ import annotations

import warnings

import numpy as np

SEED = 0


def project(prior: np.ndarray, posterior: np.ndarray, neighbours: int = 15) -> np.ndarray:
    """Fit one UMAP on both sets: [P, D] and [N, D] -> [P + N, 2], the prior's rows first.

    Fitted together, so that a place on the map is a place in latent space for both; with a seed, so that it is the same
    every time. About 15 s for 5,000 + 5,000 points. Never inverted: every point is a real latent, which can be decoded.
    """
    if len(prior) + len(posterior) < 4:
        return np.zeros((len(prior) + len(posterior), 2), dtype=np.float32)  # UMAP needs neighbours
    from umap import UMAP  # 5 s, and not needed to run a model

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value", category=UserWarning)
        both = np.concatenate([prior, posterior]).astype(np.float32)
        umap = UMAP(n_neighbors=min(neighbours, len(both) - 1), min_dist=0.1, random_state=SEED)
        return np.asarray(umap.fit_transform(both), dtype=np.float32)
