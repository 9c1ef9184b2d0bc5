"""Random numbers of one's own, from the process' one generator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

_one_at_a_time = threading.RLock()


@contextmanager
def own_random_numbers(start: int | Tensor) -> Iterator[None]:
    """Inside, the CPU's generator begins at a seed, or at a state of `torch.get_rng_state`; afterwards it is as before.

    Threads wait for each other here, so that none disturbs another's draws.
    """
    with _one_at_a_time, torch.random.fork_rng(devices=[]):
        if isinstance(start, int):
            torch.manual_seed(start)
        else:
            torch.set_rng_state(start)
        yield
