"""The fields of the Map tab that say what is drawn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from dgvae.charts.maps import COLORINGS, LOOK_FOR
from dgvae.checkpoint.umap import USUAL, UmapOptions
from dgvae.ui.map.drawing import COMMON, OWN, PCA, UMAP
from dgvae.ui.map.shared import CommonMaps
from dgvae.ui.markup.render import notice
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET


class Radio(gr.Radio):
    """By what the points are colored. A column is offered where a model has some, and a link may name it wherever it leads."""

    in_links = tuple(COLORINGS)

    def preprocess(self, payload: Any) -> Any:
        """The value that a handler gets."""
        return payload if payload in self.in_links else super().preprocess(payload)


class Controls:
    """The fields, what is said above and below them, and when a common map was fitted."""

    def __init__(self, shelf: Shelf) -> None:
        self.common = CommonMaps(shelf)
        self.look_for = gr.HTML(look_for("source"))
        with gr.Row(elem_id="map-controls"):
            colors, columns = offered_colors(shelf, *shelf.defaults())
            self.color = Radio(colors, value="source", label="Color by", scale=3, min_width=300, elem_id="map-color")
            self.dimension = gr.Number(
                1, precision=0, label="Dimension", min_width=90, scale=0, visible=False, elem_id="map-dimension"
            )
            self.column = gr.Dropdown(
                columns,
                value="",
                label="Column (or the first)",
                allow_custom_value=True,
                min_width=130,
                scale=0,
                visible=False,
                elem_id="map-column",
            )
            kinds = [("one for each", OWN), ("one for both", COMMON)]
            self.which = gr.Radio(kinds, value=OWN, label="Map", scale=0, min_width=150, elem_id="map-which")
            projections = [("UMAP", UMAP), ("PCA of the means", PCA)]
            self.projection = gr.Radio(
                projections, value=UMAP, label="Projection", scale=0, min_width=185, elem_id="map-projection"
            )
        with gr.Row(elem_id="map-umap") as self._umap:
            self.neighbors = gr.Radio(
                [5, USUAL.neighbors, 50],
                value=USUAL.neighbors,
                label="Neighbors of UMAP (few: small structure; many: large)",
                min_width=300,
                elem_id="map-neighbors-of-umap",
            )
            self.min_dist = gr.Radio(
                [0.01, USUAL.min_dist, 0.5],
                value=USUAL.min_dist,
                label="Minimum distance (small: dense clumps; large: spread)",
                min_width=300,
                elem_id="map-min-dist",
            )
        self.remark = gr.HTML(elem_id="map-remark")
        self.progress = gr.HTML(elem_id="map-progress", elem_classes="status")
        self.fitted = gr.Number(0, visible=False)
        self.fields = {
            "colour": self.color, "dim": self.dimension, "column": self.column, "map": self.which, "proj": self.projection,
            "neighbors": self.neighbors, "mindist": self.min_dist,
        }  # fmt: skip
        self.coloring = [self.color, self.dimension, self.column]
        self.chosen = [self.which, self.projection, self.neighbors, self.min_dist]
        shown = (*self.coloring, *self.chosen, self.fitted)
        self.triggers = [field.change for field in shown]

    def wire(self, models: list[gr.Dropdown]) -> None:
        """A map is fitted where it is asked for; fields are shown where they are used."""
        # By way of a count: else all else that a field's event begins would wait until the map is fitted.
        asked = gr.Number(0, visible=False)
        begins = [*(field.change for field in (*self.chosen, *models))]
        gr.on(begins, None, asked, asked, js="count => count + 1", api_visibility="private", trigger_mode="multiple")
        asked.change(
            self.fit, [*models, *self.chosen], [self.progress, self.fitted],
            show_progress="hidden", api_visibility="private", trigger_mode="multiple", concurrency_limit=32,
        )  # fmt: skip
        used = [gr.update(visible=False), gr.update(visible=True)]
        self.color.change(
            lambda color: [used[color == "dimension"], used[color == "column"]],
            self.color, [self.dimension, self.column], **QUIET,
        )  # fmt: skip
        self.projection.change(lambda projection: gr.update(visible=projection == UMAP), self.projection, self._umap, **QUIET)

    def colorings(self, *names: str | None) -> list[Any]:
        """By what the maps of A and B can be colored, in words that fit them, and the columns of their files."""
        return [gr.update(choices=offered) for offered in offered_colors(self.common.shelf, *names)]

    def fit(
        self, name_a: str | None, name_b: str | None, which: str, projection: str, neighbors: int, min_dist: float
    ) -> Iterator[tuple[str, Any]]:
        """If a common UMAP, or one with other options than the stored ones, is asked for and not there, fit it.

        Args:
            name_a: of model A.
            name_b: of model B.
            which: OWN or COMMON.
            projection: UMAP or PCA, which needs no fit.
            neighbors: of `UmapOptions`.
            min_dist: likewise.

        Yields:
            How far that is, as HTML, and at last when it was done.
        """
        options, names = UmapOptions(neighbors, min_dist), (name_a, name_b)
        if projection == UMAP and options != USUAL:
            steps = self.common.refits.follow(self.common.refit_members(which == COMMON, names), options)
        elif projection == UMAP and which == COMMON:
            steps = self.common.follow(*names)
        else:
            self.common.leave()
            yield "", gr.skip()
            return
        for said, done in steps:
            yield (notice(said) if said and done else said), time.time() if done else gr.skip()


def look_for(color: str) -> str:
    """What to look for in a map of this coloring, as HTML."""
    return f"<p class='hint'>{LOOK_FOR[color]}</p>"


def offered_colors(shelf: Shelf, *names: str | None) -> tuple[list[tuple[str, str]], list[str]]:
    """By what the maps of two models can be colored, what it is called and its key; and the columns of their files."""
    columns = dict.fromkeys(column for own in map(shelf.given.get, names) if own for column in own.columns)
    said = shelf.given.said
    return [(said(name, *names), key) for key, name in COLORINGS.items() if key != "column" or columns], [*columns]
