"""The Gallery tab in a real browser: every model at a glance, and the choice of A and B."""

import os
import threading

import pytest

from dgvae.methods.spec import FAMILIES
from dgvae.methods.table import METHODS

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
import gradio as gr
from playwright.sync_api import Locator, Page, expect

from dgvae.ui.page import Page as PageOfApp
from dgvae.ui.page import build_page
from dgvae.ui.shelf import Shelf
from dgvae.ui.theme import look
from tests.browser.visitor import open_app
from tests.running import served


def card(page: Page, method: str) -> Locator:
    return page.locator(f"#gallery li[data-name='short-yelp/{method}']")


def names(page: Page) -> list[str]:
    shown = page.locator("#gallery li").evaluate_all("cards => cards.map(card => card.dataset.name)")
    return [name.removeprefix("short-yelp/") for name in shown]


def choose_in(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_it_is_what_one_sees_first_with_a_card_for_every_model(fresh_page: Page, url: str):
    fresh_page.goto(url)
    expect(fresh_page.get_by_role("tab", name="Gallery")).to_have_attribute("aria-selected", "true")
    for method in METHODS:
        expect(card(fresh_page, method).locator("svg path")).to_have_count(2)
        expect(card(fresh_page, method).locator("dd").first).not_to_be_empty()
    expect(card(fresh_page, "no-latents")).to_contain_text("no map yet")  # its figures are sound
    expect(fresh_page.locator("#gallery .notice")).to_have_count(2)  # of two that lack them
    expect(fresh_page.locator("#gallery li.model-a")).to_have_attribute("data-name", "short-yelp/ae")
    expect(fresh_page.locator("#gallery-trade-off .vega-place[data-state=ready]")).to_be_visible()


def test_a_press_makes_a_model_a_or_b_and_keys_do_it_too(page: Page, url: str):
    open_app(page, url, "Gallery")
    expect(page.locator("#gallery-trade-off .vega-place[data-state=ready]")).to_be_visible()
    card(page, "wae").get_by_role("button", name="as model B").click()
    expect(card(page, "wae")).to_have_class("model-b")
    expect(page.get_by_label("Model B", exact=True)).to_have_value("WAE · short-yelp")
    expect(page.locator("#facts-b")).to_contain_text("Maximum mean discrepancy")
    button = card(page, "vae").get_by_role("button", name="as model A")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Model A", exact=True)).to_have_value("VAE · short-yelp")
    expect(card(page, "vae").get_by_role("button", name="as model A")).to_have_attribute("aria-pressed", "true")
    expect(card(page, "vae").get_by_role("button", name="as model A")).to_be_focused()
    page.get_by_role("tab", name="Map").click()
    expect(page.locator("#map-a .vega-place[data-state=ready]")).to_be_visible()


def test_a_press_before_the_address_is_read_is_kept(fresh_page: Page, checkpoints, monkeypatch: pytest.MonkeyPatch):
    read = threading.Event()

    def late(app: PageOfApp, request: gr.Request, first_view=PageOfApp.first_view) -> list:
        read.wait(60)
        return first_view(app, request)

    monkeypatch.setattr(PageOfApp, "first_view", late)
    with served(build_page(Shelf(checkpoints)), **look()) as address:
        open_app(fresh_page, f"{address}?tab=gallery&order=MI", "Gallery")
        fresh_page.wait_for_function("window.gradio_config")
        card(fresh_page, "wae").get_by_role("button", name="as model B").click()
        expect(fresh_page.get_by_label("Model B", exact=True)).to_have_value("WAE · short-yelp")
        read.set()
        expect(fresh_page.get_by_label("Order, the best first", exact=True)).to_have_value("MI")
        expect(fresh_page.get_by_label("Model B", exact=True)).to_have_value("WAE · short-yelp")


def test_order_and_family_are_chosen_and_kept_in_the_link(page: Page, url: str):
    open_app(page, url, "Gallery")
    assert [name for name in names(page) if name in METHODS] == [*METHODS]
    choose_in(page, "Methods", "Density gaps")
    expect(page.locator("#gallery li[data-name='short-yelp/vae']")).to_have_count(0)
    choose_in(page, "Order, the best first", "MI")
    page.wait_for_function("location.search.includes('order=MI')")
    page.goto(page.url)
    expect(card(page, "pdg-vae")).to_be_visible()
    expect(card(page, "vae")).to_have_count(0)  # as the page came it showed all, and by method
    values = page.locator("#gallery li dd:first-of-type").all_inner_texts()
    known = [value for value in values if value != "n/a"]
    assert values == [*sorted(known, key=float, reverse=True), *["n/a"] * (len(values) - len(known))]
    assert set(names(page)) >= {name for name, row in METHODS.items() if row.family == FAMILIES[-1]}


def test_a_phone_shows_two_cards_side_by_side(fresh_page: Page, url: str):
    fresh_page.set_viewport_size({"width": 390, "height": 800})
    open_app(fresh_page, url, "Gallery")
    assert fresh_page.evaluate("document.documentElement.scrollWidth") <= 390
    first, second = (fresh_page.locator("#gallery li").nth(i).bounding_box() for i in (0, 1))
    assert first
    assert second
    assert first["y"] == second["y"]


def test_an_old_link_to_the_first_tab_opens_the_map(fresh_page: Page, url: str):
    fresh_page.goto(f"{url}?colour=source")
    expect(fresh_page.get_by_role("tab", name="Map")).to_have_attribute("aria-selected", "true")
