"""How the page's events are wired."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from dgvae.ui.page import build_page
from dgvae.ui.shelf import Shelf


def test_an_event_has_one_handler_that_may_be_put_off(tmp_path: Path) -> None:
    """Gradio begins the whole event anew after one was put off: two such handlers can begin each other for ever."""
    put_off = Counter(
        (component, event)
        for handler in build_page(Shelf(tmp_path)).get_config_file()["dependencies"]
        if handler["backend_fn"] and handler["trigger_mode"] == "always_last"
        for component, event in handler["targets"]
        if event not in ("load", "then")
    )
    assert {event: count for event, count in put_off.items() if count > 1} == {}
    assert len(put_off) > 20
