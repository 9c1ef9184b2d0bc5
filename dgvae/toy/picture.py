"""Pictures of the toy: the aggregated posterior as an image, the posteriors' means over it, the prior's contours around."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from dgvae.aggregate import AggregatedGaussian, aggregate
from dgvae.charts.colors import COLORS, rgb
from dgvae.posteriors import DiagonalGaussian, Posterior, VonMisesFisher
from dgvae.toy.look import CIRCLE_REACH, MOST_DENSITY, REACH, RING
from dgvae.toy.run import Frame

PAD, HEAD = 8, 34


def panel(posterior: Posterior, side: int = 220) -> Image.Image:
    """The aggregated posterior over the plane. Of an implicit one, which has no density, the draws."""
    reach = CIRCLE_REACH if isinstance(posterior, VonMisesFisher) else REACH
    image = Image.fromarray(_tint(_density(posterior, side, reach) / MOST_DENSITY))
    pen = ImageDraw.Draw(image)

    def at(z: Tensor) -> list[tuple[float, float]]:
        return [((x / reach + 1) * side / 2, (1 - y / reach) * side / 2) for x, y in z.tolist()]

    radii = (1.0,) if isinstance(posterior, VonMisesFisher) else (1.0, 2.0, 3.0)
    for radius in radii:  # of the prior: one, two, three standard deviations, or all of it
        (left, bottom), (right, top) = at(torch.tensor([[-radius, -radius], [radius, radius]]))
        pen.ellipse((left, top, right, bottom), outline=COLORS["prior"])
    dots = posterior.location if posterior.has_density else posterior.tensors()["draws"][:, :4].flatten(0, 1)
    for x, y in at(dots):
        pen.ellipse((x - 1, y - 1, x + 1, y + 1), fill=COLORS["ink"])
    return image


def sheet(rows: Sequence[Sequence[Frame]], names: Sequence[str], side: int = 220) -> Image.Image:
    """A picture with one row of panels for each method and one column for each moment.

    Args:
        rows: the frames of each method.
        names: of the methods.
        side: of a panel, in pixels.

    Returns:
        The picture.
    """
    columns = max(map(len, rows))
    image = Image.new("RGB", (PAD + columns * (side + PAD), PAD + len(rows) * (side + HEAD + PAD)), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for i, (name, frames) in enumerate(zip(names, rows, strict=True)):
        for j, frame in enumerate(frames):
            left, top = PAD + j * (side + PAD), PAD + i * (side + HEAD + PAD)
            gap = "" if math.isnan(frame.measures.gap) else f"   gap {frame.measures.gap:.2f}"
            pen.text((left, top), f"{name}, {frame.step} steps", fill="black", font=font)
            pen.text((left, top + 15), f"loss {frame.loss:.2f}{gap}", fill=COLORS["ink"], font=font)
            image.paste(panel(frame.posterior, side), (left, top + HEAD))
            pen.rectangle((left, top + HEAD, left + side - 1, top + HEAD + side - 1), outline=COLORS["even"])
    return image


def film(
    names: Sequence[str], moments: Sequence[Sequence[Frame]], file: Path | IO[bytes], most: int = 120, side: int = 220,
    milliseconds: int = 80,
) -> None:  # fmt: skip
    """Write what happened as an animated GIF, in which all methods are side by side.

    Args:
        names: of the methods.
        moments: one frame per method for each moment.
        file: where the GIF is written.
        most: the largest number of pictures.
        side: of a panel, in pixels.
        milliseconds: for which each picture is shown.
    """
    chosen = np.unique(np.linspace(0, len(moments) - 1, most).round().astype(int)).tolist()
    pictures = []
    for i in chosen:
        strip = _strip([sheet([[frame]], [name], side) for name, frame in zip(names, moments[i], strict=True)])
        pictures.append(strip.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))
    waits = [milliseconds] * (len(pictures) - 1) + [1500]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=waits, loop=0, optimize=True)


def _strip(images: Sequence[Image.Image]) -> Image.Image:
    together = Image.new("RGB", (sum(image.width for image in images), images[0].height), "white")
    left = 0
    for image in images:
        together.paste(image, (left, 0))
        left += image.width
    return together


def _density(posterior: Posterior, side: int, reach: float) -> np.ndarray:
    """Of every pixel, the lowest first: [side, side]. Means over pixels, so that the narrowest posterior leaves its mass."""
    if isinstance(posterior, DiagonalGaussian):
        edges = torch.linspace(-reach, reach, side + 1, dtype=torch.float64)
        mixture = aggregate(posterior)
        assert isinstance(mixture, AggregatedGaussian)
        return mixture.pair_density((0, 1), (edges, edges)).numpy()
    if isinstance(posterior, VonMisesFisher):
        middle = (torch.arange(side, dtype=torch.float64) + 0.5) / side * 2 * reach - reach
        z = torch.stack(torch.meshgrid(middle, middle, indexing="xy"), dim=-1).flatten(0, 1)  # rows of equal y
        radius = z.norm(dim=1, keepdim=True)
        density = aggregate(posterior).log_prob(z / radius).exp()
        inside = (radius[:, 0] >= RING[0]) & (radius[:, 0] <= RING[1])
        return torch.where(inside, density, 0).view(side, side).numpy()
    return np.zeros((side, side))


def _tint(share: np.ndarray) -> np.ndarray:
    """From white at 0 to the posterior's color at 1, the highest row first: [H, W] -> [H, W, 3]."""
    alpha = np.clip(share[::-1, :, None], 0, 1)
    return np.round(255 + alpha * (np.array(rgb("posterior")) - 255)).astype(np.uint8)
