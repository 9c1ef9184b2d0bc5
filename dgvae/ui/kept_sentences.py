"""Greedy decodings that were asked for lately: who points at the same dot, or opens the same tab, reads the same sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.model.text_vae import TextVAE

MOST_KEPT = 8192  # sentences of a model, some hundred bytes each; the oldest makes room


class KeptSentences:
    """Sentences by model and latent. They go with their model. Any thread may ask."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[TextVAE, dict[bytes, str]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def decode(self, model: TextVAE, z: Tensor, decode: Callable[[Tensor], list[str]]) -> list[str]:
        """Decode the latents that were not decoded lately.

        Args:
            model: whose sentences are kept.
            z: [B, D].
            decode: makes sentences of some of the rows, always the same of the same row.

        Returns:
            A sentence per latent.
        """
        keys = [row.tobytes() for row in z.numpy(force=True)]
        with self._lock:
            kept = self._of.setdefault(model, {})
            found = {key: kept[key] for key in keys if key in kept}
        new = [place for place, key in enumerate(keys) if key not in found]
        if new:
            found |= zip((keys[place] for place in new), decode(z[new]), strict=True)
            with self._lock:
                kept |= found
                for key in [*kept][: max(0, len(kept) - MOST_KEPT)]:
                    del kept[key]
        return [found[key] for key in keys]
