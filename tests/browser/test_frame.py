"""The app in a frame, as on a Space's page, whose address is the only one that anybody sees."""

import json
import os
from urllib.parse import parse_qs

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

HUB = "https://huggingface.co/spaces/someone/space"
# The Hub shows the query that its frame posts in its own address, and opens the frame with the query of its own address.
SPACE = """<!doctype html><script>
  window.told = [];
  addEventListener("message", (event) => {
    if (typeof event.data?.queryString !== "string") return;
    told.push({ ...event.data, from: event.origin });
    history.replaceState(null, "", "?" + event.data.queryString + (event.data.hash ?? ""));
  });
</script><iframe style="width: 1200px; height: 850px"></iframe><script>
  const query = new URLSearchParams(location.search);
  query.set("__sign", "secret");
  document.querySelector("iframe").src = "%s/?" + query;
</script>"""


@pytest.fixture
def space(fresh_page: Page, url: str) -> Page:
    """A page that stands in for a Space's."""
    address = url.rstrip("/")
    fresh_page.route(HUB + "**", lambda route: route.fulfill(body=SPACE % address, content_type="text/html"))
    return fresh_page


def test_a_copied_link_of_a_spaces_page_opens_the_view(space: Page, url: str) -> None:
    space.goto(HUB)
    frame = space.frame_locator("iframe")
    expect(frame.locator("#gallery-trade-off .vega-place[data-state=ready] canvas")).to_be_visible()  # as at first
    frame.get_by_role("tab", name="Sample").click()
    draws = frame.get_by_label("number input for Draws").first
    draws.fill("3")
    draws.press("Enter")
    expect(frame.locator("#samples .model-a .sentence")).to_have_count(3)
    space.wait_for_function("location.search.includes('n=3')")
    assert parse_qs(space.url.partition("?")[2]) == {"tab": ["sample"], "n": ["3"]}
    told = space.evaluate("told")
    assert {message["from"] for message in told} == {url.rstrip("/")}
    assert "secret" not in json.dumps(told)

    link = space.url
    space.goto("about:blank")
    space.goto(link)
    expect(frame.locator("#samples .model-a .sentence")).to_have_count(3)


def test_outside_a_frame_nobody_is_told(fresh_page: Page, url: str) -> None:
    page = fresh_page
    page.add_init_script("window.told = 0; addEventListener('message', (e) => { if (e.data?.queryString) window.told++; });")
    page.goto(url + "?tab=sample")
    expect(page.locator("#samples .model-a .sentence").first).to_be_visible()
    page.get_by_role("tab", name="Edit").click()
    page.wait_for_function("location.search.includes('tab=edit')")
    assert page.evaluate("told") == 0
