"""A memory density gap beside a companion, which keeps many dimensions in use: alone, a joint gap ends in few of them.

L = w_c · companion + w_m · memory density gap
"""

from __future__ import annotations

from typing import Self

from torch import Tensor

from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers.base import Regularizer
from dgvae.regularizers.density_gap import DensityGap
from dgvae.regularizers.kl import RateCap
from dgvae.regularizers.memory_density_gap import MemoryDensityGap
from dgvae.regularizers.principal_density_gap import PrincipalDensityGap


class AccompaniedMemoryGap(Regularizer[DiagonalGaussian]):
    """The weighted sum of a memory density gap and another regularizer.

    Args:
        memory_gap: the gap.
        companion: the other regularizer, or None.
        weight: of the gap.
        companion_weight: of the companion.
        delay: sentences of training before the gap counts.
    """

    def __init__(
        self,
        memory_gap: MemoryDensityGap,
        companion: Regularizer | None,
        weight: float = 1.0,
        companion_weight: float = 1.0,
        delay: int = 0,
    ) -> None:
        super().__init__()
        self.memory_gap = memory_gap
        self.companion = companion
        self.weight, self.companion_weight = weight, companion_weight
        self.delay = delay

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """See `Regularizer`. The companion has its own method's default options."""
        options = config.options
        companions = {
            "principal": lambda: PrincipalDensityGap(config.latent_dim),
            "marginal": DensityGap,
            "rate-cap": lambda: RateCap(float(options["cap"])),
            "none": lambda: None,
        }
        return cls(
            MemoryDensityGap.from_config(config),
            companions[str(options["companion"])](),
            float(options["memory_weight"]),
            float(options["companion_weight"]),
            int(options["delay"]),
        )

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        total = self.weight * self.memory_gap.filled_share(self.delay) * self.memory_gap(posterior, z)
        return total if self.companion is None else total + self.companion_weight * self.companion(posterior, z)
