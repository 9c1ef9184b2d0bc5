"""A real browser for the tests of the page.

Skipped where there is no Chromium or Playwright, except in CI, where a missing browser must not pass for a green run.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dgvae.ui.page import build_page
from dgvae.ui.shelf import Shelf
from dgvae.ui.theme import look
from tests import awaited
from tests.browser.drawings import DRAWINGS
from tests.running import served

PATIENCE = 1000 * awaited.PATIENCE  # milliseconds
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Else no page may frame one of this machine; and a page that is closed while it goes elsewhere may never be closed
    # (Playwright's issue 42068).
    "--disable-features=LocalNetworkAccessChecks,RenderDocument",
]


def _unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator:
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if executable is None:
        _unavailable(f"no browser on the PATH (looked for {', '.join(BROWSERS)})")
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        _unavailable("the package playwright is not installed")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def new_page(browser) -> Iterator:
    """A fresh page; an exception that nothing on it caught fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, f"uncaught errors on the page: {errors}"


@pytest.fixture
def fresh_page(browser) -> Iterator:
    """A page that has not been anywhere."""
    with new_page(browser) as page:
        yield page


@pytest.fixture(scope="module")
def page(browser) -> Iterator:
    """A page that the tests of a file share: to load the app takes ten seconds, and `open_app` goes by a link then."""
    with new_page(browser) as page:
        yield page


@pytest.fixture(scope="session")
def shelf_root(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained checkpoints and beside them what a crash, a full disk or an editor makes of one."""
    root = tmp_path_factory.mktemp("shelf")
    shutil.copytree(checkpoints, root, dirs_exist_ok=True)
    sound = root / "short-yelp" / "dg-vae"
    for name in ("wrong-config", "cut-short", "no-latents", "no-figures"):
        shutil.copytree(sound, root / "short-yelp" / name)
    config = json.loads((sound / "config.json").read_text())
    (root / "short-yelp/wrong-config/config.json").write_text(json.dumps(config | {"latent_dim": "four"}))
    (root / "short-yelp/cut-short/model.safetensors").write_bytes((sound / "model.safetensors").read_bytes()[:1000])
    (root / "short-yelp/no-latents/latents.safetensors").unlink()
    (root / "short-yelp/no-figures/metrics.json").write_text("{}")
    return root


@pytest.fixture(scope="session")
def url(shelf_root: Path, corpus: Path) -> Iterator[str]:
    shelf = Shelf(shelf_root, corpus)
    with DRAWINGS.counted():
        demo = build_page(shelf)
        shelf.warm_up.start()
        with served(demo, **look()) as address:
            yield address
