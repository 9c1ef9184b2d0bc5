"""The training loop: what its events say of weights, pre-training and patience."""

from __future__ import annotations

import pytest
import torch

from dgvae.methods.config import TextVAEConfig
from dgvae.model.decoder import BagOfWordsDecoder
from dgvae.model.heads import BatchNormHead
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import concatenate
from dgvae.regularizers import build_regularizer
from train.run.data import Batches
from train.run.events import Epoch, Step
from train.run.loop import Plan, Run, train
from train.run.validation import validate

SENTENCES = [[4 + i % 9, 5 + i % 7, 6 + i % 5, 3] for i in range(64)]
BATCHES = Batches(SENTENCES, torch.device("cpu"))


def make_run(method: str, epochs: int, patience: int = 100, **options: float) -> Run:
    torch.manual_seed(0)
    config = TextVAEConfig(method, vocab_size=20, embedding_dim=5, hidden_dim=6, latent_dim=3, options=options)
    plan = Plan(epochs, batch_size=8, learning_rate=1e-3, warmup_epochs=2, patience=patience, seed=0)
    return Run(TextVAE(config), build_regularizer(config), plan)


def weights_by_epoch(run: Run) -> list[list[float]]:
    epochs: list[list[float]] = [[]]
    for event in train(run, BATCHES, BATCHES):
        if isinstance(event, Step):
            epochs[-1].append(event.weight)
        else:
            epochs.append([])
    return epochs[:-1]


def test_weights_follow_the_methods_schedule() -> None:
    assert weights_by_epoch(make_run("ae", 1)) == [[0.0] * 8]
    assert weights_by_epoch(make_run("beta-vae", 3, beta=0.2))[2] == pytest.approx([0.2] * 8)
    cyclic = weights_by_epoch(make_run("cyclic-vae", 4, cycles=2, ramp=0.5))
    assert cyclic[0] == pytest.approx([i / 8 for i in range(8)])
    assert cyclic[1] == [1.0] * 8
    assert cyclic[:2] == cyclic[2:]


def test_pretraining_is_an_autoencoders_and_its_epochs_are_never_the_best() -> None:
    run = make_run("ae-pretrain", 3, pretrain_epochs=2)
    events = list(train(run, BATCHES, BATCHES))
    assert [event.improved for event in events if isinstance(event, Epoch)][:3] == [False, False, True]
    weights = [event.weight for event in events if isinstance(event, Step)]
    assert weights[:16] == [0.0] * 16
    assert weights[16:32] == pytest.approx([(i + 1) / 16 for i in range(16)])  # the warm-up begins after it
    assert weights[32:] == [1.0] * 8


def test_after_pretraining_the_encoder_stays_and_the_decoder_is_new() -> None:
    run = make_run("ae-pretrain", 1, pretrain_epochs=1)
    events = train(run, BATCHES, BATCHES)
    while not isinstance(next(events), Epoch):
        pass
    before = {name: x.clone() for name, x in run.model.state_dict().items()}
    assert run.optimizer.state
    run.end_pretraining()
    assert not run.optimizer.state
    for name, x in run.model.state_dict().items():
        assert torch.equal(x, before[name]) == name.startswith("encoder."), name


def test_patience_is_for_epochs_at_full_weight() -> None:
    run = make_run("vae", 100, patience=2)
    run.best = -1e9  # so that nothing is ever an improvement
    assert sum(isinstance(event, Epoch) for event in train(run, BATCHES, BATCHES)) == 4  # two of warm-up, two of patience


def test_a_critic_learns_beside_the_model_and_from_samples_alone() -> None:
    run = make_run("aae", 1, critic_steps=3)
    critic = {name: x.clone() for name, x in run.regularizer.state_dict().items()}
    encoder_gradients = []
    loss = run.regularizer.critic_loss

    def watched(z: torch.Tensor) -> torch.Tensor:
        encoder_gradients.append(z.requires_grad)
        return loss(z)

    run.regularizer.critic_loss = watched
    list(train(run, BATCHES, BATCHES))
    assert encoder_gradients == [False] * 24  # 8 steps of 3
    assert not any(torch.equal(x, critic[name]) for name, x in run.regularizer.state_dict().items())


def test_what_is_validated_of_a_batch_norm_has_the_statistics_of_the_weights_of_now() -> None:
    run = make_run("bn-vae", 6)
    head = run.model.encoder.head
    assert isinstance(head, BatchNormHead)
    for event in train(run, BATCHES, BATCHES):
        if not isinstance(event, Epoch):
            continue
        with torch.no_grad():
            mean = concatenate([run.model.encode(batch) for batch in BATCHES.epoch(8, 0, 0)]).location
            torch.testing.assert_close(mean.mean(0), head.shift.detach(), atol=0.1, rtol=0)
            torch.testing.assert_close(mean.std(0), head.gamma, atol=0.1, rtol=0)
            head.weight[: len(head.gamma)] *= 3  # as a new model's encoder moves
            head.running_mean += 5


def test_the_auxiliary_loss_is_trained() -> None:
    run = make_run("bow-vae", 1)
    assert isinstance(run.model.decoder, BagOfWordsDecoder)
    before = {name: x.clone() for name, x in run.model.decoder.bag_of_words.state_dict().items()}
    list(train(run, BATCHES, BATCHES))
    assert not any(torch.equal(x, before[name]) for name, x in run.model.decoder.bag_of_words.state_dict().items())


@pytest.mark.parametrize("method", ["aae", "ivae-mi", "wae"])
def test_the_best_epoch_does_not_depend_on_what_the_critic_of_the_moment_says(method: str) -> None:
    """Where nothing but a critic's parameters change, the objective stays. WAE has no critic: its loss is the objective's."""
    run = make_run(method, 1)
    first = validate(run.model, run.regularizer, BATCHES, 8)
    assert first is not None
    assert first.latents.covariance_gap is not None
    with torch.no_grad():
        for parameter in run.regularizer.parameters():
            parameter.mul_(3)
    second = validate(run.model, run.regularizer, BATCHES, 8)
    assert second is not None
    weight = run.model.config.regularizer_weight
    if method == "wae":
        assert first.objective == pytest.approx(weight * first.regularizer - first.reconstruction)
    else:
        assert second.regularizer != first.regularizer
        assert second.objective == first.objective
        bound = run.regularizer.loss_at_optimum(first.latents.covariance_gap)
        assert first.objective == pytest.approx(weight * bound - first.reconstruction)


def test_patience_counts_in_cycles_as_short_as_an_epoch() -> None:
    run = make_run("cyclic-vae", 12, patience=3, cycles=12)
    run.best = -1e9
    assert sum(isinstance(event, Epoch) for event in train(run, BATCHES, BATCHES)) == 3
