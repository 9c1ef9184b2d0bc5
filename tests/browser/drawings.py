"""How often tabs have been drawn: by that a test knows when a link within the page has done all that it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dgvae.ui.page import Page


class Drawings:
    """Counts what the page asks for once the browser has a tab's new contents."""

    def __init__(self) -> None:
        self.done = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count on all pages that are built meanwhile."""
        drawings, prepare = self, Page.prepare

        def count(self: Page, *names: str | None) -> None:
            drawings.done += 1
            prepare(self, *names)

        Page.prepare = count
        try:
            yield
        finally:
            Page.prepare = prepare


DRAWINGS = Drawings()
