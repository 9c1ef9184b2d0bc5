"""How much of a file of latents is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Most:
    """What a file may hold at most. bytes: of the file, and of what it unpacks to. text_bytes: of all texts of a column."""

    bytes: int = 2_000_000_000
    text_bytes: int = 2_000_000_000
    examples: int = 1_000_000
    dimensions: int = 4096


USUAL = Most()
