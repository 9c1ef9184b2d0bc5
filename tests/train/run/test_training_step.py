"""A training step: nothing in it waits for the device, long documents fit, and recipes do what they say."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dgvae.errors import UserError
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import VonMisesFisher
from dgvae.regularizers import build_regularizer
from train.run import loop
from train.run.data import Batches
from train.run.events import Epoch, Step
from train.run.loop import Plan, Run, train, training_step
from train.run.recipes import RECIPES, initialize

CPU = torch.device("cpu")
SENTENCES = [[4 + i % 9, 5 + i % 7, 6 + i % 5, 3] for i in range(64)]
# Where a program on a GPU has to wait for a result: reading a number, sizes that depend on values, and checks of a
# factorisation. `pdg-vae` and `mdg-vae` have one: the eigenvectors of its running covariance, 32 × 32.
WAITING = {"_local_scalar_dense", "is_nonzero", "nonzero", "masked_select", "unique", "equal", "_linalg_eigh", "linalg_eigh"}


class Watch(TorchDispatchMode):
    """Collects the operations that would make the host wait for a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.split("::")[1]
        if name in WAITING:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


def make_run(method: str, recipe: str = "fast", **plan: float) -> Run:
    torch.manual_seed(0)
    options = {"pretrain_epochs": 1} if method == "ae-pretrain" else {}
    config = TextVAEConfig(method, vocab_size=20, embedding_dim=5, hidden_dim=6, latent_dim=3, options=options)
    facts = {"epochs": 1, "batch_size": 32, "learning_rate": 1e-3, "warmup_epochs": 0, "patience": 100, "seed": 0}
    return Run(TextVAE(config), build_regularizer(config), Plan(**facts | plan, recipe=recipe))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("method", METHODS)
def test_a_step_does_not_wait_for_the_device(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VonMisesFisher, "__post_init__", lambda self: None)  # a check that is made on a CPU alone
    run = make_run(method)
    batch = torch.tensor(SENTENCES[:32])
    training_step(run, batch, 1.0)
    with Watch() as watch:
        training_step(run, batch, 1.0)
    assert watch.found == ["_linalg_eigh"] * (method in ("pdg-vae", "mdg-vae"))


GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@GPU
@pytest.mark.parametrize("method", METHODS)
def test_a_gpu_computes_what_a_cpu_does(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.backends.cudnn.allow_tf32", False)
    sentences = [[4 + i % 9] * (1 + i % 40) + [3] for i in range(64)]
    model = make_run(method).model.eval()
    z = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    found = []
    for device in (CPU, torch.device("cuda")):
        (batch,) = Batches(sentences, device).epoch(64, seed=0, epoch=0)
        posterior = model.to(device).encode(batch)
        total, terms = model.decoder.negative_log_likelihood(batch, z.to(device))
        gradients = torch.autograd.grad(total, list(model.decoder.output.parameters()))
        places = [posterior.location] if posterior.has_density else []  # without one it is drawn, by each device as it likes
        found.append([x.detach().cpu() for x in (*places, total, terms, *gradients)])
    for on_cpu, on_gpu in zip(*found, strict=True):
        torch.testing.assert_close(on_gpu, on_cpu, rtol=1e-3, atol=1e-3)


@GPU
@pytest.mark.parametrize("method", METHODS)
def test_a_step_on_a_gpu_does_not_wait_for_it(method: str) -> None:
    run = make_run(method)
    run = Run(run.model.cuda(), run.regularizer.cuda(), run.plan)
    batch = torch.tensor(SENTENCES[:32]).cuda()
    training_step(run, batch, 1.0)
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            training_step(run, batch, 1.0)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    waits = [str(warning.message) for warning in found if "synchronizing" in str(warning.message)]
    assert len(waits) == (method in ("pdg-vae", "mdg-vae")), found


def test_losses_may_stay_unread_for_some_steps_but_not_when_a_state_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run("vae", learning_rate=1e30)
    monkeypatch.setattr(Run, "took", lambda self, step: self._unread.append(step))  # as on a GPU
    batches = Batches(SENTENCES * 4, CPU)
    events = train(run, batches, batches)
    steps = [next(events) for _ in range(5)]
    bad = next(s for s in steps if isinstance(s, Step) and not math.isfinite(float(s.gradient_norm)))
    with pytest.raises(UserError, match=rf"epoch 1, step {bad.step}: the gradient \(reconstruction .*, regularizer .* × "):
        run.refuse_non_finite()


def test_the_papers_recipe_halves_its_rate_five_times_each_from_the_best_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run("vae", "paper", epochs=100, patience=2, learning_rate=0.5)
    initialize(run.model, run.recipe)
    assert isinstance(run.optimizer, torch.optim.SGD)
    weights = dict(run.model.named_parameters())
    assert 0.09 < float(weights["encoder.embedding.weight"].detach().abs().max()) <= 0.1
    assert 0.009 < float(weights["encoder.lstm.weight_hh_l0"].detach().abs().max()) <= 0.01
    batches = Batches(SENTENCES, CPU)
    real = loop.validate
    measured = []

    def worse_and_worse(*arguments: Any) -> Any:
        result = real(*arguments)
        assert result is not None
        measured.append(result)
        object.__setattr__(result, "objective", float(len(measured)))  # the first epoch is the best
        return result

    monkeypatch.setattr(loop, "validate", worse_and_worse)
    events = []
    best = {}
    for event in train(run, batches, batches):
        if isinstance(event, Epoch):
            events.append(event)
            if event.epoch == 1:
                best = {name: x.clone() for name, x in run.model.state_dict().items()}
            elif event.epoch in (3, 5, 7, 9, 11):  # two epochs without gain
                assert all(torch.equal(x, best[name]) for name, x in run.model.state_dict().items())
    assert [event.learning_rate for event in events] == [0.5, *(0.5**k for k in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6))]
    assert run.halvings == 5
    assert RECIPES["paper"].halvings == 5


def test_long_documents_need_no_logits_of_all_their_words() -> None:
    """The paper's largest model keeps far less for its backward pass than the logits of a batch, 512 MB in fp32, would take."""
    kept = 0

    def count(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    vocabulary, batch, words = 20_000, 2, 50
    config = TextVAEConfig("vae", vocabulary, embedding_dim=16, hidden_dim=16)
    model = TextVAE(config)
    sentences = torch.randint(4, vocabulary, (batch, words))
    with torch.autograd.graph.saved_tensors_hooks(count, lambda x: x):
        posterior = model.encode(sentences)
        model.decoder.negative_log_likelihood(sentences, posterior.rsample())
    assert kept < batch * words * vocabulary * 4 / 2
