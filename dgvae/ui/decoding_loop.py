"""One loop that decodes for all visitors: latents that wait for the same model are one batch.

A step of the decoder costs nearly the same for one latent as for twenty. While a batch is decoded, others come to wait, and
whoever waits decodes the next one, for all that fits in: half of it for the request whose turn it is, the rest for the
shortest ones that are decoded alike. So a large request goes on, and others wait for one batch of it at a time.

A batch that takes longer than a slice is put aside, and goes on in turn with the others: a slow model delays nobody by more
than a slice. Between slices the loop gives up what nobody waits for any more, and what has taken too long.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dgvae.errors import UserError
from dgvae.ui.requests.turns import LEFT_SAID

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dgvae.model.generation import Decoding
    from dgvae.model.text_vae import TextVAE

MOST_ROWS = 64  # of a batch: hypotheses, where several are kept of a latent
SLICE = 0.25  # seconds of a batch until others have their turn
MOST_SECONDS = 60.0  # of decoding for a request, the turns of others not counted


@dataclass(eq=False)
class _Request:
    model: TextVAE
    z: Tensor
    decoding: Decoding
    uniform: Tensor | None
    is_wanted: Callable[[], bool]
    found: list[list[int]] = field(default_factory=list)
    error: Exception | None = None
    seconds: float = 0.0  # that its batches have taken

    def left(self) -> int:
        """How many latents are not decoded yet."""
        return len(self.z) - len(self.found)

    def is_done(self) -> bool:
        return self.error is not None or not self.left()

    def check(self) -> None:
        """Set the error of a request that nobody waits for, or that takes too long."""
        if not self.is_wanted():
            self.error = UserError(LEFT_SAID)
        elif self.seconds > MOST_SECONDS:
            self.error = UserError(f"Decoding this takes longer than {MOST_SECONDS:.0f} s: ask for fewer or shorter sentences.")


@dataclass(eq=False)
class _Batch:
    """Requests that are decoded together, how many latents of each, and the decoding as it goes on."""

    parts: list[tuple[_Request, int]]
    steps: Generator[None, None, list[list[int]]]

    def go_on(self) -> bool:
        """Decode for a slice. Return whether that was the end: the requests have what was found, or the error."""
        began = time.monotonic()
        try:
            took = 0.0
            while not took or took < SLICE:
                next(self.steps)
                took = time.monotonic() - began
        except StopIteration as end:
            decoded = end.value
            for request, count in self.parts:
                request.found += decoded[:count]
                del decoded[:count]
            took = time.monotonic() - began
        except Exception as error:  # it belongs to those who wait for it
            for request, _ in self.parts:
                request.error = error
            return True
        else:
            decoded = None
        for request, _ in self.parts:
            request.seconds += took
            if not request.is_done():
                request.check()
        return decoded is not None or all(request.error for request, _ in self.parts)


class DecodingLoop:
    """See above. Any thread may call it."""

    def __init__(self) -> None:
        self._waiting: list[_Request] = []  # those that are in no batch
        self._aside: deque[_Batch] = deque()
        self._changed = threading.Condition()
        self._is_decoding = False
        self._was_new = False  # the batch that went on last

    def decode(
        self,
        model: TextVAE,
        z: Tensor,
        decoding: Decoding,
        generator: torch.Generator | None,
        is_wanted: Callable[[], bool],
    ) -> list[list[int]]:
        """As `decode_latents`, together with the requests of other threads.

        Args:
            model: its decoder writes.
            z: [B, D].
            decoding: how words are chosen.
            generator: draws the words where they are drawn.
            is_wanted: is asked after each word; decoding ends once it says no.

        Returns:
            Word ids of one sentence per latent.

        Raises:
            UserError: it is not wanted any more, or takes too long.
        """
        from dgvae.model.generation import random_numbers

        request = _Request(model, z, decoding, random_numbers(model, len(z), decoding, generator), is_wanted)
        with self._changed:
            self._waiting.append(request)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: request.is_done() or not self._is_decoding)
                if request.is_done():
                    break
                self._is_decoding = True
            try:
                self._go_on()
            finally:
                with self._changed:
                    self._is_decoding = False
                    self._changed.notify_all()
        if request.error:
            raise request.error
        return request.found

    def is_busy(self) -> bool:
        """Whether it decodes, or anybody waits for it."""
        return self._is_decoding or bool(self._waiting)

    def _go_on(self) -> None:
        """Decode for a slice: new batches and those that were put aside take turns."""
        batch = None if self._aside and self._was_new else self._new_batch()
        self._was_new = batch is not None
        if batch is None:
            if not self._aside:
                return
            batch = self._aside.popleft()
        if not batch.go_on():
            self._aside.append(batch)
            return
        batch.steps.close()
        first, *others = [request for request, _ in batch.parts]
        with self._changed:  # the first has had its turn
            self._waiting = [request for request in (*others, *self._waiting, first) if not request.is_done()]

    def _new_batch(self) -> _Batch | None:
        import torch

        from dgvae.model.generation import decoding_steps

        parts = self._next_parts()
        if not parts:
            return None
        first = parts[0][0]
        places = [slice(len(request.found), len(request.found) + count) for request, count in parts]
        z = torch.cat([request.z[rows] for (request, _), rows in zip(parts, places, strict=True)])
        drawn = [request.uniform[rows] for (request, _), rows in zip(parts, places, strict=True) if request.uniform is not None]
        return _Batch(parts, decoding_steps(first.model, z, first.decoding, uniform=torch.cat(drawn) if drawn else None))

    def _next_parts(self) -> list[tuple[_Request, int]]:
        """Requests that are decoded together, and how many latents of each. They wait no more."""
        with self._changed:
            for request in self._waiting:
                request.check()
            self._waiting = [request for request in self._waiting if not request.is_done()]
            if not self._waiting:
                return []
            first = self._waiting[0]
            alike = [r for r in self._waiting[1:] if r.model is first.model and r.decoding == first.decoding]
            free = max(1, MOST_ROWS // first.decoding.beams)
            parts = {first: min(first.left(), (free + 1) // 2)}
            free -= parts[first]
            for request in sorted(alike, key=_Request.left):
                if not free:
                    break
                parts[request] = min(request.left(), free)
                free -= parts[request]
            parts[first] += min(first.left() - parts[first], free)
            self._waiting = [request for request in self._waiting if request not in parts]
        return [*parts.items()]
