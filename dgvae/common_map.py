"""One UMAP of the prior and of several models' aggregated posteriors, so that places on their maps compare.

It is kept beside the checkpoints (`python -m train.common_map`), or in the user's cache for others, as safetensors: `prior`,
[P, 2], and a tensor [M, 2] for each member, named by the sha256 of its latents, so that a model trained anew is not taken for
the old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dgvae.errors import UserError
from dgvae.latents import LATENTS_FILE, LatentMap, Latents
from dgvae.projection import project
from dgvae.tensor_files import read_safetensors, write_safetensors

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
        for tensor in tensors.values():
            if tensor.ndim != 2 or tensor.shape[1] != 2 or not torch.isfinite(tensor).all():
                raise UserError(f"{path} is broken; make it again with: python -m train.common_map {path.parent}")
        if _PRIOR not in tensors:
            raise UserError(f"{path} lacks the prior; make it again with: python -m train.common_map {path.parent}")
        return cls(tensors.pop(_PRIOR), tensors)


def member_key(folder: Path) -> str:
    """What a checkpoint's latents are called in a common map."""
    return hashlib.sha256((folder / LATENTS_FILE).read_bytes()).hexdigest()


def why_not_common(a: Latents, b: Latents) -> str | None:
    """Why two models can't share a map, if so: it needs the same prior draws."""
    if not a.map or not b.map:
        return "one of them has no map yet"
    if a.posterior.prior is not b.posterior.prior:
        return "their priors are different distributions"
    if a.map.z.shape[1] != b.map.z.shape[1]:
        return f"their latents have {a.map.z.shape[1]} and {b.map.z.shape[1]} dimensions"
    if a.map.priors != b.map.priors:
        return "their maps hold different numbers of prior draws"
    return None


def fit(
    members: Mapping[str, LatentMap], known: CommonMap | None = None, progress: Callable[[float], None] | None = None
) -> CommonMap:
    """Fit one UMAP on the prior draws, which all members share, and on all posterior points: about a minute for five sets.

    known: a map of some of the members: the fit begins there, so that it looks alike. progress: gets the share that is done.
    """
    first = next(iter(members.values()))
    groups = [first.z[: first.priors], *(member.z[member.priors :] for member in members.values())]
    start = _start(groups, [known.prior, *(known.members.get(key) for key in members)]) if known else None
    xy = torch.from_numpy(project([group.numpy() for group in groups], start=start, progress=progress))
    prior, *posteriors = xy.split([len(group) for group in groups])
    return CommonMap(prior, dict(zip(members, posteriors, strict=True)))


def _start(groups: Sequence[Tensor], places: Sequence[Tensor | None]) -> np.ndarray | None:
    """Coordinates to begin with: known points where they are, others at the nearest known point in latent space."""
    from scipy.spatial import KDTree

    known = [(z, xy) for z, xy in zip(groups, places, strict=True) if xy is not None and len(xy) == len(z)]
    if not known:
        return None
    tree = KDTree(torch.cat([z for z, _ in known]).numpy())
    coordinates = torch.cat([xy.float() for _, xy in known]).numpy()
    generator = np.random.default_rng(0)
    begun = []
    for z, xy in zip(groups, places, strict=True):
        if xy is not None and len(xy) == len(z):
            begun.append(xy.float().numpy())
        else:
            nearest = coordinates[tree.query(z.numpy())[1]]
            begun.append(nearest + generator.normal(0, 0.1, nearest.shape))
    return np.concatenate(begun).astype(np.float32)
