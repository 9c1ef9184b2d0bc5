"""A visitor gives latents of their own model: they see it as model B, and nobody else does."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from dgvae import LatentSpace
from tests.browser.visitor import open_app


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Points without a left half."""
    z = np.random.default_rng(0).standard_normal((150, 2)).astype(np.float32)
    path = tmp_path / "my digits.npz"
    np.savez(path, mean=np.abs(z), log_var=np.full_like(z, -3), label=np.arange(150) % 3, ink=np.arange(150) / 9)
    return path


@pytest.fixture(autouse=True)
def small_maps(compiled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgvae.ui.own_latents.MAP_POINTS", 60)


@pytest.fixture(scope="module")
def compiled() -> None:
    """UMAP is compiled when the first map is drawn: half a minute, and more on a busy machine."""
    LatentSpace(np.random.default_rng(0).standard_normal((60, 2))).map(points=40)


def give(page: Page, path: Path) -> None:
    page.locator("#give").get_by_text("Latents of your own model").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(path)


def test_a_file_becomes_model_b_of_its_visitor_alone(fresh_page: Page, url: str, digits: Path, browser) -> None:
    open_app(fresh_page, url)
    give(fresh_page, digits)
    expect(fresh_page.locator("#given")).to_have_text("my digits has become model B.", timeout=300_000)
    expect(fresh_page.get_by_label("Model B", exact=True)).to_have_value("my digits")
    expect(fresh_page.locator("#facts-b")).to_contain_text("Latents from a file, without a decoder.")
    map_b = fresh_page.locator("#map-b .vega-place[data-state=ready]")
    expect(map_b.locator("canvas")).to_be_visible()
    expect(fresh_page.locator("#map")).to_have_count(0)
    expect(fresh_page.get_by_text("dots are encoded examples, q(z)")).to_be_visible()
    expect(fresh_page.get_by_label("label of the example")).to_be_visible()
    fresh_page.wait_for_function("location.search.includes('b=yours')")
    for tab, said in {
        "Gallery": "prior samples in orange, encoded examples in blue",
        "Slice": "encoded examples are rare",
    }.items():
        fresh_page.get_by_role("tab", name=tab).click()
        expect(fresh_page.get_by_text(said)).to_be_visible()
    fresh_page.get_by_role("tab", name="Map").click()
    fresh_page.get_by_label("a column of the file").click()
    expect(fresh_page.get_by_label("Column (or the first)")).to_be_visible()
    expect(fresh_page.locator("#map-remark")).to_contain_text("has no columns of numbers; its map shows prior and posterior.")
    fresh_page.get_by_label("Column (or the first)").click()
    fresh_page.get_by_role("option", name="ink").click()
    fresh_page.wait_for_function("location.search.includes('column=ink')")
    fresh_page.wait_for_function("location.search.includes('tab=map')")
    link = fresh_page.url

    context = browser.new_context()
    other = context.new_page()
    other.goto(link)
    expect(other.locator("#link-faults")).to_contain_text("was forgotten when you left the page, and nobody else sees it")
    other.get_by_label("Model B", exact=True).click()
    expect(other.get_by_role("option").first).to_be_visible()
    expect(other.get_by_role("option", name="my digits")).to_have_count(0)
    context.close()


def test_a_broken_file_gets_one_sentence(fresh_page: Page, url: str, tmp_path: Path) -> None:
    open_app(fresh_page, url)
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 nothing")
    give(fresh_page, broken)
    expect(fresh_page.locator("#given .notice")).to_contain_text("broken is broken (")
    assert "/" not in fresh_page.locator("#given .notice").inner_text()


def test_a_file_may_be_dropped_on_the_page(fresh_page: Page, url: str, digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released, load = threading.Event(), LatentSpace.load
    monkeypatch.setattr(LatentSpace, "load", lambda *given: load(*given) if released.wait(300) else None)
    open_app(fresh_page, url)
    fresh_page.evaluate(
        """(bytes) => {
            const data = new DataTransfer();
            for (const name of ["dropped.npz", "second.npz"]) data.items.add(new File([new Uint8Array(bytes)], name));
            document.querySelector("#map-a").dispatchEvent(
                new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [*digits.read_bytes()],
    )
    expect(fresh_page.locator("#sending")).to_have_text("second.npz was not sent: give one file at a time.")
    fresh_page.locator("#upload input").set_input_files(digits)  # while the first is measured
    expect(fresh_page.locator(".toast-body")).to_contain_text("my digits is not measured, since your other file still is")
    released.set()
    expect(fresh_page.locator("#given")).to_have_text("dropped has become model B.", timeout=300_000)
