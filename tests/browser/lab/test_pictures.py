"""The lab's pictures in Chromium are the library's, and can be saved."""

import csv
import json
import os
from pathlib import Path

import pytest
import torch

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
from PIL import Image
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect

from dgvae.aggregate import aggregate
from dgvae.charts.colors import FULL_PLANE_GAP
from dgvae.explore.slices import plane
from dgvae.toy.lab import Lab
from dgvae.toy.run import Frame
from dgvae.toy.setup import Settings, Setup
from dgvae.ui.lab.visitors import Labs
from tests.browser.lab.screen import figures, open_lab, press, settled_step, wait_for_step


@pytest.mark.parametrize("problem", ["classes", "diagonal"])
def test_its_pictures_are_the_densities_of_the_library(page: BrowserPage, served: tuple[str, Labs], problem: str):
    lab = open_lab(page, served[0], f"methods=dg-vae&points={problem}&batch=16&size=16")
    press(page, "play")
    wait_for_step(page, 25)
    press(page, "play")
    library = Lab(Setup(("dg-vae",), problem))
    (frame,) = library.advance(settled_step(lab), Settings(batch_size=16, aggregation_size=16))
    off = gap_on_page(page) - gap_in_library(frame)
    assert off.abs().quantile(0.9) < 0.15, off.abs().quantile(torch.tensor([0.5, 0.9, 0.95], dtype=off.dtype))


def gap_on_page(page: BrowserPage) -> torch.Tensor:
    """What the gap's picture shows, in nats, at the middle of each of its 96 x 96 cells, the lowest first."""
    pixels = page.locator(".lab-pictures canvas").last.evaluate(
        """canvas => {
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            const cell = canvas.width / 96;
            return Array.from({length: 96 * 96}, (_, i) => {
                const [row, column] = [95 - Math.floor(i / 96), i % 96].map(at => Math.round((at + 0.5) * cell - 0.5));
                return [...data.slice(4 * (row * canvas.width + column), 4 * (row * canvas.width + column) + 4)];
            });
        }"""
    )
    red, _, blue, alpha = torch.tensor(pixels, dtype=torch.float64).view(96, 96, 4).unbind(-1)
    return torch.where(red > blue, 1, -1) * alpha / 255 * FULL_PLANE_GAP


def gap_in_library(frame: Frame) -> torch.Tensor:
    return (
        plane(aggregate(frame.posterior.map(torch.Tensor.double)), (0, 1), 4.0)
        .gap.nan_to_num()
        .clamp(-FULL_PLANE_GAP, FULL_PLANE_GAP)
    )


def test_a_posterior_without_a_density_says_so_and_shows_draws(page: BrowserPage, served: tuple[str, Labs]):
    open_lab(page, served[0], "methods=ivae-mi,dg-vmf-vae")
    press(page, "step")
    expect(page.locator(".lab")).to_have_attribute("data-step", "1")
    assert figures(page, "gap")[0] == "–"
    assert figures(page, "marginal_gap") == ["–", "–"]
    canvases = page.locator(".lab-pictures canvas")
    expect(canvases.first).to_have_attribute("aria-label", "iVAE-MI: draws of the posteriors, which have no density, at step 1")
    said = f"DG-vMF-VAE: density gap at step 1, {figures(page, 'gap')[1]} nats in all"
    expect(canvases.last).to_have_attribute("aria-label", said)


def test_a_figure_without_bounds_has_few_ticks(page: BrowserPage, served: tuple[str, Labs]):
    open_lab(page, served[0], "methods=ae&rate=0.3")
    page.locator("[data-lab=speed]").select_option("25")
    press(page, "play")
    wait_for_step(page, 500)
    assert float(figures(page, "kl")[0]) > 1000
    for chart in page.locator(".lab-curves svg").all():
        assert 2 <= chart.locator(".grid").count() <= 12


def test_a_run_is_saved_as_table_as_data_and_as_film(page: BrowserPage, served: tuple[str, Labs], tmp_path: Path):
    lab = open_lab(page, served[0], "methods=ae,vmf-vae")
    for step in (1, 2):
        press(page, "step")
        expect(lab).to_have_attribute("data-step", str(step))
    for button in ("csv", "json", "png"):
        with page.expect_download() as download:
            press(page, button)
        download.value.save_as(tmp_path / download.value.suggested_filename)
    with open(tmp_path / "lab.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["method"]) for row in rows] == [(str(s), m) for s in range(3) for m in ("AE", "vMF-VAE")]
    saved = json.loads((tmp_path / "lab.json").read_text())
    assert [moment["step"] for moment in saved["moments"]] == [0, 1, 2]
    assert len(saved["moments"][2]["methods"][0]["shape"]["places"]) == 256
    assert saved["link"] == page.url
    with Image.open(tmp_path / "lab.png") as picture:
        assert picture.width > 1.9 * picture.height / 2.4
        assert len(set(picture.convert("RGB").resize((80, 80)).get_flattened_data())) > 20
    page.get_by_role("button", name="Make a film of it").click()
    link = page.locator("#lab-film-link a")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "lab.gif"


def test_sets_are_drawn_and_the_density_gap_notices(page: BrowserPage, served: tuple[str, Labs]):
    open_lab(page, served[0])
    page.get_by_role("button", name="Draw and test").click()
    rows = page.locator("#sets-table tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.last).to_contain_text("noticed in 10 of 10")
    for name in ("density", 16, 64, 256):
        page.wait_for_selector(f"#sets-{name} .vega-place[data-state=ready] canvas")
    page.locator("#sets-seed input").fill("")
    page.get_by_role("button", name="Draw and test").click()
    expect(page.locator("#sets-table .notice")).to_have_text("Give a seed: a whole number such as 1.")
