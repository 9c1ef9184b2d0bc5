"""Charts in Chromium: zooming in, moving, and what lies over a chart meanwhile."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.browser.vega.charts import made_up_points, middle_of, open_charts, text_with
from tests.browser.vega.test_pointer import drag, ringed_id

View = tuple[float, float, float, float]


def view_of(page, chart: str = "left") -> View:
    x0, x1, y0, y1 = map(float, page.locator(f"#{chart} .vega-place").get_attribute("data-view").split())
    return x0, x1, y0, y1


def after(page, change: Callable[[], object], chart: str = "left") -> tuple[View, View]:
    """The view before a change, and after it, once it rests."""
    before = page.locator(f"#{chart} .vega-place").get_attribute("data-view")
    was = view_of(page, chart)
    change()
    page.wait_for_function(
        "([chart, before]) => document.querySelector(`#${chart} .vega-place`).dataset.view !== before", arg=[chart, before]
    )
    page.wait_for_selector(f"#{chart} .vega-still", state="detached")
    return was, view_of(page, chart)


def width(view: View) -> float:
    return view[1] - view[0]


def wheel(page, by: float, ctrl: bool = True) -> None:
    if ctrl:
        page.keyboard.down("Control")
    page.mouse.wheel(0, by)
    if ctrl:
        page.keyboard.up("Control")


def test_buttons_zoom_and_show_all_again(page, url):
    open_charts(page, url)
    whole = page.get_by_label("Show all of left")
    assert not whole.is_visible()
    was, then = after(page, page.get_by_label("Zoom into left").click)
    assert width(then) == pytest.approx(width(was) / 1.6, rel=1e-4)
    assert sum(then[:2]) == pytest.approx(sum(was[:2]), abs=1e-3)  # about the middle
    _, moved = after(page, lambda: page.keyboard.press("ArrowRight"))
    assert moved[0] == pytest.approx(then[0] + 0.2 * width(then), rel=1e-3)
    assert after(page, whole.click)[1] == was
    assert not whole.is_visible()
    assert page.locator("#plane + * [data-zoom], #plane [data-zoom]").first.is_hidden()  # no zoom there


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl_about_the_pointer(page, url):
    page.set_viewport_size({"width": 1280, "height": 500})
    open_charts(page, url)
    x, y = middle_of(page, "left")
    page.mouse.move(x + 60, y - 40)
    page.mouse.wheel(0, 90)
    page.wait_for_function("document.scrollingElement.scrollTop > 0 || scrollY > 0")
    assert page.locator("#left .vega-still").count() == 0
    page.mouse.move(*middle_of(page, "left"))
    page.mouse.click(*middle_of(page, "left"))
    at = float(text_with(page, "#picked", "left pick ").split()[2])
    was, then = after(page, lambda: wheel(page, -300))
    assert width(then) < 0.9 * width(was)
    share = [(at - view[0]) / width(view) for view in (was, then)]
    assert share[0] == pytest.approx(share[1], abs=0.01)
    was, then = after(page, lambda: page.mouse.dblclick(*middle_of(page, "left")))
    assert width(then) > width(was)


def test_a_drag_moves_the_map_after_a_button_and_marks_before(page, url):
    open_charts(page, url)
    x, y = middle_of(page, "left")
    page.locator("#left").get_by_role("button", name="Move").click()
    was, then = after(page, lambda: drag(page, (x, y), (x + 80, y + 40)))
    assert then[0] < was[0]
    assert then[2] > was[2]
    assert page.locator("#left .vega-brush").is_hidden()
    after(page, lambda: wheel(page, -200, ctrl=False))
    page.mouse.click(x, y)
    text_with(page, "#picked", "left pick ")  # a click is still one
    page.locator("#left").get_by_role("button", name="Move").click()
    drag(page, (x - 30, y - 30), (x + 30, y + 30))
    text_with(page, "#brushed", "brush ")


def test_rings_and_rectangles_stay_with_the_points(page, url):
    open_charts(page, url)
    x, y = middle_of(page, "left")
    drag(page, (x - 60, y - 60), (x + 60, y + 60))
    text_with(page, "#brushed", "brush ")
    before = page.locator("#left .vega-brush").bounding_box()
    after(page, page.get_by_label("Zoom into left").click)
    box = page.locator("#left .vega-brush").bounding_box()
    assert box["width"] / before["width"] == pytest.approx(1.6, rel=0.05)
    page.mouse.move(*middle_of(page, "left"))
    page.wait_for_selector("#left .vega-ring", state="visible")
    hovered = int(str(ringed_id(page, "left")))
    ring, canvas = (page.locator(f"#left {part}").bounding_box() for part in (".vega-ring", ".vega-stage canvas"))
    assert canvas["x"] < ring["x"] < canvas["x"] + canvas["width"]
    points, view = made_up_points(0), view_of(page)
    assert view[0] < points["x"][hovered] < view[1]
    far = int(np.argmax(points["x"]))
    page.evaluate("id => dgvaeCharts.named.get('left').show({hovered: id})", far)
    assert points["x"][far] > view[1]
    assert page.locator("#left .vega-ring").is_hidden()  # it is out of view


def test_another_color_keeps_the_view(page, url):
    open_charts(page, url)
    _, then = after(page, page.get_by_label("Zoom into left").click)
    page.get_by_label("gap").check()
    page.wait_for_selector("#left [aria-label$='density gap.']")
    assert view_of(page) == then


def test_two_fingers_zoom_after_a_button(browser, url):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_charts(page, url)
    page.locator("#left").get_by_role("button", name="Move").tap()
    x, y = middle_of(page, "left")
    finger = context.new_cdp_session(page)

    def pinch() -> None:
        for kind, apart in (("Start", 20), ("Move", 40), ("Move", 60), ("End", 0)):
            at = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
            finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})

    was, then = after(page, pinch)
    assert width(was) / width(then) == pytest.approx(3, rel=0.1)
    context.close()
