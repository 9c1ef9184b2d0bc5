"""A page with charts that say what reaches Python, and what the tests do with it."""

from typing import Any

import gradio as gr
import numpy as np

from dgvae.charts.maps import latent_map
from dgvae.ui.vega.chart import ChartMarks, VegaChart, marks

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


# Crosses itself: its middle is outside.
STAR = [(5 * np.sin(0.8 * np.pi * i), 5 * np.cos(0.8 * np.pi * i)) for i in range(5)]
NAME = "here & <there>"
PLANE = {
    "data": {"values": [{"x": -4, "y": -4}, {"x": 4, "y": 4}]},
    "mark": {"type": "point", "opacity": 0},
    "encoding": {axis: {"field": axis, "type": "quantitative", "scale": {"domain": [-4, 4]}} for axis in "xy"},
    "width": "container",
    "height": 200,
    "usermeta": {"drag": True, "marker": {"x": 0, "y": 0}},
}


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
        mark_star = gr.Button("Mark a star", elem_id="mark-star")
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
        named = {"ring": 1, "names": [{"x": 0, "y": 0, "text": NAME}]}
        mark_star.click(lambda: marks(left={"brush": {"corners": STAR}}, right=named), None, over, **PRIVATE)
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


def _range_text(event: gr.EventData) -> str:
    if event.corners:
        return "brush lasso " + " ".join(f"{value!r}" for corner in event.corners for value in corner)
    return "brush " + ("gone" if event.x is None else " ".join(f"{value:.3f}" for value in (*event.x, *event.y)))


def _drag_text(event: gr.EventData) -> str:
    return f"drag {event.x:.2f} {event.y:.2f}"


def _pick_text(event: gr.EventData) -> str:
    return f"pick {event.x:.2f} {event.y:.2f}"


def open_charts(page, url: str) -> None:
    page.goto(url)
    for chart in ("left", "right"):
        page.wait_for_selector(f"#{chart} .vega-place[data-state=ready] canvas")


def middle_of(page, chart: str) -> tuple[float, float]:
    """Somewhere near the middle of the plot, where the made-up prior is dense."""
    canvas = page.locator(f"#{chart} .vega-stage canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def text_with(page, selector: str, start: str) -> str:
    page.wait_for_function("([s, t]) => document.querySelector(s).innerText.startsWith(t)", arg=[selector, start])
    return page.locator(selector).inner_text()
