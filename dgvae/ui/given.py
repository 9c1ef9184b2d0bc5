"""Files of latents: the operator's, which everyone sees, and visitors', each seen by who gave it until they leave.

A visitor's file is measured in a thread of its own, one at a time for all visitors, and deleted as soon as that is done. What
is kept of it is in memory.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from dgvae.cancellation import cancelled_by, check_cancelled
from dgvae.errors import UserError
from dgvae.latent_space.wording import of_examples
from dgvae.ui.brought import BroughtModels
from dgvae.ui.folders import version_of_file
from dgvae.ui.own_decoder import OwnDecoder
from dgvae.ui.own_latents import OwnLatents, at_once, measure_file, measure_space
from dgvae.ui.requests.fault_log import log, told
from dgvae.ui.requests.plain import plain_text
from dgvae.ui.requests.turns import LEFT_SAID, visitor_here, wanted_here
from dgvae.ui.requests.uploads import MOST_BYTES, Uploads

if TYPE_CHECKING:
    from dgvae.latent_space.space import LatentSpace

PREFIX = "yours/"  # of the name of a visitor's model
MOST_MEASURED = 8  # files that are measured or wait for it
MOST_SECONDS = 120.0  # of a core, for measuring a file
MOST_EXAMPLES, MOST_DIMENSIONS, MOST_TEXT_BYTES = 100_000, 256, 20_000_000
MOST_LETTERS = 60  # of a model's name
TOO_LONG = (
    f"Measuring this file takes longer than {MOST_SECONDS:.0f} s here; save fewer dimensions, or measure it on your own "
    "computer: python app.py --latents FILE"
)


class BusyError(UserError):
    """A file is not measured now."""


class Measuring:
    """A visitor's file on its way to be a model. said: how far that is. fault: what went wrong, once it is done."""

    def __init__(self, path: Path, name: str, is_wanted: Callable[[], bool]) -> None:
        self.path, self.name, self.is_wanted = path, name, is_wanted
        self.said = "Waiting until other files have been measured"
        self.done = threading.Event()
        self.result: OwnLatents | None = None
        self.fault: str | None = None

    def run(self, turn: threading.Lock) -> None:
        """Wait for the turn and measure. Raises nothing."""
        try:
            with turn, self._bounded():
                self._measure()
        except UserError as error:
            self.fault = str(error).replace(str(self.path), label_of(self.name))
        except Exception as error:  # else whoever waits would wait for ever
            log.warning("a visitor's file: %s", told(error))
            self.fault = "This file can't be measured; save mean and log_var as float32 and try again."
        finally:
            self.path.unlink(missing_ok=True)
            self.done.set()

    def _measure(self) -> None:
        from dgvae.latent_space.bounds import Most

        most = Most(MOST_BYTES, MOST_TEXT_BYTES, MOST_EXAMPLES, MOST_DIMENSIONS)
        steps = measure_file(self.path, label_of(self.name), most)
        while self.result is None:
            check_cancelled()
            try:
                self.said = next(steps)
            except StopIteration as end:
                self.result = end.value

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        begun = time.thread_time()

        def check() -> None:
            if not self.is_wanted():
                raise UserError(LEFT_SAID)
            if time.thread_time() - begun > MOST_SECONDS:
                raise UserError(TOO_LONG)

        with cancelled_by(check):
            yield


