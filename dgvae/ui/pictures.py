"""What a decoder of the operator's returns, as lines of the page: texts, or pictures as addresses that hold a PNG."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from dgvae.errors import UserError

if TYPE_CHECKING:
    from PIL import Image

MOST_SIDE = 512  # pixels; larger pictures are made smaller
WANTED = "a list of texts, a list of PIL images, or an array [S, H, W] or [S, H, W, C], floats from 0 to 1 or uint8"
# A decoder without bounds leaves 0 to 1 by less, and at few places. Logits, and floats from −1 to 1 or from 0 to 255, would
# become pictures that say little, and nobody would see why.
_LARGEST, _LEAST, _MOST_BELOW = 16, -0.5, 0.1


class Picture(str):
    """A picture in place of a text: an address that holds it as PNG."""

    __slots__ = ()


def shown(text: str) -> str:
    """A decoded text or picture as HTML."""
    if isinstance(text, Picture):
        return f"<img class='decoded' alt='decoded picture' src='{escape(text)}'>"
    return escape(text)


def as_lines(decoded: Any, count: int) -> list[str]:
    """What a decoder returned for a number of latents.

    Args:
        decoded: texts, PIL images, or an array of pictures.
        count: of latents.

    Returns:
        A text or a `Picture` for each latent.

    Raises:
        UserError: the rest of a sentence that begins with the decoder's name.
    """
    from PIL.Image import Image

    if hasattr(decoded, "detach"):  # of torch
        decoded = decoded.detach().cpu().numpy()
    given = list(decoded) if isinstance(decoded, list | tuple | np.ndarray) else None
    if given is None:
        raise UserError(f"returned {type(decoded).__name__}, not {WANTED}.")
    if len(given) != count:
        raise UserError(
            f"returned a list of length {len(given):,} for z of length {count:,}; return one value for each latent."
        )
    if all(isinstance(value, str) for value in given):
        return [str(value) for value in given]
    if all(isinstance(value, Image) for value in given):
        return [_address(value) for value in given]
    return [_address(picture) for picture in _pictures(given)]


def _pictures(arrays: list[Any]) -> list[Image.Image]:
    from PIL import Image

    try:
        values = np.stack([np.asarray(array.detach().cpu() if hasattr(array, "detach") else array) for array in arrays])
    except ValueError:
        raise UserError("returned pictures of several sizes; return one size.") from None
    if values.dtype.kind not in "fuib" or values.ndim not in (3, 4) or not values.size:
        raise UserError(f"returned an array of the shape {list(values.shape)} of {values.dtype}, not {WANTED}.")
    if values.ndim == 4 and values.shape[1] in (1, 3) and values.shape[3] not in (1, 3, 4):
        values = np.moveaxis(values, 1, 3)  # torch has the channels first
    if values.ndim == 4 and values.shape[3] not in (1, 3, 4):
        raise UserError(f"returned pictures of {values.shape[3]} channels; return 1, 3 or 4.")
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.dtype.kind in "fb":
        values = _from_0_to_255(np.nan_to_num(values.astype(np.float32)))
    pixels = values.clip(0, 255).round().astype(np.uint8)
    return [Image.fromarray(picture) for picture in pixels]


def _from_0_to_255(values: np.ndarray) -> np.ndarray:
    if (largest := float(values.max())) > _LARGEST and values.min() >= 0:
        raise UserError(f"returned pictures with floats of up to {largest:.3g}, not from 0 to 1; divide them by 255.")
    if largest > _LARGEST or (values < _LEAST).mean() > _MOST_BELOW:
        raise UserError(
            f"returned pictures with floats from {values.min():.3g} to {largest:.3g}, not from 0 to 1; if they run from −1 to "
            "1, return (x + 1) / 2, and of logits the sigmoid."
        )
    return values * 255


def _address(picture: Any) -> Picture:
    file = io.BytesIO()
    small = picture.convert("RGBA" if picture.mode in ("RGBA", "LA", "PA") else "L" if picture.mode in ("1", "L") else "RGB")
    small.thumbnail((MOST_SIDE, MOST_SIDE))
    small.save(file, "PNG")
    return Picture("data:image/png;base64," + base64.b64encode(file.getvalue()).decode())
