"""The Edit tab: a sentence through every model at once, along the direction of its label, and along one dimension."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gradio as gr

from dgvae.charts.slices import z_name
from dgvae.errors import UserError
from dgvae.text.corpora import label_name
from dgvae.ui.decoding import EXAMPLES, MOST_CHARACTERS, TypedSentence, decode_lines, readings
from dgvae.ui.markup.export import code_to_load, csv_link
from dgvae.ui.markup.render import Column, comparison, comparison_rows, notice
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.reconstructions import reconstructions
from dgvae.ui.tabs.tab import QUIET, Number, Slider, Tab

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint

Names = tuple[str | None, str | None]  # of the models A and B
STRENGTHS = (-2.0, -1.0, 0.0, 1.0, 2.0)
VALUES = (-3.0, -1.5, 0.0, 1.5, 3.0)


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
            "Every model encodes your sentence to its posterior mean and decodes it. A collapsed model returns a sentence "
            "that has nothing to do with yours, because its latent carries no information.",
            elem_classes="hint",
        )
        table = gr.HTML(elem_id="reconstructions")
        gr.Markdown("## From one label to the other")
        gr.Markdown(
            "The latent moves along the difference between the mean latents of two labels; on Short-Yelp, from bad reviews "
            "to good ones. Choose any two labels of the models' sentences.",
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
            "One dimension is set to a value; the others stay the same. If the KL of its posteriors is near 0, the model "
            "does not use this dimension, and the text does not change. If the latent is a sphere, z is normalized to "
            "length 1, which changes all dimensions.",
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

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[Any, ...]:
        """The table of reconstructions, the row of strengths, the row of values, and the labels that can be chosen."""
        choices = [gr.update(choices=self._labels(name_a, name_b))] * 2
        if not fields["sentence"].strip():
            return notice("Write a sentence."), "", "", *choices
        sentence, names = TypedSentence(self.shelf, fields["sentence"]), (name_a, name_b)
        return (
            readings(self.shelf, names, sentence.text) + reconstructions(self.shelf, names, sentence),
            self._move(names, sentence, fields["strength"], fields["from_label"], fields["to_label"]),
            self._traverse(names, sentence, fields["rank"], fields["value"]),
            *choices,
        )

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
        """What both models say along the direction from one label to another, and at the chosen strength.

        Args:
            name_a: of model A.
            name_b: of model B.
            sentence: where the way begins.
            strength: the chosen one, in lengths of the direction.
            start: the label to start from; the first by default.
            end: the label to go to; the last by default.

        Returns:
            HTML.
        """
        return self._move((name_a, name_b), TypedSentence(self.shelf, sentence), strength, start, end)

    def _move(self, models: Names, sentence: TypedSentence, strength: float, start: str | None, end: str | None) -> str:
        strengths = sorted({*STRENGTHS, float(strength)})
        start, end = ("" if label is None else str(label) for label in (start, end))
        columns = [self._moved(name, sentence, strengths, start, end) for name in models]
        return _series("attribute.csv", strengths, strength, columns)

    def _moved(self, name: str | None, sentence: TypedSentence, strengths: list[float], start: str, end: str) -> Column:
        from dgvae.explore.directions import attribute_direction

        try:
            checkpoint = self.shelf.get(name)
            ends = self._ends(checkpoint, start, end)
            direction = self.shelf.derived(name, ("direction", *ends), lambda c: attribute_direction(c.latents, *ends))
            mean = sentence.posterior(name).location[0]
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
        """What both models say as one dimension is set to several values, and to the chosen one.

        Args:
            name_a: of model A.
            name_b: of model B.
            sentence: gives the values of the other dimensions.
            rank: of the dimension, by the variance of its posterior means.
            value: the chosen one.

        Returns:
            HTML.
        """
        return self._traverse((name_a, name_b), TypedSentence(self.shelf, sentence), rank, value)

    def _traverse(self, models: Names, sentence: TypedSentence, rank: float | None, value: float) -> str:
        values = sorted({*VALUES, float(value)})
        columns = [self._set(name, sentence, rank, values) for name in models]
        return _series("traversal.csv", values, value, columns)

    def _set(self, name: str | None, sentence: TypedSentence, rank: float | None, values: list[float]) -> Column:
        try:
            checkpoint = self.shelf.get(name)
            profile = self.shelf.derived(name, "profile", lambda c: c.aggregated.profile())
            variance = profile["variance_of_means"]
            if not rank or not 1 <= rank <= len(variance):
                raise UserError(f"Choose a dimension from 1 to {len(variance)}.")
            mean = sentence.posterior(name).location[0]
        except UserError as error:
            return Column(self.shelf.title(name), fault=str(error))
        dimension = int(variance.argsort(descending=True)[int(rank) - 1])
        z = mean.repeat(len(values), 1)
        z[:, dimension] = mean.new_tensor(values)
        kl = f", KL {profile['kl'][dimension]:.2f} nats" if "kl" in profile else ""
        return _column(checkpoint, z, f": {z_name(dimension)}{kl}")

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        start, end = (fields[key] or "" for key in ("from_label", "to_label"))
        absent, present = self._ends(self.shelf.get(name_a), start, end)
        draws = not self.shelf.get(name_a).latents.posterior.has_density
        return code_to_load(self.shelf.source(name_a)) + (
            "from dgvae.explore.directions import attribute_direction\n"
            "from dgvae.model.generation import decode_latents\n\n"
            + ("import torch; torch.manual_seed(0)  # its encoder draws\n" if draws else "")
            + f"ids = checkpoint.tokenizer.encode_text({fields['sentence']!r}, checkpoint.model.config.max_length)\n"
            "z = checkpoint.model.encode_all([ids]).location\n"
            f"direction = attribute_direction(checkpoint.latents, {absent}, {present})\n"
            f"moved = checkpoint.model.prior.project(z + {fields['strength']} * direction)\n"
            "for place in (z, moved):\n"
            "    print(checkpoint.tokenizer.decode(decode_latents(checkpoint.model, place)[0]))\n"
        )


def _column(checkpoint: Checkpoint, z: Tensor, what: str = "") -> Column:
    return Column(checkpoint.model.config.title + what, decode_lines(checkpoint, checkpoint.model.prior.project(z)))


def _series(filename: str, values: list[float], chosen: float, columns: list[Column]) -> str:
    """Lines by value, the chosen one marked."""
    heads = [f"{value:+z.4g}" + (" ◂" if value == chosen else "") for value in values]
    return comparison(heads, *columns) + csv_link(filename, *comparison_rows(heads, *columns))
