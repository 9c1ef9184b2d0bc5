"""The texts behind the latents of checkpoints, where their corpora are at hand."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import Checkpoint


class Sentences:
    """Read once for each checkpoint, by its name. root: holds the operator's checkpoints. data: the corpora, if any."""

    def __init__(self, root: Path, data: Path | None) -> None:
        self._root = root
        self._data = data
        self._read: dict[str, list[str] | None] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def of(self, name: str, where: Callable[[], tuple[Path, Checkpoint]], index: int) -> str | None:
        """A sentence, if the corpus is at hand and is the one that was encoded.

        Args:
            name: of the checkpoint.
            where: gives its folder, and itself.
            index: of the sentence, from 0.

        Returns:
            The text, or None.
        """
        with self._locks[name]:
            if name not in self._read:
                self._read[name] = self._find(*where())
        sentences = self._read[name]
        return sentences[index] if sentences else None

    def pop(self, name: str, default: None = None) -> None:
        """Forget a checkpoint's."""
        self._read.pop(name, default)

    def _find(self, folder: Path, checkpoint: Checkpoint) -> list[str] | None:
        from dgvae.text.known_texts import find_evaluation

        measured = checkpoint.metrics
        run = folder if folder.is_relative_to(self._root) else None  # not one of the Hub
        split = find_evaluation(measured.corpus, measured.evaluation.sha256, self._data, run)
        return split.sentences if split else None
