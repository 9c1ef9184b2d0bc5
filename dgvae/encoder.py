"""The encoder: an LSTM that reads the sentence and a linear head on its last state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dgvae.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian


class Encoder(nn.Module):
    """Sentences of one length -> q(z|x)."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_dim)
        self.lstm = nn.LSTM(config.embedding_dim, config.hidden_dim, batch_first=True)
        self.head = nn.Linear(config.hidden_dim, 2 * config.latent_dim, bias=False)

    def forward(self, sentences: Tensor) -> DiagonalGaussian:
        """sentences: [B, T] word ids ending with `</s>`, no padding."""
        _, (last, _) = self.lstm(self.embedding(sentences))
        # The posterior stays fp32 under autocast: log σ² and all that is made of it lose too much in bf16.
        with torch.autocast(sentences.device.type, enabled=False):
            mean, log_var = self.head(last[-1].float()).chunk(2, dim=-1)
        return DiagonalGaussian(mean, log_var)
