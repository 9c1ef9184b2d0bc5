"""Places and weights for integrals over a mixture of Gaussians of one dimension, fine where its components are narrow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

REACH = 7.5  # standard deviations within which a component counts; 6e-14 of its mass lies beyond
_RULE = 16  # Gauss–Legendre nodes of a panel
_WIDEST = 1.0  # panel, where no component is narrow
_WIDEST_IN_STD = 5.0  # panel, in standard deviations of the narrowest component that reaches it: errors of 1e-8 at most
_TOGETHER = 16  # panels of which the components are looked up at once


class Panels:
    """Neighboring intervals over all that a mixture, or another range, covers, each with a Gauss–Legendre rule.

    An interval is halved until it is no wider than 5 standard deviations of every component that reaches it, so that a
    single narrow component costs a few panels and not a fine grid. mean, std: [N]; edges: [P], [P].

    Args:
        mean: [N], of the components.
        std: [N].
        low: where the first interval begins.
        high: where the last one ends.
        most: halving stops where there would be more nodes; `complete` is False then.
    """

    def __init__(self, mean: Tensor, std: Tensor, low: float, high: float, most: int) -> None:
        """most: stop halving where there would be more nodes than that, `complete` being false then."""
        self.low, self.high = mean - REACH * std, mean + REACH * std  # of the components
        count = max(1, round((high - low) / _WIDEST))
        edges = torch.linspace(low, high, count + 1, dtype=mean.dtype, device=mean.device)
        width, left, done = (high - low) / count, edges[:-1], []
        self.complete = True
        while len(left):
            narrow = std * _WIDEST_IN_STD < width
            starts, ends = self.low[narrow].sort().values, self.high[narrow].sort().values
            begun = torch.searchsorted(starts, left + width)
            halved = begun > torch.searchsorted(ends, left, right=True)  # some have begun and not yet ended
            done.append(torch.stack([left[~halved], torch.full_like(left[~halved], width)]))
            left = torch.stack([left[halved], left[halved] + width / 2], dim=1).flatten()
            width /= 2
            if _RULE * (sum(part.shape[1] for part in done) + len(left)) > most:
                self.complete = False
                break
        placed = torch.cat(done, dim=1)
        self.left, self.width = placed[:, placed[0].argsort()]

    def __len__(self) -> int:
        return _RULE * len(self.left)

    def nodes(self, panels: slice = slice(None)) -> tuple[Tensor, Tensor]:
        """Places and weights of some panels, from left to right: [P · 16] each."""
        nodes, weights = (torch.from_numpy(x).to(self.left) for x in _gauss_legendre())
        left, width = self.left[panels, None], self.width[panels, None]
        return (left + width * nodes).flatten(), (width * weights).flatten()

    def pieces(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Places and weights of a few panels at a time, and which components reach them, in their order."""
        for first in range(0, len(self.left), _TOGETHER):
            panels = slice(first, first + _TOGETHER)
            nodes, weights = self.nodes(panels)
            reach = (self.low < nodes[-1]) & (self.high > nodes[0])
            yield nodes, weights, torch.nonzero(reach).squeeze(1)


@lru_cache(maxsize=1)
def _gauss_legendre() -> tuple[np.ndarray, np.ndarray]:
    """On the interval from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_RULE)
    return (nodes + 1) / 2, weights / 2
