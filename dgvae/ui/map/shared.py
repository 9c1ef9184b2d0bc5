"""Which common map two models have: one kept beside the checkpoints, one of the cache, or one that is being fitted."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dgvae.errors import UserError
from dgvae.ui.folders import version_of_file
from dgvae.ui.map.aside import ASIDE
from dgvae.ui.map.fittings import Fitting, Fittings
from dgvae.ui.map.refits import Members, Refits
from dgvae.ui.own_latents import own_model
from dgvae.ui.requests.turns import visitor_here
from dgvae.ui.shelf import Shelf
from dgvae.ui.vega.chart import bundle_path

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.latents import LatentMap
    from dgvae.checkpoint.shared_map import CommonMap


class CommonMaps:
    """The common maps of a shelf. One that is not there is fitted once, whoever asks for it, and kept in the user's cache."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._read: dict[Path, tuple[Hashable, CommonMap]] = {}  # and of which version of the file
        self._fittings = Fittings()
        self.refits = Refits(shelf, self._fittings)

    def coordinates(self, name_a: str | None, name_b: str | None) -> tuple[Tensor, Tensor] | None:
        """Where the points of these models' maps lie on a common one, [P + M, 2] each; None if it is still to be fitted.

        Raises UserError if there can be none.
        """
        own_a, own_b = self.check_umap(name_a, name_b)
        for common in self._at_hand(name_a, name_b).values():
            xy_a, xy_b = common.of(self._key(name_a), own_a), common.of(self._key(name_b), own_b)
            if xy_a is not None and xy_b is not None:
                return xy_a, xy_b
        return None

    def check(self, name_a: str | None, name_b: str | None) -> tuple[LatentMap, LatentMap]:
        """The maps of both models. Raises UserError if places in their latent spaces don't compare."""
        from dgvae.checkpoint.shared_map import why_not_common

        a, b = self.shelf.get(name_a).latents, self.shelf.get(name_b).latents
        why = why_not_common(a, b)
        if why or not a.map or not b.map:
            raise UserError(_none(why))
        return a.map, b.map

    def check_umap(self, name_a: str | None, name_b: str | None) -> tuple[LatentMap, LatentMap]:
        """The same. Raises UserError for a file of latents, too."""
        maps = self.check(name_a, name_b)
        for name in (name_a, name_b):
            if own_model(self.shelf.get(name)):
                raise UserError(_none("a file of latents has only a map of its own"))
        return maps

    def refit_members(self, is_common: bool, names: tuple[str | None, str | None]) -> list[Members]:
        """Which models are on each of the maps that show A and B with other options: both on one, if they can be."""
        if is_common:
            with suppress(UserError):  # the layout has a remark
                self.check_umap(*names)
                return [tuple(dict.fromkeys(names))]
        return [(name,) for name in dict.fromkeys(names)]

    def fit(self, name_a: str | None, name_b: str | None, wish: int | None = None) -> Fitting:
        """Begin to fit a map of these models and of those that share one with either, or find that it has begun.

        Args:
            name_a: of model A.
            name_b: of model B.
            wish: see `Fittings.ask`.

        Returns:
            The map in the making.

        Raises:
            UserError: too many maps wait to be fitted.
        """
        wanted = frozenset([self._key(name_a), self._key(name_b)])
        return self._fittings.ask(wanted, visitor_here(), lambda fitting: self._fit_aside(fitting, name_a, name_b), wish=wish)

    def follow(self, name_a: str | None, name_b: str | None) -> Iterator[tuple[str, bool]]:
        """Fit the map of these models if it is not there. Yields how far that is, and at last what went wrong, or "", and True.

        Where there is nothing to fit, yields nothing but ("", False). Ends early if the visitor asks for something else.
        """
        wish = self.leave()
        try:
            is_there = self.coordinates(name_a, name_b) is not None
        except UserError:  # there can be none, which is for `coordinates` to say
            is_there = True
        if is_there:
            yield "", False
            return
        try:
            fitting = self.fit(name_a, name_b, wish)
        except UserError as error:
            yield str(error), True
            return
        yield from self._fittings.watch(fitting, visitor_here())

    def leave(self) -> int:
        """The visitor waits for no map any more. See `Fittings.leave`."""
        return self._fittings.leave(visitor_here())

    def _fit_aside(self, fitting: Fitting, name_a: str | None, name_b: str | None) -> str | None:
        """Fit in the process beside this one; return what went wrong, if anything."""
        from dgvae.checkpoint.shared_map import fit_aside

        known, folders = self._members(name_a, name_b)
        path = _cached(folders)
        path.parent.mkdir(parents=True, exist_ok=True)
        fault = ASIDE.run(fit_aside, (folders, known, path), partial(setattr, fitting, "share"), fitting.why_end)
        for folder in folders.values():
            fault = fault.replace(f"{folder}/", "").replace(str(folder), folder.name)
        return fault or None

    def _members(self, name_a: str | None, name_b: str | None) -> tuple[Path | None, dict[str, Path]]:
        """The map to begin with, if one holds A or B, and the folders of A, B and that map's models, by their keys."""
        folders = {self._key(name): self.shelf.folder(name) for name in (name_a, name_b)}
        for path, common in self._at_hand(name_a, name_b).items():
            if common.members.keys() & folders:
                for _, name in self.shelf.choices():
                    with suppress(UserError):  # a checkpoint without latents
                        if (key := self._hash(folder := self.shelf.folder(name))) in common.members:
                            folders[key] = folder
                return path, folders
        return None, folders

    def _at_hand(self, name_a: str | None, name_b: str | None) -> dict[Path, CommonMap]:
        """Maps that may hold these models: beside each, and in the cache."""
        from dgvae.checkpoint.shared_map import COMMON_MAP_FILE

        beside = [self.shelf.folder(name).parent / COMMON_MAP_FILE for name in (name_a, name_b)]
        paths = [*dict.fromkeys(beside), *sorted(bundle_path().parent.glob("common-map-*.safetensors"))]
        return {path: common for path in paths if (common := self._common(path))}

    def _common(self, path: Path) -> CommonMap | None:
        """The map of a file, also if that has been deleted since; None if it never was there, or is broken."""
        from dgvae.checkpoint.shared_map import CommonMap

        known, version = self._read.get(path), version_of_file(path)
        if version and (not known or known[0] != version):
            try:
                known = self._read[path] = version, CommonMap.load(path)
            except UserError:
                return None
        return known[1] if known else None

    def _key(self, name: str | None) -> str:
        return self.shelf.derived(name, "key in common maps", lambda checkpoint: self._hash(checkpoint.folder))

    @staticmethod
    def _hash(folder: Path) -> str:
        from dgvae.checkpoint.shared_map import member_key

        return member_key(folder)


def _none(why: str | None) -> str:
    return f"These two models have no common map: {why}. Each model is shown on its own map."


def _cached(members: dict[str, Path]) -> Path:
    name = hashlib.sha256("".join(sorted(members)).encode()).hexdigest()[:16]
    return bundle_path().with_name(f"common-map-{name}.safetensors")
