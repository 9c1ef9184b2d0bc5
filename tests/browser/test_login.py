"""A visitor of a page that asks for a name and a password."""

import os
from pathlib import Path

import pytest

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from dgvae.ui.page import build_page
from dgvae.ui.requests.limits import limits
from dgvae.ui.shelf import Shelf
from dgvae.ui.theme import look
from tests.browser.visitor import FILLED, FILLING
from tests.running import served


def test_who_knows_the_password_gets_in(fresh_page: Page, checkpoints: Path) -> None:
    shelf = Shelf(checkpoints)
    demo = build_page(shelf)
    shelf.warm_up.start()
    with served(demo, **look(), **limits(), auth=[("anna b.", "se:cret")]) as address:
        fresh_page.goto(f"{address}?tab=sample")
        for password in ("guess", "se:cret"):
            fresh_page.get_by_label("username").fill("anna b.")
            fresh_page.get_by_label("password").fill(password)
            with fresh_page.expect_response(lambda answer: answer.url.endswith("/login")) as answered:
                fresh_page.get_by_role("button", name="Login").click()
            assert answered.value.status == (200 if password == "se:cret" else 400)
        expect(fresh_page.locator(f"{FILLED['Sample']} {FILLING}").first).to_be_visible()
