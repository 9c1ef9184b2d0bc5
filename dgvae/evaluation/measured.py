"""A measured checkpoint, as tables and charts show it."""

from __future__ import annotations

from dataclasses import dataclass

from dgvae.evaluation.record import Record
from dgvae.methods.config import TextVAEConfig


@dataclass(frozen=True)
class Measured:
    """A checkpoint and its record. `option` is the value of its method's grid option, which orders a family.

    `method` is empty for a file of latents, whose method is not known.
    """

    name: str
    title: str
    method: str
    option: float | None
    record: Record

    @classmethod
    def of(cls, name: str, config: TextVAEConfig, record: Record, title: str = "") -> Measured:
        """Make it from a checkpoint's config and record.

        Args:
            name: of the checkpoint.
            config: the model's.
            record: what was measured.
            title: the config's by default.

        Returns:
            The checkpoint as the charts and tables show it.
        """
        grid = config.row.grid
        option = config.options[grid.option] if grid else None
        return cls(name, title or config.title, config.method, None if option is None else float(option), record)

    def has(self, *figures: str) -> bool:
        """Whether all of these are measured."""
        return set(figures) <= self.record.figures.keys()
