"""The values of a page's fields and the arguments of the endpoints, checked before a handler gets them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components.api_component import Api

from dgvae.errors import UserError

MOST_TEXT = 20_000  # characters
MOST_CHOSEN = 100
MOST_NUMBER = 2**53  # beyond it a browser's numbers are no longer whole


def checked_values(fn: Callable[..., Any] | None, fields: Sequence[Any], values: Any) -> list[Any]:
    """Check what a request gives a handler.

    Args:
        fn: the handler.
        fields: its components.
        values: what came, of any type.

    Returns:
        A value for each field.

    Raises:
        UserError: the fields can't hold these values.
    """
    if fields and all(isinstance(field, Api) for field in fields) and fn:
        return with_defaults(fn, values)
    if not isinstance(values, list) or len(values) < len(fields):
        raise UserError("The page sent too few values; reload the page.")
    return [checked_value(field, value) for field, value in zip(fields, values, strict=False)]


def with_defaults(fn: Callable[..., Any], values: Sequence[Any]) -> list[Any]:
    """An endpoint's arguments: its default for each that is missing or null. Raises UserError if it has none."""
    parameters = list(inspect.signature(fn).parameters.values())
    names = ", ".join(parameter.name for parameter in parameters)
    if len(values) > len(parameters):
        raise UserError(f"There are {len(values)} arguments, and {fn.__name__} takes {len(parameters)}: {names}.")
    arguments = list(values)
    for i, parameter in enumerate(parameters):
        has_default = parameter.default is not parameter.empty
        if i >= len(arguments):
            if not has_default:
                raise UserError(f"{parameter.name} is missing: {fn.__name__} takes {names}.")
            arguments.append(parameter.default)
        elif arguments[i] is None and has_default:
            arguments[i] = parameter.default
    return arguments


def checked_value(field: Any, value: Any) -> Any:
    """A field's value as it may be used. Raises UserError if the field can't hold it. Choices are compared by Gradio."""
    said = f"“{getattr(field, 'label', None) or type(field).__name__}”"
    match field:
        case gr.Textbox():
            _check(value is None or isinstance(value, str), f"{said} must be text.")
            _check(len(value or "") <= MOST_TEXT, f"{said} may have {MOST_TEXT:,} characters at most.")
            return value or ""
        case gr.Slider() | gr.Number():
            _check(value is None or _is_number(value), f"{said} must be a number.")
            _check(abs(value or 0) <= MOST_NUMBER, f"{said} is too large a number.")
        case gr.Checkbox():
            _check(value is None or isinstance(value, bool), f"{said} must be true or false.")
            return bool(value)
        case gr.Dropdown(multiselect=True):
            _check(value is None or isinstance(value, list), f"{said} must be a list.")
            _check(len(value or ()) <= MOST_CHOSEN, f"{said} has too many entries.")
            _check(all(_is_choice(part) for part in value or ()), f"{said} must be a list of its choices.")
        case gr.Radio():
            _check(_is_choice(value), f"{said} must be one of its choices.")
        case gr.Dropdown():
            _check(value is None or _is_choice(value), f"{said} must be one of its choices.")
    return value


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UserError(otherwise)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_choice(value: Any) -> bool:
    return isinstance(value, str) or _is_number(value)
