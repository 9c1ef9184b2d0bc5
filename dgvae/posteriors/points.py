"""Points without posteriors, such as the codes of an autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor

from dgvae.methods.spec import Value
from dgvae.posteriors.base import Posterior
from dgvae.posteriors.gaussian import StandardNormal


@dataclass(frozen=True)
class Points(Posterior):
    """One z for each example, from an encoder that draws nothing; the prior is N(0, I). `log_prob` and `kl` do not exist.

    z: [B, D].
    """

    has_density: ClassVar[bool] = False

    z: Tensor

    @staticmethod
    def prior(latent_dim: int) -> StandardNormal:
        """See `Posterior`."""
        return StandardNormal(latent_dim)

    @staticmethod
    def shapes(sentences: int, latent_dim: int) -> dict[str, tuple[int, ...]]:
        """See `Posterior`."""
        return {"z": (sentences, latent_dim)}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor], options: Mapping[str, Value]) -> Self:
        """See `Posterior`."""
        return cls(tensors["z"])

    @property
    def location(self) -> Tensor:
        """The points: [B, D]."""
        return self.z

    def rsample(self) -> Tensor:
        """The points: [B, D]."""
        return self.z
