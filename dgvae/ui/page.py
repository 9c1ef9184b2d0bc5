"""The page: a sidebar with the two models, and a tab for each way to look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.interpolate_tab import InterpolateTab
from dgvae.ui.map_tab import MapTab
from dgvae.ui.measure_tab import MeasureTab
from dgvae.ui.render import facts, hint, notice
from dgvae.ui.sample_tab import SampleTab
from dgvae.ui.shelf import Shelf

TITLE = "What is between the sentences?"
# An open sidebar covers a phone's whole screen.
CLOSE_SIDEBAR_ON_PHONES = "() => { if (innerWidth < 768) document.querySelector('.sidebar.open .toggle-button')?.click() }"
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}


def build_page(shelf: Shelf) -> gr.Blocks:
    """Build the app's page. Loads no model: that begins when a visitor comes."""
    with gr.Blocks(title="Latent spaces of text VAEs", fill_width=True, analytics_enabled=False) as page:
        default_a, default_b = shelf.defaults()
        with gr.Sidebar(width=300, open=True):
            with gr.Column(elem_classes="model-a"):
                model_a = gr.Dropdown(shelf.choices(), value=default_a, label="Model A", elem_id="model-a")
                facts_a = gr.HTML(elem_id="facts-a")
            with gr.Column(elem_classes="model-b"):
                model_b = gr.Dropdown(shelf.choices(), value=default_b, label="Model B", elem_id="model-b")
                facts_b = gr.HTML(elem_id="facts-b")
            with gr.Accordion("A model from the Hub", open=False):
                repository = gr.Textbox(label="Repository", placeholder="owner/name@revision", elem_id="repository")
                add = gr.Button("Fetch it as model B", elem_id="fetch")
                fetched = gr.HTML(elem_id="fetched")
        gr.Markdown(f"# {TITLE}\nTwo text VAEs side by side: does the latent say anything, and does the prior reach only "
                    "places where the decoder has been?")  # fmt: skip
        status = gr.HTML(elem_id="status", elem_classes="status")
        with gr.Tab("Map"):
            maps = MapTab(shelf, model_a, model_b)
        with gr.Tab("Sample"):
            sample = SampleTab(shelf)
        with gr.Tab("Interpolate"):
            interpolate = InterpolateTab(shelf)
        with gr.Tab("Measure") as measure_tab:
            measure = MeasureTab(shelf)

        page.load(None, None, None, js=CLOSE_SIDEBAR_ON_PHONES, api_visibility="private")
        # New checkpoints show when the page is loaded again, be they trained or fetched meanwhile.
        page.load(lambda: [gr.update(choices=shelf.choices())] * 2, None, [model_a, model_b], **QUIET)
        models = [model_a, model_b]
        loaded = page.load(shelf.progress, None, status, show_progress="hidden", api_visibility="private")

        def keep_filled(draw: Callable[..., Any], controls: list[Any], outputs: list[Any], *triggers: Any) -> None:
            """Call `draw` when everything is loaded, when a model changes, and at `triggers`."""
            gr.on([model_a.change, model_b.change, *triggers], draw, [*models, *controls], outputs, **QUIET)
            loaded.then(draw, [*models, *controls], outputs, **QUIET)

        keep_filled(lambda *names: [describe(shelf, name) for name in names], [], [facts_a, facts_b])
        keep_filled(maps.draw, [maps.colour], maps.outputs, maps.colour.change)
        keep_filled(sample.draw, sample.controls, [sample.output], *sample.triggers)
        keep_filled(interpolate.draw, interpolate.controls, [interpolate.output], *interpolate.triggers)
        gr.on(  # not before it is opened: the map comes first
            [measure_tab.select, model_a.change, model_b.change, *measure.triggers],
            measure.draw,
            [*models, *measure.controls],
            measure.outputs,
            **QUIET,
        )
        gr.on(
            [add.click, repository.submit],
            partial(fetch, shelf),  # Gradio would not see that a lambda of it yields
            repository,
            [model_a, model_b, fetched],
            api_visibility="private",
        )
    return page


def describe(shelf: Shelf, name: str | None) -> str:
    """A model's figures for the sidebar."""
    try:
        return facts(shelf.get(name))
    except UserError as error:
        return notice(str(error))


def fetch(shelf: Shelf, text: str) -> Iterator[tuple[Any, Any, str]]:
    """Download a model, put it in both lists and choose it as B."""
    yield gr.skip(), gr.skip(), hint("Asking the Hub …")
    try:
        name = shelf.add_from_hub(text)
    except UserError as error:
        yield gr.skip(), gr.skip(), notice(str(error))
        return
    choices = shelf.choices()
    yield gr.update(choices=choices), gr.update(choices=choices, value=name), hint("It is model B now.")
