"""Whole training steps in two processes: every system's losses and gradients are those of one process on the same batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dgvae.distributed import world
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS
from dgvae.model.text_vae import TextVAE
from dgvae.regularizers import build_regularizer
from tests.processes import PROCESSES, in_two_processes
from train.run import loop
from train.run.data import Batches
from train.run.loop import Plan, Run, training_step
from train.run.processes import all_gather, all_gather_rows, any_process
from train.run.recipes import RECIPES
from train.run.validation import validate

# 24 sentences of one length, and 7 of another, of which two processes leave one out.
SENTENCES = [[4 + i % 9, 5 + i % 7, 6 + i % 5, 3] for i in range(24)]
MORE = [[4 + i % 9, 3] for i in range(7)]


def make_run(method: str) -> Run:
    torch.manual_seed(0)
    options = {"aggregation_size": 8} if "aggregation_size" in METHODS[method].options else {}
    config = TextVAEConfig(method, vocab_size=20, embedding_dim=5, hidden_dim=6, latent_dim=3, dropout=0.0, options=options)
    return Run(TextVAE(config), build_regularizer(config), Plan(1, 24, 0.1, 0, 1, 0, recipe="paper"))


class Undisturbed:
    """Within it every draw of torch is a constant, so that one process and two draw the same; autocast is off."""

    def __enter__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        for name in ("randn", "rand", "randn_like"):
            original = getattr(torch, name)
            self.patch.setattr(
                torch, name, lambda *size, original=original, **kind: torch.full_like(original(*size, **kind), 0.4)
            )
        self.patch.setattr(loop, "fast_math", lambda device: torch.autocast(device.type, enabled=False))

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def one_step(method: str) -> dict[str, Tensor]:
    """Losses, gradients and buffers after a step on this process' part of a batch of 24."""
    run = make_run(method)
    batches = Batches(SENTENCES, torch.device("cpu"))
    with Undisturbed():
        torch.manual_seed(0)
        (batch,) = batches.epoch(24, seed=0, epoch=0)
        reconstruction, regularizer, norm = training_step(run, batch, 0.5)
    found = {"reconstruction": reconstruction, "regularizer": regularizer, "norm": norm}
    for part in (run.model, run.regularizer):
        found |= {f"{type(part).__name__}.{name}": x.detach() for name, x in part.state_dict().items()}
    return found


def work(rank: int) -> dict[str, Any]:
    """What each of the processes does."""
    results: dict[str, Any] = {method: one_step(method) for method in METHODS}
    run = make_run("pdg-vae")
    torch.manual_seed(7)
    validation = validate(run.model, run.regularizer, Batches(SENTENCES + MORE, torch.device("cpu"), training=False), 5)
    assert validation is not None
    results["objective"] = torch.tensor(validation.objective)
    results["kl"] = torch.tensor(validation.latents.kl)
    shared = Batches(SENTENCES + MORE, torch.device("cpu"))
    results["batches"] = [batch.words.clone() for batch in shared.epoch(10, seed=3, epoch=1)]
    results["count"] = torch.tensor(shared.count(10))
    results["rows"] = all_gather_rows(torch.full((rank + 1, 2), float(rank)))
    results["each"] = torch.cat(all_gather(torch.tensor([rank])))
    results["flags"] = torch.tensor(any_process(rank == 1, False))
    return results


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each process found."""
    return in_two_processes(work, tmp_path_factory.mktemp("processes"))


@pytest.mark.parametrize("method", METHODS)
def test_a_step_of_two_processes_is_that_of_one_on_the_same_batch(method: str, results) -> None:
    """The recipe is plain gradient descent, so equal weights after a step are equal gradients."""
    assert RECIPES["paper"].optimizer is torch.optim.SGD
    before = make_run(method).model.state_dict()
    expected = one_step(method)
    assert any(not torch.equal(expected[f"TextVAE.{name}"], x) for name, x in before.items())
    for found in results:
        assert found[method].keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(found[method][name], value, rtol=1e-5, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")


def test_validation_is_divided_and_all_find_the_same(results) -> None:
    assert results[0]["objective"] == results[1]["objective"]
    run = make_run("pdg-vae")
    alone = validate(run.model, run.regularizer, Batches(SENTENCES + MORE, torch.device("cpu"), training=False), 5)
    assert alone is not None
    torch.testing.assert_close(results[0]["kl"], torch.tensor(alone.latents.kl), rtol=1e-4, atol=1e-5)
    assert float(results[0]["objective"]) == pytest.approx(alone.objective, rel=0.02)  # of other draws


def test_parts_of_batches_are_equal_and_no_sentence_comes_twice(results) -> None:
    parts = [found["batches"] for found in results]
    assert [len(part) for part in parts] == [int(results[0]["count"])] * PROCESSES
    assert [batch.shape for batch in parts[0]] == [batch.shape for batch in parts[1]]
    assert sum(len(batch) for part in parts for batch in part) == 24 + 6


def test_what_processes_tell_each_other(results) -> None:
    for found in results:
        assert found["rows"].tolist() == [[0, 0], [1, 1], [1, 1]]
        assert found["each"].tolist() == [0, 1]
        assert found["flags"].tolist() == [True, False]
    assert world() == (0, 1)


def test_alone_there_is_nobody_to_ask() -> None:
    rows = torch.randn(3, 2)
    assert all_gather_rows(rows) is rows
    assert all_gather(rows) == [rows]
    assert any_process(True, False) == (True, False)


def work_locally(rank: int) -> dict[str, Tensor]:
    """A density gap of this process' part alone, and the axes of both."""
    found = {}
    for method in ("dg-vae", "pdg-vae"):
        regularizer = make_run(method).regularizer.train()
        regularizer.local = True
        posterior = make_run(method).model.encode(torch.tensor(SENTENCES).chunk(PROCESSES)[rank])
        with Undisturbed():
            found[method] = regularizer(posterior, posterior.location).detach()
            found |= {f"{method}.{name}": x for name, x in regularizer.state_dict().items()}
    return found


def test_aggregated_locally_each_part_has_a_gap_of_its_own_and_the_axes_are_common(tmp_path: Path) -> None:
    found = in_two_processes(work_locally, tmp_path)
    for rank, part in enumerate(torch.tensor(SENTENCES).chunk(PROCESSES)):
        regularizer = make_run("dg-vae").regularizer.train()
        posterior = make_run("dg-vae").model.encode(part)
        with Undisturbed():
            torch.testing.assert_close(found[rank]["dg-vae"], regularizer(posterior, posterior.location).detach())
    assert found[0]["dg-vae"] != found[1]["dg-vae"]
    assert torch.equal(found[0]["pdg-vae.running_square"], found[1]["pdg-vae.running_square"])
    assert not torch.equal(found[0]["pdg-vae.running_square"], torch.eye(3))