class GivenFiles:
    """Models made of files of latents, by their names."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        """forget: called with the name of a model that is no longer here."""
        self.uploads = Uploads()
        self._of_all: dict[str, OwnLatents] = {}
        self._files: dict[str, tuple[Path, Hashable]] = {}  # of the operator's, and of which version
        self._of_visitors: dict[str, OwnLatents] = {}
        self._shares = BroughtModels(self._drop, "given", stay=False)
        self._tell = forget
        self._turn = threading.Lock()
        self._measuring: dict[str, Measuring] = {}  # by visitor

    def labels(self) -> dict[str, str]:
        """What the models that the visitor may see are called, by their names. A file that changes is not measured again."""
        files = [(name, version, version_of_file(path)) for name, (path, version) in self._files.items()]
        changed = {name: f"{name} (before its file changed)" for name, was, now in files if now not in (was, None)}
        return {name: label_of(name) for name in [*self._of_all, *self._shares.names(visitor_here())]} | changed

    def get(self, name: str | None) -> OwnLatents | None:
        """A model, if it is one of these and the visitor may see it."""
        if own := self._of_all.get(str(name)):
            return own
        is_mine = str(name).startswith(PREFIX) and name in self._shares.names(visitor_here())
        if is_mine and self._shares.folder(str(name)):  # it counts as used
            return self._of_visitors.get(str(name))
        return None

    def of_all(self) -> list[str]:
        """The names of the operator's."""
        return [*self._of_all]

    def add(self, path: Path, name: str, decoder: OwnDecoder | None = None) -> None:
        """Show every visitor a file.

        Args:
            path: of the file.
            name: of the model.
            decoder: of the operator's.

        Raises:
            UserError: one sentence says what is wrong with the file.
        """
        version = version_of_file(path)
        self._of_all[name] = at_once(measure_file(path, name, decoder=decoder, is_kept=True))
        self._files[name] = path, version

    def add_space(self, space: LatentSpace, decoder: OwnDecoder | None = None) -> None:
        """The same for one that is in memory."""
        self._of_all[space.name] = at_once(measure_space(space, Path(space.name), decoder, is_kept=True))

    def give(self, ticket: str, file: str) -> Iterator[tuple[str, str | None]]:
        """Measure a file that a visitor has sent.

        Args:
            ticket: of the file that has arrived.
            file: what the visitor calls it.

        Yields:
            How far that is and None; at last "" and the model's name.

        Raises:
            UserError: one sentence says what is wrong, and names no path of this machine.
        """
        visitor = visitor_here() or ""
        path = self.uploads.take(ticket)
        if path is None:
            raise UserError("This file has been forgotten, since it waited for too long; choose it again.")
        try:
            folder = self._shares.new_folder(visitor)
            measuring = self._begin(path, visitor, file)
        except UserError:
            path.unlink(missing_ok=True)
            raise
        begun = time.monotonic()
        while not measuring.done.wait(0.25):
            yield f"{measuring.said} … {time.monotonic() - begun:.0f} s", None
            check_cancelled()
        check_cancelled()
        if measuring.fault or not measuring.result:
            raise UserError(measuring.fault or LEFT_SAID)
        self._of_visitors[measuring.name] = measuring.result
        try:
            self._shares.add(measuring.name, folder, _size(measuring.result), visitor)
        except UserError:
            del self._of_visitors[measuring.name]
            raise
        yield "", measuring.name

    def _begin(self, path: Path, visitor: str, file: str) -> Measuring:
        going = {who: one for who, one in self._measuring.items() if not one.done.is_set()}
        if visitor in going:
            raise BusyError(f"{_label(file)} is not measured, since your other file still is; give it again when that is done.")
        if len(going) >= MOST_MEASURED:
            raise BusyError(f"The app is busy: {len(going)} files wait to be measured; try again in a few minutes.")
        measuring = Measuring(path, f"{PREFIX}{secrets.token_urlsafe(12)}/{_label(file)}", wanted_here())
        self._measuring = going | {visitor: measuring}
        threading.Thread(target=measuring.run, args=[self._turn], daemon=True, name="given file").start()
        return measuring

    def said(self, text: str, *names: str | None) -> str:
        """What the page says of sentences, of examples where one of the models is made of a file."""
        return of_examples(text) if any(map(self.get, names)) else text

    def leave(self, visitor: str) -> None:
        """Forget what a visitor gave."""
        self._shares.leave(visitor)

    def close(self) -> None:
        """Delete what lies on the disk, since the process ends."""
        self.uploads.close()
        self._shares.close()

    def _drop(self, name: str) -> None:
        self._of_visitors.pop(name, None)
        self._tell(name)


def label_of(name: str) -> str:
    """What a visitor reads in place of a model's name."""
    return name.split("/", 2)[2] if name.startswith(PREFIX) and name.count("/") > 1 else name


def not_here(side: str, name: str, shown: str | None) -> str:
    """Why a link's model can't be shown.

    Args:
        side: A or B.
        name: of the model.
        shown: the model in its place.

    Returns:
        One sentence.
    """
    if name.startswith(PREFIX):
        gone = f"The file {label_of(name)[:80]!r} was forgotten when you left the page, and nobody else sees it"
        return f"{gone}; give it again. {shown} is shown instead."
    return f"The link's model {side}, {name[:80]!r}, is not here; {shown} is shown instead."


def _label(file: str) -> str:
    """A name for a model of a file: the file's without its folder and its suffix."""
    name = PureWindowsPath(PurePosixPath(plain_text(file)).name).stem
    letters = "".join(letter if letter.isprintable() and letter != "/" else " " for letter in name)
    return letters[:MOST_LETTERS].strip() or "latents"


def _size(own: OwnLatents) -> int:
    """Bytes in memory: of the posteriors, of q(z) made of them, which is fp64, of the texts, and of other columns."""
    latents = own.checkpoint.latents
    share = 1 if latents.stand_ins is None else len(latents.stand_ins) / len(latents.labels)
    tensors = latents.posterior.tensors().values()
    columns = sum(column.nbytes for column in own.columns.values())
    return round((1 + 2 * share) * sum(tensor.nbytes for tensor in tensors)) + sum(map(len, own.text or ())) + columns
