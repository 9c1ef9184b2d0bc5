"""The shelf: every checkpoint that the app can show, each loaded when it is first asked for, once for all visitors.

Imports nothing heavy: the page is built while torch is still being imported (see `WarmUp`).
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dgvae.checkpoint.discover import display_name, find_checkpoints
from dgvae.errors import UserError
from dgvae.ui.brought import BroughtModels
from dgvae.ui.derived import Derived
from dgvae.ui.folders import looks_whole, named_fault, version_of
from dgvae.ui.given import GivenFiles, label_of
from dgvae.ui.own_decoder import OwnDecoder
from dgvae.ui.own_latents import OwnLatents
from dgvae.ui.pairs import first_pair
from dgvae.ui.requests.turns import visitor_here, wanted_here
from dgvae.ui.sentences import Sentences
from dgvae.ui.warm_up import WarmUp

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.evaluation.measured import Measured

T = TypeVar("T")
# What a first visitor compares, if it is there: A has holes, B has hardly any.
PREFERRED = (("ae", "mdg-vae"), ("beta-vae", "mdg-vae"), ("beta-vae", "pdg-vae"))
MOST_LOADED = 8  # checkpoints in memory; the one unused for longest makes room


class Shelf:
    """Checkpoints by name. `root` holds their folders; `data` the corpora, if they are at hand."""

    def __init__(self, root: Path, data: Path | None = None) -> None:
        self._root = root
        self._folders = find_checkpoints(root)
        self.given = GivenFiles(self._forget)
        self._loaded: OrderedDict[str, tuple[Hashable, Checkpoint]] = OrderedDict()  # of which files
        self._derived = Derived()
        self._sentences = Sentences(root, data)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._broken: dict[str, tuple[Hashable, str]] = {}  # of which files, and why
        self._fetched = BroughtModels(self._forget)
        self.warm_up = WarmUp(self)

    def choices(self) -> list[tuple[str, str]]:
        """(what the visitor reads, name) of files of latents, of every checkpoint there is, and of those the visitor fetched.

        One that reads like another shows its path.
        """
        still = {name: folder for name, folder in dict(self._folders).items() if folder.is_dir()}
        self._folders = still | find_checkpoints(self._root)
        fetched = {name: folder for name in self._fetched.names(visitor_here()) if (folder := self._fetched.folder(name))}
        read = {name: display_name(name, folder) for name, folder in (dict(self._folders) | fetched).items()}
        read = self.given.labels() | read
        times = Counter(read.values())
        return [(label if times[label] == 1 else f"{label} ({name})", name) for name, label in read.items()]

    def defaults(self) -> tuple[str | None, str | None]:
        """The two checkpoints that a first visitor sees: whole ones, if there are any."""
        folders = dict(self._folders)
        whole = [name for name, folder in folders.items() if name not in self._broken and looks_whole(folder)]
        preferred = next((found for a, b in PREFERRED if (found := first_pair(whole, a, b))), ())
        first, *others = [*dict.fromkeys([*self.given.of_all(), *preferred, *whole, *folders])] or [None]
        return first, next(iter(others), first)

    def get(self, name: str | None) -> Checkpoint:
        """Load a checkpoint, or return it as it was loaded if its files are the same, or no longer whole. Raises UserError."""
        if own := self.given.get(name):
            return own.checkpoint
        folder, name = self.folder(name), str(name)
        with self._locks[name]:
            version = version_of(folder)
            known, checkpoint = self._loaded.pop(name, (None, None))
            if not checkpoint or known != version:  # it was trained on, or got a map
                try:
                    checkpoint, known = self._load(name, folder, version), version
                    self._derived.pop(name)
                    self._sentences.pop(name)
                except UserError:  # which `broken` says; while a run goes on, its figures are those of before, too
                    if not checkpoint:
                        raise
            self._loaded[name] = known, checkpoint
            while len(self._loaded) > MOST_LOADED:
                unused, _ = self._loaded.popitem(last=False)
                self._derived.pop(unused)
            return checkpoint

    def _load(self, name: str, folder: Path, version: Hashable) -> Checkpoint:
        """A broken one is read again only when its files have changed."""
        from dgvae.checkpoint.checkpoint import load_checkpoint

        known = self._broken.get(name)
        if known and known[0] == version:
            raise UserError(known[1])
        try:
            checkpoint = load_checkpoint(folder)
        except UserError as error:
            said = named_fault(name, folder, error)
            self._broken[name] = version, said
            raise UserError(said) from None
        self._broken.pop(name, None)
        checkpoint.model.decoder.arrange_for_decoding()
        return checkpoint

    def broken(self) -> list[str]:
        """Why each checkpoint that can't be shown can't, as far as that is known: those are tried that lack a file."""
        for name, folder in dict(self._folders).items():
            if name not in self._broken and not looks_whole(folder):
                with suppress(UserError):
                    self.get(name)
        return [self._broken[name][1] for name in self._folders if name in self._broken]

    def derived(self, name: str | None, key: Hashable, make: Callable[[Checkpoint], T]) -> T:
        """What is computed from a checkpoint, once for all visitors and kept as long as the checkpoint is. Raises UserError."""
        checkpoint = self.get(name)
        return self._derived.get(str(name), key, lambda: make(checkpoint), is_fetched=not self.is_ours(str(name)))

    def is_ours(self, name: str) -> bool:
        """Whether the operator of the app chose it, and no visitor."""
        return name in self._folders or name in self.given.of_all()

    def title(self, name: str | None) -> str:
        """A model's title, or what it is called if it can't be loaded."""
        try:
            return self.get(name).model.config.title
        except UserError:
            return name or "no model"

    def folder(self, name: str | None) -> Path:
        """Where a checkpoint lies. Raises UserError if there is none of this name."""
        if not name:
            raise UserError("Choose a model in the sidebar.")
        if self.given.get(name):
            raise UserError(f"{label_of(name)} is a file of latents; in Python, dgvae.LatentSpace.load reads it.")
        folder = self._folders.get(name) or self._fetched.folder(name)
        if not folder:
            raise UserError(f"There is no checkpoint {label_of(name)!r} here.")
        return folder

    def source(self, name: str | None) -> str:
        """Where a checkpoint comes from, as Python: it names no folder of the server. Raises UserError."""
        folder = self.folder(name)
        if name in self._folders and folder.is_relative_to(self._root):
            return f"Path({self.shown_folder(name).as_posix()!r})"
        repository, _, revision = str(name).partition("@")
        return f"download_checkpoint({', '.join(map(repr, filter(None, (repository, revision))))})"

    def shown_folder(self, name: str | None) -> Path:
        """A checkpoint's folder as a visitor may know it: from the working directory, or from where the checkpoints are."""
        if self.given.get(name):
            return Path(label_of(str(name)))
        folder = self.folder(name)
        return self.shown_root() / folder.relative_to(self._root) if folder.is_relative_to(self._root) else Path(str(name))

    def shown_root(self) -> Path:
        """Where the checkpoints lie, as a visitor may know it: from the working directory, or the folder's name alone."""
        root = self._root.absolute()
        return root.relative_to(Path.cwd() if root.is_relative_to(Path.cwd()) else root.parent)

    def close(self) -> None:
        """Delete what was fetched, since the process ends."""
        self._fetched.close()
        self.given.close()

    def measured(self) -> tuple[list[Measured], list[str]]:
        """The figures of every checkpoint, without loading its model; and a sentence for each that has none to read."""
        from dgvae.evaluation.measured import Measured
        from dgvae.evaluation.record import Record
        from dgvae.methods.config import CONFIG_FILE, TextVAEConfig

        found, faults = [], []
        for title, name in self.choices():
            if own := self.given.get(name):
                found.append(Measured(name, title, "", None, own.checkpoint.metrics))
                continue
            try:
                folder = self.folder(name)
                config = TextVAEConfig.from_json(folder / CONFIG_FILE)
                found.append(Measured.of(name, config, Record.load(folder), title))
            except UserError as error:
                faults.append(named_fault(name, folder, error))
        return found, faults

    def add_from_hub(self, text: str) -> str:
        """Download and verify a checkpoint of the Hub for the visitor who asks; return its name. Raises UserError."""
        from dgvae.checkpoint.fetched_bounds import check_bounds
        from dgvae.checkpoint.hub import parse_repository
        from dgvae.checkpoint.public_hub import fetch_checkpoint

        repository, revision = parse_repository(text)
        name = f"{repository}@{revision}" if revision else repository
        visitor = visitor_here()
        if name in self._folders or self._fetched.show(name, visitor):
            return name
        folder = self._fetched.new_folder(visitor)
        size = fetch_checkpoint(repository, revision, folder, wanted_here())
        self._fetched.add(name, folder, size, visitor)
        try:
            check_bounds(folder)
            self.get(name)
        except UserError:
            self._fetched.remove(name)
            raise
        return name

    def add_latents(self, path: Path, name: str, decoder: OwnDecoder | None = None) -> None:
        """Show every visitor a file of latents.

        Args:
            path: of the file.
            name: of the model.
            decoder: shows what is decoded, if there is one.

        Raises:
            UserError: the name is taken, or the file is broken.
        """
        if self.is_ours(name):
            raise UserError(f"There are two models called {name}; give another name: --latents {path}=NAME")
        self.given.add(path, name, decoder)

    def own(self, name: str) -> OwnLatents | None:
        """A file of latents, if it is one that the visitor may see."""
        return self.given.get(name)

    def add_own_from_hub(self, text: str, token: bool) -> None:
        """Show every visitor a checkpoint that the operator chose. token: whether theirs is sent. Raises UserError."""
        from dgvae.checkpoint.hub import download_checkpoint, parse_repository

        repository, revision = parse_repository(text)
        self._folders[f"{repository}@{revision}" if revision else repository] = download_checkpoint(repository, revision, token)

    def revisit(self, names: Iterable[str | None]) -> None:
        """Let the visitor who comes by a link see the fetched models that it names, if they are still here."""
        for name in names:
            with suppress(UserError):  # the link's fault is said by the page
                self._fetched.show(name or "", visitor_here())

    def leave(self, visitor: str | None) -> None:
        """Give up what a visitor fetched, and forget what they gave."""
        if visitor:
            self._fetched.leave(visitor)
            self.given.leave(visitor)

    def _forget(self, name: str) -> None:
        for kept in (self._loaded, self._derived, self._sentences, self._broken):
            kept.pop(name, None)

    def sentence(self, name: str, index: int) -> str | None:
        """The text behind a latent, if the corpus is at hand and is the one that was encoded."""
        if own := self.given.get(name):
            return own.text[index] if own.text else None
        return self._sentences.of(name, lambda: (self.folder(name), self.get(name)), index)
