"""What endpoints get and give, checked: every fault is a UserError with one sentence for whoever sent it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dgvae.errors import UserError
from dgvae.ui.decoding import MOST_CHARACTERS

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dgvae.model.generation import Decoding

MOST_LATENTS = 256
MOST_SEED = 2**31
MOST_NUMBER = 1e12  # what is larger, or not finite, is no number of anything here


def check(holds: bool, otherwise: str) -> None:
    """Raise UserError, with this sentence, if something does not hold."""
    if not holds:
        raise UserError(otherwise)


def whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number between two ends.

    Args:
        value: what was sent.
        name: of the argument.
        low: the least.
        high: the most.

    Returns:
        The number.

    Raises:
        UserError: it is none.
    """
    check(is_number(value) and value % 1 == 0, f"{name} must be a whole number, not {value!r:.40}.")
    check(low <= value <= high, f"{name} must lie between {low} and {high}, not {value:g}.")
    return int(value)


def is_number(value: Any) -> bool:
    """Whether it is a finite number of a sensible size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST_NUMBER


def sentence(text: Any) -> str:
    """A text that is not too long."""
    check(isinstance(text, str), "Every sentence must be a string.")
    check(len(text) <= MOST_CHARACTERS, f"A sentence may have {MOST_CHARACTERS:,} characters at most, not {len(text):,}.")
    return text


def decoding(temperature: Any, top_p: Any) -> Decoding:
    """How words are chosen."""
    from dgvae.model.generation import Decoding

    check(is_number(temperature) and is_number(top_p), "temperature and top_p must be numbers.")
    return Decoding(temperature, top_p)


def seeded(seed: Any) -> torch.Generator:
    """The generator of a seed."""
    import torch

    return torch.Generator().manual_seed(whole(seed, "seed", 0, MOST_SEED))


def latent_rows(rows: Any, size: int) -> Tensor:
    """Rows of numbers: [S, D]."""
    import torch

    check(isinstance(rows, list) and 0 < len(rows) <= MOST_LATENTS, f"Send a list of 1 to {MOST_LATENTS} latents.")
    numbers = [x for row in rows if isinstance(row, list) and len(row) == size for x in row]
    sound = len(numbers) == size * len(rows) and all(map(is_number, numbers))
    check(sound, f"Every latent must be a list of {size} finite number{'s' if size > 1 else ''}.")
    return torch.tensor(numbers, dtype=torch.float32).view(-1, size)


def numbers(z: Tensor) -> list[float]:
    """Latents as JSON."""
    check(bool(z.isfinite().all()), "This model's numbers are not finite here: its weights are broken.")
    return [round(x, 5) for x in z.tolist()]


def number(value: float) -> float | None:
    """As JSON, which has no infinity."""
    return value if math.isfinite(value) else None
