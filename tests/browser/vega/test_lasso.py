"""The lasso in Chromium: it is drawn by mouse and by finger, and its points are those that Python counts."""

import json
from math import cos, pi, sin
from pathlib import Path

import numpy as np
import pytest

from dgvae.ui.map.shapes import Polygon
from dgvae.ui.requests.events import MOST_CORNERS
from dgvae.ui.vega import chart
from tests.browser.vega.charts import STAR, made_up_points, middle_of, open_charts, text_with
from tests.browser.vega.test_pointer import drag

GEOMETRY = Path(chart.__file__).with_name("lasso.js").read_text(encoding="utf-8").split("// ---- geometry")[1].split("\n", 1)[1]
LIT = "() => Number(document.querySelector('#right .vega-lights')?.dataset.lit ?? 0)"


def choose_lasso(page) -> None:
    """On one chart, which chooses it on both."""
    page.locator("#right [data-lasso]").click()
    assert page.locator("#left [data-lasso]").get_attribute("aria-pressed") == "true"


def draw_round(page, radius: float, places: int = 90) -> None:
    """Once round the middle of the left chart, in a line that shakes."""
    x, y = middle_of(page, "left")
    radii = [radius + 3 * (-1) ** i for i in range(places)]
    path = [(x + r * cos(2 * pi * i / places), y + r * sin(2 * pi * i / places)) for i, r in enumerate(radii)]
    page.mouse.move(*path[0])
    page.mouse.down()
    for at in path[1:]:
        page.mouse.move(*at)
    page.mouse.up()


def sent_corners(page) -> tuple[tuple[float, float], ...]:
    numbers = [float(word) for word in text_with(page, "#brushed", "brush lasso ").split()[2:]]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def counted(corners: tuple[tuple[float, float], ...]) -> int:
    """How many of the left chart's points lie inside, by Python."""
    points = made_up_points(0)
    return int(Polygon(corners).inside(np.stack([points["x"], points["y"]], 1).round(3)).sum())


def test_a_lasso_lights_in_the_other_chart_the_points_that_python_counts(page, url):
    open_charts(page, url)
    choose_lasso(page)
    draw_round(page, 60)
    corners = sent_corners(page)
    assert 8 <= len(corners) <= MOST_CORNERS
    assert all(float(f"{value:.6g}") == value for corner in corners for value in corner)
    assert page.evaluate(LIT) == counted(corners) > 50
    box = page.locator("#left .vega-lasso polygon").bounding_box()
    assert box["width"] == pytest.approx(120, abs=16)
    assert box["height"] == pytest.approx(120, abs=16)
    assert page.locator("#right .vega-lasso").is_hidden()
    page.mouse.click(*middle_of(page, "left"))
    text_with(page, "#brushed", "brush gone")
    assert page.locator("#left .vega-lasso").is_hidden()
    assert page.evaluate(LIT) == 0


def test_after_the_lasso_comes_the_rectangle_again(page, url):
    open_charts(page, url)
    choose_lasso(page)
    draw_round(page, 60)
    sent_corners(page)
    page.locator("#left [data-lasso]").click()
    assert page.locator("#right [data-lasso]").get_attribute("aria-pressed") == "false"
    x, y = middle_of(page, "left")
    drag(page, (x - 60, y + 50), (x + 40, y - 70))
    page.wait_for_function("!document.querySelector('#brushed').innerText.includes('lasso')")
    assert page.locator("#left .vega-brush").is_visible()
    assert page.locator("#left .vega-lasso").is_hidden()


def test_a_stroke_that_goes_round_nothing_marks_nothing(page, url):
    open_charts(page, url)
    choose_lasso(page)
    x, y = middle_of(page, "left")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y)
    page.mouse.up()
    text_with(page, "#brushed", "brush gone")
    assert page.locator("#left .vega-lasso").is_hidden()


def test_python_marks_a_polygon_that_crosses_itself(page, url):
    open_charts(page, url)
    page.locator("#mark-star").click()
    page.wait_for_selector("#left .vega-lasso", state="visible")
    points = made_up_points(0)
    is_near = np.hypot(points["x"], points["y"]) < 1.5  # of the middle, which is not inside
    assert page.evaluate(LIT) == counted(tuple(STAR))
    assert counted(tuple(STAR)) < len(is_near) - is_near.sum()


@pytest.mark.parametrize("seed", range(3))
def test_both_halves_decide_alike_what_lies_in_a_polygon(page, seed: int):
    rng = np.random.default_rng(seed)
    size = 1 if seed else 0  # on a lattice, where points lie on edges and corners
    polygons = [rng.uniform(-3, 3, (count, 2)).round(6 * size) for count in rng.integers(3, MOST_CORNERS + 1, 40)]
    points = rng.uniform(-4, 4, (300, 2)).round(3 * size)
    theirs = page.evaluate(
        f"([polygons, points]) => {{ {GEOMETRY}\n"
        "return polygons.map(corners => points.map(([x, y]) => isInPolygon(corners, x, y))); }",
        [[polygon.tolist() for polygon in polygons], points.tolist()],
    )
    ours = [Polygon(tuple(map(tuple, polygon.tolist()))).inside(points).tolist() for polygon in polygons]
    assert theirs == ours


def test_a_long_line_keeps_its_shape_in_few_corners(page):
    round_it = [(1000 * cos(2 * pi * i / 2000), 1000 * sin(2 * pi * i / 2000)) for i in range(2000)]
    corners = json.loads(
        page.evaluate(f"path => {{ {GEOMETRY}\nreturn JSON.stringify(simplified(path, {MOST_CORNERS})); }}", round_it)
    )
    assert len(corners) == MOST_CORNERS
    grid = np.stack(np.meshgrid(np.linspace(-1000, 1000, 201), np.linspace(-1000, 1000, 201)), -1).reshape(-1, 2)
    was_inside = np.hypot(*grid.T) < 1000
    assert (Polygon(tuple(map(tuple, corners))).inside(grid) != was_inside).mean() < 0.01


def test_a_finger_draws_a_lasso_when_it_is_told_to_mark(browser, url):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_charts(page, url)
    page.locator("#left .touch").tap()
    page.locator("#left [data-lasso]").tap()
    x, y = middle_of(page, "left")
    finger = context.new_cdp_session(page)
    path = [(x - 60, y - 50), (x + 60, y - 50), (x + 60, y + 50), (x - 60, y + 50)]
    for kind, *at in (("Start", *path[0]), *(("Move", *at) for at in path[1:]), ("End",)):
        touched = [{"x": at[0], "y": at[1]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touched})
    corners = sent_corners(page)
    assert len(corners) == 4
    assert page.evaluate(LIT) == counted(corners) > 20
    context.close()
