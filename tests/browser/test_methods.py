"""Every method of the table in the app, in a real browser; what a posterior does not have is said to be so."""

import os
from pathlib import Path

import pytest

from dgvae.checkpoint.discover import display_name
from dgvae.methods.table import METHODS

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.visitor import choose, open_app


def test_every_method_appears(page: Page, url: str, checkpoints: Path):
    open_app(page, url)
    for method in METHODS:
        choose(page, "A", display_name(f"short-yelp/{method}", checkpoints / "short-yelp" / method))
        expect(page.locator("#facts-a")).to_contain_text(METHODS[method].summary[1:])
        expect(page.locator(f"#map-a [aria-label^='{METHODS[method].title}']")).to_be_visible()


def test_an_implicit_posterior_says_what_it_lacks(page: Page, url: str):
    open_app(page, url)
    choose(page, "A", "iVAE-MI · short-yelp")
    unknown = page.locator("#facts-a dd", has_text="n/a")
    expect(unknown).to_have_count(4)  # MI, consistent units, joint gap, hole mass
    for fact in unknown.all():
        assert "no density" in (fact.get_attribute("title") or "")
    page.get_by_role("radio", name="density gap").check()
    expect(page.locator("#map-remark")).to_contain_text("No density gap here: an implicit posterior has no density")
    expect(page.locator("#map-a [aria-label$='colored by prior or posterior.']")).to_be_visible()
    page.get_by_role("tab", name="Sample").click()
    expect(page.locator("#samples .model-b .gap")).to_have_count(12)
    expect(page.locator("#samples .model-a .gap")).to_have_count(0)


def test_posteriors_on_the_sphere_have_gaps_but_no_marginals_to_compare(page: Page, url: str):
    open_app(page, url, "Sample")
    choose(page, "A", "vMF-VAE (κ = 50) · short-yelp")
    expect(page.locator("#facts-a dd", has_text="n/a")).to_have_count(1)  # consistent units
    expect(page.locator("#samples .model-a .gap")).to_have_count(12)
