"""Values that JSON can carry to every reader: no NaN, no infinity, no half a surrogate pair, no number of over 64 bits."""

from __future__ import annotations

import json
import math
from typing import Any

MOST_DEPTH = 20  # lists and objects inside each other
MOST_WHOLE = 2**63  # beyond it the server's JSON writer fails


def plain_text(text: str) -> str:
    """The same text with U+FFFD for each surrogate that has lost its other half."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain(value: Any) -> Any:
    """A value on its way to the page or a program: what JSON has no number for becomes null. Other types stay as they are."""
    match value:
        case str():
            return plain_text(value)
        case float():
            return value if math.isfinite(value) else None
        case bool():
            return value
        case int():
            return value if -MOST_WHOLE <= value < MOST_WHOLE else float(value) if abs(value) < 1e300 else None
        case list() | tuple():
            return [plain(part) for part in value]
        case dict():
            return {plain(key): plain(part) for key, part in value.items()}
        case _:
            return value


def read_plain(body: bytes) -> Any:
    """Parse JSON that somebody sent. Raises ValueError, whose text says what is wrong, if it is none or not plain.

    Half a surrogate pair is mended, since a browser sends one where a text was cut inside an emoji.
    """
    try:
        value = json.loads(body, parse_constant=_no_number, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except json.JSONDecodeError:
        raise ValueError("is not JSON") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if _is_deeper(value, MOST_DEPTH):
        raise ValueError("is nested too deeply")
    return plain(value)


def _no_number(text: str) -> float:
    raise ValueError(f"has {text}, which is not a JSON number")


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError("has a number that is too large")
    return value


def _whole(text: str) -> int:
    if len(text) > 20 or not -MOST_WHOLE <= (value := int(text)) < MOST_WHOLE:
        raise ValueError("has a whole number of more than 64 bits")
    return value


def _is_deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return not depth or any(_is_deeper(part, depth - 1) for part in parts)
