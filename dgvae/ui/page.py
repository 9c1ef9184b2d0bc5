"""The page: a sidebar with the two models, and a tab for each way to look at them."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.address import SETTLE, WRITE, AddressBar, first_value
from dgvae.ui.endpoints import add_endpoints
from dgvae.ui.gallery.tab import GalleryTab
from dgvae.ui.lab.tab import LabTab
from dgvae.ui.linked_view import linked_view
from dgvae.ui.map.ahead import Ahead
from dgvae.ui.map.tab import MapTab
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.requests.events import Navigated
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.requests.turns import take_turns
from dgvae.ui.shelf import Shelf
from dgvae.ui.sidebar import CLOSE_SIDEBAR_ON_PHONES, Sidebar
from dgvae.ui.tabs.edit import EditTab
from dgvae.ui.tabs.interpolate import InterpolateTab
from dgvae.ui.tabs.measure import MeasureTab
from dgvae.ui.tabs.sample import SampleTab
from dgvae.ui.tabs.slice import SliceTab
from dgvae.ui.tabs.tab import QUIET, Tab, Worded
from dgvae.ui.tour import tour
from dgvae.ui.vega.chart import script_route

INTRODUCTION = (
    "# What is between the sentences?\nTwo VAEs side by side: does the latent say anything, and does the prior reach only "
    "places where the decoder has been?"
)
TABS: list[type[Tab]] = [GalleryTab, MapTab, SliceTab, SampleTab, InterpolateTab, EditTab, MeasureTab, LabTab]
LOST = "The app can't be reached. This view stays as it is; the page may reload when the app is back."
RAISE = """(open, ...counts) => counts.map((count, i) => %s[i] === open ? %s : count)"""

# What is prepared would take the time that the browser draws in.
PAUSE = "(...values) => new Promise((done) => setTimeout(done, 2000, values))"


def build_page(shelf: Shelf) -> gr.Blocks:
    """Build the app's page. Loads no model: that begins when a visitor comes."""
    with GuardedBlocks(
        title="Latent spaces of VAEs", fill_width=True, analytics_enabled=False, delete_cache=(600, 600)
    ) as page:
        Page(shelf, page)
        add_endpoints(shelf)
    take_turns(page)
    return page


