"""UMAPs with other options than the stored ones: fitted when a visitor asks, and kept as long as the model is loaded."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dgvae.checkpoint.umap import UmapOptions, project_aside
from dgvae.errors import UserError
from dgvae.ui.map.aside import ASIDE
from dgvae.ui.map.fittings import Fitting, Fittings
from dgvae.ui.map.points import map_of
from dgvae.ui.requests.turns import visitor_here
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    from torch import Tensor

MOST_KEPT = 24  # maps of a model; the oldest makes room
MOST_SECONDS = 300.0  # for one fit
Members = tuple[str | None, ...]  # the models on one map, by their names


class Refits:
    """The maps by model and options, once for all visitors. What a visitor's own file shows is forgotten with the file."""

    def __init__(self, shelf: Shelf, fittings: Fittings) -> None:
        self._shelf = shelf
        self._fittings = fittings

    def coordinates(self, members: Members, options: UmapOptions) -> list[Tensor] | None:
        """Where the points of each member's map lie on a map of all, [P + M, 2] each; None if it is still to be fitted.

        Raises UserError if a model or its map is not there.
        """
        for name in members:
            map_of(self._shelf.get(name))
        found = [self._kept(name).get(_key(members, options)) for name in members]
        there = [xy for xy in found if xy is not None]
        return there if len(there) == len(members) else None

    def follow(self, maps: Sequence[Members], options: UmapOptions) -> Iterator[tuple[str, bool]]:
        """Fit maps that are not there, one after another.

        Args:
            maps: the members of each.
            options: of all of them.

        Yields:
            How far that is and False, and at the end of each map what went wrong so far, or "", and True. Where there is
            nothing to fit, and if the visitor asks for something else, at last ("", False).
        """
        wish = self._fittings.leave(visitor_here())
        yield "", False
        faults: list[str] = []
        for members in maps:
            try:
                if self.coordinates(members, options):
                    continue
            except UserError:  # it is said in the model's place
                continue
            try:
                fitting = self._ask(members, options, wish)
            except UserError as error:
                faults.append(str(error))
                break
            for said, done in self._fittings.watch(fitting, visitor_here()):
                if not said and not done:
                    yield "", False
                    return
                faults += [said] if said and done else []
                yield " ".join(faults) if done else said, done
        if faults:
            yield " ".join(faults), True

    def _ask(self, members: Members, options: UmapOptions, wish: int) -> Fitting:
        maps = [map_of(self._shelf.get(name)) for name in members]
        first = maps[0]
        groups = [first.z[: first.priors], *(stored.z[stored.priors :] for stored in maps)]
        kept, key = [self._kept(name) for name in members], _key(members, options)

        def work(fitting: Fitting) -> str | None:
            """Knows nothing of visitors: whoever asked first may not see what another one sees."""
            if all(key in of_model for of_model in kept):
                return None
            return _fit(fitting, [z.numpy() for z in groups], options, lambda xy: _keep(xy, groups, kept, key))

        said = f"a map with {options.neighbors} neighbors and minimum distance {options.min_dist:g}"
        self._fittings.forget((key, members))
        return self._fittings.ask((key, members), visitor_here(), work, said, wish)

    def _kept(self, name: str | None) -> OrderedDict[Any, Tensor]:
        return self._shelf.derived(name, "refits", lambda _: OrderedDict())


def _key(members: Members, options: UmapOptions) -> tuple[UmapOptions, frozenset[str | None]]:
    return options, frozenset(members)


def _fit(fitting: Fitting, groups: Sequence[Any], options: UmapOptions, keep: Any) -> str | None:
    begun = time.monotonic()

    def hear(told: Any) -> None:
        if isinstance(told, float):
            fitting.share = told
        else:
            keep(told)

    def why_end() -> str:
        is_over = time.monotonic() - begun > MOST_SECONDS
        return f"it takes longer than {MOST_SECONDS:.0f} s here." if is_over else fitting.why_end()

    return ASIDE.run(project_aside, (groups, options), hear, why_end)


def _keep(xy: Any, groups: Sequence[Tensor], kept: Sequence[OrderedDict[Any, Tensor]], key: Any) -> None:
    import torch

    prior, *posteriors = torch.from_numpy(xy).split([len(z) for z in groups])
    for of_model, posterior in zip(kept, posteriors, strict=True):
        of_model[key] = torch.cat([prior, posterior])
        while len(of_model) > MOST_KEPT:
            of_model.popitem(last=False)
