"""The models that visitors brought, from the Hub or from a file: each is seen by who brought it, and together they are bounded.

They lie in a folder of this process, which goes with it. A visitor who leaves gives their models up. Those of the Hub stay for
a link to them, until there is no room for another's.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dgvae.errors import UserError

MOST_OF_VISITOR = 3
MOST_MODELS = 24
MOST_BYTES = 600_000_000  # of all; in memory they are as large
IDLE = 600.0  # seconds without use after which a model makes room for another


@dataclass
class _Model:
    folder: Path
    size: int
    visitors: set[str]
    used: float = field(default_factory=time.monotonic)

    def is_free(self) -> bool:
        return not self.visitors or time.monotonic() - self.used > IDLE


class BroughtModels:
    """By name: owner/name or owner/name@revision.

    Args:
        forget: called with the name of a model that makes room.
        brought: what a visitor has done to have them.
        stay: whether a model stays when those who see it have left.
    """

    def __init__(self, forget: Callable[[str], None], brought: str = "fetched", stay: bool = True) -> None:
        self._forget = forget
        self._brought = brought
        self._stay = stay
        self._models: dict[str, _Model] = {}
        self._lock = threading.Lock()
        self._root: Path | None = None
        self._end: Callable[[], object] | None = None
        self._made = 0

    def names(self, visitor: str | None) -> list[str]:
        """A visitor's models."""
        return [name for name, model in [*self._models.items()] if visitor in model.visitors]

    def folder(self, name: str) -> Path | None:
        """Where a model lies, if it is here. It counts as used."""
        if model := self._models.get(name):
            model.used = time.monotonic()
            return model.folder
        return None

    def show(self, name: str, visitor: str | None) -> bool:
        """Let a visitor who knows a model's name see it, too, if it is here. Raises UserError if they have too many."""
        with self._lock:
            model = self._models.get(name)
            if model and visitor:
                self._check_share(visitor, name)
                model.visitors.add(visitor)
            return model is not None

    def new_folder(self, visitor: str | None) -> Path:
        """A place for a model that a visitor is about to fetch. Raises UserError if they have too many."""
        with self._lock:
            self._check_share(visitor or "", "")
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="dgvae-hub-"))
                self._end = weakref.finalize(
                    self, shutil.rmtree, self._root, ignore_errors=True
                )  # with the process, at the latest
            self._made += 1
            return self._root / str(self._made)

    def add(self, name: str, folder: Path, size: int, visitor: str | None) -> None:
        """Keep what was fetched.

        Args:
            name: of the model.
            folder: where its files lie; it is deleted if there is no room.
            size: of the files, in bytes.
            visitor: the session that asked for it.

        Raises:
            UserError: there is no room.
        """
        with self._lock:
            free = sorted((name for name, model in self._models.items() if model.is_free()), key=lambda n: self._models[n].used)
            while len(self._models) >= MOST_MODELS or self._bytes() + size > MOST_BYTES:
                if not free:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise UserError(
                        f"There is no room for more {self._brought} models until other visitors leave; try again later."
                    )
                self._remove(free.pop(0))
            if name in self._models:  # fetched twice at the same time
                self._remove(name)
            self._models[name] = _Model(folder, size, {visitor} if visitor else set())

    def remove(self, name: str) -> None:
        """Forget a model, and delete its files."""
        with self._lock:
            self._remove(name)

    def leave(self, visitor: str) -> None:
        """Give a visitor's models up."""
        with self._lock:
            for name, model in [*self._models.items()]:
                if visitor in model.visitors:
                    model.visitors.discard(visitor)
                    if not model.visitors and not self._stay:
                        self._remove(name)

    def close(self) -> None:
        """Delete all folders. There will be no more."""
        if self._end:
            self._end()

    def _check_share(self, visitor: str, name: str) -> None:
        mine = self.names(visitor)
        if name not in mine and len(mine) >= MOST_OF_VISITOR:
            raise UserError(
                f"You have {self._brought} {len(mine)} models, as many as a visit may hold; reload the page to give them up."
            )

    def _bytes(self) -> int:
        return sum(model.size for model in self._models.values())

    def _remove(self, name: str) -> None:
        if model := self._models.pop(name, None):
            self._forget(name)
            shutil.rmtree(model.folder, ignore_errors=True)
