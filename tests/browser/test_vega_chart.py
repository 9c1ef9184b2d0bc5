"""VegaChart in a real browser: drawing, events to Python, linked charts, dark mode, failure."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI

from dgvae.charts.maps import latent_map
from dgvae.ui.theme import look
from dgvae.ui.vega.chart import ChartMarks, VegaChart, marks, vega_bundle

POINTS = 2000
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def made_up_points(seed: int) -> dict[str, np.ndarray]:
    """A posterior like a ring round the prior."""
    rng = np.random.default_rng(seed)
    is_prior = np.arange(POINTS) % 2 == 0
    angle = rng.uniform(0, 2 * np.pi, POINTS)
    radius = np.where(is_prior, rng.normal(0, 1, POINTS), rng.normal(5, 0.5, POINTS))
    return {
        "id": np.arange(POINTS),
        "x": radius * np.cos(angle),
        "y": radius * np.sin(angle),
        "source": np.where(is_prior, "prior", "posterior"),
        "label": np.where(is_prior, -1, rng.integers(0, 2, POINTS)),
        "length": np.where(is_prior, -1, rng.integers(3, 20, POINTS)),
        "gap": np.where(is_prior, 8.0, -5.0) + rng.normal(0, 3, POINTS),
    }


def with_gesture(spec: dict[str, Any], gesture: str) -> dict[str, Any]:
    return {**spec, "usermeta": {**spec.get("usermeta", {}), gesture: True}}


PLANE = {
    "data": {"values": [{"x": -4, "y": -4}, {"x": 4, "y": 4}]},
    "mark": {"type": "point", "opacity": 0},
    "encoding": {axis: {"field": axis, "type": "quantitative", "scale": {"domain": [-4, 4]}} for axis in "xy"},
    "width": "container",
    "height": 200,
    "usermeta": {"drag": True, "marker": {"x": 0, "y": 0}},
}


def _range_text(event: gr.EventData) -> str:
    return "brush " + ("gone" if event.x is None else " ".join(f"{value:.3f}" for value in (*event.x, *event.y)))


def _drag_text(event: gr.EventData) -> str:
    return f"drag {event.x:.2f} {event.y:.2f}"


def _pick_text(event: gr.EventData) -> str:
    return f"pick {event.x:.2f} {event.y:.2f}"


def build() -> gr.Blocks:
    with gr.Blocks(title="Two linked charts", analytics_enabled=False) as demo:
        gr.Markdown("# Two linked charts")
        with gr.Row():
            with gr.Column(min_width=320, elem_classes="model-a"):
                left = VegaChart(label="left", group="maps", elem_id="left")
            with gr.Column(min_width=320, elem_classes="model-b"):
                right = VegaChart(label="right", group="maps", elem_id="right")
        color = gr.Radio(["source", "label", "length", "gap"], value="source", label="Color by", elem_id="color")
        hovered = gr.Markdown("Hover a point.", elem_id="hovered", elem_classes="readout")
        picked = gr.Markdown("Click anywhere.", elem_id="picked", elem_classes="readout")
        brushed = gr.Markdown(elem_id="brushed")
        mark_it = gr.Button("Mark it", elem_id="mark-it")
        dragged = gr.Markdown(elem_id="dragged")
        plane = VegaChart(label="Plane", elem_id="plane", group="planes", height=200)
        twin = VegaChart(label="Twin", elem_id="twin", group="planes", height=200)
        broken = VegaChart(label="broken", elem_id="broken", height=80)
        break_it = gr.Button("Break it", elem_id="break-it")

        def maps(color: str) -> tuple[dict, dict]:
            left, right = (
                with_gesture(latent_map(made_up_points(seed), color, name), "brush")
                for seed, name in enumerate(("DG-VAE", "VAE"))
            )
            return left, right

        def planes() -> tuple[dict, dict]:
            return (PLANE, PLANE)

        demo.load(maps, color, [left, right], **PRIVATE)
        color.change(maps, color, [left, right], **PRIVATE)
        for name, chart in (("left", left), ("right", right)):
            _report(chart, name, hovered, picked)
            chart.brush(_range_text, None, brushed, **PRIVATE)
        over = ChartMarks()
        mark_it.click(lambda: marks(left={"brush": {"x": [-1, 1], "y": [-1, 1]}}), None, over, **PRIVATE)
        demo.load(planes, None, [plane, twin], **PRIVATE)
        plane.drag(_drag_text, None, dragged, trigger_mode="always_last", **PRIVATE)
        plane.pick(_pick_text, None, dragged, trigger_mode="always_last", **PRIVATE)
        break_it.click(lambda: {"mark": "nonsense"}, None, broken, **PRIVATE)
    return demo


def _report(chart: VegaChart, name: str, hovered: gr.Markdown, picked: gr.Markdown) -> None:
    def on_hover(event: gr.EventData) -> str:
        return f"{name} hover {event.id}"

    def on_pick(event: gr.EventData) -> str:
        return f"{name} pick {event.x:.3f} {event.y:.3f} {event.id}"

    chart.hover(on_hover, None, hovered, **PRIVATE)
    chart.pick(on_pick, None, picked, **PRIVATE)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    vega_bundle()
    demo = build()
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **look(), server_name="127.0.0.1")
    yield address
    demo.close()


def open_charts(page, url: str) -> None:
    page.goto(url)
    for chart in ("left", "right"):
        page.wait_for_selector(f"#{chart} .vega-place[data-state=ready] canvas", timeout=20_000)


def middle_of(page, chart: str) -> tuple[float, float]:
    """Somewhere near the middle of the plot, where the made-up prior is dense."""
    canvas = page.locator(f"#{chart} .vega-stage canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def text_with(page, selector: str, start: str) -> str:
    page.wait_for_function("([s, t]) => document.querySelector(s).innerText.startsWith(t)", arg=[selector, start])
    return page.locator(selector).inner_text()


def ringed_id(page, chart: str) -> str | None:
    ring = page.locator(f"#{chart} .vega-ring")
    return ring.get_attribute("data-id") if ring.is_visible() else None


def ink(page, chart: str) -> int:
    """How many pixels of the canvas differ from the background of the plot, which its corner shows."""
    return page.locator(f"#{chart} .vega-stage canvas").evaluate("""canvas => {
        const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const pixels = new Uint32Array(image.data.buffer);
        const background = pixels[Math.floor(canvas.width * canvas.height / 10) + Math.floor(canvas.width / 20)];
        return pixels.filter(pixel => pixel !== 0 && pixel !== background).length;
    }""")


def test_both_charts_draw_their_points(page, url):
    open_charts(page, url)
    for chart in ("left", "right"):
        assert ink(page, chart) > 5000
        box = page.locator(f"#{chart} .vega-stage canvas").bounding_box()
        assert box["width"] > 300
        assert 0.8 < box["width"] / box["height"] < 1.3


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


def test_the_ring_lies_on_the_point(page, url):
    open_charts(page, url)
    x, y = middle_of(page, "left")
    page.mouse.move(x, y)
    text_with(page, "#hovered", "left hover ")
    box = page.locator("#left .vega-ring").bounding_box()
    assert np.hypot(box["x"] + box["width"] / 2 - x, box["y"] + box["height"] / 2 - y) <= 14.5


def test_a_click_reaches_python_in_data_coordinates(page, url):
    open_charts(page, url)
    page.mouse.click(*middle_of(page, "right"))
    *_, x, y, picked = text_with(page, "#picked", "right pick ").split()
    points = made_up_points(1)
    distance = np.hypot(points["x"] - float(x), points["y"] - float(y))
    assert int(picked) == int(distance.argmin())
    assert distance.min() < 0.5


def drag(page, start: tuple[float, float], end: tuple[float, float], release: bool = True) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*(sum(pair) / 2 for pair in zip(start, end, strict=True)))
    page.mouse.move(*end)
    if release:
        page.mouse.up()


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


@pytest.mark.parametrize("form", ["PNG", "SVG"])
def test_a_chart_is_saved_as_a_picture(page, url, form: str, tmp_path: Path):
    open_charts(page, url)
    with page.expect_download() as download:
        page.get_by_label(f"Save left as {form}").click()
    assert download.value.suggested_filename == f"left.{form.lower()}"
    download.value.save_as(tmp_path / "chart")
    assert (tmp_path / "chart").read_bytes().startswith(b"\x89PNG" if form == "PNG" else b"<svg")


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


def test_dark_mode_draws_again_in_other_colors(page, url):
    open_charts(page, url)
    read_color = "getComputedStyle(document.querySelector('#left .vega-place')).getPropertyValue('--chart-prior')"
    light = page.evaluate(read_color)
    page.evaluate("document.querySelector('#left canvas').dataset.old = '1'; document.body.classList.add('dark')")
    page.wait_for_function("!document.querySelector('#left canvas').dataset.old")
    page.wait_for_selector("#left .vega-place[data-state=ready]")
    assert ink(page, "left") > 5000
    assert page.evaluate(read_color) != light


def test_a_new_value_replaces_the_chart(page, url):
    open_charts(page, url)
    page.evaluate("document.querySelector('#left canvas').dataset.old = '1'")
    page.get_by_label("gap").check()
    page.wait_for_function("() => { const c = document.querySelector('#left canvas'); return c && !c.dataset.old }")
    assert page.locator("#left canvas").count() == 1


def test_what_cannot_be_drawn_says_so_in_a_sentence(page, url):
    open_charts(page, url)
    page.locator("#break-it").click()
    page.wait_for_selector("#broken .vega-place[data-state=failed]")
    sentence = page.locator("#broken .vega-place").inner_text()
    assert sentence.startswith("This chart could not be drawn: ")
    assert sentence.endswith(".")


def test_charts_fit_a_phone_and_grow_with_the_window(page, url):
    page.set_viewport_size({"width": 390, "height": 844})
    open_charts(page, url)
    assert page.locator("#left canvas").bounding_box()["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("document.querySelector('#left canvas').getBoundingClientRect().width > 420")


def test_nothing_is_asked_of_another_host(page, url):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_charts(page, url)
    assert [a for a in asked if not a.startswith((url, "data:", "blob:"))] == []


def test_it_works_under_a_path(page):
    app = gr.mount_gradio_app(FastAPI(), build(), path="/lab", **look())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        open_charts(page, f"http://127.0.0.1:{port}/lab/")
        page.mouse.click(*middle_of(page, "left"))
        text_with(page, "#picked", "left pick ")
    finally:
        server.should_exit = True
        thread.join(timeout=10)
