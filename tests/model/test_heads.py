"""What each head promises of the posteriors that it makes, whatever the encoder's state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS
from dgvae.model.heads import HEADS, BatchNormHead, DeltaHead, ImplicitHead, VonMisesFisherHead
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import POSTERIORS, DiagonalGaussian, Implicit
from dgvae.posteriors.implicit import KEPT
from dgvae.text.tokenizer import END

HIDDEN, LATENT = 6, 3


def config(method: str, **options: float) -> TextVAEConfig:
    sizes: dict[str, Any] = {"vocab_size": 20, "embedding_dim": 5, "hidden_dim": HIDDEN, "latent_dim": LATENT}
    return TextVAEConfig(method, **sizes, options=options)


def states(count: int, scale: float = 1.0, seed: int = 0) -> Tensor:
    return scale * torch.randn(count, HIDDEN, generator=torch.Generator().manual_seed(seed))


def closed_form_kl(posterior: DiagonalGaussian) -> np.ndarray:
    """KL to N(0, 1) per sentence and dimension in fp64: cross-entropy less entropy."""
    mean, std = posterior.mean.detach().double().numpy(), np.exp(0.5 * posterior.log_var.detach().double().numpy())
    return 0.5 * math.log(2 * math.pi) + 0.5 * (mean**2 + std**2) - stats.norm(mean, std).entropy()


@pytest.mark.parametrize("method", METHODS)
def test_every_row_of_methods_has_the_head_of_its_posterior(method: str) -> None:
    row = METHODS[method]
    posterior = HEADS[row.head](config(method)).eval()(states(4))
    assert type(posterior) is POSTERIORS[row.posterior]
    shapes = posterior.shapes(4, LATENT)
    assert {name: tuple(tensor.shape) for name, tensor in posterior.tensors().items()} == shapes


# δ-VAE


@given(
    delta=st.floats(0.01, 2.0),
    scale=st.floats(-6.0, 15.0).map(lambda exponent: 10.0**exponent),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=80)
def test_delta_is_never_undercut_and_gradients_stay_finite(delta: float, scale: float, seed: int) -> None:
    torch.manual_seed(seed)
    head = DeltaHead(config("delta-vae", delta=delta))
    state = states(30, scale, seed).requires_grad_()
    posterior = head(state)
    assert closed_form_kl(posterior).min() > delta - 1e-6 * (1 + delta)  # fp32
    assert float(posterior.kl_per_dimension().detach().min()) > delta - 1e-6 * (1 + delta)
    posterior.kl().sum().backward()
    for gradient in (state.grad, head.weight.grad):
        assert gradient is not None
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("pre_activation", [-1e30, -1e4, -90.0, -20.0, 0.0, 20.0, 90.0, 1e4, 1e30])
def test_delta_holds_and_gradients_are_finite_at_saturated_inputs(pre_activation: float) -> None:
    """Where the sigmoid is 0 or 1 the variance is a root, and the square root of the mean has no slope of its own."""
    head = DeltaHead(config("delta-vae"))
    with torch.no_grad():
        head.weight.zero_()
        head.weight[LATENT:, 0] = 1.0
    state = torch.zeros(1, HIDDEN)
    state[0, 0] = pre_activation
    posterior = head(state.requires_grad_())
    assert closed_form_kl(posterior).min() > 0.15 - 1e-6
    assert closed_form_kl(posterior).max() < 0.15 + 2e-6  # no dearer than it must be
    (posterior.mean + posterior.log_var).sum().backward()
    assert state.grad is not None
    assert torch.isfinite(state.grad).all()


@pytest.mark.parametrize("delta", [0.001, 0.01, 0.15, 2.0, 10.0])
def test_the_bounds_of_delta_solve_their_equation(delta: float) -> None:
    head = DeltaHead(config("delta-vae", delta=delta))
    assert 0 < head.low < 1 < head.high
    for bound in (head.low, head.high):
        assert bound**2 - math.log(bound**2) == pytest.approx(1 + 2 * delta, rel=1e-9)


# BN-VAE


@pytest.mark.parametrize("gamma", [0.6, 1.8])
@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0, 1e3, 1e6])
def test_batch_norm_keeps_the_mean_kl_above_its_bound(gamma: float, scale: float) -> None:
    """At 0.01 the plain means vary by some 6e-5, as they do in a new model of the paper's size."""
    torch.manual_seed(0)
    head = BatchNormHead(config("bn-vae", gamma=gamma)).train()
    posterior = head(states(64, scale))
    torch.testing.assert_close(posterior.mean.var(0, correction=0), torch.full((LATENT,), gamma**2), rtol=0.02, atol=0)
    if scale <= 1.0:  # beyond, σ² may be e^1000
        assert closed_form_kl(posterior).sum(1).mean() > 0.98 * LATENT * gamma**2 / 2


