"""Importance sampling against a linear-Gaussian model, whose likelihoods have closed forms, and word accuracy by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from dgvae.evaluation.likelihood import likeliest_words, likelihoods
from dgvae.methods.config import TextVAEConfig
from dgvae.model.decoder import Decoder
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import DiagonalGaussian, Implicit, VonMisesFisher
from dgvae.text.tokenizer import END


class LinearGaussian(Decoder):
    """x|z ~ N(Σ z, s²): the last word id stands for x, in hundredths."""

    noise = 0.8

    def negative_log_likelihood(self, sentences: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        residual = (sentences[:, -1] / 100 - z.sum(1)) / self.noise
        nll = 0.5 * residual.square() + 0.5 * math.log(2 * math.pi) + math.log(self.noise)
        return nll.sum(), nll


def linear_gaussian(method: str = "vae") -> TextVAE:
    config = TextVAEConfig(method, vocab_size=20, embedding_dim=2, hidden_dim=3, latent_dim=2)
    model = TextVAE(config).eval()
    model.decoder = LinearGaussian(config)
    return model


def test_likelihoods_equal_the_closed_forms_of_a_linear_gaussian_model() -> None:
    """With q(z|x) = N(μ, σ² I): p(x) = N(0, 2 + s²), and under q, N(Σ μ, 2 σ² + s²)."""
    torch.manual_seed(0)
    x = torch.tensor([-150, 0, 220])
    mean, variance = 0.4 * torch.stack([x, x], dim=1) / 100, 0.3
    count = 3000
    sentences = x.repeat_interleave(count).unsqueeze(1)
    posterior = DiagonalGaussian(mean.repeat_interleave(count, 0), torch.full((3 * count, 2), math.log(variance)))
    found = likelihoods(linear_gaussian(), sentences, posterior, draws=64)
    assert found.prior_ll is not None
    assert found.post_ll is not None

    def normal(x: Tensor, mean: Tensor | float, variance: float) -> Tensor:
        return -0.5 * ((x - mean) ** 2 / variance + math.log(2 * math.pi * variance))

    s2 = LinearGaussian.noise**2
    expected = {
        "prior_ll": normal(x / 100, 0.0, 2 + s2),
        "post_ll": normal(x / 100, mean.sum(1), 2 * variance + s2),
        "reconstruction": normal(x / 100, mean.sum(1), s2) - variance * 2 / (2 * s2),
    }
    for name, exact in expected.items():
        values = getattr(found, name).view(3, count)
        error = values.std(1) / math.sqrt(count)
        bias = values.var(1) / 2 if name != "reconstruction" else 0  # of the log of a mean, to second order
        assert ((values.mean(1) + bias - exact).abs() < 4 * error + 0.01).all(), name


def test_more_draws_raise_the_bounds_towards_the_truth() -> None:
    torch.manual_seed(0)
    sentences = torch.full((4000, 1), 100)
    posterior = DiagonalGaussian(torch.full((4000, 2), 0.5), torch.full((4000, 2), -1.0))
    few, many = (likelihoods(linear_gaussian(), sentences, posterior, draws).prior_ll for draws in (1, 32))
    exact = -0.5 * (1 / 2.64 + math.log(2 * math.pi * 2.64))
    assert few is not None
    assert many is not None
    assert float(few.mean()) < float(many.mean()) < exact + 0.01


def test_where_posterior_and_prior_are_one_both_likelihoods_are() -> None:
    sphere = VonMisesFisher(torch.nn.functional.normalize(torch.randn(50, 2), dim=1), 1e-4)
    found = likelihoods(linear_gaussian("vmf-vae"), torch.randint(0, 200, (50, 1)), sphere)
    assert found.prior_ll is not None
    torch.testing.assert_close(found.prior_ll, found.post_ll, atol=1e-3, rtol=0)


def test_an_implicit_posterior_has_a_reconstruction_alone() -> None:
    found = likelihoods(linear_gaussian("ivae-mi"), torch.zeros(5, 1).long(), Implicit(torch.randn(5, 8, 2)))
    assert found.reconstruction.shape == (5,)
    assert (found.prior_ll, found.post_ll) == (None, None)


@pytest.mark.parametrize("method", ["vae", "skip-vae", "bow-vae"])
def test_the_likeliest_words_are_those_of_step_by_step_decoding(method: str) -> None:
    torch.manual_seed(0)
    model = TextVAE(TextVAEConfig(method, vocab_size=12, embedding_dim=4, hidden_dim=6, latent_dim=3)).eval()
    sentences = torch.cat([torch.randint(4, 12, (70, 4)), torch.full((70, 1), END)], dim=1)
    z = torch.randn(70, 3)
    hits = torch.zeros(70, dtype=torch.long)
    state, word = model.decoder.initial_state(z), torch.full((70,), 2)
    for t in range(5):
        logits, state = model.decoder.next_word_logits(word, z, state)
        word = sentences[:, t]
        hits += logits.argmax(-1) == word
    assert (likeliest_words(model, sentences, z) == hits).all()
    assert 0 < int(hits.sum()) < 350
