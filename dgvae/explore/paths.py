"""Paths between two latents: straight, along a great circle, or along where sentences are dense."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from torch import Tensor

from dgvae.explore.neighbors import nearest

NEIGHBORS = 10
MOST_LATENTS = 20_000  # of a graph, in which every pair is compared
POWER = 4  # of an edge's length


def linear_path(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Latents along the straight line.

    Args:
        start: [D].
        end: [D].
        steps: how many latents, both ends among them.

    Returns:
        [steps, D].
    """
    t = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device).unsqueeze(1)
    return torch.lerp(start.unsqueeze(0), end.unsqueeze(0), t)


def spherical_path(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Latents along a great circle, the norm going linearly (slerp; White 2016).

    The straight line passes nearer to the origin than samples of N(0, I) lie. Where the directions are the same, opposite or
    undefined, no great circle is marked out and the path is the straight line.

    Args:
        start: [D].
        end: [D].
        steps: how many latents, both ends among them.

    Returns:
        [steps, D].
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


class DenseGraph:
    """The nearest-neighbor graph of latents of sentences, [N, D]: its paths keep to where sentences are.

    A path's cost is the sum of its edges' lengths to the power POWER, so that many short hops between sentences near each other
    are cheaper than one leap over a void: the "Fermat distance" of a sample, which follows the density with no need to know it
    (Hwang, Damelin & Hero 2016; Groisman, Jonckheere & Sapienza 2022). So it works for every kind of posterior.

    Of more than MOST_LATENTS it takes so many, evenly spread over the set.
    """

    def __init__(self, latents: Tensor) -> None:
        """Takes a second or two for 10,000 latents."""
        chosen = torch.linspace(0, len(latents) - 1, min(len(latents), MOST_LATENTS)).round().long()
        self.latents = latents[chosen].float()
        distance, near = nearest(self.latents, self.latents, NEIGHBORS + 1)
        rows = torch.arange(len(self.latents)).unsqueeze(1).expand_as(near)
        self._rows, self._columns, self._lengths = rows.flatten(), near.flatten(), distance.flatten()
        self._join_components()

    def path(self, start: Tensor, end: Tensor, steps: int) -> Tensor:
        """Latents at equal distances along the cheapest path. The ends are joined to the latents nearest to them.

        Args:
            start: [D].
            end: [D].
            steps: how many latents, both ends among them.

        Returns:
            [steps, D].
        """
        count = len(self.latents)
        ends = torch.stack([start, end]).float()
        distance, near = nearest(ends, self.latents, NEIGHBORS)
        rows = torch.cat([self._rows, torch.tensor([count, count + 1]).repeat_interleave(near.shape[1])])
        columns, lengths = torch.cat([self._columns, near.flatten()]), torch.cat([self._lengths, distance.flatten()])
        # Ends that are nearer to each other than to any latent are joined themselves.
        rows, columns = torch.cat([rows, torch.tensor([count])]), torch.cat([columns, torch.tensor([count + 1])])
        graph = _graph(rows, columns, torch.cat([lengths, (ends[0] - ends[1]).norm().view(1)]), count + 2)
        _, before = dijkstra(graph, directed=False, indices=count, return_predecessors=True)
        visited = [count + 1]
        while visited[-1] != count:
            visited.append(int(before[visited[-1]]))
        points = torch.cat([self.latents, ends])[torch.tensor(visited[::-1])]
        return _evenly(points, steps)

    def _join_components(self) -> None:
        """An edge from each part that is cut off to the nearest latent of the largest part."""
        count = len(self.latents)
        parts, label = connected_components(_graph(self._rows, self._columns, self._lengths, count), directed=False)
        if parts == 1:
            return
        label = torch.from_numpy(label)
        main = int(label.bincount().argmax())
        inside, outside = (label == main).nonzero().squeeze(1), (label != main).nonzero().squeeze(1)
        distance, near = nearest(self.latents[outside], self.latents[inside], 1)
        for part in label[outside].unique():
            members = (label[outside] == part).nonzero().squeeze(1)
            best = members[distance[members, 0].argmin()]
            self._rows = torch.cat([self._rows, outside[best].view(1)])
            self._columns = torch.cat([self._columns, inside[near[best, 0]].view(1)])
            self._lengths = torch.cat([self._lengths, distance[best]])


def _graph(rows: Tensor, columns: Tensor, lengths: Tensor, size: int) -> csr_array:
    cost = lengths.double().clamp_min(1e-4) ** POWER  # a cost of zero would be no edge
    return coo_array((cost.numpy(), (rows.numpy(), columns.numpy())), shape=(size, size)).tocsr()


def _evenly(points: Tensor, steps: int) -> Tensor:
    """`steps` points at equal distances along a broken line [P, D]."""
    at = torch.cat([points.new_zeros(1), (points[1:] - points[:-1]).norm(dim=1).cumsum(0)]).numpy()
    wanted = np.linspace(0, at[-1], steps)
    columns = [np.interp(wanted, at, column) for column in points.T.numpy()]
    return torch.from_numpy(np.stack(columns, axis=1)).to(points.dtype)
