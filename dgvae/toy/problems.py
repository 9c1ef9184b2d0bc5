"""What the toy's points are, and the small networks that read them: p(x|z) with a latent of two dimensions.

The paper's problem has POINTS points, which are to be told apart: what a latent that says nothing pays is ln POINTS nats. In
the others the points are places in the plane, which are to be given back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dgvae.toy.setup import DRAWN, POINTS, check_problem

NOISE = 0.5  # standard deviation of p(x|z) where places are given back; with less of it no regularizer is felt
LIMIT = 4.0  # of a drawn point's coordinates
CORRELATION = 0.95


class Classifier(nn.Module):
    """Reads from z which of the points it is, as the paper's program does: 8 sigmoids, then a softmax over all points."""

    points = POINTS
    places = None

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 8), nn.Sigmoid(), nn.Linear(8, self.points))

    def negative_log_likelihood(self, points: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """−log p(point | z) in nats: its sum, and each, [B]. points: [B] numbers; z: [B, 2]."""
        each = F.cross_entropy(self.layers(z), points, reduction="none")
        return each.sum(), each

    def auxiliary_loss(self, points: Tensor, z: Tensor) -> Tensor:
        """There is none."""
        return z.new_zeros(())


class Locator(nn.Module):
    """Gives back where the points are, with a noise of N(0, 0.5²): x̂ = z + a small network's correction of it.

    places: [N, 2]. with_start: whether the posteriors begin there, as those of an encoder which is the identity.
    """

    places: Tensor

    def __init__(self, places: Tensor, with_start: bool = False) -> None:
        super().__init__()
        self.points, self.with_start = len(places), with_start
        last = nn.Linear(32, 2)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), last)
        self.register_buffer("places", places)

    def negative_log_likelihood(self, points: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """−log N(x; x̂(z), 0.5² I) in nats: its sum, and each, [B]."""
        squared = (z + self.layers(z) - self.places[points]).square().sum(-1)
        each = 0.5 * squared / NOISE**2 + math.log(2 * math.pi * NOISE**2)
        return each.sum(), each

    def auxiliary_loss(self, points: Tensor, z: Tensor) -> Tensor:
        """There is none."""
        return z.new_zeros(())


ToyReader = Classifier | Locator


def _ring() -> Tensor:
    angle = torch.arange(POINTS) * (2 * math.pi / POINTS)
    return 1.5 * torch.stack([angle.cos(), angle.sin()], dim=1)


def _grid() -> Tensor:
    return torch.cartesian_prod(torch.linspace(-1.5, 1.5, 16), torch.linspace(-1.5, 1.5, 8))


def _moons() -> Tensor:
    angle = torch.linspace(0, math.pi, POINTS // 2)
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    return 1.2 * torch.cat([upper, -upper])


def _diagonal() -> Tensor:
    """Like draws of a Gaussian whose marginals are N(0, 1) and whose correlation is not 0."""
    spread = torch.special.ndtri((torch.arange(POINTS) + 0.5) / POINTS)
    order = torch.randperm(POINTS, generator=torch.Generator().manual_seed(0))
    return torch.stack([spread, CORRELATION * spread + math.sqrt(1 - CORRELATION**2) * spread[order]], dim=1)


READERS: dict[str, Callable[[], ToyReader]] = {
    "classes": Classifier,
    "ring": lambda: Locator(_ring()),
    "grid": lambda: Locator(_grid()),
    "two-moons": lambda: Locator(_moons()),
    "diagonal": lambda: Locator(_diagonal(), with_start=True),
}


def read_problem(name: str, drawn: Sequence[tuple[float, float]] = ()) -> ToyReader:
    """The reader of a problem; that of `drawn` is for places of one's own. Raises UserError if there is no such problem."""
    check_problem(name, len(drawn))
    if name == DRAWN:
        return Locator(torch.tensor(drawn, dtype=torch.float32).clamp(-LIMIT, LIMIT))
    return READERS[name]()
