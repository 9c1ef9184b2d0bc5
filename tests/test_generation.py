"""Decoding and paths."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dgvae.config import TextVAEConfig
from dgvae.errors import UserError
from dgvae.generation import GREEDY, Decoding, _draw, decode_latents, linear_path, spherical_path
from dgvae.model import TextVAE
from dgvae.tokenizer import END, PAD, START


def model(max_length: int = 9) -> TextVAE:
    torch.manual_seed(0)
    return TextVAE(TextVAEConfig("vae", vocab_size=30, hidden_dim=16, latent_dim=4, max_length=max_length)).eval()


@pytest.mark.parametrize("decoding", [GREEDY, Decoding(1.0), Decoding(0.7, 0.9)])
def test_sentences_end_once_and_hold_only_words(decoding: Decoding) -> None:
    sentences = decode_latents(model(), 3 * torch.randn(64, 4), decoding)
    assert len(sentences) == 64
    for ids in sentences:
        assert END not in ids[:-1]
        assert ids[-1] == END or len(ids) == 10
        assert not {PAD, START} & set(ids)


def test_a_latent_is_decoded_the_same_alone_and_in_a_batch() -> None:
    vae, z = model(), 3 * torch.randn(16, 4)
    assert decode_latents(vae, z) == [decode_latents(vae, row.unsqueeze(0))[0] for row in z]


def test_sampling_is_fixed_by_its_generator_and_top_p_near_nought_is_greedy() -> None:
    vae, z = model(), torch.randn(8, 4)
    twice = [decode_latents(vae, z, Decoding(1.0), torch.Generator().manual_seed(7)) for _ in range(2)]
    assert twice[0] == twice[1]
    assert decode_latents(vae, z, Decoding(1.0, 1e-9)) == decode_latents(vae, z)


def test_a_latent_draws_the_same_sentence_from_a_larger_batch() -> None:
    vae, z, decoding = model(), torch.randn(64, 4), Decoding(1.0, 0.9)
    few, many = (decode_latents(vae, rows, decoding, torch.Generator().manual_seed(7)) for rows in (z[:16], z))
    assert few == many[:16]


@pytest.mark.parametrize("edge", [0.0, 1 - 2**-24])
def test_a_word_of_weight_nought_is_never_drawn_not_even_at_the_edges(edge: float) -> None:
    weight = torch.tensor([[0.0, 0.1, 0.0, 0.7, 0.2000001, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
    drawn = _draw(weight, torch.full((2,), edge))
    assert drawn.tolist() == [1 if edge == 0 else 4, 2]


def test_ancestral_samples_follow_the_models_distribution() -> None:
    vae, z = model(max_length=1), torch.zeros(20_000, 4)
    logits, _ = vae.decoder.next_word_logits(torch.tensor([START]), z[:1], vae.decoder.initial_state(z[:1]))
    logits[:, [PAD, START]] = -torch.inf
    expected = torch.softmax(logits[0].detach(), -1)
    first = torch.tensor([ids[0] for ids in decode_latents(vae, z, Decoding(1.0), torch.Generator().manual_seed(1))])
    observed = torch.bincount(first, minlength=30) / len(first)
    assert float((observed - expected).abs().max()) < 5 * math.sqrt(0.25 / len(first))


def test_no_latents_give_no_sentences() -> None:
    assert decode_latents(model(), torch.zeros(0, 4)) == []


@pytest.mark.parametrize(("temperature", "top_p"), [(-1, 1), (math.nan, 1), (1, 0), (1, 1.1), (99, 1)])
def test_a_wrong_setting_is_refused(temperature: float, top_p: float) -> None:
    with pytest.raises(UserError, match="must lie"):
        Decoding(temperature, top_p)


VECTORS = st.lists(st.floats(-5, 5), min_size=3, max_size=3).map(torch.tensor)


@given(VECTORS, VECTORS, st.integers(2, 9), st.sampled_from([linear_path, spherical_path]))
def test_paths_end_where_they_should(start, end, steps, path) -> None:
    points = path(start, end, steps)
    assert points.shape == (steps, 3)
    torch.testing.assert_close(points[0], start, atol=1e-2, rtol=0)
    torch.testing.assert_close(points[-1], end, atol=1e-2, rtol=0)


def test_a_spherical_path_keeps_the_norm_and_turns_evenly() -> None:
    points = spherical_path(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), 4)
    torch.testing.assert_close(points.norm(dim=1), torch.full((4,), 2.0))
    angles = torch.atan2(points[:, 1], points[:, 0])
    torch.testing.assert_close(angles, torch.linspace(0, math.pi / 2, 4))
