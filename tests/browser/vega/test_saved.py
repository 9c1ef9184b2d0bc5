"""Saved pictures hold what the screen shows over a chart."""

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.browser.vega.charts import NAME, middle_of, open_charts, text_with

SVG = "{http://www.w3.org/2000/svg}"


def saved(page, chart: str, form: str, tmp_path: Path) -> bytes:
    with page.expect_download() as download:
        page.get_by_label(f"Save {chart} as {form}").click()
    download.value.save_as(tmp_path / "chart")
    return (tmp_path / "chart").read_bytes()


def overlay(svg: bytes) -> ElementTree.Element:
    (found,) = ElementTree.fromstring(svg).iterfind(f"{SVG}g[@class='dgvae-overlay']")
    return found


def test_an_svg_has_outline_lights_name_and_ring(page, url, tmp_path: Path):
    open_charts(page, url)
    assert not len(overlay(saved(page, "left", "SVG", tmp_path)))
    page.locator("#mark-star").click()
    page.wait_for_selector("#right .vega-lights")
    lit = int(page.locator("#right .vega-lights").get_attribute("data-lit"))
    left, right = (overlay(saved(page, chart, "SVG", tmp_path)) for chart in ("left", "right"))
    (polygon,) = left
    assert len(polygon.attrib["points"].split()) == 5
    assert [text.text for text in right.iter(f"{SVG}text")] == [NAME]
    radii = [circle.attrib["r"] for circle in right.iter(f"{SVG}circle")]
    assert radii.count("2.5") == lit > 0
    assert radii.count("8") == 2  # the ring and its halo


def test_what_is_marked_lies_in_an_svg_where_the_screen_has_it(page, url, tmp_path: Path):
    open_charts(page, url)
    page.mouse.click(*middle_of(page, "left"))
    text_with(page, "#picked", "left pick ")
    root = ElementTree.fromstring(saved(page, "left", "SVG", tmp_path))
    over = overlay(ElementTree.tostring(root))
    ring = next(over.iter(f"{SVG}circle"))
    shift = [float(part) for part in over.attrib["transform"].removeprefix("translate(").removesuffix(")").split()]
    canvas, shown = (page.locator(f"#left {part}").bounding_box() for part in (".vega-stage canvas", ".vega-ring"))
    for axis, size, by in (("x", "width", shift[0]), ("y", "height", shift[1])):
        middle = shown[axis] + shown[size] / 2 - canvas[axis]
        assert float(ring.attrib[f"c{axis}"]) + by == pytest.approx(middle, abs=1)
    assert float(root.attrib["width"]) == pytest.approx(canvas["width"], abs=1)


def test_a_png_shows_what_is_marked_and_nothing_else_more(page, url, tmp_path: Path):
    open_charts(page, url)

    def picture() -> np.ndarray:
        return np.asarray(Image.open(BytesIO(saved(page, "right", "PNG", tmp_path))).convert("RGBA")).astype(int)

    before = picture()
    assert (picture() == before).all()
    page.locator("#mark-star").click()
    page.wait_for_selector("#right .vega-lights")
    after = picture()
    assert after.shape == before.shape
    changed = (np.abs(after - before).max(2) > 8).any(1)
    assert changed.sum() > 100  # rows of pixels
    assert not changed[-40:].any()  # the legend
