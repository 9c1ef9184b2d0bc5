"""The operator's own decoder, `--decoder module:function`: it runs in a thread of its own, and no fault of it ends the app."""

from __future__ import annotations

import importlib
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dgvae.errors import UserError
from dgvae.ui.pictures import as_lines
from dgvae.ui.requests.fault_log import log, told
from dgvae.ui.requests.turns import LEFT_SAID, waiting_here, wanted_here

if TYPE_CHECKING:
    from torch import Tensor

MOST_SECONDS = 60.0  # until whoever waits is told that it takes too long
_ASK = 0.25  # seconds


class _Call:
    """Latents that somebody wants decoded."""

    def __init__(self, z: Tensor, is_wanted: Callable[[], bool]) -> None:
        self.z, self.is_wanted = z, is_wanted
        self.done = threading.Event()
        self.lines: list[str] = []
        self.fault: str | None = None


class OwnDecoder:
    """A function z [S, D] → texts or pictures, called for one request at a time.

    Args:
        function: the operator's.
        name: in faults, as module:function.
    """

    def __init__(self, function: Callable[[Tensor], Any], name: str) -> None:
        self._function = function
        self._name = name
        self._calls: queue.Queue[_Call] = queue.Queue()
        self._worker: threading.Thread | None = None
        self._lock = threading.Lock()

    def decode(self, z: Tensor) -> list[str]:
        """A text or a `Picture` for each latent, [S, D]. Raises UserError if the function fails or takes too long."""
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True, name="decoder")
                self._worker.start()
        is_wanted, left = wanted_here(), time.monotonic() + MOST_SECONDS
        call = _Call(z.float(), lambda: is_wanted() and time.monotonic() < left)
        self._calls.put(call)
        with waiting_here():
            while not call.done.wait(_ASK):
                if not is_wanted():
                    raise UserError(LEFT_SAID)
                if time.monotonic() > left:
                    raise UserError(f"The decoder {self._name} has not answered for {MOST_SECONDS:.0f} s; make it faster.")
        if call.fault:
            raise UserError(f"The decoder {self._name} {call.fault}")
        return call.lines

    def _work(self) -> None:
        import torch

        while True:
            call = self._calls.get()
            if not call.is_wanted():
                continue
            try:
                with torch.inference_mode():
                    decoded = self._function(call.z)
                call.lines = as_lines(decoded, len(call.z))
            except UserError as error:
                call.fault = str(error)
            except BaseException as error:  # SystemExit, too: the thread has to go on
                log.warning("the decoder %s: %s", self._name, told(error))
                said = " ".join(f"{type(error).__name__}: {error}".split())
                call.fault = f"failed ({said[:200]}); see the app's log."
            call.done.set()


def import_decoder(text: str) -> OwnDecoder:
    """The decoder `module:function`, imported from the working directory or from what is installed. Raises UserError."""
    module, _, function = text.partition(":")
    if not module or not all(part.isidentifier() for part in function.split(".")):
        raise UserError(f"--decoder takes module:function, such as digits:decode, not {text[:80]!r}.")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
        for part in function.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise UserError(f"There is no module {module} for --decoder in {here}, and none is installed.") from None
        raise UserError(f"The module {module} of --decoder can't be imported ({error}).") from None
    except AttributeError as error:
        raise UserError(f"The module {module} of --decoder has no {function} ({error}).") from None
    except Exception as error:
        raise UserError(f"The module {module} of --decoder can't be imported ({told(error)}).") from None
    if not callable(found):
        raise UserError(f"{text} of --decoder is {type(found).__name__}, not a function.")
    return OwnDecoder(found, text)
