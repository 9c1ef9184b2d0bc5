"""One UMAP of the prior and of several models' aggregated posteriors, so that places on their maps compare.

It is kept beside the checkpoints (`python -m train.common_map`), or in the user's cache for others, as safetensors: `prior`,
[P, 2], and a tensor [M, 2] for each member, named by the sha256 of its latents, so that a model trained anew is not taken for
the old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dgvae.checkpoint.latents import LATENTS_FILE, LatentMap, Latents
from dgvae.checkpoint.umap import project
from dgvae.errors import UserError
from dgvae.files.atomic import INCOMPLETE
from dgvae.files.tensors import read_safetensors, write_safetensors
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig

COMMON_MAP_FILE = "common-map.safetensors"
_PRIOR = "prior"


@dataclass(frozen=True)
class CommonMap:
    """prior: [P, 2]. members: the posterior points of each model, [M, 2], by `member_key` of its checkpoint's folder."""

    prior: Tensor
    members: Mapping[str, Tensor]

    def of(self, key: str, own: LatentMap) -> Tensor | None:
        """Where the points of a model's own map lie on this one, [P + M, 2]; None if it is not a member."""
        posterior = self.members.get(key)
        if posterior is None or len(self.prior) != own.priors or len(posterior) != len(own.sentences):
            return None
        return torch.cat([self.prior, posterior]).float()

    def save(self, path: Path) -> None:
        """Write it in fp16: coordinates are good to a hundredth."""
        write_safetensors(path, {_PRIOR: self.prior.half(), **{key: xy.half() for key, xy in self.members.items()}})

    @classmethod
    def load(cls, path: Path) -> CommonMap:
        """Raises UserError if the file is missing or broken."""
        tensors = read_safetensors(path)
        sound = all(xy.ndim == 2 and xy.shape[1] == 2 and torch.isfinite(xy).all() for xy in tensors.values())
        if _PRIOR not in tensors or not sound:
            raise UserError(f"{path} is broken; make it again with: python -m train.common_map {path.parent}")
        return cls(tensors.pop(_PRIOR), tensors)


def member_key(folder: Path) -> str:
    """What a checkpoint's latents are called in a common map. Raises UserError if it has none."""
    try:
        return hashlib.sha256((folder / LATENTS_FILE).read_bytes()).hexdigest()
    except OSError:
        raise UserError(f"{folder / LATENTS_FILE} {INCOMPLETE}") from None


def why_not_common(a: Latents, b: Latents) -> str | None:
    """Why places in the latent spaces of two models don't compare, if so: the prior draws of their maps must be the same."""
    if not a.map or not b.map:
        return "one of them has no map yet"
    if type(a.posterior.prior(2)) is not type(b.posterior.prior(2)):
        return "their priors are different distributions"
    if a.map.z.shape[1] != b.map.z.shape[1]:
        return f"their latents have {a.map.z.shape[1]} and {b.map.z.shape[1]} dimensions"
    if not torch.equal(a.map.z[: a.map.priors], b.map.z[: b.map.priors]):
        return "their maps hold different draws of the prior"
    return None


def fit(
    members: Mapping[str, LatentMap], known: CommonMap | None = None, progress: Callable[[float], None] | None = None
) -> CommonMap:
    """Fit one UMAP on the prior draws, which all members share, and on all posterior points: 45 s for 25,000 points.

    Args:
        members: the maps of the checkpoints, by their keys.
        known: a map of some of the members, on which the new one is laid: their points hardly move (0.1 to 0.4 in the median,
            on a map of 15).
        progress: is told the share that is done, once neighbors have been found.

    Returns:
        The places of all points.
    """
    first = next(iter(members.values()))
    groups = [first.z[: first.priors], *(member.z[member.priors :] for member in members.values())]
    if known:
        places = [known.prior, *(known.members.get(key) for key in members)]
        xy = project([z.numpy() for z in groups], _begin(groups, places), progress)
        xy = _laid_over(xy, places, [len(z) for z in groups])
    else:
        xy = project([z.numpy() for z in groups], progress=progress)
    prior, *posteriors = torch.from_numpy(xy).split([len(z) for z in groups])
    return CommonMap(prior, dict(zip(members, posteriors, strict=True)))


def fit_aside(folders: Mapping[str, Path], known: Path | None, path: Path, told: Connection) -> None:
    """`fit` for a process of its own: it would take the interpreter from the other threads for seconds.

    Args:
        folders: the members' checkpoints, by their keys.
        known: file of the map on which the new one is laid, if there is one.
        path: where the map is saved.
        told: gets the share that is done, or a sentence that says what went wrong.
    """
    try:
        members = {key: latents.map for key, folder in folders.items() if (latents := _latents(folder)).map}
        fit(members, CommonMap.load(known) if known else None, told.send).save(path)
    except (UserError, OSError, MemoryError) as error:
        told.send(str(error))


def _latents(folder: Path) -> Latents:
    return Latents.load(folder, TextVAEConfig.from_json(folder / CONFIG_FILE))


def _begin(groups: Sequence[Tensor], places: Sequence[Tensor | None]) -> np.ndarray:
    """Coordinates to begin with: known points where they are, each other at that which is nearest to it in latent space."""
    z = torch.cat([z for z, xy in zip(groups, places, strict=True) if xy is not None])
    there = torch.cat([xy for xy in places if xy is not None]).float()
    begun = []
    for others, xy in zip(groups, places, strict=True):
        if xy is None:
            nearest = torch.cat([torch.cdist(part, z).argmin(1) for part in others.split(500)])
            xy = there[nearest] + 0.1 * torch.randn(len(others), 2, generator=torch.Generator().manual_seed(0))
        begun.append(xy.float())
    return torch.cat(begun).numpy()


def _laid_over(xy: np.ndarray, places: Sequence[Tensor | None], sizes: Sequence[int]) -> np.ndarray:
    """A map under the affine map by which known points come nearest to where they were: UMAP stretches its beginning."""
    is_known = np.repeat([place is not None for place in places], sizes)
    there = torch.cat([place for place in places if place is not None]).float().numpy()
    extended = np.c_[xy, np.ones(len(xy), dtype=xy.dtype)]
    return extended @ np.linalg.lstsq(extended[is_known], there, rcond=None)[0].astype(xy.dtype)
