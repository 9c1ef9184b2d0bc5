"""The map in a real browser: holes, regions, points by keyboard, links, and the map that both models share."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from dgvae.ui.map import refits
from dgvae.ui.map.tab import MapTab
from dgvae.ui.page import build_page
from dgvae.ui.shelf import Shelf
from dgvae.ui.sidebar import Sidebar
from dgvae.ui.theme import look
from dgvae.ui.vega.chart import vega_bundle
from dgvae.ui.warm_up import WarmUp
from tests.awaited import until
from tests.browser.visitor import dot_on_map, open_again, open_app, set_number
from tests.running import served

HOLED = "?tab=map&a=short-yelp/delta-vae&b=short-yelp/vae"


def mark_region(page: Page, side: str, *, of: tuple[float, float, float, float]) -> None:
    """Drag over a part of a map: left, top, right, bottom, as shares of it."""
    box = page.locator(f"#map-{side} .vega-stage canvas").bounding_box()
    assert box
    left, top, right, bottom = of
    page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + right * box["width"], box["y"] + bottom * box["height"], steps=6)
    page.mouse.up()


def ringed(page: Page, side: str, point: int) -> str:
    """Where the ring round a point is, in pixels of the map."""
    ring = page.locator(f"#map-{side} .vega-ring[data-id='{point}']")
    expect(ring).to_be_visible()
    return ring.evaluate("ring => ring.style.transform")


def without_a_mouse(page: Page) -> None:
    if not page.locator("#map-point").is_visible():
        page.get_by_role("button", name="Without a mouse").press("Enter")


def test_a_hole_is_ringed_on_both_maps_and_read_out_and_its_link_shows_it_again(page: Page, url: str):
    open_app(page, url + HOLED)
    page.get_by_role("button", name="Show me a hole in A").click()
    said = page.locator("#map-hole")
    expect(said).to_contain_text(re.compile(r"Place 1 of \d in the holes of A: .* It is deepest at prior draw"))
    draw = re.search(r"prior draw (\d+)", said.inner_text())
    assert draw
    for is_reopened in (False, True):
        if is_reopened:
            page.goto(page.url)
        expect(page.locator("#map-readout")).to_contain_text(f"Prior draw {draw[1]}")
        expect(page.locator("#map-readout .gap")).to_have_count(2)
        for side in "ab":
            ringed(page, side, -int(draw[1]))
        expect(page).to_have_url(re.compile(f"point=-{draw[1]}$"))


@pytest.mark.parametrize("fails", [False, True])
def test_while_holes_are_looked_for_the_page_says_so(fails: bool, page: Page, url: str):
    open_app(page, url + HOLED)
    asked = []
    page.route("**/queue/join*", lambda route: asked.append(route))
    page.get_by_role("button", name="Show me a hole in B").click()
    expect(page.locator("#map-hole")).to_have_text("Looking for holes in B …")
    until(lambda: asked, lambda seconds: page.wait_for_timeout(1000 * seconds))
    for route in asked if fails else []:
        route.abort()
    page.unroute_all()
    expect(page.locator("#map-hole")).to_have_text("" if fails else re.compile("in B|has no hole|Too few"))


def test_a_sentence_pointed_at_in_one_map_is_ringed_in_the_other(page: Page, url: str):
    open_app(page, url)
    page.mouse.move(*dot_on_map(page, "a", source="posterior"))
    expect(page.locator("#map-readout")).to_contain_text(re.compile(r"Sentence \d+"))
    number = re.search(r"Sentence (\d+)", page.locator("#map-readout").inner_text())
    assert number
    for side in "ab":
        ringed(page, side, int(number[1]))


def test_a_marked_region_is_read_out_and_gone_when_the_map_is_clicked(page: Page, url: str):
    open_app(page, url)
    mark_region(page, "b", of=(0.02, 0.1, 0.98, 0.9))
    report = page.locator("#map-region")
    expect(report).to_contain_text(re.compile(r"[1-9].*% of the prior and .*% of the aggregated posterior of B"))
    expect(report.locator(".head").first).to_have_text(re.compile(r"draw \d+"))
    expect(report.locator(".comparison .sentence").first).to_be_visible()
    expect(report.locator("tbody tr").first).to_be_visible()
    expect(report.get_by_role("link", name="Save as CSV")).to_have_attribute("download", "region.csv")
    expect(page).to_have_url(re.compile("region=B"))
    shares = report.locator("p").first.inner_text()
    link = page.url
    page.mouse.click(*dot_on_map(page, "b", source="posterior"))
    expect(report.locator("p")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("region="))
    open_app(page, link)
    expect(report.locator("p").first).to_have_text(shares)
    expect(page.locator("#map-b .vega-brush")).to_be_visible()
    expect(page.locator("#map-a .vega-brush")).to_be_hidden()


def test_points_and_regions_can_be_typed(page: Page, url: str):
    open_app(page, url)
    without_a_mouse(page)
    point, region = page.get_by_label("Point: a sentence from 1"), page.get_by_label("Region: map, ends of x and y, or corners")
    set_number(point, "-5")
    expect(page.locator("#map-readout")).to_contain_text("Prior draw 5")
    for side in "ab":
        ringed(page, side, -5)
    region.press_sequentially("A: -99, 99, -99, 99")
    expect(page.locator("#map-region")).to_contain_text("100.0% of the prior and 100.0% of the aggregated posterior of A")
    expect(page.locator("#map-a .vega-brush")).to_be_visible()
    region.fill("A: everything")
    region.press("Enter")
    expect(page.locator("#map-region .notice")).to_contain_text("such as A: 0, 2, -1, 1")
    region.fill("")
    region.press("Enter")
    expect(page.locator("#map-region .notice")).to_have_count(0)
    expect(page.locator("#map-a .vega-brush")).to_be_hidden()


def test_a_latent_dimension_is_chosen_where_the_map_is_colored_by_one(page: Page, url: str):
    open_app(page, url)
    dimension = page.locator("#map-dimension input")
    expect(dimension).to_be_hidden()
    page.get_by_label("a latent dimension").check()
    expect(page.locator("#map-a [aria-label$='colored by a latent dimension.']")).to_be_visible()
    set_number(dimension, "9")
    expect(page.locator("#map-fault-a")).to_have_text("Choose a dimension from 1 to 4.")
    set_number(dimension, "3")
    expect(page.locator("#map-fault-a")).to_have_text("")
    expect(page).to_have_url(re.compile("dim=3"))


def test_a_map_for_both_is_fitted_and_then_shows_a_draw_at_one_place(
    page: Page, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "dgvae").mkdir()
    shutil.copy(vega_bundle(), tmp_path / "dgvae")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where the new map is kept
    open_app(page, f"{url}{HOLED}&point=-5")
    assert ringed(page, "a", -5) != ringed(page, "b", -5)
    page.get_by_label("one for both").check()
    expect(page.locator("#map-progress")).to_contain_text("Fitting a common map")
    expect(page.locator("#map-progress")).to_have_text("", timeout=300_000)
    page.wait_for_function(
        """() => new Set([..."ab"].map(side => document.querySelector(`#map-${side} .vega-ring`).style.transform)).size === 1"""
    )
    expect(page).to_have_url(re.compile("map=common"))


def test_the_principal_plane_is_drawn_at_once_and_by_a_link(page: Page, url: str):
    open_app(page, url)
    page.get_by_label("PCA of the means").check()
    expect(page).to_have_url(re.compile("proj=pca"))
    page.get_by_label("one for both").check()
    expect(page).to_have_url(re.compile("map=common&proj=pca"))
    open_app(page, page.url + "&point=-5")
    page.wait_for_function(
        """() => new Set([..."ab"].map(side => document.querySelector(`#map-${side} .vega-ring`).style.transform)).size === 1"""
    )
    expect(page.locator("#map-progress")).to_have_text("")
    page.mouse.click(*dot_on_map(page, "a", source="posterior"))
    expect(page.locator("#map-readout")).to_contain_text("Sentence ")


def test_models_that_share_no_map_say_why(page: Page, url: str):
    open_app(page, f"{url}?a=short-yelp/vmf-vae&b=short-yelp/vae&map=common")
    expect(page.locator("#map-remark")).to_contain_text("no common map: their priors are different distributions")


def test_the_end_of_loading_does_not_take_back_what_a_click_has_brought(
    fresh_page: Page, checkpoints: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
):
    end, drawn = threading.Event(), []

    def loading(_: WarmUp) -> Iterator[str]:
        yield "Loading …"
        end.wait(60)
        yield ""

    def draw(tab: MapTab, *given: Any, draw: Callable = MapTab.draw, **fields: Any) -> Any:
        drawn.append(given)
        return draw(tab, *given, **fields)

    monkeypatch.setattr(WarmUp, "progress", loading)
    monkeypatch.setattr(MapTab, "draw", draw)
    monkeypatch.setattr(Sidebar, "describe", lambda *_: [f"<p>{end.is_set()}</p>"] * 2)
    with served(build_page(Shelf(checkpoints, corpus)), **look()) as address:
        open_app(fresh_page, address + HOLED)
        fresh_page.get_by_role("button", name="Show me a hole in A").click()
        expect(fresh_page.locator("#map-hole")).to_contain_text("Place 1 of")
        said, count = fresh_page.locator("#map-hole").inner_text(), len(drawn)
        end.set()
        expect(fresh_page.locator("#facts-a")).to_have_text("True")
        fresh_page.wait_for_timeout(500)  # for what should not come
        assert fresh_page.locator("#map-hole").inner_text() == said
        assert len(drawn) == count


def test_the_map_fits_a_phone(browser, url: str):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    open_app(page, url + HOLED)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Find sentences").fill("the cook likes")
    expect(page.locator("#map-found")).to_contain_text("“the”, “cook” and “likes”")
    page.get_by_role("button", name="Show me a hole in A").tap()
    expect(page.locator("#map-readout")).to_contain_text("Prior draw")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_sentences_of_the_map_become_the_ends_of_an_interpolation(page: Page, url: str):
    open_app(page, url)
    page.get_by_role("button", name="Interpolate to it").click()
    carried = page.locator("#map-carried")
    expect(carried.locator(".notice")).to_have_text("Click a point on a map first.")
    page.mouse.click(*dot_on_map(page, "a", source="posterior"))
    expect(page.locator("#map-readout")).to_contain_text("It reads: ")
    start = page.locator("#map-readout").inner_text().rsplit("It reads: ")[1]
    page.get_by_role("button", name="Interpolate from it").click()
    expect(carried).to_contain_text(f"The interpolation starts with “{start}”")
    page.mouse.click(*dot_on_map(page, "a", source="prior"))
    readout = page.locator("#map-readout")
    expect(readout).to_contain_text("Prior draw")
    end = readout.locator(".model-a .sentence").inner_text()
    page.get_by_role("button", name="Interpolate to it").click()
    expect(page.locator("#from textarea")).to_have_value(start)
    expect(page.locator("#to textarea")).to_have_value(end)
    expect(page.locator("#interpolation .sentence")).to_have_count(16)
    expect(page.locator("#interpolation .hint").first).to_contain_text(start)
    page.go_back()
    page.get_by_role("button", name="Edit it").click()
    expect(page.locator("#sentence textarea")).to_have_value(end)


def test_another_number_of_neighbors_is_fitted_with_progress_and_kept_in_the_link(
    page: Page, url: str, monkeypatch: pytest.MonkeyPatch
):
    go = threading.Event()

    def fit(_: object, given: Any, hear: Callable[[Any], None], why_end: Callable[[], str]) -> str:
        hear(0.25)
        assert go.wait(60)
        hear(np.concatenate(given[0])[:, :2])
        return ""

    monkeypatch.setattr(refits.ASIDE, "run", fit)
    open_app(page, f"{url}{HOLED}&point=-5")
    usual = ringed(page, "a", -5)
    page.get_by_label("50", exact=True).check()
    progress = page.locator("#map-progress")
    expect(progress).to_contain_text("Fitting a map with 50 neighbors and minimum distance 0.1: 25%")
    go.set()
    expect(progress).to_have_text("")
    expect(page).to_have_url(re.compile("neighbors=50"))
    for _ in range(2):
        page.wait_for_function("was => document.querySelector('#map-a .vega-ring').style.transform !== was", arg=usual)
        open_again(page)
    page.get_by_label("15", exact=True).check()
    page.wait_for_function("was => document.querySelector('#map-a .vega-ring').style.transform === was", arg=usual)
    page.get_by_label("PCA of the means").check()
    expect(page.locator("#map-umap")).to_be_hidden()
