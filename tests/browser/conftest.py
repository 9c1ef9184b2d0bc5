"""A real browser for the tests of the page.

Skipped where there is no Chromium or Playwright, except in CI, where a missing browser must not pass for a green run.
"""

import os
import shutil
from collections.abc import Iterator

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
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
    expect.set_options(timeout=30_000)  # a busy machine is slow, and only a failure waits as long
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser) -> Iterator:
    """A fresh page; an exception that nothing on it caught fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, f"uncaught errors on the page: {errors}"
