"""Loading what a first visitor needs while the page is already there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import escape
from typing import Any, Protocol

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.requests.fault_log import log


class Models(Protocol):
    """What is loaded: a `Shelf`."""

    def defaults(self) -> tuple[str | None, str | None]:
        """The names of the first two."""
        ...

    def get(self, name: str | None, /) -> Any:
        """Load one. Raises UserError."""
        ...


class WarmUp:
    """Imports what is heavy and loads the first two models, and says how far it is."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._loading: str | None = "the libraries"
        self.afterwards: Callable[[], object] | None = None  # what nobody waits for

    def start(self) -> None:
        """Begin, in a thread of its own."""
        threading.Thread(target=self._work, daemon=True, name="warm-up").start()

    def _work(self) -> None:
        try:
            import torch  # some seconds, and transformers as many

            # For this thread and those that begin later. Each visitor's work has a thread, and tensors are small: if
            # operations were spread over the cores, too, the threads would mostly wait for each other.
            torch.set_num_threads(1)
            import dgvae.checkpoint.checkpoint
            import dgvae.evaluation.holes  # noqa: F401 — scipy, which two threads at once fail to import
            from dgvae.ui.vega.chart import vega_bundle

            self.load_first()
            self._loading = "the charts"
            with suppress(gr.Error):  # each chart says it
                vega_bundle()
        finally:  # else the page would wait for ever
            self._loading = None
        if self.afterwards:
            self.afterwards()

    def load_first(self) -> None:
        """Load the models that a first visitor sees: others, as long as one of them turns out to be broken."""
        tried: set[str] = set()
        while names := [name for name in dict.fromkeys(self._models.defaults()) if name and name not in tried]:
            for name in names:
                self._loading = name
                tried.add(name)
                try:
                    self._models.get(name)
                except UserError as error:  # the page says it, too
                    log.warning("%s", error)

    def progress(self) -> Iterator[str]:
        """Yield what is still loading until nothing is."""
        start = time.monotonic()
        while self._loading:
            yield f"Loading {escape(self._loading)} … {time.monotonic() - start:.0f} s"
            time.sleep(0.25)
        yield ""