class Page:
    """The page's components and what they do. Every tab is drawn when it is open and what it shows has changed."""

    def __init__(self, shelf: Shelf, blocks: GuardedBlocks) -> None:
        self.shelf = shelf
        self.ahead = Ahead()
        blocks.routes = [script_route(), shelf.given.uploads.route()]
        self.sidebar = Sidebar(shelf)
        self.models = self.sidebar.models
        introduction = gr.Markdown(INTRODUCTION, elem_id="title")
        self.guide = gr.HTML(tour([name for _, name in shelf.choices()]), elem_id="tour")
        gr.HTML(
            html_template=f"<p class='notice' role='alert' hidden>{LOST}</p>",
            js_on_load=Path(__file__).with_name("connection.js").read_text(encoding="utf-8"),
            elem_id="connection",
        )
        self.faults = gr.HTML(elem_id="link-faults")
        self.status = gr.HTML(elem_id="status", elem_classes="status")
        self.open_tab = gr.Textbox(TABS[0].key, visible=False)
        with gr.Tabs(selected=TABS[0].key, overflow_behavior="wrap", elem_id="views") as self.tab_bar:
            self.tabs = {kind.key: self._tab(kind) for kind in TABS}
        self.worded: list[Worded] = [(introduction, lambda say: say(INTRODUCTION))]
        self.worded += [worded for tab in self.tabs.values() for worded in tab.worded]
        self._word_at_first()
        with gr.Accordion("The code for this view", open=False):
            self.code = gr.Code(language="python", show_label=False, elem_id="code")
        self.shared = dict(zip(("tab", "a", "b"), (self.open_tab, *self.models), strict=True))
        self.bar = AddressBar(
            [
                *(("", key, first_value(field)) for key, field in self.shared.items()),
                *((tab.key, key, first_value(field)) for tab in self.tabs.values() for key, field in tab.fields.items()),
            ],
            elem_id="address",
        )
        self._wire(blocks)
        shelf.warm_up.afterwards = self._draw_map

    def _wire(self, blocks: gr.Blocks) -> None:
        """What happens when a visitor comes, goes back or forward, opens a tab, changes a model or a field."""
        changed = [field.change for field in self.shared.values()]  # pyright: ignore[reportAttributeAccessIssue]
        changed += [trigger for tab in self.tabs.values() for trigger in tab.triggers]
        # A count for each tab. The page raises that of the open one, in the browser, and so only that one is drawn. Fields that
        # a link sets change one after the other: by way of the count, all are set before the first drawing asks for them.
        counts = [gr.Number(0, visible=False) for _ in self.tabs]
        keys = json.dumps([*self.tabs])
        redraw: dict[str, Any] = {
            "inputs": [self.open_tab, *counts],
            "outputs": counts,
            "js": RAISE % (keys, "count + 1"),
        }
        gr.on(changed, None, **redraw, api_visibility="private", trigger_mode="multiple")
        # One handler for both: if one is put off, Gradio begins all of its event anew, and two would begin each other for ever.
        described = [*self.sidebar.facts, *(component for component, _ in self.worded)]
        gr.on([m.change for m in self.models], self.describe, self.models, described, **QUIET)
        for tab, count in zip(self.tabs.values(), counts, strict=True):
            into = [*tab.outputs, self.code]
            drawn = count.change(partial(self.draw, tab), self.models, into, inputs_kwargs={**tab.fields}, **QUIET)
            drawn.then(self.prepare, self.models, None, js=PAUSE, **QUIET)
        self._wire_carriers()
        lab = self.tabs[LabTab.key]
        assert isinstance(lab, LabTab)
        blocks.unload(lab.leave)
        blocks.unload(self.leave)
        fields = [field for tab in self.tabs.values() for field in tab.fields.values()]
        written = [*self.shared.values(), *fields]
        noted = [field.change for field in written]  # pyright: ignore[reportAttributeAccessIssue]
        gr.on(noted, None, written, None, js=WRITE, api_visibility="private")

        restored = [self.tab_bar, *written, self.guide, self.faults]
        blocks.load(None, None, None, js=CLOSE_SIDEBAR_ON_PHONES, api_visibility="private")
        loaded = blocks.load(self.first_view, None, restored, **QUIET)
        loaded.then(None, written, None, js=SETTLE, api_visibility="private")
        ready = loaded.then(
            self.shelf.warm_up.progress,
            None,
            self.status,
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=32,
        )
        ready.then(self.sidebar.list_broken, None, self.sidebar.broken, **QUIET)
        whole = ready.then(self.sidebar.whole_models, self.models, self.models, **QUIET)
        whole.then(self.sidebar.describe, self.models, self.sidebar.facts, **QUIET)
        # The view of a link is drawn by now; drawn again, it would lose what a click has brought meanwhile.
        once: dict[str, Any] = {**redraw, "js": RAISE % (keys, "count || 1")}
        whole.then(None, **once, api_visibility="private")
        moved = self.bar.navigate(self.other_view, None, restored, **QUIET)
        moved.then(None, written, None, js=SETTLE, api_visibility="private").then(None, **redraw, api_visibility="private")
        for handler in blocks.fns.values():
            if handler.show_progress == "hidden":
                # Else Gradio's page has a status of every output, and copies all of them and what is in them at each event.
                handler.show_progress_on = [self.open_tab]

    def describe(self, name_a: str | None, name_b: str | None) -> list[Any]:
        """The facts of both models, and what speaks of sentences, for these models."""
        return [*self.sidebar.describe(name_a, name_b), *self._wording(name_a, name_b)]

    def _wording(self, *names: str | None) -> list[Any]:
        def say(text: str) -> str:
            return self.shelf.given.said(text, *names)

        return [update(say) for _, update in self.worded]

    def _word_at_first(self) -> None:
        for (component, _), said in zip(self.worded, self._wording(*(m.value for m in self.models)), strict=True):
            for key, value in (said if isinstance(said, dict) else {"value": said}).items():
                if key != "__type__":
                    setattr(component, key, value)

    def _wire_carriers(self) -> None:
        """A sentence of the map goes to another tab's field. An interpolation needs two: its start leaves the map open."""
        shown = self.tabs[MapTab.key]
        assert isinstance(shown, MapTab)
        for (key, field), button in shown.carriers.items():
            target = self.tabs[key].fields[field]
            given = [*self.models, shown.fields["point"]]
            into = [target, shown.carried, self.tab_bar, self.open_tab]
            button.click(partial(self.carry, shown, key if field != "from" else shown.key), given, into, **QUIET)

    # ---- building

    def _tab(self, kind: type[Tab]) -> Tab:
        with gr.Tab(kind.title, id=kind.key) as opened:
            tab = kind(self.shelf, *self.models)
        opened.select(None, None, self.open_tab, js=f"() => '{kind.key}'", api_visibility="private")
        return tab

    # ---- what the page does

    def draw(self, tab: Tab, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[Any, ...]:
        """A tab's outputs and its code.

        Args:
            tab: that is drawn.
            name_a: of model A.
            name_b: of model B.
            fields: the tab's values, by their keys.

        Returns:
            A value for each of the tab's outputs, and for its code.
        """
        drawn = tab.draw(name_a, name_b, **fields)
        try:
            return *drawn, tab.code(name_a, name_b, **fields)
        except UserError as error:
            return *drawn, f"# {error}"

    def _draw_map(self) -> None:
        """Draw the map as it is at first, before anybody asks: the picture is kept."""
        shown = self.tabs[MapTab.key]
        self.draw(shown, *self.shelf.defaults(), **{key: first_value(field) for key, field in shown.fields.items()})

    def prepare(self, *names: str | None) -> None:
        """Fit the models' smoothed densities, a second for each, before the first click asks for a density gap.

        The dots of the operator's models are decoded, too, in some seconds that nobody waits for.
        """
        for name in names:
            with suppress(UserError):  # it is said where the model is shown
                checkpoint = self.shelf.get(name)
                if checkpoint.aggregated.has_density:
                    _ = checkpoint.aggregated.usual.smoothed
                if self.shelf.is_ours(str(name)):
                    self.ahead.ask(checkpoint)

    def leave(self, request: gr.Request) -> None:
        """Give up what a visitor who is gone has fetched or given."""
        self.shelf.leave(request.session_hash)

    def carry(self, shown: MapTab, then: str, *point: Any) -> tuple[Any, ...]:
        """Carry the sentence of a point to another tab.

        Args:
            shown: the map.
            then: key of the tab that is opened.
            point: the arguments of `MapTab.carry`.

        Returns:
            The sentence, for a field; what is said of that on the map; and twice the tab that is opened.
        """
        try:
            text = shown.carry(*point)
        except UserError as error:
            return gr.skip(), notice(str(error)), gr.skip(), gr.skip()
        if then == shown.key:
            return text, hint(f"The interpolation starts with “{text}”. Click a point to choose its end."), gr.skip(), gr.skip()
        return text, "", gr.update(selected=then), then

    # ---- the view that the address names

    def first_view(self, request: gr.Request) -> list[Any]:
        """What the address says when a visitor comes. Checkpoints made or fetched meanwhile are in the lists."""
        return linked_view(self.shelf, self.tabs, str(request.query_params), is_new=True)

    def other_view(self, event: Navigated) -> list[Any]:
        """What the address says when they go back or forward."""
        return linked_view(self.shelf, self.tabs, event.query)
