"""The coordinates of a checkpoint's map, without torch and without its latents: for a page that shows many small maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

LATENTS_FILE = "latents.safetensors"


def sentences_shown(total: int, rows: int) -> int:
    """How many of a map's points are sentences: as many as prior samples, or all sentences if there are fewer."""
    return min(total, rows // 2)


def map_coordinates(folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Prior samples [P, 2] and sentences [M, 2] on the map of a checkpoint; None if it has no map that can be read."""
    try:
        tensors = load((folder / LATENTS_FILE).read_bytes())
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None
    xy, labels = tensors.get("map.xy"), tensors.get("labels")
    if xy is None or labels is None or xy.ndim != 2 or xy.shape[1] != 2 or not np.isfinite(xy).all():
        return None
    chosen = tensors.get("map.sentences")
    shown = sentences_shown(labels.size, len(xy)) if chosen is None else chosen.size
    priors = len(xy) - shown
    return (xy[:priors].astype(float), xy[priors:].astype(float)) if shown and priors > 0 else None
