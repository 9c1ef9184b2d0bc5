"""Batches of word ids for training and validation: of mixed lengths, or of one length each, as the paper's program has them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from dgvae.distributed import world
from dgvae.text.batch import Batch, longest_first, of_each_length, positions, segments_of
from dgvae.text.tokenizer import PAD

KINDS = ("mixed", "same-length")


class Batches:
    """All sentences on the device, one after the other, from which batches are gathered.

    Nothing is copied to the device in a step. In training every batch has as many sentences as were asked for, if there are so
    many; those left over, others each time, wait for another epoch. Of several processes each yields its part, and the parts
    are equal. Otherwise every sentence is in one batch of an epoch, and every process yields all of them.

    With `same_length` every batch is of one length, and the last of each length may be small.

    Args:
        sentences: word ids, each ending with `</s>`.
        device: where they lie.
        training: see above.
        same_length: see above.
    """

    def __init__(
        self, sentences: list[list[int]], device: torch.device, training: bool = True, same_length: bool = False
    ) -> None:
        self._lengths = torch.tensor([len(sentence) for sentence in sentences])
        self._starts = self._lengths.cumsum(0) - self._lengths
        self._words = torch.tensor([word for sentence in sentences for word in sentence], device=device)
        self._device = device
        self._training = training
        self._part = world() if training else (0, 1)
        self._pools = of_each_length(self._lengths) if same_length else (torch.arange(len(sentences)),)
        self._same_length = same_length
        self.sentences = len(sentences)

    def sizes(self, batch_size: int) -> list[int]:
        """How many sentences each batch of an epoch has, of all processes together."""
        return [len(rows) for pool in self._pools for rows in self._cut(pool, batch_size)]

    def count(self, batch_size: int) -> int:
        """Batches in an epoch."""
        return len(self.sizes(batch_size))

    def _cut(self, order: Tensor, batch_size: int) -> list[Tensor]:
        """Cut a pool into batches; leave out what can't be shared equally, and of mixed lengths a last, smaller one."""
        if self._training:
            processes = self._part[1]
            usable = len(order) // processes * processes
            if not self._same_length and usable > batch_size:
                usable -= usable % batch_size
            order = order[:usable]
        return list(order.split(batch_size)) if len(order) else []

    def epoch(self, batch_size: int, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """One epoch's batches, fixed by seed and epoch; of several processes, this one's parts of them.

        Members are drawn anew every epoch: the density gap must not always see the same groups.

        Args:
            batch_size: sentences of a batch over all processes.
            seed: of the run.
            epoch: its number.
            skip: how many batches to leave out at the beginning.

        Yields:
            The batches.
        """
        rank, processes = self._part
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        orders = [pool[torch.randperm(len(pool), generator=generator)] for pool in self._pools]
        batches = [rows.chunk(processes)[rank] for order in orders for rows in self._cut(order, batch_size)]
        chosen = [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()[skip:]]
        yield from self._gathered(chosen)

    def _gathered(self, batches: list[Tensor]) -> Iterator[Batch]:
        """The batches of sentences by their numbers. All that they need goes to the device in a few copies before the first."""
        lengths, starts, tokens, last, shuffled = [], [], [], [], []
        for rows in batches:
            order = longest_first(self._lengths[rows])
            sizes = self._lengths[rows[order]]
            lengths.append(sizes)
            starts.append(self._starts[rows[order]])
            shuffled.append(order.argsort())  # back to the order of `rows`, which is random
            for places, found in zip((tokens, last), positions(sizes), strict=True):
                places.append(found)
        parts = zip(*(self._on_device(kind) for kind in (lengths, starts, tokens, last, shuffled)), strict=True)
        for sizes, (size, start, token, end, order) in zip(lengths, parts, strict=True):
            host = sizes.tolist()
            steps = torch.arange(host[0], device=self._device)
            if host[0] == host[-1]:
                yield Batch(self._words[start.unsqueeze(1) + steps])
                continue
            real = steps < size.unsqueeze(1)
            words = torch.where(real, self._words[torch.where(real, start.unsqueeze(1) + steps, 0)], PAD)
            yield Batch(words, token, end, segments_of(host, self._device), order)

    def _on_device(self, parts: list[Tensor]) -> tuple[Tensor, ...]:
        if not parts:
            return ()
        joined = torch.cat(parts)
        if self._device.type == "cuda":
            joined = joined.pin_memory().to(self._device, non_blocking=True)
        return joined.to(self._device).split([len(part) for part in parts])
