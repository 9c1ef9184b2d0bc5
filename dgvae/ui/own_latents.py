"""A file of latents as a checkpoint that the page shows: its model has the operator's decoder, or says that it has none."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from dgvae.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.checkpoint.latents import LatentMap
    from dgvae.explore.all_points import Places
    from dgvae.latent_space.bounds import Most
    from dgvae.latent_space.space import LatentSpace
    from dgvae.posteriors import Prior
    from dgvae.ui.own_decoder import OwnDecoder
    from dgvae.ui.prepared import Prepared

MAP_POINTS = 2000  # prior samples, and as many examples: 10 s


class _Row(NamedTuple):
    summary: str


class _Config(NamedTuple):
    title: str
    latent_dim: int
    row: _Row


@dataclass(frozen=True)
class OwnModel:
    """In place of a model, and of a tokenizer: what needs an encoder, or a decoder that is not there, raises a UserError."""

    config: _Config
    prior: Prior
    decoder: OwnDecoder | None
    places: Places | None = None  # of all points, where the map has but some of them
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)  # other numbers of the examples, [N] each

    @property
    def said(self) -> str:
        """Why there is no text."""
        return f"{self.config.title} has no decoder, so there is no text to show."

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # Python asks for these
            raise AttributeError(name)
        has_none = "no encoder, so it reads" if self.decoder else "no encoder and no decoder, so it reads and writes"
        raise UserError(f"{self.config.title} has {has_none} no text.")


class OwnLatents(NamedTuple):
    """A file of latents: what the page shows of it, and its texts, if it has any."""

    checkpoint: Checkpoint
    map: LatentMap
    text: list[str] | None

    @property
    def columns(self) -> Mapping[str, np.ndarray]:
        """Other numbers of its examples, [N] each, by their names."""
        own = own_model(self.checkpoint)
        return own.columns if own else {}

    @property
    def coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Prior samples [P, 2] and examples [M, 2] on its map."""
        prior, examples = self.map.xy.split([self.map.priors, len(self.map.sentences)])
        return prior.numpy(), examples.numpy()


def own_model(checkpoint: Checkpoint) -> OwnModel | None:
    """The model of a file of latents; None for all others."""
    model: Any = checkpoint.model
    return model if isinstance(model, OwnModel) else None


def places_of(checkpoint: Checkpoint) -> Places | None:
    """Where all points of a large file of latents are; None for all other checkpoints."""
    own = own_model(checkpoint)
    return own.places if own else None


def why_no_text(checkpoint: Checkpoint) -> str | None:
    """Why a checkpoint can't decode; None if it can."""
    own = own_model(checkpoint)
    return own.said if own and not own.decoder else None


def latent_of_number(checkpoint: Checkpoint, text: str) -> Tensor:
    """The latent of a point of a file's map, [D]: of an example by its number from 1, of a prior draw by that from −1.

    Raises UserError if the text is no such number.
    """
    stored, title, places = checkpoint.latents.map, checkpoint.model.config.title, places_of(checkpoint)
    examples, draws = len(checkpoint.latents.labels), stored.priors if stored else 0
    if places:
        draws = examples
    digits = text.strip().replace("−", "-")
    number = int(digits) if digits.removeprefix("-").isdecimal() and len(digits) < 10 else 0
    if 0 < number <= examples:
        return checkpoint.latents.posterior.location[number - 1]
    if places and 0 < -number <= draws:
        return places.points.z_of(number)
    if stored and 0 < -number <= draws:
        return stored.z[-number - 1]
    raise UserError(
        f"{title} has no encoder, so it reads no text: write the number of an example, 1 to {examples:,}, or of a prior draw, "
        f"-1 to -{draws:,}."
    )


def measure_file(
    path: Path, name: str, most: Most | None = None, decoder: OwnDecoder | None = None, is_kept: bool = False
) -> Generator[str, None, OwnLatents]:
    """Read a file of latents, measure it and draw its map, in half a minute for 10,000 examples.

    Args:
        path: of the file.
        name: of the model.
        most: how much is read, if that is not as much as of an operator's file.
        decoder: the operator's, if there is one.
        is_kept: whether the figures and places of a large file are kept in the user's cache.

    Yields:
        What is done next.

    Returns:
        What the page shows of it.

    Raises:
        UserError: one sentence says what is wrong with the file.
    """
    from dgvae.latent_space.bounds import USUAL
    from dgvae.latent_space.space import LatentSpace

    yield "Reading the file"
    return (yield from measure_space(LatentSpace.load(path, name, most or USUAL), path, decoder, is_kept))


def measure_space(
    space: LatentSpace, path: Path, decoder: OwnDecoder | None, is_kept: bool = False
) -> Generator[str, None, OwnLatents]:
    """Measure a latent space and draw its map.

    Args:
        space: that is measured.
        path: of its file.
        decoder: the operator's, if there is one.
        is_kept: as of `measure_file`.

    Yields:
        What is done next.

    Returns:
        What the page shows of it.
    """
    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.checkpoint.latents import map_latents

    dim = space.posterior.location.shape[1]
    if len(space) > len(space.rows):
        prepared = yield from _prepared(space, dim, is_kept)
        record, drawn, places, stand_ins = prepared.record, prepared.map, prepared.places, space.rows
    else:
        yield f"Measuring {len(space):,} examples of {dim:,} dimension{'s' if dim > 1 else ''}"
        record = space.record
        yield "Drawing the map"
        drawn, places, stand_ins = map_latents(space.posterior, MAP_POINTS), None, None
    latents = replace(space.latents, map=drawn, stand_ins=stand_ins)
    columns = dict(space.columns)
    if "" in columns:  # an empty field asks for the first column
        columns = {"unnamed" if "unnamed" not in columns else "without a name": columns.pop("")} | columns
    row = _Row(f"latents from a file, with{' a' if decoder else 'out a'} decoder")
    model: Any = OwnModel(_Config(space.name, dim, row), latents.posterior.prior(dim), decoder, places, columns)
    return OwnLatents(Checkpoint(path, model, model, latents, record), drawn, space.text)


def _prepared(space: LatentSpace, dim: int, is_kept: bool) -> Generator[str, None, Prepared]:
    """A large latent space as it was kept, or measured now: some figures by all examples, some by those that stand for q(z)."""
    from dgvae.checkpoint.latents import map_latents
    from dgvae.explore.all_points import AllPoints, Places
    from dgvae.ui.prepared import Prepared, folder_of

    yield "Looking whether it was measured before"
    folder = folder_of(space, MAP_POINTS)
    if is_kept and (kept := Prepared.load(folder, space)):
        return kept
    yield f"Measuring {len(space):,} examples of {dim:,} dimensions"
    record = space.record
    yield "Drawing the map"
    drawn = map_latents(space.measured.posterior, MAP_POINTS)
    drawn = replace(drawn, sentences=space.rows[drawn.sentences])
    yield f"Placing all {len(space):,} examples on the map"
    prepared = Prepared(record, drawn, Places.find(AllPoints(space.posterior, drawn)))
    if is_kept:
        prepared.save(folder)
    return prepared


def at_once(steps: Generator[str, None, OwnLatents]) -> OwnLatents:
    """What is measured, where nobody is told how far that is."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
