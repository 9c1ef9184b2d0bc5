"""What a latent space holds, and the examples of it that stand for its q(z)."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from dgvae.aggregate import AggregatedPosterior, aggregate
from dgvae.checkpoint.latents import Latents
from dgvae.evaluation.record import Record
from dgvae.latent_space.checks import Contents
from dgvae.latent_space.measuring import record_of

MOST_MEASURED = 10_000  # examples, by which those figures are measured that take a time that grows with their square


class HeldSpace:
    """The contents of a `LatentSpace`. What is derived from them is computed once, when it is first asked for."""

    def _hold(self, contents: Contents, name: str) -> None:
        self.name = name
        self._contents = contents
        self.posterior, self.labels, self.classes = contents.posterior, contents.labels, contents.classes
        self.text, self.columns = contents.text, contents.columns

    def __len__(self) -> int:
        return len(self.posterior)

    @cached_property
    def rows(self) -> Tensor:
        """The examples that stand for q(z), drawn at random: [at most MOST_MEASURED], in order."""
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(0))
        return order[:MOST_MEASURED].sort().values

    @cached_property
    def measured(self) -> Contents:
        """The examples that stand for q(z)."""
        return self._contents.at(self.rows)

    @property
    def latents(self) -> Latents:
        """All examples, as a checkpoint keeps them, without a map."""
        return self._contents.latents

    @cached_property
    def aggregated(self) -> AggregatedPosterior:
        """q(z) over these examples."""
        return aggregate(self.measured.posterior)

    @cached_property
    def record(self) -> Record:
        """Its figures, as a checkpoint keeps them."""
        return record_of(self.posterior, self.name, self.classes, self.rows, self._contents.known_by)