def test_the_bound_of_batch_norm_holds_with_the_best_variance_and_shift() -> None:
    """σ² = 1 and no shift: the KL is the bound and nothing more. A shift c adds c²/2."""
    head = BatchNormHead(config("bn-vae", gamma=1.2)).train()
    with torch.no_grad():
        head.weight[LATENT:] = 0.0
    assert closed_form_kl(head(states(64))).sum(1).mean() == pytest.approx(LATENT * 1.44 / 2, rel=1e-3)
    with torch.no_grad():
        head.shift.fill_(0.5)
    assert closed_form_kl(head(states(64))).sum(1).mean() == pytest.approx(LATENT * (1.44 + 0.25) / 2, rel=1e-3)


def test_gamma_is_no_parameter_and_training_leaves_it() -> None:
    head = BatchNormHead(config("bn-vae", gamma=0.7)).train()
    assert {name for name, _ in head.named_parameters()} == {"weight", "shift"}
    before = {name: x.clone() for name, x in head.state_dict().items()}
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1, weight_decay=0.1)
    for step in range(5):
        optimizer.zero_grad()
        posterior = head(states(16, seed=step))
        (posterior.kl().mean() + posterior.rsample().pow(3).mean()).backward()
        optimizer.step()
    changed = {name for name, x in head.state_dict().items() if not torch.equal(x, before[name])}
    assert changed == {"weight", "shift", "batches", "running_mean", "running_var"}
    torch.testing.assert_close(head.gamma, torch.full((LATENT,), 0.7))


