"""What every regularizer is."""

from __future__ import annotations

from torch import Tensor, nn

from dgvae.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian


class Regularizer(nn.Module):
    """Pulls posteriors towards the prior. Its state (running moments, say) is in persistent buffers, so that a run
    resumes exactly; none of it is needed to use the model."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__()
        self.options = config.options

    def forward(self, posterior: DiagonalGaussian, z: Tensor) -> Tensor:
        """Return the loss, a scalar in nats per sentence. z: [B, D], the samples that the decoder sees."""
        raise NotImplementedError
