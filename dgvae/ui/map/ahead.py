"""The dots of maps are decoded while nobody else decodes: then whoever points at one waits for no decoder."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING
from weakref import WeakSet, ref

from dgvae.ui.decoding import decode_texts, is_decoding
from dgvae.ui.own_latents import own_model

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.model.text_vae import TextVAE

ROWS = 32  # at a time: about a tenth of a second, for which a visitor may have to wait
_LOOK = 0.05  # seconds after which it looks again whether somebody decodes


class Ahead:
    """One model after the other is decoded, each once. Any thread may ask."""

    def __init__(self) -> None:
        self._known: WeakSet[TextVAE] = WeakSet()
        self._asked: SimpleQueue[ref[Checkpoint]] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self, checkpoint: Checkpoint) -> None:
        """Have the dots of a map decoded. Returns at once. The operator's own decoder is asked for nothing in advance."""
        if checkpoint.latents.map is None or own_model(checkpoint):
            return
        with self._starting:
            if checkpoint.model in self._known:
                return
            self._known.add(checkpoint.model)
            self._asked.put(ref(checkpoint))
            if not self._thread:
                self._thread = threading.Thread(target=self._work, daemon=True, name="ahead")
                self._thread.start()

    def _work(self) -> None:
        while True:
            asked = self._asked.get()
            with suppress(Exception):  # who points at a dot is told
                decode_dots(asked)


def decode_dots(asked: ref[Checkpoint]) -> None:
    """Decode all dots of a map, some at a time, as long as the checkpoint is there."""
    begin = 0
    while (checkpoint := asked()) and (stored := checkpoint.latents.map) and begin < len(stored.z):
        if is_decoding():
            del checkpoint
            time.sleep(_LOOK)
            continue
        decode_texts(checkpoint, stored.z[begin : begin + ROWS])
        begin += ROWS
