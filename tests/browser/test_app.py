"""The whole app in a real browser, over small trained checkpoints, some of them broken; and its command."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from dgvae.text.corpora import corpus_files, read_split
from dgvae.ui.shelf import Shelf

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.visitor import choose, dot_on_map, open_app
from tests.running import free_port

APP = Path(__file__).parents[2] / "app.py"
INTACT = {
    "vae": "VAE · short-yelp",
    "beta-vae": "β-VAE (β = 0.1) · short-yelp",
    "dg-vae": "DG-VAE · short-yelp",
    "pdg-vae": "PDG-VAE · short-yelp",
    "ae": "AE · short-yelp",
    "mdg-vae": "MDG-VAE · short-yelp",
}
# What the visitor chooses → what the page says.
BROKEN = {
    "short-yelp/wrong-config": "Config field latent_dim must be a whole number, not 'four'.",
    "DG-VAE · short-yelp/cut-short": "model.safetensors is broken",
    "DG-VAE · short-yelp/no-latents": "latents.safetensors is missing: this folder is not a complete checkpoint.",
    "DG-VAE · short-yelp/no-figures": "metrics.json is of another version than this program; measure again with:",
}


def is_clear_of_the_toggle(page: Page) -> bool:
    """Is the title's text, not its box, beside the button that opens the sidebar?"""
    return page.evaluate("""() => {
        const range = document.createRange();
        range.selectNodeContents(document.querySelector("h1"));
        const text = range.getBoundingClientRect();
        const button = document.querySelector(".toggle-button").getBoundingClientRect();
        return text.left >= button.right || text.top >= button.bottom;
    }""")


# ---- the map


def test_the_first_visit_compares_holes_with_hardly_any(fresh_page: Page, url: str):
    asked: list[str] = []
    fresh_page.on("request", lambda request: asked.append(request.url))
    open_app(fresh_page, url)
    expect(fresh_page.get_by_label("Model A", exact=True)).to_have_value(INTACT["ae"])
    expect(fresh_page.get_by_label("Model B", exact=True)).to_have_value(INTACT["mdg-vae"])
    for side in "ab":
        expect(fresh_page.locator(f"#facts-{side} dd")).to_have_count(6)
    expect(fresh_page.locator("#status")).to_have_text("")
    assert [a for a in asked if not a.startswith((url, "data:", "blob:"))] == []


def test_another_model_has_its_own_facts_and_map(page: Page, url: str):
    open_app(page, url)
    before = page.locator("#facts-a").inner_text()
    page.evaluate("document.querySelector('#map-a canvas').dataset.old = '1'")
    choose(page, "A", INTACT["pdg-vae"])
    expect(page.locator("#facts-a")).to_contain_text("principal axes")
    assert page.locator("#facts-a").inner_text() != before
    expect(page.locator("#map-a canvas:not([data-old])")).to_be_visible()
    expect(page.locator("#map-a [aria-label^='PDG-VAE: a map of']")).to_be_visible()


def test_a_sentence_on_the_map_is_read_out_by_both_models(page: Page, url: str, corpus: Path):
    open_app(page, url)
    page.mouse.move(*dot_on_map(page, "a", source="posterior"))
    readout = page.locator("#map-readout")
    expect(readout).to_contain_text(re.compile(r"Sentence \d+"))
    expect(readout.locator(".sentence")).to_have_count(2)
    expect(readout.locator(".name")).to_have_text(["AE", "MDG-VAE"])
    number = re.search(r"Sentence (\d+)", readout.inner_text())
    assert number
    expect(readout).to_contain_text(
        f"It reads: {read_split(corpus_files('short-yelp', corpus)['test']).sentences[int(number[1]) - 1]}"
    )
    choose(page, "B", INTACT["dg-vae"])
    expect(readout).to_contain_text("Point at a dot")


def test_a_prior_draw_on_the_map_is_read_out_by_both_models(page: Page, url: str):
    open_app(page, url)
    page.mouse.click(*dot_on_map(page, "b", source="prior"))
    expect(page.locator("#map-readout")).to_contain_text(re.compile(r"Prior draw \d+"))
    expect(page.locator("#map-readout .gap")).to_have_count(2)


