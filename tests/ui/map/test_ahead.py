"""Dots that are decoded before anyone points at them."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from weakref import ref

import pytest

from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.ui import decoding
from dgvae.ui.kept_sentences import KeptSentences
from dgvae.ui.map import ahead
from dgvae.ui.map.ahead import Ahead, decode_dots
from tests.awaited import until


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> KeptSentences:
    kept = KeptSentences()
    monkeypatch.setattr(decoding, "_KEPT", kept)
    return kept


def test_dots_are_decoded_once_and_then_nobody_waits(
    checkpoints: Path, kept: KeptSentences, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = load_checkpoint(checkpoints / "short-yelp" / "vae")
    stored = checkpoint.latents.map
    assert stored
    expected = decoding.decode_texts(checkpoint, stored.z[:1]), decoding.decode_texts(checkpoint, stored.z[-1:])
    asked = Ahead()
    for _ in range(3):
        asked.ask(checkpoint)
    until(lambda: len(kept._of[checkpoint.model]) == len(stored.z.unique(dim=0)))
    assert asked._asked.empty()
    monkeypatch.setattr(decoding._LOOP, "decode", None)  # it is not needed any more
    assert (decoding.decode_texts(checkpoint, stored.z[:1]), decoding.decode_texts(checkpoint, stored.z[-1:])) == expected


def test_visitors_come_first_and_it_ends_with_the_checkpoint(
    checkpoints: Path, kept: KeptSentences, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = load_checkpoint(checkpoints / "short-yelp" / "vae")
    looked = threading.Event()

    def busy() -> bool:
        looked.set()
        return True

    monkeypatch.setattr(ahead, "is_decoding", busy)
    worker = threading.Thread(target=decode_dots, args=[ref(checkpoint)])
    worker.start()
    assert looked.wait(60)
    assert checkpoint.model not in kept._of
    del checkpoint
    gc.collect()
    worker.join(60)
    assert not worker.is_alive()
