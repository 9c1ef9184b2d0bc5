"""What the page sends with an event, checked before a handler gets it: anybody can send anything in the page's name.

A handler names one of these classes as the type of its argument, and Gradio makes it of what was sent.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

import gradio as gr
from pydantic import ConfigDict, Field, ValidationError, create_model

from dgvae.errors import UserError

MOST_WHOLE = 2**31
LEAST_CORNERS, MOST_CORNERS = 3, 40  # of a polygon: its link has some 700 characters
Number = Annotated[float, Field(ge=-(2**53), le=2**53)]  # the page counts runs by the clock, in milliseconds
MOST_COORDINATE = 1e12
Coordinate = Annotated[float, Field(ge=-MOST_COORDINATE, le=MOST_COORDINATE)]
Interval = tuple[Coordinate, Coordinate]
Corners = Annotated[tuple[tuple[Coordinate, Coordinate], ...], Field(min_length=LEAST_CORNERS, max_length=MOST_CORNERS)]
Point = Annotated[int, Field(ge=-MOST_WHOLE, le=MOST_WHOLE)]


class PageEvent(gr.EventData):
    """An event whose fields a subclass names with their types. Raises UserError if what was sent does not fit."""

    def __init__(self, target: Any, data: Any) -> None:
        super().__init__(target, data)
        try:
            checked = _model(type(self)).model_validate(data)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(map(str, fault["loc"]))[:40]
            raise UserError(
                f"The page sent an event that is not understood ({field + ': ' if field else ''}{fault['msg']}); reload the "
                "page."
            ) from None
        self.__dict__.update(checked)


@cache
def _model(kind: type[PageEvent]) -> Any:
    fields: dict[str, Any] = {name: (hint, ...) for name, hint in get_type_hints(kind, include_extras=True).items()}
    return create_model(kind.__name__, __config__=ConfigDict(allow_inf_nan=False), **fields)


class Hovered(PageEvent):
    """The point under the pointer, if any."""

    id: Point | None


class Placed(PageEvent):
    """A place in a chart, in data coordinates."""

    x: Coordinate
    y: Coordinate


class Brushed(PageEvent):
    """A rectangle, by the ends of x and y, or a polygon, by its corners; None of these when it is gone."""

    x: Interval | None
    y: Interval | None
    corners: Corners | None


class Viewed(PageEvent):
    """The part of a chart that is shown, by the ends of x and y."""

    x: Interval
    y: Interval


class Navigated(PageEvent):
    """The part of the address from the question mark on."""

    query: Annotated[str, Field(max_length=20_000)]


class Ticked(PageEvent):
    """A picture of the lab that the page wants: its number of the run and of the picture, and how many steps to take."""

    run: Number
    number: Number
    steps: Number


class Drew(PageEvent):
    """The points that were drawn, as text."""

    text: Annotated[str, Field(max_length=20_000)]


class Chose(PageEvent):
    """A checkpoint that is to be model A or B."""

    side: Literal["a", "b"]
    name: Annotated[str, Field(max_length=1000)]


class Sent(PageEvent):
    """A file that has arrived: its ticket, and what it is called."""

    ticket: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
    name: Annotated[str, Field(max_length=1000)]
