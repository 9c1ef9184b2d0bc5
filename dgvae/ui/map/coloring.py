"""By what the points of a map are colored, and which models lack what that needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dgvae.errors import UserError

if TYPE_CHECKING:
    from dgvae.checkpoint.checkpoint import Checkpoint


@dataclass(frozen=True)
class Coloring:
    """By what the points are colored: a key of COLORINGS, and the latent dimension, from 1, if it is by one."""

    key: str
    dimension: float | None = None

    def column(self, checkpoint: Checkpoint) -> int | None:
        """The dimension, from 0, if it is by one. Raises UserError if the model has none such."""
        if self.key != "dimension":
            return None
        column = int(self.dimension or 0) - 1
        if not 0 <= column < checkpoint.model.config.latent_dim:
            raise UserError(f"Choose a dimension from 1 to {checkpoint.model.config.latent_dim}.")
        return column

    def shown(self, checkpoint: Checkpoint) -> str:
        """By what its map is colored: by source where it can't be colored so."""
        return "source" if self.lacks(checkpoint) else self.key

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
        return ""
