"""One decoding loop for all visitors: the same sentences as alone, in fewer loops, and nobody waits for a large request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from dgvae.errors import UserError
from dgvae.methods.config import TextVAEConfig
from dgvae.model import generation
from dgvae.model.generation import GREEDY, Decoding, decode_latents, decoding_steps
from dgvae.model.text_vae import TextVAE
from dgvae.text.tokenizer import END
from dgvae.ui import decoding_loop
from dgvae.ui.decoding_loop import MOST_ROWS, DecodingLoop


@pytest.fixture
def model() -> TextVAE:
    torch.manual_seed(0)
    model = TextVAE(TextVAEConfig("vae", 50, embedding_dim=8, hidden_dim=16, latent_dim=4, max_length=9)).eval()
    with torch.no_grad():
        model.decoder.output.weight *= 20  # else all sentences are alike
    return model


class Held:
    """A loop that decodes only when it is let go, and remembers how many latents each batch had, and who was done before it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = DecodingLoop()
        self.batches: list[int] = []
        self.done_before: list[set[Any]] = []
        self._requests: dict[Any, Any] = {}
        self.answers: dict[Any, Any] = {}
        self._threads: list[threading.Thread] = []

        def counted(model: TextVAE, z: torch.Tensor, *rest: Any, **named: Any) -> Any:
            self.batches.append(len(z))
            self.done_before.append(self.done())
            return decoding_steps(model, z, *rest, **named)

        monkeypatch.setattr(generation, "decoding_steps", counted)
        self.loop._is_decoding = True

    def ask(self, name: Any, model: TextVAE, z: torch.Tensor, decoding: Decoding = GREEDY, seed: int = 0, wanted=True) -> None:
        def work() -> None:
            try:
                generator = torch.Generator().manual_seed(seed)
                self.answers[name] = self.loop.decode(model, z, decoding, generator, lambda: wanted)
            except UserError as error:
                self.answers[name] = str(error)

        before = len(self.loop._waiting)
        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()
        while len(self.loop._waiting) == before:
            pass
        self._requests[name] = self.loop._waiting[-1]

    def done(self) -> set[Any]:
        return {name for name, request in self._requests.items() if request.is_done()}

    def go(self) -> None:
        with self.loop._changed:
            self.loop._is_decoding = False
            self.loop._changed.notify_all()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("decoding", [GREEDY, Decoding(1.0), Decoding(0.7, 0.9), Decoding(beams=3)])
def test_together_they_get_what_they_would_get_alone(
    model: TextVAE, decoding: Decoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    asked = {name: torch.randn(name, 4) for name in (1, 3, 5, 2)}
    for name, z in asked.items():
        held.ask(name, model, z, decoding, seed=name)
    held.go()
    assert held.batches == [11]
    for name, z in asked.items():
        assert held.answers[name] == decode_latents(model, z, decoding, torch.Generator().manual_seed(name))


def test_a_large_request_delays_no_small_one_and_goes_on(model: TextVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    held.ask("large", model, torch.randn(200, 4))
    held.ask("small", model, torch.randn(1, 4))
    held.go()
    assert held.batches == [MOST_ROWS, MOST_ROWS, MOST_ROWS, 201 - 3 * MOST_ROWS]
    assert held.done_before == [set(), *[{"small"}] * 3]
    assert len(held.answers["large"]) == 200


def test_other_models_and_other_ways_to_decode_have_loops_of_their_own(model: TextVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    held.ask("a", model, torch.randn(2, 4))
    held.ask("b", TextVAE(model.config).eval(), torch.randn(3, 4))
    held.ask("c", model, torch.randn(4, 4), Decoding(1.0))
    held.go()
    assert sorted(held.batches) == [2, 3, 4]


def test_large_requests_take_turns_with_those_that_are_decoded_otherwise(
    model: TextVAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    held.ask("large", model, torch.randn(64, 4), Decoding(beams=8))
    held.ask("small", model, torch.randn(1, 4))
    held.go()
    assert held.batches == [8, 1, *[8] * 7]


def test_what_nobody_waits_for_is_not_decoded(model: TextVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    held.ask("gone", model, torch.randn(60, 4), wanted=False)
    held.ask("there", model, torch.randn(2, 4))
    held.go()
    assert held.answers["gone"] == "This visit has ended; reload the page."
    assert held.batches == [2]


def test_a_fault_reaches_those_who_wait_and_the_loop_goes_on(model: TextVAE) -> None:
    loop = DecodingLoop()
    with pytest.raises(RuntimeError):
        loop.decode(model, torch.randn(1, 5), GREEDY, None, lambda: True)  # a latent of another size
    assert len(loop.decode(model, torch.randn(2, 4), GREEDY, None, lambda: True)) == 2


def endless(words: int, before: Callable[[], object]) -> TextVAE:
    """A model whose sentences never end; it calls `before` at each word."""
    torch.manual_seed(0)
    model = TextVAE(TextVAEConfig("vae", 50, embedding_dim=8, hidden_dim=16, latent_dim=4, max_length=words)).eval()
    next_word_logits = model.decoder.next_word_logits

    def slow(*given: Any) -> Any:
        before()
        logits, state = next_word_logits(*given)
        logits[:, END] = -torch.inf
        return logits, state

    setattr(model.decoder, "next_word_logits", slow)  # noqa: B010 — its arguments have names
    return model


@pytest.mark.parametrize("decoding", [GREEDY, Decoding(beams=3)])
def test_a_model_whose_sentences_do_not_end_delays_nobody(
    model: TextVAE, decoding: Decoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_loop, "SLICE", 0.0)
    held = Held(monkeypatch)
    done_before_words: list[set[Any]] = []
    slow = endless(200, lambda: done_before_words.append(held.done()))
    held.ask("slow", slow, torch.randn(60, 4), decoding)
    held.ask("small", model, torch.randn(1, 4))
    held.go()
    assert (done_before_words[0], done_before_words[-1]) == (set(), {"small"})
    assert [len(ids) for ids in held.answers["slow"]] == [201] * 60


def test_a_batch_is_given_up_when_nobody_waits_for_it(model: TextVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_loop, "SLICE", 0.0)
    taken: list[int] = []
    loop = DecodingLoop()
    with pytest.raises(UserError, match="This visit has ended"):
        loop.decode(endless(4000, lambda: taken.append(1)), torch.randn(9, 4), GREEDY, None, lambda: len(taken) < 5)
    assert len(taken) < 10
    assert len(loop.decode(model, torch.randn(2, 4), GREEDY, None, lambda: True)) == 2


def test_what_takes_too_long_is_given_up_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_loop, "SLICE", 0.01)
    monkeypatch.setattr(decoding_loop, "MOST_SECONDS", 0.1)
    with pytest.raises(UserError, match="Decoding this takes longer than 0 s: ask for fewer or shorter sentences"):
        DecodingLoop().decode(endless(4000, lambda: time.sleep(0.005)), torch.randn(9, 4), GREEDY, None, lambda: True)