@pytest.mark.parametrize("coloring", ["label of the sentence", "length of the sentence", "density gap"])
def test_the_map_is_recolored(page: Page, url: str, coloring: str):
    open_app(page, url)
    page.get_by_label(coloring).check()
    for side in "ab":
        expect(page.locator(f"#map-{side} [aria-label$='colored by {coloring}.']")).to_be_visible()
        expect(page.locator(f"#map-{side} .vega-place[data-state=ready]")).to_be_visible()


# ---- models from the Hub


def open_hub(page: Page) -> None:
    if not page.get_by_label("Repository").is_visible():
        page.get_by_role("button", name="A model from the Hub").click()


def ask_hub(page: Page, repository: str) -> None:
    page.get_by_label("Repository").fill(repository)
    page.get_by_role("button", name="Fetch it as model B").click()


def test_what_a_visitor_asks_of_the_hub_stays_text(page: Page, url: str):
    open_app(page, url)
    open_hub(page)
    ask_hub(page, "<b>x</b><img src=x onerror=window.ran=1>")
    expect(page.locator("#fetched .notice")).to_contain_text("not '<b>x</b><img src=x onerror=window.ran=1>'.")
    assert page.evaluate("window.ran") is None


def test_a_hub_out_of_reach_is_one_sentence(page: Page, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    open_app(page, url)
    open_hub(page)
    ask_hub(page, "someone/dg-vae")
    said = page.locator("#fetched .notice")
    expect(said).to_contain_text("The Hub can't be reached")
    assert said.inner_text().count(".") == 1
    expect(page.get_by_label("Model B", exact=True)).to_have_value(INTACT["mdg-vae"])
    choose(page, "B", INTACT["vae"])
    expect(page.locator("#map-b [aria-label^='VAE: a map of']")).to_be_visible()


def test_a_model_from_the_hub_becomes_model_b(fresh_page: Page, url: str, shelf_root: Path, monkeypatch: pytest.MonkeyPatch):
    def fetch(repository: str, revision: str | None, folder: Path, is_wanted: object) -> int:
        shutil.copytree(shelf_root / "short-yelp" / "pdg-vae", folder)
        return 1

    monkeypatch.setattr("dgvae.checkpoint.public_hub.fetch_checkpoint", fetch)
    open_app(fresh_page, url)
    open_hub(fresh_page)
    ask_hub(fresh_page, "someone/fine-model@v1")
    expect(fresh_page.locator("#fetched")).to_have_text("The new model has become model B.")
    expect(fresh_page.get_by_label("Model B", exact=True)).to_have_value("PDG-VAE · someone/fine-model@v1")
    expect(fresh_page.locator("#map-b [aria-label^='PDG-VAE: a map of']")).to_be_visible()
    expect(fresh_page.locator("#facts-b")).to_contain_text("principal axes")


# ---- broken checkpoints


@pytest.mark.parametrize("label", BROKEN)
def test_a_broken_checkpoint_is_named_and_the_other_side_goes_on(page: Page, url: str, label: str):
    open_app(page, url)
    choose(page, "A", label)
    for place in ("#facts-a", "#map-fault-a"):
        expect(page.locator(f"{place} .notice")).to_contain_text(BROKEN[label])
        assert "\n" not in page.locator(f"{place} .notice").inner_text()
    expect(page.locator("#map-a canvas")).to_have_count(0)
    expect(page.locator("#map-b .vega-place[data-state=ready] canvas")).to_be_visible()
    expect(page.locator("#facts-b dd")).to_have_count(6)
    page.mouse.move(*dot_on_map(page, "b", source="posterior"))
    expect(page.locator("#map-readout .model-b .sentence")).to_be_visible()
    expect(page.locator("#map-readout")).to_contain_text("In B it reads: ")
    for tab, output, rows in (("Sample", "#samples", 12), ("Interpolate", "#interpolation", 8)):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(f"{output} .model-b .sentence")).to_have_count(rows)
        expect(page.locator(f"{output} .model-a .notice")).to_contain_text(BROKEN[label])
    choose(page, "A", INTACT["vae"])
    expect(page.locator("#interpolation .model-a .sentence")).to_have_count(8)
    expect(page.locator("#facts-a dd")).to_have_count(6)


# ---- other screens


