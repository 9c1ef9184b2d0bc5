"""What was computed of a large file of latents, in minutes, and is kept in the user's cache: the next start needs seconds."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dgvae import __version__
from dgvae.errors import UserError
from dgvae.ui.vega.chart import bundle_path

if TYPE_CHECKING:
    from dgvae.checkpoint.latents import LatentMap
    from dgvae.evaluation.record import Record
    from dgvae.explore.all_points import Places
    from dgvae.latent_space.space import LatentSpace

_FILE = "places.safetensors"
_RULES = 2  # of measuring, beside the version of the program; others measure anew


@dataclass(frozen=True)
class Prepared:
    """The figures of a large latent space, its map, whose sentences are numbers of the file, and the places of all points."""

    record: Record
    map: LatentMap
    places: Places

    def save(self, folder: Path) -> None:
        """Keep it; if it can't be written, it is made again the next time."""
        from dgvae.files.tensors import write_safetensors

        tensors = {"sentences": self.map.sentences, "z": self.map.z, "xy": self.map.xy}
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            write_safetensors(folder / _FILE, tensors | {"umap": self.places.umap, "plane": self.places.plane})
            self.record.save(folder)

    @classmethod
    def load(cls, folder: Path, space: LatentSpace) -> Prepared | None:
        """What was kept of a latent space; None if that is nothing, or it is broken."""
        from dgvae.checkpoint.latents import LatentMap
        from dgvae.evaluation.record import Record
        from dgvae.explore.all_points import AllPoints, Places
        from dgvae.files.tensors import read_safetensors

        try:
            tensors, record = read_safetensors(folder / _FILE), Record.load(folder)
            stored = LatentMap(*(tensors[name] for name in ("sentences", "z", "xy")))
            places = Places(AllPoints(space.posterior, stored), tensors["umap"], tensors["plane"])
        except (UserError, KeyError):
            return None
        evaluation = replace(record.evaluation, file=space.name)
        return cls(replace(record, corpus=space.name, evaluation=evaluation, classes=dict(space.classes)), stored, places)


def folder_of(space: LatentSpace, points: int) -> Path:
    """Where a latent space is kept: other numbers, or another version of the program, have another folder.

    Args:
        space: that is measured.
        points: of each kind, on its map.

    Returns:
        The folder, which need not be there.
    """
    digest = hashlib.sha256(f"{__version__} {_RULES} {len(space.rows)} {points}".encode())
    for name, tensor in space.posterior.tensors().items():
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().data)
    return bundle_path().with_name(f"latents-{digest.hexdigest()[:24]}")
