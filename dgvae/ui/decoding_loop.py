"""One loop that decodes for all visitors: latents that wait for the same model are one batch.

A step of the decoder costs nearly the same for one latent as for twenty. While a batch is decoded, others come to wait, and
whoever waits decodes the next one, for all that fits in: half of it for the request whose turn it is, the rest for the
shortest ones that are decoded alike. So a large request goes on, and others wait for one batch of it at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import gradio as gr

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dgvae.model.generation import Decoding
    from dgvae.model.text_vae import TextVAE

MOST_ROWS = 64  # of a batch: hypotheses, where several are kept of a latent


@dataclass(eq=False)
class _Request:
    model: TextVAE
    z: Tensor
    decoding: Decoding
    uniform: Tensor | None
    is_wanted: Callable[[], bool]
    found: list[list[int]] = field(default_factory=list)
    error: Exception | None = None

    def left(self) -> int:
        """How many latents are not decoded yet."""
        return len(self.z) - len(self.found)

    def is_done(self) -> bool:
        return self.error is not None or not self.left()


class DecodingLoop:
    """See above. Any thread may call it."""

    def __init__(self) -> None:
        self._waiting: list[_Request] = []
        self._lock = threading.Lock()  # of the list
        self._turn = threading.Lock()  # to decode

    def decode(
        self,
        model: TextVAE,
        z: Tensor,
        decoding: Decoding,
        generator: torch.Generator | None,
        is_wanted: Callable[[], bool],
    ) -> list[list[int]]:
        """As `decode_latents`. Raises gr.Error if it is not wanted any more."""
        from dgvae.model.generation import random_numbers

        request = _Request(model, z, decoding, random_numbers(model, len(z), decoding, generator), is_wanted)
        with self._lock:
            self._waiting.append(request)
        while not request.is_done():
            with self._turn:
                if not request.is_done():
                    self._decode_batch()
        if request.error:
            raise request.error
        return request.found

    def _decode_batch(self) -> None:
        import torch

        from dgvae.model.generation import decode_latents

        batch = self._next_batch()
        if not batch:
            return
        first = batch[0][0]
        places = [slice(len(request.found), len(request.found) + count) for request, count in batch]
        z = torch.cat([request.z[rows] for (request, _), rows in zip(batch, places, strict=True)])
        drawn = [request.uniform[rows] for (request, _), rows in zip(batch, places, strict=True) if request.uniform is not None]
        try:
            decoded = decode_latents(first.model, z, first.decoding, uniform=torch.cat(drawn) if drawn else None)
        except Exception as error:  # it belongs to those who wait for it
            for request, _ in batch:
                request.error = error
        else:
            for request, count in batch:
                request.found += decoded[:count]
                del decoded[:count]
        with self._lock:
            self._waiting.remove(first)
            self._waiting.append(first)  # it has had its turn
            self._waiting = [request for request in self._waiting if not request.is_done()]

    def _next_batch(self) -> list[tuple[_Request, int]]:
        """Requests that are decoded together, and how many latents of each."""
        with self._lock:
            for request in self._waiting:
                if not request.is_wanted():
                    request.error = gr.Error("This visit has ended; reload the page.", print_exception=False)
            self._waiting = [request for request in self._waiting if not request.is_done()]
            if not self._waiting:
                return []
            first = self._waiting[0]
            alike = [r for r in self._waiting[1:] if r.model is first.model and r.decoding == first.decoding]
        free = max(1, MOST_ROWS // first.decoding.beams)
        batch = {first: min(first.left(), (free + 1) // 2)}
        free -= batch[first]
        for request in sorted(alike, key=_Request.left):
            if not free:
                break
            batch[request] = min(request.left(), free)
            free -= batch[request]
        batch[first] += min(first.left() - batch[first], free)
        return [*batch.items()]