def test_on_a_phone_nothing_is_covered_or_cut(fresh_page: Page, url: str):
    fresh_page.set_viewport_size({"width": 390, "height": 844})
    open_app(fresh_page, url)
    expect(fresh_page.locator(".sidebar.open")).to_have_count(0)
    fresh_page.wait_for_function("document.querySelector('.sidebar').getBoundingClientRect().right <= 0")
    assert is_clear_of_the_toggle(fresh_page)
    for tab, output in (("Map", "#map-a"), ("Sample", "#samples"), ("Interpolate", "#interpolation")):
        # Playwright clicks nothing that is covered.
        fresh_page.get_by_role("tab", name=tab).click()
        expect(fresh_page.locator(output)).to_be_visible()
        assert fresh_page.evaluate("document.documentElement.scrollWidth") <= 390
    fresh_page.locator(".toggle-button").click()
    choose(fresh_page, "A", INTACT["pdg-vae"])
    expect(fresh_page.locator("#facts-a")).to_contain_text("principal axes")
    fresh_page.locator(".toggle-button").click()
    expect(fresh_page.locator("#interpolation .name").first).to_have_text("PDG-VAE")


def test_with_the_sidebar_closed_the_title_is_clear(fresh_page: Page, url: str):
    fresh_page.goto(url)
    fresh_page.locator(".sidebar.open .toggle-button").click()
    fresh_page.wait_for_function("document.querySelector('.sidebar').getBoundingClientRect().right <= 30")
    for width in (1280, 800):
        fresh_page.set_viewport_size({"width": width, "height": 800})
        fresh_page.wait_for_timeout(400)  # the page slides
        assert is_clear_of_the_toggle(fresh_page)
        assert fresh_page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_mode(fresh_page: Page, url: str):
    fresh_page.emulate_media(color_scheme="dark")
    open_app(fresh_page, url)
    expect(fresh_page.locator("body.dark")).to_have_count(1)
    brightness = """element => {
        const [r, g, b] = getComputedStyle(element).%s.match(/[0-9.]+/g).map(Number);
        return (r + g + b) / 3;
    }"""
    assert fresh_page.locator("body").evaluate(brightness % "backgroundColor") < 40
    for selector in ("h1", "#facts-a dd", "#map-readout .hint"):
        assert fresh_page.locator(selector).first.evaluate(brightness % "color") > 120
    dot_on_map(fresh_page, "a", source="posterior")


# ---- the list of models


def test_two_checkpoints_of_one_method_and_corpus_can_be_told_apart(checkpoints: Path, tmp_path: Path):
    for name in ("dg-vae", "dg-vae-2"):
        shutil.copytree(checkpoints / "short-yelp" / "dg-vae", tmp_path / "short-yelp" / name)
    labels = [label for label, _ in Shelf(tmp_path).choices()]
    assert len(set(labels)) == 2
    assert all(label.startswith("DG-VAE · short-yelp") for label in labels)


# ---- the command


def run_app(*arguments: Any) -> subprocess.Popen[str]:
    command = [sys.executable, str(APP), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def complaint(*arguments: Any) -> str:
    """What the app says when it cannot start."""
    process = run_app(*arguments)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.startswith("app: ")
    assert said.count("\n") == 1
    return said


def test_the_command_serves_the_page_and_a_second_one_finds_the_port_taken(fresh_page: Page, checkpoints: Path, corpus: Path):
    port = free_port()
    process = run_app("--checkpoints", checkpoints, "--data", corpus, "--port", port)
    try:
        assert process.stdout
        while f"127.0.0.1:{port}" not in (line := process.stdout.readline()):
            assert line, process.stderr and process.stderr.read()
        assert "could not be served" in complaint("--checkpoints", checkpoints, "--port", port)
        open_app(fresh_page, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.communicate(timeout=90)


def test_the_command_needs_a_checkpoint(tmp_path: Path):
    said = complaint("--checkpoints", tmp_path)
    assert f"There is no checkpoint in {tmp_path}" in said
    assert "python -m train.fit" in said


def test_the_command_needs_the_folder_that_it_is_given(checkpoints: Path, tmp_path: Path):
    assert "There is no folder" in complaint("--checkpoints", checkpoints, "--data", tmp_path / "nowhere")