def test_evaluation_uses_the_running_statistics_alone() -> None:
    """They settle on the population's moments; then a sentence is encoded as such, whatever its neighbors."""
    head = BatchNormHead(config("bn-vae", gamma=0.9)).train()
    for step in range(400):
        head(2.0 + states(64, 3.0, seed=step))
    head.eval()
    state = 2.0 + states(5000, 3.0, seed=1000)
    posterior = head(state)
    assert torch.equal(head(state[:7]).mean, posterior.mean[:7])
    torch.testing.assert_close(posterior.mean.mean(0), torch.zeros(LATENT), atol=0.1, rtol=0)
    torch.testing.assert_close(posterior.mean.std(0), torch.full((LATENT,), 0.9), rtol=0.1, atol=0)

    plain = state.double() @ head.weight[:LATENT].double().T
    expected = 0.9 * (plain - head.running_mean) / torch.sqrt(head.running_var) + head.shift
    torch.testing.assert_close(posterior.mean.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_running_statistics_settle_in_a_few_batches_whatever_the_scale(scale: float) -> None:
    head = BatchNormHead(config("bn-vae", gamma=0.9)).train()
    for step in range(5):
        head(states(64, scale, seed=step))
    mean = head.eval()(states(2000, scale, seed=1000)).mean
    torch.testing.assert_close(mean.std(0), torch.full((LATENT,), 0.9), rtol=0.15, atol=0)


def test_a_batch_of_one_sentence_is_encoded_as_in_evaluation_and_trains() -> None:
    head = BatchNormHead(config("bn-vae")).train()
    head(states(64))
    statistics = head.running_mean.clone(), head.running_var.clone()
    one = head(states(1, seed=1))
    assert torch.equal(one.mean, head.eval()(states(1, seed=1)).mean)
    one.rsample().sum().backward()
    assert head.weight.grad is not None
    assert torch.isfinite(head.weight.grad).all()
    assert float(head.weight.grad[:LATENT].abs().min()) > 0
    assert torch.equal(head.running_mean, statistics[0])
    assert torch.equal(head.running_var, statistics[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_running_statistics_are_saved_exactly(dtype: torch.dtype, tmp_path: Path) -> None:
    """Buffers stay in fp32 whatever the weights are stored in: a running variance of 1e-8 is zero in fp16."""
    torch.manual_seed(0)
    model = TextVAE(config("bn-vae", gamma=1.2)).train()
    sentences = torch.cat([torch.randint(4, 20, (32, 5)), torch.full((32, 1), END)], dim=1)
    for _ in range(3):
        model.encode(sentences)
    head = model.encoder.head
    assert isinstance(head, BatchNormHead)
    head.running_var[0], head.running_var[1] = 1e-8, 1e6
    model.save_pretrained(tmp_path, dtype)
    again = TextVAE.from_pretrained(tmp_path)
    assert again.encoder.head.state_dict().keys() == head.state_dict().keys()
    for name in ("gamma", "running_mean", "running_var"):
        assert torch.equal(again.encoder.head.state_dict()[name], head.state_dict()[name])
        assert again.encoder.head.state_dict()[name].dtype == torch.float32
    if dtype is torch.float32:
        assert torch.equal(_mean(again.encode(sentences)), _mean(model.eval().encode(sentences)))
    assert {name for name, _ in again.encoder.head.named_parameters()} == {"weight", "shift"}


def _mean(posterior: object) -> Tensor:
    assert isinstance(posterior, DiagonalGaussian)
    return posterior.mean


# vMF and implicit


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_the_vmf_head_gives_unit_vectors_of_the_options_concentration(scale: float) -> None:
    posterior = VonMisesFisherHead(config("vmf-vae", kappa=25))(states(50, scale))
    torch.testing.assert_close(posterior.direction.norm(dim=-1), torch.ones(50))
    assert posterior.kappa == 25.0


def test_the_implicit_head_draws_anew_each_time() -> None:
    head = ImplicitHead(config("ivae-mi"))
    state = states(1).expand(4, -1)
    training = head.train()(state)
    assert training.draws.shape == (4, 1, LATENT)
    draws = torch.cat([training.draws, head(state).draws, head.eval()(state).draws], dim=1).flatten(0, 1)
    assert len(draws) == 4 * (2 + KEPT)
    assert len(draws.unique(dim=0)) == len(draws)  # sentences, calls and draws all have noise of their own
    assert float(draws.std(0).detach().min()) > 0.01


def test_a_new_implicit_head_draws_from_nearly_the_prior() -> None:
    """Else no draw of the prior is near its own: the critic tells them apart at once, and its bound says nothing."""
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocab_size": 20, "embedding_dim": 5, "hidden_dim": 64, "latent_dim": 16}
    head = ImplicitHead(TextVAEConfig("ivae-mi", **sizes)).train()
    with torch.no_grad():
        draws = head(0.5 * torch.randn(20_000, 64)).rsample()
    covariance = draws.T.cov().double()
    gap = 0.5 * (covariance.trace() + draws.mean(0).square().sum() - covariance.logdet() - 16)
    assert float(gap) < 0.5  # without the noise beside the network: 16 nats and more


def test_the_implicit_head_learns_from_its_draws_and_tells_sentences_apart() -> None:
    torch.manual_seed(0)
    head = ImplicitHead(config("ivae-mi")).train()
    state = states(8).requires_grad_()
    posterior = head(state)
    assert torch.equal(posterior.rsample(), posterior.draws[:, 0])
    posterior.rsample().square().sum().backward()
    gradients: Mapping[str, Tensor | None] = {name: p.grad for name, p in head.named_parameters()} | {"state": state.grad}
    for name, gradient in gradients.items():
        assert gradient is not None, name
        assert float(gradient.abs().max()) > 0, name
    assert float(head.inner.weight.grad[:, HIDDEN:].abs().max()) > 0  # pyright: ignore[reportOptionalSubscript]


def test_the_location_of_an_implicit_posterior_is_the_mean_of_its_draws() -> None:
    draws = torch.arange(12.0).view(2, 2, 3)
    assert torch.equal(Implicit(draws).location, torch.tensor([[1.5, 2.5, 3.5], [7.5, 8.5, 9.5]]))
    with pytest.raises(NotImplementedError):
        Implicit(draws).kl()
