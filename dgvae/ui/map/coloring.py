"""By what the points of a map are colored, and which models lack what that needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dgvae.charts.maps import OF_A_DIMENSION, Extent
from dgvae.errors import UserError
from dgvae.ui.own_latents import own_model

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint


@dataclass(frozen=True)
class Coloring:
    """By what the points are colored.

    key: of COLORINGS. dimension: of the latent, from 1, if it is by one. column: of a file of latents, if it is by one; empty
    for the first one that the file has.
    """

    key: str
    dimension: float | None = None
    column: str = ""

    @classmethod
    def chosen(cls, key: str, dimension: float | None, column: object) -> Coloring:
        """By the values of the fields; a field that takes any text may be sent a number."""
        return cls(key, dimension, str(column or ""))

    def values(self, checkpoint: Checkpoint, z: Tensor, numbers: Tensor) -> Tensor | None:
        """The values that are shown as colors.

        Args:
            checkpoint: whose points they are.
            z: the points, [S, D].
            numbers: of the points, as visitors see them, [S].

        Returns:
            One for each point, [S], NaN where there is none; None where the colors stand for something else.

        Raises:
            UserError: the latent has no such dimension.
        """
        from dgvae.explore.map_columns import column_at

        shown = self.shown(checkpoint)
        if shown.key == "dimension":
            return z[:, int(shown.dimension or 0) - 1]
        return column_at(columns_of(checkpoint)[shown.column], numbers) if shown.key == "column" else None

    def scale(self, checkpoint: Checkpoint) -> tuple[str, Extent]:
        """What such a value is called, and the ends of its colors."""
        from dgvae.explore.map_columns import column_ends

        shown = self.shown(checkpoint)
        ends = column_ends(columns_of(checkpoint)[shown.column]) if shown.key == "column" else None
        return (shown.column, ends) if ends else OF_A_DIMENSION

    def shown(self, checkpoint: Checkpoint) -> Coloring:
        """What its map shows, with no more than that needs: the source where it can't be colored so.

        Raises UserError if the latent has no such dimension.
        """
        if self.lacks(checkpoint):
            return Coloring("source")
        if self.key == "dimension":
            most = checkpoint.model.config.latent_dim
            if not 1 <= int(self.dimension or 0) <= most:
                raise UserError(f"Choose a dimension from 1 to {most}.")
            return Coloring("dimension", int(self.dimension or 0))
        if self.key == "column":
            return Coloring("column", column=self._column_of(columns_of(checkpoint)))
        return Coloring(self.key)

    def lacks(self, checkpoint: Checkpoint) -> str:
        """Why a map can't be colored so; nothing if it can."""
        from dgvae.aggregate.base import NO_DENSITY

        latents, title = checkpoint.latents, checkpoint.model.config.title
        if self.key == "gap" and not checkpoint.aggregated.has_density:
            return f"No density gap here: {NO_DENSITY}."
        if self.key == "label" and not (latents.labels >= 0).any():
            return f"{title} has no labels; its map shows prior and posterior."
        if self.key == "length" and not (latents.lengths >= 0).any():
            return f"{title} has no texts, and so no lengths; its map shows prior and posterior."
        if self.key == "column" and (missing := self._lacks_column(columns_of(checkpoint))):
            return f"{title} has {missing}; its map shows prior and posterior."
        return ""

    def _column_of(self, columns: dict[str, np.ndarray]) -> str:
        return self.column or next(iter(columns))

    def _lacks_column(self, columns: dict[str, np.ndarray]) -> str:
        from dgvae.explore.map_columns import column_ends

        if not columns:
            return "no columns of numbers"
        if (name := self._column_of(columns)) not in columns:
            return f"no column {name[:80]!r}"
        return "" if column_ends(columns[name]) else f"no finite number in its column {name[:80]!r}"


def columns_of(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """The numbers of a file of latents besides its posteriors, [N] each, by their names; none of other checkpoints."""
    own = own_model(checkpoint)
    return dict(own.columns) if own else {}
