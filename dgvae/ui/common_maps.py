"""Which common map two models have: one kept beside the checkpoints, one of the cache, or one that is being fitted."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dgvae.errors import UserError
from dgvae.ui.shelf import Shelf
from dgvae.ui.vega_chart import bundle_path

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.common_map import CommonMap
    from dgvae.latents import LatentMap


@dataclass
class Fitting:
    """A common map in the making, in a thread of its own."""

    share: float = 0.0
    fault: str | None = None
    done: bool = False


class CommonMaps:
    """The common maps of a shelf. One that is not there is fitted once, whoever asks for it, and kept in the user's cache."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[Path, CommonMap] = {}
        self._fittings: dict[frozenset[str], Fitting] = {}
        self._lock = threading.Lock()

    def coordinates(self, *names: str | None) -> list[Tensor] | None:
        """Where the points of these models' maps lie on a common one, [P + M, 2] each; None if there is none yet.

        Raises UserError if there can be none.
        """
        from dgvae.common_map import why_not_common

        checkpoints = [self._shelf.get(name) for name in names]
        if why := why_not_common(*(checkpoint.latents for checkpoint in checkpoints[:2])):
            raise UserError(f"These two have no common map: {why}. Each is shown on its own.")
        keys = [self._key(name) for name in names]
        for common in self._candidates(names):
            found = [common.of(key, c.latents.map) for key, c in zip(keys, checkpoints, strict=True) if c.latents.map]
            if all(xy is not None for xy in found):
                return [xy for xy in found if xy is not None]
        return None

    def fit(self, *names: str | None) -> Fitting:
        """Begin to fit the map of these models and of those that are bundled with them, or find it begun."""
        wanted = frozenset(map(self._key, names))
        with self._lock:
            fitting = self._fittings.get(wanted)
            if fitting is None or fitting.fault:
                fitting = self._fittings[wanted] = Fitting()
                threading.Thread(target=self._work, args=(fitting, names), daemon=True, name="common map").start()
        return fitting

    def _work(self, fitting: Fitting, names: tuple[str | None, ...]) -> None:
        from dgvae.common_map import fit

        def report(share: float) -> None:
            fitting.share = share

        try:
            known = next(iter(self._candidates(names)), None)
            members = self._members(names, known)
            path = _cached(members)
            fitted = fit(members, known, report)
            path.parent.mkdir(parents=True, exist_ok=True)
            fitted.save(path)
            self._known[path] = fitted
        except (UserError, OSError, ValueError, MemoryError) as error:
            fitting.fault = f"The common map could not be fitted: {error}"
        finally:
            fitting.done = True

    def _members(self, names: tuple[str | None, ...], known: CommonMap | None) -> Mapping[str, LatentMap]:
        """These models' maps, and those of the shelf's that are on the known one."""
        others = [name for _, name in self._shelf.choices() if known and self._key(name) in known.members]
        maps = {self._key(name): self._shelf.get(name).latents.map for name in dict.fromkeys([*others, *names])}
        return {key: stored for key, stored in maps.items() if stored}

    def _candidates(self, names: tuple[str | None, ...]) -> list[CommonMap]:
        """Maps that may hold these models: beside each, and in the cache."""
        from dgvae.common_map import COMMON_MAP_FILE, CommonMap

        beside = dict.fromkeys(self._shelf.folder(name).parent / COMMON_MAP_FILE for name in names)
        for path in [*beside, *sorted(bundle_path().parent.glob("common-map-*.safetensors"))]:
            if path not in self._known and path.is_file():
                try:
                    self._known[path] = CommonMap.load(path)
                except UserError as error:  # it is made again
                    print(error)
        return [self._known[path] for path in [*beside, *self._known] if path in self._known]

    def _key(self, name: str | None) -> str:
        from dgvae.common_map import member_key

        return self._shelf.derived(name, "key in common maps", lambda checkpoint: member_key(checkpoint.folder))


def _cached(members: Mapping[str, LatentMap]) -> Path:
    name = hashlib.sha256("".join(sorted(members)).encode()).hexdigest()[:16]
    return bundle_path().with_name(f"common-map-{name}.safetensors")
