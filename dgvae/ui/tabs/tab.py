"""What every tab of the page is, and what the page does with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import gradio as gr
from gradio.components import Component

from dgvae.ui.shelf import Shelf

Say = Callable[[str], str]  # of examples what is said of sentences, where that is right
Worded = tuple[Component, Callable[[Say], Any]]  # what speaks of sentences, and what it gets for two models
# For handlers that answer the pointer: nothing is dimmed meanwhile, no client sees them, and of a flood only the last counts.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}
EACH: dict[str, Any] = {**QUIET, "trigger_mode": "multiple"}  # likewise, but each of them counts


class Slider(gr.Slider):
    """A slider whose number may be emptied or be out of range for a moment: it counts as at first, or as the nearest end."""

    def preprocess(self, payload: float | None) -> float:
        """The value that a handler gets. Gradio's own raises an error that the visitor would see."""
        return self.value if payload is None else min(max(payload, self.minimum), self.maximum)


class Number(gr.Number):
    """A number that may be out of range for a moment: it counts as the nearest end. Emptied, it is None."""

    def preprocess(self, payload: float | None) -> float | int | None:
        """The value that a handler gets. Gradio's own raises an error that the visitor would see."""
        if payload is not None and self.minimum is not None:
            payload = max(payload, self.minimum)
        if payload is not None and self.maximum is not None:
            payload = min(payload, self.maximum)
        return super().preprocess(payload)


class Tab(ABC):
    """Builds its components where it is made, inside `with gr.Tab(...)`.

    fields: what the visitor sets, by its key in the address; `draw` and `code` get their values by these keys.
    triggers: the events at which the tab is drawn anew, besides those of the page (it is opened, a model changes).
    outputs: what `draw` fills.
    worded: components that speak of sentences. The page words them: a file of latents has examples.

    Args:
        shelf: has the models.
        model_a: the field of the page with the name of model A.
        model_b: likewise of model B.
    """

    key: ClassVar[str]  # in the address
    title: ClassVar[str]

    fields: dict[str, Component]
    triggers: list[Any]
    outputs: list[Component]

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        self.shelf = shelf
        self.models = [model_a, model_b]
        self.worded: list[Worded] = []

    def hint(self, text: str) -> None:
        """Build a hint in Markdown. Where it says "sentence", it says "example" if A or B is a file of latents."""
        self.worded.append((gr.Markdown(text, elem_classes="hint"), lambda say: say(text)))

    @abstractmethod
    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[Any, ...]:
        """Compute what the tab shows. What is wrong with a value, or a model, is said in the outputs: it raises nothing.

        Args:
            name_a: of model A; None if none is chosen.
            name_b: of model B.
            fields: the values of the tab's fields, by their keys.

        Returns:
            A value for each of `outputs`.
        """

    @abstractmethod
    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """Some five lines of Python with `dgvae` that compute what is shown. They can be run as they stand.

        Args:
            name_a: of model A; None if none is chosen.
            name_b: of model B.
            fields: the values of the tab's fields, by their keys.

        Returns:
            The lines.

        Raises:
            UserError: there is no code for such values.
        """
