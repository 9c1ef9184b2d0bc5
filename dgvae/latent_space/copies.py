"""How many examples are there more than once. A sample of one is then never held out: its copy stays in q(z)."""

from __future__ import annotations

import math

import torch

from dgvae.explore.neighbors import nearest
from dgvae.posteriors import Posterior

_NEIGHBORS = 20  # of each example that are looked at
_MOST = 9  # near copies of one example that are noticed
_CHANCE = 0.1
_ROUNDING = 1e-7  # of the extent: smaller distances may be zero


def copies(posterior: Posterior) -> int:
    """About how many of N examples are copies of others, or nearly: those that would go if one of each were kept."""
    different = torch.cat([tensor.flatten(1) for tensor in posterior.tensors().values()], dim=1).unique(dim=0)
    return max(len(posterior) - len(different), _near_copies(posterior))


def _near_copies(posterior: Posterior) -> int:
    """Examples that lie nearer to one another than independent ones do: views of one picture, frames of one film.

    Of independent examples, the k-th nearest and the one after it have distances with (d_k / d_{k+1})^{mk} ~ U(0, 1), where m
    is the dimension of the data (Facco et al. 2017, doi 10.1038/s41598-017-11873-y; for any k: Denti et al. 2022, doi
    10.1038/s41598-022-20991-1). m comes from the 10th and the 20th, which copies hardly touch: the 20th is 2^(1/m) times as
    far. Where the left side is below _CHANCE in more than that share of the examples, these have k near copies each.
    """
    location = posterior.location.double()
    if len(location) <= _NEIGHBORS:
        return 0
    distance = nearest(location, location, _NEIGHBORS + 1)[0][:, 1:]  # without itself
    extent = float((location - location.mean(0)).norm(dim=1).max())
    distance = distance.clamp_min(max(_ROUNDING * extent, 1e-300)).log()  # [N, 20]
    doubling = float((distance[:, -1] - distance[:, _NEIGHBORS // 2 - 1]).mean())
    if doubling <= 0:
        return 0
    k = torch.arange(1, _MOST + 1)
    chance = math.log(2) / doubling * k * (distance[:, :_MOST] - distance[:, 1 : _MOST + 1])  # log of the above, [N, 9]
    excess = (chance < math.log(_CHANCE)).double().mean(0) - _CHANCE
    # Neighbors share their neighbors: about N / k of the ratios are independent.
    excess[excess < 4 * (_CHANCE * (1 - _CHANCE) / len(location) * k).sqrt()] = 0
    return round(len(location) * float((excess / (1 - _CHANCE) * k / (k + 1)).max()))
