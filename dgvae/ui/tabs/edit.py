"""The Edit tab: a sentence through every model at once, along the direction of its label, and along one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.charts.slices import z_name
from dgvae.errors import UserError
from dgvae.text.corpora import label_name
from dgvae.ui.decoding import EXAMPLES, MOST_CHARACTERS, decode_lines, decode_texts, encode, encode_mean, readings
from dgvae.ui.markup.differences import marked_differences, share_kept
from dgvae.ui.markup.export import code_to_load, csv_link
from dgvae.ui.markup.render import Column, comparison, comparison_rows, hint, notice
from dgvae.ui.shelf import MOST_LOADED, Shelf
from dgvae.ui.tabs.tab import QUIET, Number, Slider, Tab

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint

STRENGTHS = (-2.0, -1.0, 0.0, 1.0, 2.0)
VALUES = (-3.0, -1.5, 0.0, 1.5, 3.0)


@dataclass(frozen=True)
class Reconstruction:
    """What a model makes of a sentence, which it splits into the words `given`; or the one sentence that says why it can't.

    side: "a" or "b", or "" for the other models. kl: of the posterior to the prior, nats, if it has a density.
    """

    label: str
    side: str
    given: Sequence[str] = ()
    said: Sequence[str] = ()
    kl: float | None = None
    fault: str | None = None


class EditTab(Tab):
    """See `Tab`."""

    key = "edit"
    title = "Edit"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        with gr.Row():
            sentence = gr.Textbox(EXAMPLES[0], label="Sentence", max_length=MOST_CHARACTERS, elem_id="sentence", min_width=280)
            go = gr.Button("Encode and decode", variant="primary", elem_id="reconstruct", min_width=160, scale=0)
        gr.Markdown(
            "Encoded to its posterior mean and decoded again by every model. A collapsed model gives back a sentence that has "
            "nothing to do with yours, since its latent says nothing.",
            elem_classes="hint",
        )
        table = gr.HTML(elem_id="reconstructions")
        gr.Markdown("## From one label to the other")
        gr.Markdown(
            "The latent moved by a multiple of the labels' mean difference; on Short-Yelp, from bad reviews to good. Any two "
            "labels that the models' sentences have may be chosen.",
            elem_classes="hint",
        )
        with gr.Row():
            ends = [
                gr.Dropdown([], value="", label=label, elem_id=key, allow_custom_value=True, min_width=160)
                for label, key in (
                    ("From label (or the first)", "from-label"),
                    ("To label (or the last)", "to-label"),
                )
            ]
        strength = Slider(-3, 3, value=1, step=0.25, label="Strength", elem_id="strength")
        attribute = gr.HTML(elem_id="attribute")
        gr.Markdown("## Along one dimension")
        gr.Markdown(
            "One dimension is set, the others stay. If the KL of its posteriors is near 0, it is unused, and nothing changes. "
            "Where the latent is a sphere, it is brought back to length 1, which changes all.",
            elem_classes="hint",
        )
        with gr.Row():
            rank = Number(1, minimum=1, precision=0, label="Dimension, by the variance of its means", min_width=200, scale=0)
            value = Slider(-4, 4, value=2, step=0.25, label="Its value", elem_id="dimension-value")
        traversal = gr.HTML(elem_id="traversal")
        self.fields = {"sentence": sentence, "strength": strength, "rank": rank, "value": value}
        self.fields |= {"from_label": ends[0], "to_label": ends[1]}
        self.triggers = [sentence.submit, go.click]
        self.outputs = [table, attribute, traversal, *ends]
        moved = [strength.change, *(end.change for end in ends)]
        gr.on(moved, self.move, [*self.models, sentence, strength, *ends], attribute, **QUIET)
        gr.on([rank.change, value.change], self.traverse, [*self.models, sentence, rank, value], traversal, **QUIET)

    def draw(self, name_a: str | None, name_b: str | None, *values: Any) -> tuple[Any, ...]:
        """The table of reconstructions, the row of strengths, the row of values, and the labels that can be chosen."""
        sentence, strength, rank, value, *ends = values
        choices = [gr.update(choices=self._labels(name_a, name_b))] * 2
        if not sentence.strip():
            return notice("Write a sentence."), "", "", *choices
        return (
            readings(self.shelf, (name_a, name_b), sentence) + self.reconstruct(name_a, name_b, sentence),
            self.move(name_a, name_b, sentence, strength, *ends),
            self.traverse(name_a, name_b, sentence, rank, value),
            *choices,
        )

    # ---- every model

    def reconstruct(self, name_a: str | None, name_b: str | None, sentence: str) -> str:
        """The sentence through A, B and the others, as far as they fit in memory together."""
        labels = {name: label for label, name in self.shelf.choices()}
        sides = {name: side for name, side in ((name_b, "b"), (name_a, "a")) if name in labels}
        names = list(dict.fromkeys([*reversed(sides), *labels]))
        found = [self._reconstruction(name, labels[name], sides.get(name, ""), sentence) for name in names[:MOST_LOADED]]
        header = ["model", "words kept", "KL (nats)", "reconstruction"]
        head = "".join(f"<th scope='col'>{name}</th>" for name in header)
        more = hint(f"The first {MOST_LOADED} of {len(names)} models are shown.") if len(names) > MOST_LOADED else ""
        cells = [[r.label, share_kept(r.given, r.said), r.kl, " ".join(r.said)] for r in found if not r.fault]
        return (
            "<div class='measure-scroll' tabindex='0'><table class='texts edits' aria-label='The sentence through every model'>"
            f"<thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(map(_row, found))}</tbody></table></div>{more}{csv_link('reconstructions.csv', header, cells)}"
        )

    def _reconstruction(self, name: str, label: str, side: str, sentence: str) -> Reconstruction:
        try:
            checkpoint = self.shelf.get(name)
            posterior = encode(checkpoint, sentence)
        except UserError as error:
            return Reconstruction(label, side, fault=str(error))
        said = decode_texts(checkpoint, posterior.location)[0].split()
        kl = float(posterior.kl()[0]) if posterior.has_density else None
        return Reconstruction(label, side, checkpoint.tokenizer.words(sentence), said, kl)

    # ---- along a direction

    def move(
        self,
        name_a: str | None,
        name_b: str | None,
        sentence: str,
        strength: float,
        start: str | None = "",
        end: str | None = "",
    ) -> str:
        """What both models say along the direction from one label to another, and at the chosen strength."""
        strengths = sorted({*STRENGTHS, float(strength)})
        columns = [self._moved(name, sentence, strengths, start or "", end or "") for name in (name_a, name_b)]
        return _series("attribute.csv", strengths, strength, columns)

    def _moved(self, name: str | None, sentence: str, strengths: list[float], start: str, end: str) -> Column:
        from dgvae.explore.directions import attribute_direction

        try:
            checkpoint = self.shelf.get(name)
            ends = self._ends(checkpoint, start, end)
            direction = self.shelf.derived(name, ("direction", *ends), lambda c: attribute_direction(c.latents, *ends))
            mean = encode_mean(checkpoint, sentence)
        except UserError as error:
            return Column(self.shelf.title(name), fault=str(error))
        names = [label_name(label, checkpoint.classes) for label in ends]
        return _column(
            checkpoint, mean + mean.new_tensor(strengths).unsqueeze(1) * direction, f": from {names[0]} to {names[1]}"
        )

    def _ends(self, checkpoint: Checkpoint, start: str, end: str) -> tuple[int, int]:
        from dgvae.explore.directions import choose_labels, names_of_labels

        return choose_labels(names_of_labels(checkpoint.latents, checkpoint.classes), start, end)

    def _labels(self, *names: str | None) -> list[str]:
        """The labels of the models' sentences."""
        from dgvae.explore.directions import names_of_labels

        found: dict[str, None] = {}
        for name in names:
            with suppress(UserError):  # it is said where the model is shown
                checkpoint = self.shelf.get(name)
                found |= dict.fromkeys(names_of_labels(checkpoint.latents, checkpoint.classes).values())
        return list(found)

    def traverse(self, name_a: str | None, name_b: str | None, sentence: str, rank: float | None, value: float) -> str:
        """What both models say as one dimension is set to several values, and to the chosen one."""
        values = sorted({*VALUES, float(value)})
        columns = [self._set(name, sentence, rank, values) for name in (name_a, name_b)]
        return _series("traversal.csv", values, value, columns)

    def _set(self, name: str | None, sentence: str, rank: float | None, values: list[float]) -> Column:
        try:
            checkpoint = self.shelf.get(name)
            profile = self.shelf.derived(name, "profile", lambda c: c.aggregated.profile())
            variance = profile["variance_of_means"]
            if not rank or not 1 <= rank <= len(variance):
                raise UserError(f"Choose a dimension from 1 to {len(variance)}.")
            mean = encode_mean(checkpoint, sentence)
        except UserError as error:
            return Column(self.shelf.title(name), fault=str(error))
        dimension = int(variance.argsort(descending=True)[int(rank) - 1])
        z = mean.repeat(len(values), 1)
        z[:, dimension] = mean.new_tensor(values)
        kl = f", KL {profile['kl'][dimension]:.2f} nats" if "kl" in profile else ""
        return _column(checkpoint, z, f": {z_name(dimension)}{kl}")

    def code(self, name_a: str | None, name_b: str | None, *values: Any) -> str:
        """See `Tab`."""
        sentence, strength, _, _, *chosen = values
        start, end = (text or "" for text in (chosen or ("", "")))
        absent, present = self._ends(self.shelf.get(name_a), start, end)
        draws = not self.shelf.get(name_a).latents.posterior.has_density
        return code_to_load(self.shelf.source(name_a)) + (
            "from dgvae.explore.directions import attribute_direction\n"
            "from dgvae.model.generation import decode_latents\n\n"
            + ("import torch; torch.manual_seed(0)  # its encoder draws\n" if draws else "")
            + f"ids = checkpoint.tokenizer.encode_text({sentence!r}, checkpoint.model.config.max_length)\n"
            "z = checkpoint.model.encode_all([ids]).location\n"
            f"direction = attribute_direction(checkpoint.latents, {absent}, {present})\n"
            f"moved = checkpoint.model.prior.project(z + {strength} * direction)\n"
            "for place in (z, moved):\n"
            "    print(checkpoint.tokenizer.decode(decode_latents(checkpoint.model, place)[0]))\n"
        )


def _column(checkpoint: Checkpoint, z: Tensor, what: str = "") -> Column:
    return Column(checkpoint.model.config.title + what, decode_lines(checkpoint, checkpoint.model.prior.project(z)))


def _series(filename: str, values: list[float], chosen: float, columns: list[Column]) -> str:
    """Lines by value, the chosen one marked."""
    heads = [f"{value:+z.4g}" + (" ◂" if value == chosen else "") for value in values]
    return comparison(heads, *columns) + csv_link(filename, *comparison_rows(heads, *columns))


def _row(found: Reconstruction) -> str:
    label = escape(found.label)
    if found.side:
        label = f"<span class='name model-{found.side}'>{label}</span>"
    if found.fault:
        return f"<tr><td>{label}</td><td colspan=3>{notice(found.fault)}</td></tr>"
    kl = "n/a" if found.kl is None else f"{found.kl:.1f}"
    return (
        f"<tr><td>{label}</td><td>{share_kept(found.given, found.said):.0%}</td><td>{kl}</td>"
        f"<td class='sentence'>{marked_differences(found.given, found.said)}</td></tr>"
    )
