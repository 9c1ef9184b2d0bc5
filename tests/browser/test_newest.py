"""What happens while Python still answers: of a flood of events the newest counts, with what it says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import gradio as gr
import pytest

from dgvae.ui.address import AddressBar
from dgvae.ui.lab.screen import PointPad
from dgvae.ui.tabs.tab import QUIET
from dgvae.ui.vega.chart import VegaChart, script_route, vega_bundle
from tests import running
from tests.awaited import until
from tests.browser.vega.charts import PLANE

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Slow:
    """A handler that answers when it may."""

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.may = threading.Event()

    def __call__(self, event: gr.EventData) -> None:
        self.got.append(event._data)
        self.may.wait(90)

    def wait_for(self, count: int, page: Page) -> None:
        until(lambda: len(self.got) >= count, lambda seconds: page.wait_for_timeout(1000 * seconds))


@pytest.fixture
def served() -> Iterator[tuple[str, dict[str, Slow]]]:
    vega_bundle()
    slow = {name: Slow() for name in ("chart", "pad", "address")}
    with gr.Blocks(analytics_enabled=False) as demo:
        VegaChart(PLANE, label="chart", elem_id="chart").pick(slow["chart"], None, None, **QUIET)
        PointPad(elem_id="pad").draws(slow["pad"], None, None, **QUIET)
        AddressBar(elem_id="address").navigate(slow["address"], None, None, **QUIET)
    routes = {"routes": [script_route()]}
    with running.served(demo, app_kwargs=routes, _frontend=False) as url:
        yield url, slow
        for handler in slow.values():
            handler.may.set()


def click(page: Page, selector: str, nth: int) -> None:
    page.locator(selector).click(position={"x": 40 + 30 * nth, "y": 60})


def go_to(page: Page, nth: int) -> None:
    go = "query => { history.pushState(null, '', query); dispatchEvent(new PopStateEvent('popstate')); }"
    page.evaluate(go, f"?i={nth}")


ACTS: dict[str, tuple[Callable[[Page, int], None], Callable[[dict], object]]] = {
    "chart": (lambda page, nth: click(page, "#chart .vega-stage", nth), lambda sent: round(sent["x"], 1)),
    "pad": (lambda page, nth: click(page, "#pad canvas", nth), lambda sent: sent["text"].count(",") + 1),
    "address": (go_to, lambda sent: sent["query"]),
}


@pytest.mark.parametrize("name", ACTS)
def test_the_newest_of_a_flood_is_answered(page: Page, served: tuple[str, dict[str, Slow]], name: str) -> None:
    url, slow = served
    handler, (act, told) = slow[name], ACTS[name]
    page.goto(url)
    page.wait_for_selector("#chart .vega-place[data-state=ready]")
    act(page, 1)
    handler.wait_for(1, page)
    act(page, 2)
    act(page, 3)
    page.wait_for_timeout(300)  # they reach Gradio's page
    handler.may.set()
    handler.wait_for(2, page)
    first, last = map(told, handler.got)
    handler.got.clear()
    act(page, 3)
    handler.wait_for(1, page)
    again = told(handler.got[0])
    assert first != last
    assert last == (again if name != "pad" else 3)
