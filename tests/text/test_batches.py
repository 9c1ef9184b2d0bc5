"""Batches: who is in them, and that a padded one gives what each sentence gives alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import Posterior
from dgvae.text.batch import Batch, segments_of
from dgvae.text.tokenizer import END, PAD
from train.run.data import Batches
from train.run.groups import measure_groups

CPU = torch.device("cpu")
LENGTHS = [70, 69, 40, 33, 33, 20, 7, 2, 1, 1]  # enough words for several segments


def model(method: str) -> TextVAE:
    torch.manual_seed(0)
    return TextVAE(TextVAEConfig(method, vocab_size=30, embedding_dim=6, hidden_dim=8, latent_dim=4, dropout=0.0))


def sentences(lengths: list[int] = LENGTHS) -> list[list[int]]:
    generator = torch.Generator().manual_seed(1)
    return [[*torch.randint(4, 30, (length - 1,), generator=generator).tolist(), END] for length in lengths]


def rows_of(batch: Batch) -> list[list[int]]:
    return [[word for word in row if word != PAD] for row in batch.words.tolist()]


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_of_mixed_lengths_gives_what_each_sentence_gives_alone(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posterior, likelihood, auxiliary loss and the gradient of all weights, as if nothing had been padded."""
    monkeypatch.setattr("dgvae.text.batch._CALL", 10)  # or so few sentences are not worth a second call
    vae = model(method).eval()
    batch = Batch.padded(sentences())
    assert len(batch.segments) > 3
    z = torch.randn(len(batch), 4)

    def total(posterior: Posterior) -> torch.Tensor:
        return torch.stack([tensor.square().sum() for tensor in posterior.tensors().values()]).sum()

    torch.manual_seed(1)  # the noise of an implicit posterior
    posterior = vae.encode(batch)
    nll, each = vae.decoder.negative_log_likelihood(batch, z)
    auxiliary = vae.decoder.auxiliary_loss(batch, z)
    (total(posterior) + nll + auxiliary).backward()
    together = {name: x.grad.clone() for name, x in vae.named_parameters() if x.grad is not None}
    vae.zero_grad()

    losses = []
    for i, row in enumerate(sentences()):
        alone = torch.tensor([row])
        if method != "ivae-mi":
            own = vae.encode(alone)
            for name, tensor in posterior.tensors().items():
                torch.testing.assert_close(tensor[i], own.tensors()[name][0], rtol=1e-5, atol=1e-6)
            losses.append(total(own))
        own_nll, _ = vae.decoder.negative_log_likelihood(alone, z[i : i + 1])
        torch.testing.assert_close(each[i], own_nll.detach(), rtol=1e-5, atol=1e-5)
        losses += [own_nll, vae.decoder.auxiliary_loss(alone, z[i : i + 1]) / len(batch)]
    torch.testing.assert_close(nll.detach(), each.sum(), rtol=1e-5, atol=1e-5)
    if method == "ivae-mi":
        state = torch.cat([vae.encoder.lstm(vae.encoder.embedding(torch.tensor([row])))[1][0][-1] for row in sentences()])
        torch.manual_seed(1)
        own = vae.encoder.head(state)
        torch.testing.assert_close(posterior.location, own.location, rtol=1e-5, atol=1e-6)
        losses.append(total(own))
    torch.stack(losses).sum().backward()
    for name, x in vae.named_parameters():
        if name in together:
            assert x.grad is not None
            torch.testing.assert_close(together[name], x.grad, rtol=1e-4, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")


def test_the_batch_norm_of_a_mixed_batch_is_over_its_sentences() -> None:
    """Padding has no part in mean and variance."""
    vae = model("bn-vae").train()
    mean = vae.encode(Batch.padded(sentences())).location
    torch.testing.assert_close(mean.var(0, correction=0), torch.full((4,), 0.36), rtol=1e-3, atol=1e-3)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=60))
def test_segments_cover_every_word_of_every_sentence(lengths: list[int]) -> None:
    lengths = sorted(lengths, reverse=True)
    segments = segments_of(lengths)
    assert [start for start, _, _ in segments] == [0, *(stop for _, stop, _ in segments)][:-1]
    assert max(stop for _, stop, _ in segments) == lengths[0]
    for row, length in enumerate(lengths):
        assert all(row < rows for start, _, rows in segments if start < length)


@pytest.mark.parametrize(("lengths", "segments"), [([17] * 64 + [8] * 64, 2), ([200] * 2 + [20] * 126, 2), ([17, 16] * 64, 1)])
def test_a_batch_is_cut_where_that_saves_words(lengths: list[int], segments: int) -> None:
    assert len(segments_of(sorted(lengths, reverse=True))) == segments


def test_training_batches_are_as_large_as_asked_whatever_the_lengths() -> None:
    """150 documents of 150 lengths; members are drawn anew every epoch, the same for the same seed."""
    texts = sentences(list(range(1, 151)))
    batches = Batches(texts, CPU)
    assert batches.sizes(32) == [32] * 4
    epochs = [[rows_of(batch) for batch in batches.epoch(32, seed=1, epoch=e)] for e in (0, 0, 1)]
    assert epochs[0] == epochs[1]
    assert epochs[0] != epochs[2]
    for epoch in epochs:
        rows = [row for batch in epoch for row in batch]
        assert len(rows) == 128
        assert all(row in texts for row in rows)
        assert len({tuple(row) for row in rows}) == 128
    assert [rows_of(batch) for batch in batches.epoch(32, seed=1, epoch=0, skip=3)] == epochs[0][3:]
    assert Batches(texts, CPU).sizes(1000) == [150]


@pytest.mark.parametrize("same_length", [False, True])
def test_in_validation_every_sentence_is_in_one_batch(same_length: bool) -> None:
    texts = [[i, *([7] * (i % 3)), 3] for i in range(4, 104)]
    batches = Batches(texts, CPU, training=False, same_length=same_length)
    found = list(batches.epoch(16, seed=0, epoch=0))
    assert len(found) == batches.count(16)
    assert sorted(row for batch in found for row in rows_of(batch)) == sorted(texts)


def test_batches_of_one_length_have_no_padding_and_hold_every_sentence() -> None:
    texts = [[i, *([7] * (i % 3)), 3] for i in range(4, 104)]
    found = list(Batches(texts, CPU, same_length=True).epoch(16, seed=0, epoch=0))
    assert all(batch.tokens is None and not (batch.words == PAD).any() for batch in found)
    assert sorted(row for batch in found for row in rows_of(batch)) == sorted(texts)


def test_rows_are_shuffled_before_groups_are_cut() -> None:
    """Longest first as they are, so that a group of neighbors would be of one length."""
    (batch,) = Batches(sentences([2, 30] * 64), CPU).epoch(128, seed=0, epoch=0)
    lengths = (batch.words != PAD).sum(1)
    assert lengths[:64].unique().tolist() == [30]
    mixed = batch.shuffle(lengths)
    assert sorted(mixed.tolist()) == sorted(lengths.tolist())
    assert all(20 < int((group == 2).sum()) < 44 for group in mixed.split(64))


def test_effective_sizes_are_means_over_sentences() -> None:
    config = TextVAEConfig("dg-vae", vocab_size=10)
    found = measure_groups(config, [1, 1, 40], 128)
    assert found.effective_batch_size == pytest.approx((1 + 1 + 1600) / 42)
    assert found.effective_aggregation_size == pytest.approx((1 + 1 + 32 * 32 + 8 * 8) / 42)
    assert measure_groups(config, [128] * 3, 128).effective_aggregation_size == 32
