"""Sentences that were decoded lately are not decoded again."""

from __future__ import annotations

import gc

import pytest
import torch
from torch import Tensor

from dgvae.methods.config import TextVAEConfig
from dgvae.model.text_vae import TextVAE
from dgvae.ui import kept_sentences
from dgvae.ui.kept_sentences import KeptSentences


def model() -> TextVAE:
    return TextVAE(TextVAEConfig("vae", 50, embedding_dim=8, hidden_dim=16, latent_dim=4))


class Counting:
    """A decoder whose sentence tells its latent."""

    def __init__(self) -> None:
        self.decoded: list[int] = []

    def __call__(self, z: Tensor) -> list[str]:
        self.decoded.append(len(z))
        return [str(int(row[0])) for row in z]


def latents(*numbers: int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32)[:, None].expand(-1, 4)


def test_only_new_latents_are_decoded_in_the_order_asked() -> None:
    kept, vae, other, decode = KeptSentences(), model(), model(), Counting()
    assert kept.decode(vae, latents(1, 2), decode) == ["1", "2"]
    assert kept.decode(vae, latents(3, 2, 1, 3), decode) == ["3", "2", "1", "3"]
    assert kept.decode(vae, latents(1, 2, 3), decode) == ["1", "2", "3"]
    assert kept.decode(other, latents(1), decode) == ["1"]
    assert decode.decoded == [2, 2, 1]


def test_they_are_few_and_go_with_their_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_sentences, "MOST_KEPT", 3)
    kept, vae, decode = KeptSentences(), model(), Counting()
    assert kept.decode(vae, latents(*range(5)), decode) == ["0", "1", "2", "3", "4"]
    assert len(kept._of[vae]) == 3
    assert kept.decode(vae, latents(4), decode) == ["4"]
    assert decode.decoded == [5]
    del vae
    gc.collect()
    assert len(kept._of) == 0


def test_what_fails_is_not_kept() -> None:
    kept, vae, decode = KeptSentences(), model(), Counting()

    def fails(z: Tensor) -> list[str]:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        kept.decode(vae, latents(1), fails)
    assert kept.decode(vae, latents(1), decode) == ["1"]
