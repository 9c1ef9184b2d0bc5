"""Batches of word ids in which every sentence has the same length."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor


class LengthBatches:
    """All sentences on the device, in one tensor per length, from which batches are gathered.

    No padding enters a loss, and no batch is copied to the device during training.
    """

    def __init__(self, sentences: list[list[int]], device: torch.device) -> None:
        by_length: dict[int, list[list[int]]] = {}
        for sentence in sentences:
            by_length.setdefault(len(sentence), []).append(sentence)
        self._buckets = [torch.tensor(by_length[length], device=device) for length in sorted(by_length)]
        self.sentences = len(sentences)

    def count(self, batch_size: int) -> int:
        """Batches in an epoch."""
        return sum(-(-len(bucket) // batch_size) for bucket in self._buckets)

    def epoch(self, batch_size: int, seed: int, epoch: int, skip: int = 0) -> Iterator[Tensor]:
        """Yield the batches [B, T] of one epoch, without the first `skip`, in an order fixed by seed and epoch.

        Members are drawn anew every epoch: the density gap must not always see the same groups.
        """
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        batches = [
            (bucket, rows)
            for bucket in self._buckets
            for rows in torch.randperm(len(bucket), generator=generator).split(batch_size)
        ]
        for i in torch.randperm(len(batches), generator=generator).tolist()[skip:]:
            bucket, rows = batches[i]
            yield bucket[rows.to(bucket.device)]
