"""A file of latents as a checkpoint that the page shows: its model has no decoder, and says so when it is asked for text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from dgvae.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.checkpoint.latents import LatentMap
    from dgvae.posteriors import Prior

MAP_POINTS = 2000  # prior samples, and as many examples: 10 s


class _Row(NamedTuple):
    summary: str = "latents from a file, without a decoder"


class _Config(NamedTuple):
    title: str
    latent_dim: int
    row: _Row = _Row()


@dataclass(frozen=True)
class NoDecoder:
    """In place of a model, and of a tokenizer: whatever needs an encoder or a decoder raises a UserError."""

    config: _Config
    prior: Prior

    @property
    def said(self) -> str:
        """Why there is no text."""
        return f"{self.config.title} has no decoder, so there is no text to show."

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # Python asks for these
            raise AttributeError(name)
        raise UserError(f"{self.config.title} has no encoder and no decoder, so it reads and writes no text.")


class OwnLatents(NamedTuple):
    """A file of latents: what the page shows of it, and its texts, if it has any."""

    checkpoint: Checkpoint
    map: LatentMap
    text: list[str] | None

    @property
    def coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Prior samples [P, 2] and examples [M, 2] on its map."""
        prior, examples = self.map.xy.split([self.map.priors, len(self.map.sentences)])
        return prior.numpy(), examples.numpy()


def why_no_text(checkpoint: Checkpoint) -> str | None:
    """Why a checkpoint can't decode; None if it can."""
    model: Any = checkpoint.model
    return model.said if isinstance(model, NoDecoder) else None


def load_own_latents(path: Path, name: str) -> OwnLatents:
    """Read a file of latents, measure it and draw its map, in half a minute for 10,000 examples. Raises UserError."""
    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.checkpoint.latents import map_latents
    from dgvae.latent_space.space import LatentSpace

    space = LatentSpace.load(path, name)
    measured = space.measured
    drawn = map_latents(measured.posterior, MAP_POINTS)
    latents = replace(measured.latents, map=drawn)
    nothing: Any = NoDecoder(_Config(name, space.aggregated.prior.dim), space.aggregated.prior)
    return OwnLatents(Checkpoint(path, nothing, nothing, latents, space.record), drawn, measured.text)
