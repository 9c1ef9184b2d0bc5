"""A map of more points than are drawn: its picture, and the points themselves in a small view."""

import os
import re
from collections.abc import Iterator

import pytest
import torch

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from dgvae import LatentSpace
from tests.browser.visitor import open_app

COUNT = 3000


@pytest.fixture(scope="module")
def many_url() -> Iterator[str]:
    mean = torch.randn(COUNT, 2, generator=torch.Generator().manual_seed(0))
    space = LatentSpace(mean, torch.full_like(mean, -3.0), name="many")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dgvae.ui.own_latents.MAP_POINTS", 60)
        patched.setattr("dgvae.latent_space.held.MOST_MEASURED", 200)
        patched.setattr("dgvae.ui.map.density.MOST_POINTS", 600)
        page = space.serve()
        yield str(page.local_url)
        page.close()


def test_a_view_gets_a_finer_picture_and_then_its_points(page: Page, many_url: str) -> None:
    open_app(page, f"{many_url}?tab=map&proj=pca")
    place = page.locator("#map-a .vega-place")
    expect(page.locator("#map-remark")).to_contain_text("The picture counts all 3,000 examples")
    zoom_in = page.get_by_label("Zoom into Map of model A")
    zoom_in.click()
    expect(place).to_have_attribute("data-detail", "picture")
    for _ in range(4):
        zoom_in.click()
    expect(place).to_have_attribute("data-detail", "points")
    box = page.locator("#map-a .vega-stage canvas").bounding_box()
    assert box
    ring = page.locator("#map-a .vega-ring")
    found = set()
    for x in range(20, 80, 4):  # of some hundred points, many are none of the 120 dots
        page.mouse.move(box["x"] + box["width"] * x / 100, box["y"] + box["height"] / 2)
        page.wait_for_timeout(40)
        if ring.is_visible():
            found.add(int(str(ring.get_attribute("data-id"))))
    assert any(abs(number) > 200 for number in found)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#map-readout")).to_contain_text(re.compile(r"(Example|Prior draw) \d+"))
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/map-points.png")
    page.get_by_label("Show all of Map of model A").click()
    expect(place).not_to_have_attribute("data-detail", re.compile("."))
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/map-density.png")
