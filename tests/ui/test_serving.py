"""Beginning to serve a page, on a machine that takes long to answer."""

from __future__ import annotations

import re
import socket

import httpx2
import pytest

from dgvae.errors import UserError
from dgvae.ui import serving
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.surroundings import check_host


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


@pytest.mark.parametrize("host", ["a..b", "a" * 70, "192.0.2.1"])
def test_an_address_that_this_machine_lacks_is_named(host: str) -> None:
    with pytest.raises(UserError, match=f"no address {re.escape(host)} .*; give another --host"):
        check_host(host)


@pytest.mark.parametrize(("host", "address"), [("0", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1")])
def test_a_host_has_an_address(host: str, address: str) -> None:
    if ":" in address and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    assert check_host(host) == address
