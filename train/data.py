"""Batches of word ids in which every sentence has the same length."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from dgvae.distributed import world


class LengthBatches:
    """All sentences on the device, in one tensor per length, from which batches are gathered.

    No padding enters a loss, and no batch is copied to the device during training. Of several processes each yields its part
    of every batch, unless it is not `shared`; parts are equal, so the sentences that would be left over in a length, a few an
    epoch and others each time, wait for another epoch.
    """

    def __init__(self, sentences: list[list[int]], device: torch.device, shared: bool = True) -> None:
        by_length: dict[int, list[list[int]]] = {}
        for sentence in sentences:
            by_length.setdefault(len(sentence), []).append(sentence)
        self._buckets = [torch.tensor(by_length[length], device=device) for length in sorted(by_length)]
        self._device = device
        self._part = world() if shared else (0, 1)
        self.sentences = len(sentences)

    def count(self, batch_size: int) -> int:
        """Batches in an epoch."""
        processes = self._part[1]
        return sum(-(-(len(bucket) // processes * processes) // batch_size) for bucket in self._buckets)

    def epoch(self, batch_size: int, seed: int, epoch: int, skip: int = 0) -> Iterator[Tensor]:
        """Yield this process' parts [B, T] of the batches of one epoch, without the first `skip`, fixed by seed and epoch.

        Members are drawn anew every epoch: the density gap must not always see the same groups.
        """
        rank, processes = self._part
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        rows = [torch.randperm(len(bucket), generator=generator) for bucket in self._buckets]
        # One copy to the device an epoch: a copy in a step would make the host wait.
        rows = _to_device(torch.cat(rows), self._device).split([len(bucket) for bucket in self._buckets])
        batches = [
            (bucket, part.chunk(processes)[rank])
            for bucket, order in zip(self._buckets, rows, strict=True)
            for part in order[: len(order) // processes * processes].split(batch_size)
        ]
        for i in torch.randperm(len(batches), generator=generator).tolist()[skip:]:
            bucket, part = batches[i]
            yield bucket[part]


def _to_device(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
