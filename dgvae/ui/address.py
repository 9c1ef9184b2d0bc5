"""The page's state in its address: models, open tab, and what the visitor has set there. A copied link opens the same view.

Choices made: what is as at first is left out, so that links are short; only the open tab's fields are written; the page writes
its address itself, without Python; and a link's values are checked here, once, since anybody can write one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import gradio as gr
from gradio.components import Component
from gradio.events import EventListener

from dgvae.errors import UserError
from dgvae.ui.decoding import MOST_CHARACTERS
from dgvae.ui.newest import NEWEST

MOST_NUMBER = 2**53  # beyond it a browser's numbers are no longer whole, and 64 bits soon too few
WRITE = "(...values) => window.dgvaeAddress?.write(values)"
SETTLE = "(...values) => window.dgvaeAddress?.settle(values)"


class AddressBar(gr.HTML):
    """Takes no room. `navigate` is the event of a visitor who went back or forward, or followed a link into the page."""

    EVENTS: ClassVar[list] = [EventListener("navigate", doc="`query`: the part of the address from the question mark on.")]

    def __init__(self, fields: Sequence[tuple[str, str, Any]] = (), **kwargs: Any) -> None:
        """fields: (tab, key, value at first) of what WRITE gets, in its order; the tab is "" for what all tabs share."""
        super().__init__(
            html_template="<span></span>",
            js_on_load=NEWEST + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
            fields=json.dumps(fields),
            **kwargs,
        )


def parse_query(query: str) -> dict[str, str]:
    """The values of a query; of a key that stands there twice, the last."""
    return {key: values[-1] for key, values in parse_qs(query.lstrip("?"), keep_blank_values=True).items()}


def read_fields(fields: Mapping[str, Component], query: Mapping[str, str]) -> tuple[list[Any], list[str]]:
    """The value of every field, as at first where the query says nothing sensible, and a sentence for each of the latter."""
    values, faults = [], []
    for key, component in fields.items():
        value = first_value(component)
        if key in query:
            try:
                value = read_value(component, query[key])
            except UserError as error:
                label = getattr(component, "label", None)
                named = f"{key} (“{label}”)" if label else key
                faults.append(f"The link's {named}, {query[key][:40]!r}, {error}; the page uses the default.")
        values.append(value)
    return values, faults


def first_value(component: Component) -> Any:
    """What a field holds when the page is opened."""
    return component.value  # pyright: ignore[reportAttributeAccessIssue]  # every component with a value has it


def read_value(component: Component, text: str) -> Any:
    """A field's value from a link. Raises UserError, the rest of a sentence, if the field can't hold it."""
    match component:
        case gr.Checkbox():
            return _one_of(text, {"true": True, "false": False})
        case gr.Slider() | gr.Number():
            return _number(text, component.minimum, component.maximum)
        case gr.Dropdown(multiselect=True):
            choices = _choices(component)
            chosen = [_one_of(part, choices) for part in text.split(",") if part]
            if component.max_choices and len(chosen) > component.max_choices:
                raise UserError(f"has more than {component.max_choices} entries")
            return chosen
        case gr.Dropdown(allow_custom_value=False) | gr.Radio():
            return _one_of(text, _choices(component))
        case _:
            if len(text) > MOST_CHARACTERS:
                raise UserError(f"is longer than {MOST_CHARACTERS:,} characters")
            return text


def _number(text: str, minimum: float | None, maximum: float | None) -> float | int:
    low, high = -MOST_NUMBER if minimum is None else minimum, MOST_NUMBER if maximum is None else maximum
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise UserError(f"is not a number from {low:,.12g} to {high:,.12g}")
    return int(value) if value.is_integer() else value


def _choices(component: gr.Dropdown | gr.Radio) -> dict[str, Any]:
    known = getattr(component, "in_links", None) or [value for _, value in component.choices]
    return {str(value): value for value in known}


def _one_of(text: str, choices: Mapping[str, Any]) -> Any:
    if text not in choices:
        raise UserError("is not one of the choices here")
    return choices[text]
