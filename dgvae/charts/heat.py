"""Images of densities and of gaps. Pixels can't follow the page's theme, so zero is transparent and mid-tones do the rest."""

from __future__ import annotations

import base64
import io

import numpy as np

from dgvae.charts.colors import rgb

RGB = tuple[int, ...]
PRIOR: RGB = rgb("prior")
POSTERIOR: RGB = rgb("posterior")


def density_image(density: np.ndarray, most: float, color: RGB) -> str:
    """An image of a density, from transparent at 0 to one color.

    Args:
        density: [Y, X], row 0 lowest.
        most: the density that has the full color.
        color: the full color.

    Returns:
        A data URL of a PNG.
    """
    return data_url(np.clip(density / most, 0, 1), np.broadcast_to(np.array(color), (*density.shape, 3)))


def gap_image(gap: np.ndarray, most: float) -> str:
    """[Y, X] in nats, row 0 lowest: the prior's color at `most`, the posterior's at −`most`, transparent at 0 and NaN."""
    strength = np.clip(np.nan_to_num(gap) / most, -1, 1)
    return data_url(np.abs(strength), np.where(strength[..., None] > 0, PRIOR, POSTERIOR))


def css(color: RGB, alpha: float = 1) -> str:
    """As a legend writes it."""
    return f"rgba({', '.join(map(str, color))}, {alpha:g})"


def data_url(alpha: np.ndarray, color: np.ndarray) -> str:
    """A data URL of a PNG. alpha: [Y, X], from 0 to 1, row 0 lowest; color: [Y, X, 3], to 255."""
    from PIL import Image

    pixels = np.concatenate([color, np.round(255 * alpha)[..., None]], axis=-1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels[::-1], "RGBA").save(file, "PNG", compress_level=4)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
