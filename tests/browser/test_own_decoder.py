"""Pictures of a decoder of one's own, in the page that LatentSpace.serve opens."""

import os
from collections.abc import Iterator

import pytest
import torch

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from dgvae import LatentSpace
from tests.browser.visitor import open_app


@pytest.fixture(scope="module")
def own_url() -> Iterator[str]:
    mean = torch.randn(400, 2, generator=torch.Generator().manual_seed(0)).abs()
    space = LatentSpace(mean, torch.full_like(mean, -3.0), name="shapes")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dgvae.ui.own_latents.MAP_POINTS", 100)
        page = space.serve(decoder=lambda z: z.sigmoid()[:, :, None].expand(-1, 2, 3))
    yield str(page.local_url)
    page.close()


def test_a_hole_shows_its_picture_and_a_path_goes_between_numbers(page: Page, own_url: str) -> None:
    open_app(page, own_url)
    page.get_by_role("button", name="Show me a hole in A").click()
    picture = page.locator("#map-readout .model-a img.decoded")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [3, 2]
    expect(page.locator("#map-hole img.decoded")).to_be_visible()  # its nearest example

    page.get_by_role("button", name="Interpolate from it").click()
    expect(page.locator("#map-carried")).to_contain_text("The interpolation starts with “-")
    page.get_by_role("tab", name="Interpolate").click()
    page.get_by_label("To", exact=True).fill("7")
    page.get_by_role("button", name="Interpolate", exact=True).click()
    expect(page.locator("#interpolation .model-a img.decoded")).to_have_count(8)
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/own-decoder.png")
