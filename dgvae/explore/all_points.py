"""Every example of a large latent space on its map, with as many draws of the prior: their latents and their places.

UMAP is fitted on the points of the stored map alone. Each other point lies between those fitted points that are nearest to it
in latent space. On the principal plane every point has its exact place. Latents are not kept: they are drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from dgvae.aggregate import aggregate
from dgvae.checkpoint.latents import PRIOR_SEED, LatentMap
from dgvae.explore.neighbors import nearest
from dgvae.explore.principal import PrincipalPlane
from dgvae.posteriors import Posterior

BLOCK = 256  # points with one seed: a few points are drawn again by drawing their blocks
_TOGETHER = 64  # blocks in hand at once
_NEAREST = 5  # fitted points, between which another one is placed


@dataclass(frozen=True)
class AllPoints:
    """2 N points: row n < N is draw n of the prior, and row N + n is a sample of the posterior of example n.

    posterior: of all N examples. stored: the map, whose points are among these.
    """

    posterior: Posterior
    stored: LatentMap

    def __len__(self) -> int:
        return 2 * len(self.posterior)

    def rows(self, numbers: Tensor) -> Tensor:
        """The rows of points by their numbers: examples count from 1, draws from −1. [S] -> [S]."""
        return torch.where(numbers < 0, -1 - numbers, len(self.posterior) + numbers - 1)

    def numbers(self, rows: Tensor) -> Tensor:
        """The reverse of `rows`."""
        count = len(self.posterior)
        return torch.where(rows < count, -1 - rows, rows - count + 1)

    @cached_property
    def stored_rows(self) -> Tensor:
        """The rows of the points of the stored map, in its order: [P + M]. It has at most N draws."""
        draws = torch.arange(self.stored.priors)
        return torch.cat([draws, len(self.posterior) + self.stored.sentences])

    def z(self, rows: Tensor) -> Tensor:
        """The latents of some points, in fp32: [S] -> [S, D]. The same every time."""
        found = torch.empty(len(rows), self.posterior.location.shape[1])
        blocks = self._block_of(rows)
        for block in blocks.unique().tolist():
            inside = blocks == block
            found[inside] = self._drawn(block)[rows[inside] - self._first(block)]
        ranked, order = self.stored_rows.sort()
        at = torch.searchsorted(ranked, rows).clamp_max(len(ranked) - 1)
        is_stored = ranked[at] == rows
        found[is_stored] = self.stored.z[order[at[is_stored]]].float()
        return found

    def z_of(self, number: int) -> Tensor:
        """The latent of the point of a number, [D]."""
        return self.z(self.rows(torch.tensor([number])))[0]

    def parts(self) -> Iterator[tuple[slice, Tensor]]:
        """All points, some blocks at a time: their rows and latents. Those of the stored map are drawn anew here."""
        blocks = range(2 * self._blocks)
        for i in range(0, len(blocks), _TOGETHER):
            some = blocks[i : i + _TOGETHER]
            z = torch.cat([self._drawn(block) for block in some])
            yield slice(self._first(some[0]), self._first(some[0]) + len(z)), z

    @property
    def _blocks(self) -> int:
        """Of the draws, and of the examples."""
        return -(-len(self.posterior) // BLOCK)

    def _block_of(self, rows: Tensor) -> Tensor:
        count = len(self.posterior)
        return torch.where(rows < count, rows // BLOCK, self._blocks + (rows - count) // BLOCK)

    def _first(self, block: int) -> int:
        """The row with which a block begins."""
        return block * BLOCK if block < self._blocks else len(self.posterior) + (block - self._blocks) * BLOCK

    def _drawn(self, block: int) -> Tensor:
        generator = torch.Generator().manual_seed(PRIOR_SEED + 2 + block)  # after those of `map_points`
        first, count = self._first(block), len(self.posterior)
        last = min(first + BLOCK, count if block < self._blocks else 2 * count)
        if block < self._blocks:
            return self.posterior.prior(self.posterior.location.shape[1]).sample(last - first, generator)
        part = self.posterior.map(lambda tensor: tensor[first - count : last - count])
        return aggregate(part).sample_each(generator).float()


@dataclass(frozen=True)
class Places:
    """Where all points lie, [2 N, 2] each, in fp32: on the map by UMAP and on the principal plane of the means."""

    points: AllPoints
    umap: Tensor
    plane: Tensor

    @classmethod
    def find(cls, points: AllPoints) -> Places:
        """Place all points. 2,000,000 of 64 dimensions take some minutes.

        Example:
            >>> import torch
            >>> from dgvae import DiagonalGaussian
            >>> from dgvae.checkpoint.latents import LatentMap
            >>> posterior = DiagonalGaussian(torch.tensor([[0.0], [8.0], [4.0]]), torch.full((3, 1), -20.0))
            >>> stored = LatentMap(torch.tensor([0, 1]), torch.tensor([[0.0], [8.0]]), torch.tensor([[1.0, 1.0], [3.0, 1.0]]))
            >>> Places.find(AllPoints(posterior, stored)).umap[-1].round().tolist()
            [2.0, 1.0]
        """
        plane = PrincipalPlane.fit(points.posterior.location)
        places = cls(points, torch.empty(len(points), 2), torch.empty(len(points), 2))
        stored = points.stored
        for rows, z in points.parts():
            places.umap[rows] = _between(z, stored.z.float(), stored.xy)
            places.plane[rows] = plane.project(z)
        places.umap[points.stored_rows] = stored.xy.float()
        places.plane[points.stored_rows] = plane.project(stored.z)
        return places


def _between(z: Tensor, fitted: Tensor, xy: Tensor) -> Tensor:
    """The mean place of the nearest fitted points, weighted by 1 / distance². [S, D], [F, D], [F, 2] -> [S, 2]."""
    distance, near = nearest(z, fitted, _NEAREST)
    weight = 1 / distance.square().clamp_min(1e-12)
    return (xy[near] * (weight / weight.sum(1, keepdim=True)).unsqueeze(2)).sum(1)
