"""The lab, served for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dgvae.ui.lab.tab import LabTab
from dgvae.ui.lab.visitors import Labs
from dgvae.ui.page import Page
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.shelf import Shelf
from dgvae.ui.theme import look
from tests import running
from tests.browser.drawings import DRAWINGS


@pytest.fixture(scope="module")
def served(checkpoints: Path) -> Iterator[tuple[str, Labs]]:
    """The page, and the labs of those who look at it."""
    shelf = Shelf(checkpoints)
    with DRAWINGS.counted():
        with GuardedBlocks(analytics_enabled=False) as blocks:
            lab = Page(shelf, blocks).tabs[LabTab.key]
        assert isinstance(lab, LabTab)
        shelf.warm_up.start()
        with running.served(blocks.queue(), **look()) as address:
            yield address, lab.labs
