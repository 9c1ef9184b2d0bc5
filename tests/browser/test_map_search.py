"""Search, neighbors and named clusters on the map, in a real browser: what lights up, and what a link shows again."""

import os
import re

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.test_map import without_a_mouse
from tests.browser.visitor import dot_on_map, open_again, open_app, set_number


def lit(page: Page, side: str, layer: str) -> int:
    """How many points light up on a map."""
    lights = page.locator(f"#map-{side} .vega-lights")
    return int(lights.get_attribute(f"data-{layer}") or 0) if lights.count() else 0


def test_sentences_that_are_searched_light_up_on_both_maps_and_by_a_link(page: Page, url: str):
    open_app(page, url)
    find = page.get_by_label("Find sentences")
    find.press_sequentially("cook green")
    said = page.locator("#map-found")
    expect(said).to_contain_text(re.compile(r"\d+ of 100 sentences have “cook” and “green”; \d+ of them are on the map"))
    shown = re.search(r"; (\d+) of them", said.inner_text())
    assert shown
    page.mouse.move(*dot_on_map(page, "a", source="prior"))  # what is pointed at leaves the lights alone
    expect(page.locator("#map-readout")).to_contain_text("Prior draw")
    expect(page).to_have_url(re.compile(r"find=cook\+green"))
    open_again(page)
    expect(said).to_contain_text("“cook” and “green”")
    page.wait_for_selector("#map-b .vega-lights")
    assert lit(page, "a", "found") == lit(page, "b", "found") == int(shown[1]) > 0
    listed = page.locator("#map-found-list")
    listed.locator("summary").press("Enter")
    expect(listed.locator("td", has_text="cook").first).to_be_visible()
    find.fill("nothing like it")
    expect(said).to_contain_text("none of 100 sentences has")
    expect(page.locator(".vega-lights")).to_have_count(0)
    find.fill("")
    expect(said.locator("p")).to_have_count(0)


def test_a_region_lights_up_no_other_draws(page: Page, url: str):
    open_app(page, f"{url}?tab=map&a=short-yelp/vmf-vae&b=short-yelp/vae&region=A:+-99,+99,+-99,+99")
    page.wait_for_selector("#map-b .vega-lights")
    assert lit(page, "b", "lit") == 60  # all sentences of the map, and none of its 60 draws


def test_a_clicked_sentence_lists_the_nearest_which_light_up_and_another_distance_lists_others(page: Page, url: str):
    open_app(page, url)
    page.mouse.click(*dot_on_map(page, "a", source="posterior"))
    near = page.locator("#map-neighbors")
    expect(near.locator("h3")).to_have_text(re.compile(r"Sentences nearest to sentence \d+"))
    expect(near.locator(".sentence")).to_have_count(16)
    page.wait_for_selector("#map-b .vega-lights")
    listed = near.inner_text()
    of_a = 8 - near.locator(".model-a", has_text="not on the map").count()
    assert lit(page, "a", "a") == lit(page, "b", "a") == of_a
    page.get_by_label("symmetric KL", exact=True).check()
    expect(near).to_contain_text("symmetric KL")
    expect(page).to_have_url(re.compile(r"near=symmetric"))
    open_again(page)
    expect(near).to_contain_text("symmetric KL")
    assert near.inner_text() != listed
    without_a_mouse(page)
    set_number(page.get_by_label("Point: a sentence from 1"), "0")
    expect(near.locator("h3")).to_have_count(0)
    expect(page.locator(".vega-lights")).to_have_count(0)


def test_clusters_are_named_over_the_maps_on_wish_and_by_a_link(page: Page, url: str):
    open_app(page, f"{url}?tab=map&a=short-yelp/ae&b=short-yelp/vae")
    assert not page.locator(".vega-lights").count()
    names = page.get_by_label("Name the clusters")
    names.focus()
    names.press("Space")
    expect(page.locator("#map-clusters summary").first).to_contain_text(re.compile(r"\d clusters of A, which have \d+%"))
    assert lit(page, "a", "names") > 0
    expect(page).to_have_url(re.compile("names=true"))
    open_again(page)
    page.wait_for_selector("#map-a .vega-lights")
    assert lit(page, "a", "names") > 0
    page.get_by_label("Name the clusters").uncheck()
    expect(page.locator("#map-a .vega-lights")).to_have_count(0)
