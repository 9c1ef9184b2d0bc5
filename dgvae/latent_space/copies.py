"""How many examples are there more than once. A sample of one is then never held out: its copy stays in q(z)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dgvae.explore.neighbors import nearest
from dgvae.posteriors import Posterior

_NEIGHBORS = (20, 40, 80, 160, 320)  # of each example that are looked at; up to a half of them may be its copies
_CHANCE = 0.1
_SURE = 4.0  # standard errors
_SHARP = 0.7  # of what is seen at k, from which on that at k + 1 is no less
_OWN = 0.9  # values of a coordinate for each place, from which on places that are equal are copies
_DECIMALS = (1, 10, 100, 1000)  # of numbers that are written with at most three of them
_OFTEN = 3.0  # times as many as by chance
_ATOM = 0.05  # of the examples
_SAME = 1.5  # times as many pairs, below half of what rounding in one dimension brings
_ROUNDING = 1e-7  # of the extent: smaller distances may be zero


def copies(posterior: Posterior) -> int:
    """About how many of N examples are copies of others, or nearly: those that would go if one of each were kept.

    Independent examples lie farther apart than views of one picture or frames of one film. Of the former, the distances of
    the k-th nearest and of the one after it have (d_k / d_{k+1})^{mk} ~ U(0, 1), where m is the dimension of the data (Facco
    et al. 2017, doi 10.1038/s41598-017-11873-y; for any k: Denti et al. 2022, doi 10.1038/s41598-022-20991-1). If this is
    small for many examples at one k, and not at k + 1, these have k copies each. Where it is small at each k, distances grow
    unlike those in m dimensions, as on a curve that winds, and nothing follows.
    """
    location = posterior.location.double()
    counts, equal = [k for k in _NEIGHBORS if 4 * k <= len(location)], _equal(location)
    if not counts:
        return equal
    distance = nearest(location, location, counts[-1] + 1)[0][:, 1:]  # without itself
    extent = float((location - location.mean(0)).norm(dim=1).max())
    logs = distance.clamp_min(max(_ROUNDING * extent, _step(location), 1e-300)).log()  # [N, K]
    shares = torch.full((len(counts), counts[-1]), torch.inf)
    for row, count in zip(shares, counts, strict=True):
        found = _shares(logs[:, :count])
        row[: len(found)] = found
    # Copies show whichever neighbors m is taken from.
    return max(equal, round(len(location) * float(shares.amin(0).nan_to_num(posinf=0).max())))


def _step(location: Tensor) -> float:
    """How far apart places that differ are at least, where so many are equal because coordinates have few digits; else 0.

    They are if about as many pairs meet as would if coordinates were independent. [N, D].
    """
    is_short = any(torch.equal(location.to(kind).double(), location) for kind in (torch.bfloat16, torch.float16))
    if not (is_short or any(bool((scale * location - (scale * location).round()).abs().lt(1e-4).all()) for scale in _DECIMALS)):
        return 0.0
    chance = math.prod(_pairs(column) for column in location.T)  # that two meet
    if _pairs(location) > _OFTEN * chance + 1e-6:
        return 0.0
    gaps = location.sort(dim=0).values.diff(dim=0)
    return float(gaps.where(gaps > 0, torch.nan).nanmedian(0).values.nan_to_num().norm())


def _pairs(values: Tensor) -> float:
    """The share of all pairs that are equal."""
    times = values.unique(dim=0, return_counts=True)[1].double()
    return float((times * (times - 1)).sum()) / (len(values) * (len(values) - 1))


def _equal(location: Tensor) -> int:
    """How many of N places are exactly another's; 0 if all are one, since then nothing about q(z) is left to chance.

    In coordinates that are rounded, cut at zero, or of few values, places meet although no example is a copy. There, the
    coordinates meet more often than the places. [N, D] -> a count.
    """
    places = location.unique(dim=0)
    if (different := len(places)) == 1:
        return 0
    values = 1 + (location.sort(dim=0).values.diff(dim=0) != 0).sum(0)  # of each coordinate, [D]
    second = int(values.sort(descending=True).values[1]) if len(values) > 1 else 0
    few = different <= len(location) / _NEIGHBORS[-1]
    return len(location) - different if few or second >= _OWN * different else _equal_beyond_rounding(location, places)


def _equal_beyond_rounding(location: Tensor, places: Tensor) -> int:
    """How many of N places are another's and would not be by rounding. [N, D], and the different ones [M, D] -> a count.

    If neighboring values of each coordinate become one, places in m dimensions that meet by rounding meet about 2^m times as
    often, and copies as often as before.
    """
    varied = [column for column in places.T if len(column.unique()) > 1]
    if min(float(column.unique(return_counts=True)[1].max()) for column in varied) > _ATOM * len(places):
        return 0  # each coordinate has a value that many examples share, as those cut at zero
    ranks = torch.stack([column.unique(return_inverse=True)[1] for column in location.T], dim=1)  # [N, D]
    if _pairs(ranks // 2) > _SAME * _pairs(location):
        return 0
    equal, nearly = len(location) - len(places), len(location) - len((ranks // 2).unique(dim=0))
    return max(0, equal - (nearly - equal))


def _shares(logs: Tensor) -> Tensor:
    """The share of copies if each has k, by the logarithms of the distances to the K nearest, [N, K]: [K/2 − 2]."""
    sentences, half = len(logs), logs.shape[1] // 2
    doubling = float((logs[:, -1] - logs[:, half - 1]).mean())  # log 2 / m: copies hardly touch it
    if doubling <= 0:
        return torch.empty(0)
    k = torch.arange(1, half)
    exponent = math.log(2) / doubling * k * (logs[:, : half - 1] - logs[:, 1:half])  # log of what is uniform, [N, K/2 − 1]
    excess = (exponent < math.log(_CHANCE)).double().mean(0) - _CHANCE
    excess, following, k = excess[:-1], excess[1:].clamp_min(0), k[:-1]
    # Neighbors share their neighbors: about N / k of the ratios are independent.
    chance = _SURE * (2 * k * _CHANCE * (1 - _CHANCE) / sentences).sqrt()
    is_sharp = (following < _SHARP * excess) & (excess - following > chance)
    return (excess / (1 - _CHANCE) * k / (k + 1)).where(is_sharp, 0).float()
