"""Charts in Chromium: what the pointer does reaches Python and the linked charts."""

import numpy as np
import pytest

from tests.browser.vega.charts import POINTS, made_up_points, middle_of, open_charts, text_with


def test_a_hovered_point_reaches_python_and_is_ringed_in_both_charts(page, url):
    open_charts(page, url)
    page.mouse.move(*middle_of(page, "left"))
    hovered = text_with(page, "#hovered", "left hover ").split()[-1]
    assert int(hovered) in range(POINTS)
    assert ringed_id(page, "left") == ringed_id(page, "right") == hovered
    page.mouse.move(2, 2)
    text_with(page, "#hovered", "left hover None")
    assert ringed_id(page, "left") is None
    assert ringed_id(page, "right") is None


def test_a_clicked_point_keeps_its_ring(page, url):
    open_charts(page, url)
    x, y = middle_of(page, "left")
    page.mouse.click(x, y)
    picked = text_with(page, "#picked", "left pick ").split()[-1]
    page.mouse.move(2, 2)
    assert ringed_id(page, "left") == ringed_id(page, "right") == picked
    page.mouse.move(x + 40, y + 40)
    hovered = text_with(page, "#hovered", "left hover ").split()[-1]
    assert picked != hovered == ringed_id(page, "right")
    page.mouse.move(2, 2)
    text_with(page, "#hovered", f"left hover {picked}")
    assert ringed_id(page, "left") == ringed_id(page, "right") == picked
    page.locator("#mark-star").click()  # Python's ring
    page.wait_for_function("document.querySelector('#right .vega-ring').dataset.id === '1'")
    page.mouse.move(*middle_of(page, "right"))
    text_with(page, "#hovered", "right hover ")
    page.mouse.move(2, 2)
    text_with(page, "#hovered", "right hover 1")
    assert ringed_id(page, "right") == "1"


def test_the_ring_lies_on_the_point(page, url):
    open_charts(page, url)
    x, y = middle_of(page, "left")
    page.mouse.move(x, y)
    text_with(page, "#hovered", "left hover ")
    box = page.locator("#left .vega-ring").bounding_box()
    assert np.hypot(box["x"] + box["width"] / 2 - x, box["y"] + box["height"] / 2 - y) <= 14.5


def ringed_id(page, chart: str) -> str | None:
    ring = page.locator(f"#{chart} .vega-ring")
    return ring.get_attribute("data-id") if ring.is_visible() else None


def test_a_click_reaches_python_in_data_coordinates(page, url):
    open_charts(page, url)
    page.mouse.click(*middle_of(page, "right"))
    *_, x, y, picked = text_with(page, "#picked", "right pick ").split()
    points = made_up_points(1)
    distance = np.hypot(points["x"] - float(x), points["y"] - float(y))
    assert int(picked) == int(distance.argmin())
    assert distance.min() < 0.5


def test_a_brushed_rectangle_reaches_python_and_lights_its_points_in_the_other_chart(page, url):
    open_charts(page, url)
    x, y = middle_of(page, "left")
    drag(page, (x - 60, y + 50), (x + 40, y - 70))
    low_x, high_x, low_y, high_y = map(float, text_with(page, "#brushed", "brush ").split()[1:])
    points = made_up_points(0)
    inside = (points["x"] > low_x) & (points["x"] < high_x) & (points["y"] > low_y) & (points["y"] < high_y)
    assert 50 < inside.sum() < POINTS - 50
    box = page.locator("#left .vega-brush").bounding_box()
    assert abs(box["width"] - 100) <= 3
    assert abs(box["height"] - 120) <= 3
    assert page.locator("#right .vega-brush").is_hidden()
    assert page.locator("#right .vega-lights").count() == 1
    page.get_by_label("gap").check()  # the marks stay where the data is
    page.wait_for_selector("#left [aria-label$='density gap.']")
    assert page.locator("#left .vega-brush").is_visible()
    page.mouse.click(x, y)
    text_with(page, "#brushed", "brush gone")
    assert page.locator(".vega-lights").count() == 0
    assert page.locator("#left .vega-brush").is_hidden()


def drag(page, start: tuple[float, float], end: tuple[float, float], release: bool = True) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*(sum(pair) / 2 for pair in zip(start, end, strict=True)))
    page.mouse.move(*end)
    if release:
        page.mouse.up()


def test_python_marks_a_rectangle(page, url):
    open_charts(page, url)
    for _ in range(2):  # the same again, after the visitor has taken it away
        page.locator("#mark-it").click()
        page.wait_for_selector("#left .vega-brush", state="visible")
        assert page.locator("#right .vega-lights").count() == 1
        page.mouse.click(*middle_of(page, "left"))
        page.wait_for_selector("#left .vega-brush", state="hidden")


def test_a_drag_moves_the_cross_hair_in_linked_charts_and_reaches_python_before_it_ends(page, url):
    open_charts(page, url)
    page.wait_for_selector("#plane .vega-cross", state="visible")
    x, y = middle_of(page, "plane")
    drag(page, (x, y), (x + 80, y - 40), release=False)
    text_with(page, "#dragged", "drag ")
    crosses = [page.locator(f"#{chart} .vega-cross").bounding_box() for chart in ("plane", "twin")]
    assert abs(crosses[0]["x"] + 11 - (x + 80)) <= 2
    assert crosses[0]["y"] == crosses[1]["y"] or crosses[0]["x"] == crosses[1]["x"]
    page.mouse.up()
    _, right, up = text_with(page, "#dragged", "pick ").split()
    assert float(right) > 0.2
    assert float(up) > 0.2


def test_a_finger_scrolls_until_it_is_told_to_mark(browser, url):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_charts(page, url)
    button = page.locator("#left .touch")
    assert button.is_visible()
    button.tap()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#left canvas").evaluate("canvas => getComputedStyle(canvas).touchAction") == "none"
    page.touchscreen.tap(*middle_of(page, "left"))
    text_with(page, "#picked", "left pick ")
    x, y = middle_of(page, "left")
    finger = context.new_cdp_session(page)
    for kind, *at in (("Start", x - 60, y - 50), ("Move", x, y), ("Move", x + 40, y + 30), ("End",)):
        touched = [{"x": at[0], "y": at[1]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touched})
    text_with(page, "#brushed", "brush ")
    box = page.locator("#left .vega-brush").bounding_box()
    assert (round(box["width"]), round(box["height"])) == (pytest.approx(100, abs=3), pytest.approx(80, abs=3))
    context.close()
