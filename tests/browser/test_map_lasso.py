"""The lasso on the page's maps: what lies in it is read out, and the link draws it again."""

import os
import re

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.test_map import without_a_mouse
from tests.browser.test_map_search import lit
from tests.browser.visitor import dot_on_map, open_again, open_app

FIELD = "Region: map, ends of x and y, or corners"


def draw_lasso(page: Page, side: str) -> None:
    """A triangle over most of a map."""
    page.locator(f"#map-{side} [data-lasso]").click()
    box = page.locator(f"#map-{side} .vega-stage canvas").bounding_box()
    assert box
    corners = [(0.05, 0.12), (0.95, 0.12), (0.5, 0.88)]
    for i, (across, down) in enumerate([*corners, corners[0]]):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=8)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_lasso_is_read_out_and_its_link_draws_it_again(page: Page, url: str):
    open_app(page, url)
    draw_lasso(page, "b")
    report = page.locator("#map-region")
    expect(report).to_contain_text(re.compile(r"[1-9].*% of the prior and .*% of the aggregated posterior of B"))
    expect(report.locator(".comparison .sentence").first).to_be_visible()
    expect(report.locator("tbody tr").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"region=B%3A\+-?[\d.]+\+-?[\d.]+,"))
    assert len(page.url) < 800
    shares, inside = report.locator("p").first.inner_text(), lit(page, "a", "lit")
    share_of_prior = re.match(r"[\d.]+", shares)
    assert share_of_prior
    assert inside > 0.6 * float(share_of_prior[0])  # of 60 prior draws: those, and the sentences
    open_again(page)
    expect(report.locator("p").first).to_have_text(shares)
    expect(page.locator("#map-b .vega-lasso")).to_be_visible()
    expect(page.locator("#map-a .vega-lasso")).to_be_hidden()
    assert lit(page, "a", "lit") == inside
    page.mouse.click(*dot_on_map(page, "b", source="posterior"))
    expect(report.locator("p")).to_have_count(0)
    expect(page.locator("#map-b .vega-lasso")).to_be_hidden()


def test_a_polygon_is_typed_and_a_bad_one_is_said(page: Page, url: str):
    open_app(page, url)
    without_a_mouse(page)
    region = page.get_by_label(FIELD)
    region.fill("A: -99 -99, 99 -99, 99 99, -99 99")
    region.press("Enter")
    expect(page.locator("#map-region")).to_contain_text("100.0% of the prior and 100.0% of the aggregated posterior of A")
    expect(page.locator("#map-a .vega-lasso")).to_be_visible()
    region.fill("A: -99 -99, 99 -99")
    region.press("Enter")
    expect(page.locator("#map-region .notice")).to_have_text("A polygon needs at least 3 corners, such as A: 0 0, 2 0, 1 2.")
    expect(page.locator("#map-a .vega-lasso")).to_be_hidden()
