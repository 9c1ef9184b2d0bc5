"""The sentences nearest to a point, in the latent space of each model: listed, and lit up on both maps."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from dgvae.errors import UserError
from dgvae.text.corpora import label_name
from dgvae.ui.decoding import written
from dgvae.ui.map.points import Point, latent_of, map_of
from dgvae.ui.map.sentences import same_sentences
from dgvae.ui.markup.render import Column, Line, comparison, hint
from dgvae.ui.own_latents import places_of
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import QUIET
from dgvae.ui.vega.chart import ChartMarks, marks

DISTANCES = {"euclidean": "distance of μ", "kl": "KL", "symmetric": "symmetric KL"}
UNITS = {"euclidean": "", "kl": " nats", "symmetric": " nats"}
SHOWN = 8


class NeighborList:
    """The choice of a distance, and the list, where they are made."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        choices = [(label, key) for key, label in DISTANCES.items()]
        self.distance = gr.Radio(choices, value="euclidean", label="Nearest sentences by", elem_id="map-near")
        self.listed = gr.HTML(elem_id="map-neighbors")

    def wire(self, models: list[gr.Dropdown], number: gr.Number, over: ChartMarks) -> None:
        """List them anew where another distance is chosen."""
        self.distance.input(self.change, [*models, number, self.distance], [self.listed, over], **QUIET)

    def change(self, name_a: str | None, name_b: str | None, number: float | None, distance: str) -> tuple[str, str]:
        """The list of the point of a number, as HTML, and the marks."""
        near = neighbors(self._shelf, {"A": name_a, "B": name_b}, Point.of_number(number), distance)
        return near.listed, marks(map_a=near.mark("A"), map_b=near.mark("B"))


@dataclass(frozen=True)
class Near:
    """What is listed, as HTML, and the numbers of the nearest sentences in the latent spaces of A and B.

    are_same: whether a number is the same sentence for both models, so that it lights up on both maps.
    """

    listed: str = ""
    numbers: Mapping[str, list[int]] = field(default_factory=dict)
    are_same: bool = True

    def mark(self, side: str) -> dict[str, Any]:
        """What lights up on the map of A or B, for `marks`."""
        return {"near": {of.lower(): found for of, found in self.numbers.items() if self.are_same or of == side}}


def neighbors(shelf: Shelf, names: Mapping[str, str | None], point: Point | None, distance: str = "euclidean") -> Near:
    """The sentences nearest to a point.

    Args:
        shelf: has the models.
        names: of the models, by their letters A and B.
        point: a sentence, whose posterior is compared, or a draw; None for none.
        distance: a key of DISTANCES. Where there are no densities, as at a draw, it is Euclidean.

    Returns:
        What is listed and lit up; nothing without a point.
    """
    if point is None:
        return Near()
    sides = {side: _Side.find(shelf, name, point, distance) for side, name in names.items()}
    if not any(of.sentences for of in sides.values()):
        return Near()
    same = False
    with suppress(UserError):  # it is said in the model's column
        same = same_sentences(shelf, *names.values())
    count = max(len(of.sentences) for of in sides.values())
    which = f"prior draw {point.index + 1}" if point.is_draw else f"sentence {point.index + 1}"
    said = f"On the map{'s' if same else ' of each model'}, solid circles are the nearest of A, and dashed ones are those of B."
    if distance != "euclidean":
        said += "".join(f" {why}" for why in dict.fromkeys(of.remark for of in sides.values()) if why)
    heads = [str(i + 1) for i in range(count)]
    nearest_to = shelf.given.said(f"Sentences nearest to {which}", *names.values())
    listed = f"<h3>{nearest_to}</h3>" + comparison(heads, *(of.column for of in sides.values())) + hint(said)
    return Near(listed, {side: [i + 1 for i in of.sentences] for side, of in sides.items()}, same)


@dataclass(frozen=True)
class _Side:
    """The nearest sentences in one model's latent space, by their indices, and their column of the list.

    remark: why the distance can only be Euclidean, if so.
    """

    column: Column
    sentences: list[int] = field(default_factory=list)
    remark: str = ""

    @classmethod
    def find(cls, shelf: Shelf, name: str | None, point: Point, distance: str) -> _Side:
        """Of a model. What is wrong is said in its column."""
        from dgvae.explore.neighbors import nearest, nearest_posteriors

        try:
            checkpoint = shelf.get(name)
            stored = map_of(checkpoint)
        except UserError as error:
            return cls(Column(name or "no model", fault=str(error)))
        title, posterior = checkpoint.model.config.title, checkpoint.latents.posterior
        remark = ""
        if point.is_draw and (z := latent_of(checkpoint, point)) is not None:
            distance, remark = "euclidean", "A prior draw has no posterior: it is compared by its distance to μ."
            distances, found = (part[0] for part in nearest(z, posterior.location.float(), SHOWN))
        elif not point.is_draw and point.index < len(posterior):
            if not posterior.has_density:
                distance, remark = "euclidean", f"{title} has no densities: it is compared by the distance of μ."
            distances, found = nearest_posteriors(posterior, point.index, SHOWN, distance)
        else:
            return cls(Column(title, fault="This model has no such point."))
        sentences, drawn = found.tolist(), {*stored.sentences.tolist()}
        labels = [label_name(label, checkpoint.classes) for label in checkpoint.latents.labels[found].tolist()]
        texts, are = written(shelf, name, sentences)
        is_whole, lines = places_of(checkpoint) is not None, []  # a small view of its map has all points
        for i, apart, label, text in zip(sentences, distances.tolist(), labels, texts, strict=True):
            called = shelf.given.said(f"sentence {i + 1}", name)
            notes = [called, label, f"{DISTANCES[distance]} {apart:.3g}{UNITS[distance]}"]
            notes += ["reconstructed"] * (are == "reconstructions") + ["not on the map"] * (i not in drawn and not is_whole)
            lines.append(Line(text or label or called, note=" · ".join(filter(None, notes))))
        return cls(Column(title, lines), sentences, remark)
