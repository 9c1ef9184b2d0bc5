"""Charts in Chromium: what is drawn, in which colors, and what can be saved."""

import threading
import time
from pathlib import Path

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI

from dgvae.ui.theme import look
from dgvae.ui.vega.chart import script_route
from tests.browser.vega.charts import build, middle_of, open_charts, text_with
from tests.running import free_port


def test_both_charts_draw_their_points(page, url):
    open_charts(page, url)
    for chart in ("left", "right"):
        assert ink(page, chart) > 5000
        box = page.locator(f"#{chart} .vega-stage canvas").bounding_box()
        assert box["width"] > 300
        assert 0.8 < box["width"] / box["height"] < 1.3


def ink(page, chart: str) -> int:
    """How many pixels of the canvas differ from the background of the plot, which its corner shows."""
    return page.locator(f"#{chart} .vega-stage canvas").evaluate("""canvas => {
        const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const pixels = new Uint32Array(image.data.buffer);
        const background = pixels[Math.floor(canvas.width * canvas.height / 10) + Math.floor(canvas.width / 20)];
        return pixels.filter(pixel => pixel !== 0 && pixel !== background).length;
    }""")


@pytest.mark.parametrize("form", ["PNG", "SVG"])
def test_a_chart_is_saved_as_a_picture(page, url, form: str, tmp_path: Path):
    open_charts(page, url)
    with page.expect_download() as download:
        page.get_by_label(f"Save left as {form}").click()
    assert download.value.suggested_filename == f"left.{form.lower()}"
    download.value.save_as(tmp_path / "chart")
    assert (tmp_path / "chart").read_bytes().startswith(b"\x89PNG" if form == "PNG" else b"<svg")


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
    app = gr.mount_gradio_app(FastAPI(), build(), path="/lab", app_kwargs={"routes": [script_route()]}, **look())
    port = free_port()
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
