"""The implicit posterior: z is what a network makes of the sentence and of noise, and has no density (Fang et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor

from dgvae.methods.spec import Value
from dgvae.posteriors.base import Posterior
from dgvae.posteriors.gaussian import StandardNormal

KEPT = 8  # draws of each sentence that a checkpoint's latents hold


@dataclass(frozen=True)
class Implicit(Posterior):
    """q(z|x) known by S draws alone; its prior is N(0, I). `log_prob` and `kl` do not exist.

    draws: [B, S, D].

    Example:
        >>> import torch
        >>> from dgvae import Implicit
        >>> posterior = Implicit(torch.randn(8, 4, 2))
        >>> posterior.has_density, posterior.rsample().shape
        (False, torch.Size([8, 2]))
    """

    has_density: ClassVar[bool] = False

    draws: Tensor

    @staticmethod
    def prior(latent_dim: int) -> StandardNormal:
        """See `Posterior`."""
        return StandardNormal(latent_dim)

    @staticmethod
    def shapes(sentences: int, latent_dim: int) -> dict[str, tuple[int, ...]]:
        """See `Posterior`."""
        return {"draws": (sentences, KEPT, latent_dim)}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor], options: Mapping[str, Value]) -> Self:
        """See `Posterior`."""
        return cls(tensors["draws"])

    @property
    def location(self) -> Tensor:
        """The mean of the draws: [B, D]."""
        return self.draws.mean(1)

    def rsample(self) -> Tensor:
        """The first draw of each: [B, D]."""
        return self.draws[:, 0]
