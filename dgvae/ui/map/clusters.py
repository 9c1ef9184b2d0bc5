"""Named clusters of a map's sentences: over the maps, in a list, and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.text.words import split_words
from dgvae.ui.decoding import decode_texts
from dgvae.ui.map.drawing import Layout
from dgvae.ui.map.points import map_of
from dgvae.ui.map.sentences import texts_of
from dgvae.ui.map.shared import CommonMaps
from dgvae.ui.own_latents import own_model
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET
from dgvae.ui.vega.chart import ChartMarks, marks

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.explore.clusters import Cluster

MOST_DECODED = 1000  # reconstructions that name the clusters where there is no text


@dataclass(frozen=True)
class Named:
    """The clusters of A and B: listed, as HTML, and their names with their places on the maps."""

    listed: str = ""
    names: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    def mark(self, side: str) -> dict[str, Any]:
        """What is written over the map of A or B, for `marks`."""
        return {"names": self.names.get(side, [])}


class ClusterNames:
    """The field, and the list, which stands where `list_here` is called."""

    def __init__(self, common: CommonMaps) -> None:
        self._common = common
        self.shown = gr.Checkbox(False, label="Name the clusters", min_width=180, scale=0, elem_id="map-names")

    def list_here(self) -> None:
        """Build the list."""
        self.listed = gr.HTML(elem_id="map-clusters")

    def wire(self, models: list[gr.Dropdown], chosen: list[Any], over: ChartMarks) -> None:
        """Show or hide them, without drawing a map."""
        self.shown.input(self.change, [*models, *chosen, self.shown], [self.listed, over], **QUIET)

    def change(self, name_a: str | None, name_b: str | None, *chosen: Any) -> tuple[str, str]:
        """The list, as HTML, and the marks."""
        *layout_chosen, shown = chosen
        layout = Layout.find(self._common, layout_chosen, (name_a, name_b))
        named = self.draw(name_a, name_b, layout, shown)
        return named.listed, marks(map_a=named.mark("A"), map_b=named.mark("B"))

    def draw(self, name_a: str | None, name_b: str | None, layout: Layout, shown: bool) -> Named:
        """The clusters in a layout; none if they are not shown."""
        found: dict[str, tuple[Checkpoint, list[Cluster]]] = {}
        listed, shelf = "", self._common.shelf
        for side, name in {"A": name_a, "B": name_b}.items() if shown else ():
            with suppress(UserError):  # it is said in the model's place
                found[side] = shelf.get(name), clusters_of(shelf, name)
                listed += _list(side, *found[side], shelf.given.said("sentences", name))
        return Named(listed, {side: _places(side, *of, layout) for side, of in found.items()})


def clusters_of(shelf: Shelf, name: str | None) -> list[Cluster]:
    """The clusters of a model's own map, found once for all visitors, in a second. Raises UserError if there is no map."""
    map_of(shelf.get(name))
    return shelf.derived(name, "clusters", lambda checkpoint: _find(shelf, name, checkpoint))


def _find(shelf: Shelf, name: str | None, checkpoint: Checkpoint) -> list[Cluster]:
    """Named by texts or labels, else by what the model reconstructs."""
    import numpy as np

    from dgvae.explore.clusters import find_clusters

    stored, known = map_of(checkpoint), texts_of(shelf, name)
    xy = stored.xy[stored.priors :].numpy()
    rows = stored.sentences.tolist()
    if known:
        is_tokenized = shelf.own(str(name)) is None
        return find_clusters(xy, [known[i] if is_tokenized else " ".join(split_words(known[i])) for i in rows])
    if own_model(checkpoint):
        return find_clusters(xy)
    some = np.linspace(0, len(rows) - 1, min(len(rows), MOST_DECODED)).round().astype(int)
    texts = [""] * len(rows)
    means = checkpoint.latents.posterior.location[stored.sentences[some.tolist()]]
    for row, text in zip(some.tolist(), decode_texts(checkpoint, means), strict=True):
        texts[row] = text
    return find_clusters(xy, texts)


def _places(side: str, checkpoint: Checkpoint, clusters: list[Cluster], layout: Layout) -> list[dict[str, Any]]:
    """Each name in the middle of its cluster."""
    stored = map_of(checkpoint)
    xy = layout.on(side, checkpoint)[stored.priors :]
    places = []
    for i, cluster in enumerate(clusters):
        x, y = xy[cluster.members.tolist()].median(0).values.tolist()
        places.append({"x": x, "y": y, "text": _called(i, cluster)})
    return places


def _called(i: int, cluster: Cluster) -> str:
    return cluster.name or f"cluster {i + 1}"


def _list(side: str, checkpoint: Checkpoint, clusters: list[Cluster], members: str) -> str:
    total = len(map_of(checkpoint).sentences)
    inside = sum(len(cluster.members) for cluster in clusters) / total
    rows = "".join(
        f"<tr><td>{i + 1}</td><td>{escape(_called(i, cluster))}</td><td>{len(cluster.members):,}</td></tr>"
        for i, cluster in enumerate(clusters)
    )
    said = (
        f"{len(clusters)} clusters of {side}, which have {inside:.0%} of the {members} on its map; the others lie between them"
    )
    return (
        f"<details class='listed'><summary>{said}</summary><div class='measure-scroll region-sentences'><table class='texts'>"
        f"<thead><tr><th>cluster</th><th>words</th><th>{members}</th></tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
