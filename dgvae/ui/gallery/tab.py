"""The Gallery tab: every model at a glance, and what each pays for having no holes. Here a visitor chooses A and B."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
from gradio.events import EventListener

from dgvae.charts.comparisons import trade_off
from dgvae.checkpoint.coordinates import LATENTS_FILE, map_coordinates
from dgvae.errors import UserError
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.measured import Measured
from dgvae.methods.spec import FAMILIES
from dgvae.methods.table import METHODS
from dgvae.ui.gallery.cards import cards, picture
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.requests.events import Chose
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import EACH, Tab
from dgvae.ui.vega.chart import VegaChart

ORDERS = {FIGURES[name].name: name for name in ("hole_mass", "mi", "smoothed_gap", "elbo")}
BY_METHOD, ALL = "method", "all"
AGAINST = {FIGURES[name].name: name for name in ("hole_mass", "smoothed_gap")}
SAYS = (
    "Each picture is the map of one model: prior samples in <span class='prior'>orange</span>, encoded sentences in "
    "<span class='posterior'>blue</span>. Orange without blue is a hole. Press A or B under two pictures; the other tabs "
    "compare these two models."
)


class Cards(gr.HTML):
    """The cards. `choose` is the event of a visitor who pressed A or B on one."""

    EVENTS: ClassVar[list] = [EventListener("choose", doc="`side`: a or b. `name`: the checkpoint's.")]

    def __init__(self, value: str, **kwargs: Any) -> None:
        super().__init__(value, js_on_load=Path(__file__).with_name("gallery.js").read_text(encoding="utf-8"), **kwargs)


class GalleryTab(Tab):
    """See `Tab`."""

    key = "gallery"
    title = "Gallery"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        with gr.Row():
            order = gr.Dropdown([BY_METHOD, *ORDERS], value=BY_METHOD, label="Order, the best first", elem_id="gallery-order")
            family = gr.Dropdown([ALL, *FAMILIES], value=ALL, label="Methods", elem_id="gallery-family")
        self.hint(SAYS)
        first = self._cards(
            *self._models(ALL), BY_METHOD, model_a.value, model_b.value
        )  # drawn at once, before anything is loaded
        shown = Cards(first, elem_id="gallery")
        against = gr.Radio(list(AGAINST), value=next(iter(AGAINST)), label="The trade-off: MI against", elem_id="against")
        chart = VegaChart(label="Trade-off", elem_id="gallery-trade-off", height=380, elem_classes="if-any")
        self.fields = {"order": order, "family": family, "against": against}
        self.triggers = [order.change, family.change, against.change]
        self.outputs = [shown, chart]
        shown.choose(self.choose, None, self.models, **EACH)

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[Any, ...]:
        """The cards, and the trade-off of those shown."""
        models, faults = self._models(fields["family"])
        y = AGAINST[fields["against"]]
        comparable = [model for model in models if model.has("mi", y)]
        chart = trade_off(comparable, "mi", y, name_a, name_b) if comparable else None
        return self._cards(models, faults, fields["order"], name_a, name_b), chart

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        return (
            "from pathlib import Path\n"
            "from dgvae.checkpoint.discover import find_checkpoints\n"
            "from dgvae.evaluation.record import Record\n\n"
            f"for name, folder in find_checkpoints(Path({self.shelf.shown_root().as_posix()!r})).items():\n"
            "    record = Record.load(folder)\n"
            f'    print(name, record.text("mi"), record.text("{AGAINST[fields["against"]]}"))\n'
        )

    def choose(self, event: Chose) -> list[Any]:
        """Make a model A or B. Raises UserError if there is none of this name."""
        if event.name not in {name for _, name in self.shelf.choices()}:
            raise UserError(f"There is no checkpoint {event.name[:80]!r} here.")
        chosen = gr.update(value=event.name)
        return [chosen, gr.skip()] if event.side == "a" else [gr.skip(), chosen]

    def _models(self, family: str) -> tuple[list[Measured], list[str]]:
        found, faults = self.shelf.measured()
        families = {name: row.family for name, row in METHODS.items()}
        return [model for model in found if family in (ALL, families.get(model.method))], faults

    def _cards(self, models: list[Measured], faults: list[str], order: str, name_a: str | None, name_b: str | None) -> str:
        if not models:
            return hint("There is no model of this kind here.") + "".join(map(notice, faults))
        drawn = [(model, self._picture(model.name)) for model in models]
        return cards(drawn, ORDERS.get(order), name_a, name_b) + "".join(map(notice, faults))

    def _picture(self, name: str) -> str:
        if own := self.shelf.own(name):
            return picture(own.coordinates)
        folder = self.shelf.folder(name)
        try:
            stat = (folder / LATENTS_FILE).stat()
        except OSError:
            return picture(None)
        return _drawn(folder, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=512)
def _drawn(folder: Path, changed: int, size: int) -> str:
    """A checkpoint's picture, made anew when its latents have changed."""
    return picture(map_coordinates(folder))
