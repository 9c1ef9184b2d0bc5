"""Decoding and paths."""

from __future__ import annotations

import math

import pytest
import torch

from dgvae.errors import UserError
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS
from dgvae.model.generation import GREEDY, Decoding, _choose, _draw, decode_latents
from dgvae.model.text_vae import TextVAE
from dgvae.text.tokenizer import END, PAD, START


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


@pytest.mark.parametrize("method", METHODS)
def test_words_decoded_one_at_a_time_have_the_likelihood_of_the_whole_sentence(method: str) -> None:
    """A word alone takes a path of its own through the LSTM, and weights that were laid out for it stay the same numbers."""
    torch.manual_seed(0)
    config = TextVAEConfig(method, 30, embedding_dim=8, hidden_dim=16, latent_dim=4, max_length=9)
    decoder = TextVAE(config).eval().decoder
    words, z = torch.randint(3, 30, (5, 7)), torch.randn(5, 4)
    total, _ = decoder.negative_log_likelihood(words, z)
    decoder.arrange_for_decoding()
    last, state, steps = torch.full((5,), START), decoder.initial_state(z), []
    with torch.no_grad():
        for word in words.T:
            logits, state = decoder.next_word_logits(last, z, state)
            steps.append(logits.log_softmax(-1).gather(1, word[:, None]).sum())
            last = word
    torch.testing.assert_close(-torch.stack(steps).sum(), total.detach(), rtol=1e-5, atol=1e-4)


def test_sampling_is_fixed_by_its_generator_and_top_p_near_zero_is_greedy() -> None:
    vae, z = model(), torch.randn(8, 4)
    twice = [decode_latents(vae, z, Decoding(1.0), torch.Generator().manual_seed(7)) for _ in range(2)]
    assert twice[0] == twice[1]
    assert decode_latents(vae, z, Decoding(1.0, 1e-9)) == decode_latents(vae, z)


def test_a_latent_draws_the_same_sentence_from_a_larger_batch() -> None:
    vae, z, decoding = model(), torch.randn(64, 4), Decoding(1.0, 0.9)
    few, many = (decode_latents(vae, rows, decoding, torch.Generator().manual_seed(7)) for rows in (z[:16], z))
    assert few == many[:16]


@pytest.mark.parametrize("edge", [0.0, 1 - 2**-24])
def test_a_word_of_weight_zero_is_never_drawn_not_even_at_the_edges(edge: float) -> None:
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


def log_probability(vae: TextVAE, z: torch.Tensor, ids: list[int]) -> float:
    """Of a sentence as it is decoded, with neither padding nor start among the words."""
    state, word, total = vae.decoder.initial_state(z), torch.tensor([START]), 0.0
    for chosen in ids:
        logits, state = vae.decoder.next_word_logits(word, z, state)
        logits[:, [PAD, START]] = -torch.inf
        total += float(torch.log_softmax(logits, -1)[0, chosen].detach())
        word = torch.tensor([chosen])
    return total


def test_many_beams_find_the_best_sentence_of_all() -> None:
    torch.manual_seed(3)
    vae = TextVAE(TextVAEConfig("vae", vocab_size=6, hidden_dim=8, latent_dim=2, max_length=2)).eval()
    for parameter in vae.parameters():
        parameter.data.mul_(8)  # else all words are nearly as likely
    words = [word for word in range(6) if word not in (PAD, START)]
    inner = [word for word in words if word != END]
    every = [[END], *([a, END] for a in inner), *([a, b, c] for a in inner for b in inner for c in words)]
    for z in torch.randn(5, 2).split(1):
        best = max(every, key=lambda ids: log_probability(vae, z, ids) / len(ids))
        assert decode_latents(vae, z, Decoding(beams=32)) == [best]


def test_beams_do_not_depend_on_the_batch_and_find_what_is_likelier_than_greedy() -> None:
    vae, z = model(), 3 * torch.randn(16, 4)
    found = decode_latents(vae, z, Decoding(beams=5))
    assert found == [decode_latents(vae, row.unsqueeze(0), Decoding(beams=5))[0] for row in z]
    better = [
        log_probability(vae, row, beam) / len(beam) - log_probability(vae, row, ids) / len(ids)
        for row, beam, ids in zip(z.split(1), found, decode_latents(vae, z), strict=True)
    ]
    assert sum(better) / len(better) >= 0
    assert decode_latents(vae, z[:0], Decoding(beams=5)) == []


def test_the_smallest_top_p_leaves_the_likeliest_word() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0]])
    assert _choose(logits, Decoding(1.0, top_p=1e-50), torch.tensor([0.99])).item() == 1
