"""Beginning to serve a page, on a machine that takes long to answer."""

from __future__ import annotations

import httpx2
import pytest

from dgvae.ui import serving
from dgvae.ui.requests.guarded import GuardedBlocks


def test_a_busy_machine_serves_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradio looks whether its own page answers within three seconds, and ends with a traceback if not."""
    monkeypatch.setattr("gradio.networking.url_ok", lambda url: False)
    with GuardedBlocks(title="A page", analytics_enabled=False) as page:
        pass
    serving.launch(page, "port", server_name="127.0.0.1", quiet=True)
    try:
        assert "A page" in httpx2.get(str(page.local_url), trust_env=False).raise_for_status().text
    finally:
        page.close()
