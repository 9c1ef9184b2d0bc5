"""VegaChart in a real browser: drawing, events to Python, linked charts, dark mode, failure."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI

from dgvae.ui.charts import latent_map
from dgvae.ui.theme import CSS, theme
from dgvae.ui.vega_chart import VegaChart, vega_bundle

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


def build() -> gr.Blocks:
    with gr.Blocks(title="Two linked charts", analytics_enabled=False) as demo:
        gr.Markdown("# Two linked charts")
        with gr.Row():
            with gr.Column(min_width=320, elem_classes="model-a"):
                left = VegaChart(label="left", group="maps", elem_id="left")
            with gr.Column(min_width=320, elem_classes="model-b"):
                right = VegaChart(label="right", group="maps", elem_id="right")
        colour = gr.Radio(["source", "label", "length", "gap"], value="source", label="Colour by", elem_id="colour")
        hovered = gr.Markdown("Hover a point.", elem_id="hovered", elem_classes="readout")
        picked = gr.Markdown("Click anywhere.", elem_id="picked", elem_classes="readout")
        broken = VegaChart(label="broken", elem_id="broken", height=80)
        break_it = gr.Button("Break it", elem_id="break-it")

        def maps(colour: str) -> tuple[dict, dict]:
            return latent_map(made_up_points(0), colour, "DG-VAE"), latent_map(made_up_points(1), colour, "VAE")

        demo.load(maps, colour, [left, right], **PRIVATE)
        colour.change(maps, colour, [left, right], **PRIVATE)
        for name, chart in (("left", left), ("right", right)):
            _report(chart, name, hovered, picked)
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
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, theme=theme(), css=CSS, server_name="127.0.0.1")
    yield address
    demo.close()


def open_charts(page, url: str) -> None:
    page.goto(url)
    for chart in ("left", "right"):
        page.wait_for_selector(f"#{chart} .vega-place[data-state=ready] canvas", timeout=20_000)


def middle_of(page, chart: str) -> tuple[float, float]:
    """Somewhere near the middle of the plot, where the made-up prior is dense."""
    box = page.locator(f"#{chart} canvas").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def text_with(page, selector: str, start: str) -> str:
    page.wait_for_function("([s, t]) => document.querySelector(s).innerText.startsWith(t)", arg=[selector, start])
    return page.locator(selector).inner_text()


def ringed_id(page, chart: str) -> str | None:
    ring = page.locator(f"#{chart} .vega-ring")
    return ring.get_attribute("data-id") if ring.is_visible() else None


def ink(page, chart: str) -> int:
    """How many pixels of the canvas differ from the background of the plot, which its corner shows."""
    return page.locator(f"#{chart} canvas").evaluate("""canvas => {
        const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const pixels = new Uint32Array(image.data.buffer);
        const background = pixels[Math.floor(canvas.width * canvas.height / 10) + Math.floor(canvas.width / 20)];
        return pixels.filter(pixel => pixel !== 0 && pixel !== background).length;
    }""")


def test_both_charts_draw_their_points(page, url):
    open_charts(page, url)
    for chart in ("left", "right"):
        assert ink(page, chart) > 5000
        box = page.locator(f"#{chart} canvas").bounding_box()
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


def test_dark_mode_draws_again_in_other_colours(page, url):
    open_charts(page, url)
    read_colour = "getComputedStyle(document.querySelector('#left .vega-place')).getPropertyValue('--chart-prior')"
    light = page.evaluate(read_colour)
    page.evaluate("document.querySelector('#left canvas').dataset.old = '1'; document.body.classList.add('dark')")
    page.wait_for_function("!document.querySelector('#left canvas').dataset.old")
    page.wait_for_selector("#left .vega-place[data-state=ready]")
    assert ink(page, "left") > 5000
    assert page.evaluate(read_colour) != light


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
    app = gr.mount_gradio_app(FastAPI(), build(), path="/lab", theme=theme(), css=CSS)
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
