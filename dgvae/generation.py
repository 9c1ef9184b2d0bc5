"""Decoding latents to sentences, and paths between two latents."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.errors import UserError
from dgvae.model import TextVAE
from dgvae.tokenizer import END, PAD, START

NEVER_WRITTEN = [PAD, START]


@dataclass(frozen=True)
class Decoding:
    """How the next word is chosen: greedy at temperature 0 (in fact below 0.001), otherwise drawn from the softmax at
    `temperature`, cut to the smallest set of words whose probability reaches `top_p`."""

    temperature: float = 0.0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 10:
            raise UserError(f"Temperature must lie between 0 (greedy) and 10, not {self.temperature:g}.")
        if not 0 < self.top_p <= 1:
            raise UserError(f"Top-p must lie above 0 and be at most 1, not {self.top_p:g}.")


GREEDY = Decoding()


@torch.inference_mode()
def decode_latents(
    model: TextVAE, z: Tensor, decoding: Decoding = GREEDY, generator: torch.Generator | None = None
) -> list[list[int]]:
    """Word ids of one sentence per latent, each ending with `</s>` unless it was cut at the config's max_length.

    z: [B, D], decoded as one batch. With one `generator` state the words drawn for a latent depend on the batch that it is in.
    """
    z = z.to(model.device, torch.float32)
    state = model.decoder.initial_state(z)
    word = torch.full((len(z),), START, device=z.device)
    done = torch.zeros_like(word, dtype=torch.bool)
    written: list[Tensor] = []
    while len(written) <= model.config.max_length and not bool(done.all()):
        logits, state = model.decoder.next_word_logits(word, z, state)
        logits[:, NEVER_WRITTEN] = -torch.inf
        word = _choose(logits, decoding, generator).masked_fill(done, END)
        written.append(word)
        done |= word == END
    sentences = torch.stack(written, dim=1).tolist() if len(z) else []
    return [ids[: ids.index(END) + 1] if END in ids else ids for ids in sentences]


def _choose(logits: Tensor, decoding: Decoding, generator: torch.Generator | None) -> Tensor:
    """One word per row of logits [B, V] -> [B]."""
    if decoding.temperature < 1e-3:
        return logits.argmax(-1)
    probability = torch.softmax(logits / decoding.temperature, dim=-1)
    if decoding.top_p < 1:
        ranked, order = probability.sort(dim=-1, descending=True)
        # A word stays if the words before it have not reached top_p yet, so the first always stays.
        ranked = ranked * (ranked.cumsum(-1) - ranked < decoding.top_p)
        probability = torch.zeros_like(probability).scatter_(-1, order, ranked)
    return torch.multinomial(probability, 1, generator=generator).squeeze(1)


def linear_path(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """`steps` latents from start to end along the straight line. [D], [D] -> [steps, D]."""
    t = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device).unsqueeze(1)
    return torch.lerp(start.unsqueeze(0), end.unsqueeze(0), t)


def spherical_path(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """`steps` latents from start to end along a great circle, the norm going linearly (slerp; White 2016).

    The straight line passes nearer to the origin than samples of N(0, I) lie. Where the directions are the same, opposite or
    undefined, no great circle is marked out and the path is the straight line.
    """
    norms = start.norm(), end.norm()
    cosine = torch.dot(start, end) / (norms[0] * norms[1]).clamp_min(1e-12)
    angle = torch.arccos(cosine.clamp(-1, 1))
    if min(norms) < 1e-6 or torch.sin(angle) < 1e-4:
        return linear_path(start, end, steps)
    t = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device).unsqueeze(1)
    unit = (torch.sin((1 - t) * angle) * start / norms[0] + torch.sin(t * angle) * end / norms[1]) / torch.sin(angle)
    return unit * torch.lerp(norms[0], norms[1], t)


PATHS = {"linear": linear_path, "spherical": spherical_path}
