"""Decoding latents to sentences: greedily, by drawing words, or by beam search."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.errors import UserError
from dgvae.model.text_vae import TextVAE
from dgvae.text.tokenizer import END, PAD, START

NEVER_WRITTEN = [PAD, START]


@dataclass(frozen=True)
class Decoding:
    """How the next word is chosen: greedy at temperature 0 (in fact below 0.001), otherwise drawn from the softmax at
    `temperature`, cut to the smallest set of words whose probability reaches `top_p`. With `beams` above 1, neither: the
    sentence of the largest log-probability per word is looked for, with so many kept at each word."""

    temperature: float = 0.0
    top_p: float = 1.0
    beams: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 10:
            raise UserError(f"Temperature must lie between 0 (greedy) and 10, not {self.temperature:g}.")
        if not 0 < self.top_p <= 1:
            raise UserError(f"Top-p must lie above 0 and be at most 1, not {self.top_p:g}.")
        if not 1 <= self.beams <= 32:
            raise UserError(f"Beams must be from 1 to 32, not {self.beams}.")

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest word is always taken."""
        return self.temperature < 1e-3


GREEDY = Decoding()


def decode_latents(
    model: TextVAE,
    z: Tensor,
    decoding: Decoding = GREEDY,
    generator: torch.Generator | None = None,
    uniform: Tensor | None = None,
) -> list[list[int]]:
    """Decode latents as one batch.

    With one `generator` state the k-th latent gets the same random numbers in every batch and from every model of that
    max_length, so that two models' samples differ by the models alone.

    Args:
        model: its decoder writes.
        z: [B, D].
        decoding: how words are chosen.
        generator: draws the random numbers.
        uniform: those numbers, where they were drawn before (see `random_numbers`).

    Returns:
        Word ids of one sentence per latent, each ending with `</s>` unless it was cut at the config's max_length.
    """
    steps = decoding_steps(model, z, decoding, generator, uniform)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@torch.inference_mode()
def decoding_steps(
    model: TextVAE,
    z: Tensor,
    decoding: Decoding = GREEDY,
    generator: torch.Generator | None = None,
    uniform: Tensor | None = None,
) -> Generator[None, None, list[list[int]]]:
    """As `decode_latents`, but yields after each word of the batch, where it may be put aside or given up.

    Args:
        model: its decoder writes.
        z: [B, D].
        decoding: how words are chosen.
        generator: draws the random numbers.
        uniform: those numbers, where they were drawn before.

    Yields:
        None, after each word.

    Returns:
        As `decode_latents`.
    """
    z = z.to(model.device, torch.float32)
    if decoding.beams > 1:
        return (yield from _beam_search(model, z, decoding.beams))
    steps = model.config.max_length + 1
    if uniform is None:
        uniform = random_numbers(model, len(z), decoding, generator)
    sentences = torch.full((len(z), steps), END, device=z.device)
    going = torch.arange(len(z), device=z.device)  # the sentences that have not ended: [G]
    word, state = torch.full_like(going, START), model.decoder.initial_state(z)
    for step in range(steps if len(z) else 0):
        logits, state = model.decoder.next_word_logits(word, z[going], state)
        logits[:, NEVER_WRITTEN] = -torch.inf
        word = _choose(logits, decoding, None if uniform is None else uniform[going, step])
        sentences[going, step] = word
        unended = word != END
        if not bool(unended.all()):
            going, word, state = going[unended], word[unended], (state[0][:, unended], state[1][:, unended])
            if not len(going):
                break
        yield
    return _cut(sentences)


def random_numbers(model: TextVAE, latents: int, decoding: Decoding, generator: torch.Generator | None = None) -> Tensor | None:
    """The numbers that choose the words, where words are drawn.

    Args:
        model: its max_length says how many are needed.
        latents: how many sentences are decoded.
        decoding: how words are chosen.
        generator: draws the numbers.

    Returns:
        [latents, max_length + 1], from 0 to below 1; None if no words are drawn.
    """
    if decoding.is_greedy or decoding.beams > 1:
        return None
    return torch.rand(latents, model.config.max_length + 1, generator=generator, device=model.device)


def _cut(sentences: Tensor) -> list[list[int]]:
    """The ids of each row [B, L] up to its first `</s>`."""
    return [ids[: ids.index(END) + 1] if END in ids else ids for ids in sentences.tolist()]


def _choose(logits: Tensor, decoding: Decoding, uniform: Tensor | None) -> Tensor:
    """One word per row of logits [B, V], by a random number per row [B] from [0, 1), or the likeliest -> [B]."""
    if uniform is None:
        return logits.argmax(-1)
    probability = torch.softmax(logits / decoding.temperature, dim=-1)
    if decoding.top_p == 1:
        return _draw(probability, uniform)
    ranked, order = probability.sort(dim=-1, descending=True)
    # A word stays if the words before it have not reached top_p yet, so the first always stays.
    least = max(decoding.top_p, torch.finfo(ranked.dtype).tiny)  # a smaller one would be 0 there
    ranked = ranked * (ranked.cumsum(-1) - ranked < least)
    return order.gather(1, _draw(ranked, uniform).unsqueeze(1)).squeeze(1)


def _draw(weight: Tensor, uniform: Tensor) -> Tensor:
    """Where the running sum of the weights [B, V] passes `uniform` of their total: inversion, which needs one random number a
    row. `torch.multinomial` draws one for every word of the vocabulary, which took two thirds of the time of sampling."""
    running = weight.cumsum(-1)
    total = running[:, -1:]
    # Rounding must not lift the threshold to the total: no word is past that.
    threshold = torch.minimum(uniform.unsqueeze(1) * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(running, threshold, right=True).squeeze(1)  # right: a word of weight 0 is never drawn


def _beam_search(model: TextVAE, z: Tensor, beams: int) -> Generator[None, None, list[list[int]]]:
    """The best of `beams` hypotheses for each latent [B, D], by log-probability per word. An ended one keeps its place."""
    batch, rows = len(z), len(z) * beams
    if not batch:
        return []
    z = z.repeat_interleave(beams, dim=0)
    state = model.decoder.initial_state(z)
    word = torch.full((rows,), START, device=z.device)
    score = torch.full((batch, beams), -torch.inf, device=z.device)
    score[:, 0] = 0  # at first all hypotheses are the same
    length = torch.zeros(rows, device=z.device)
    ended = torch.zeros(rows, dtype=torch.bool, device=z.device)
    written = torch.zeros(rows, 0, dtype=torch.long, device=z.device)
    first_row = beams * torch.arange(batch, device=z.device).unsqueeze(1)
    for _ in range(model.config.max_length + 1):
        logits, state = model.decoder.next_word_logits(word, z, state)
        logits[:, NEVER_WRITTEN] = -torch.inf
        gain = torch.log_softmax(logits.float(), dim=-1)
        gain[ended] = -torch.inf
        gain[ended, END] = 0  # an ended one goes on as itself
        total = score.view(rows, 1) + gain  # [B·K, V]
        score, place = total.view(batch, -1).topk(beams, dim=1)
        parent = (first_row + place // total.shape[1]).flatten()
        word = (place % total.shape[1]).flatten()
        state = state[0][:, parent], state[1][:, parent]
        length = length[parent] + ~ended[parent]
        ended = ended[parent] | (word == END)
        written = torch.cat([written[parent], word.unsqueeze(1)], dim=1)
        if bool(ended.all()):
            break
        yield
    best = (score / length.view(batch, beams)).argmax(1)
    return _cut(written[first_row.squeeze(1) + best])
