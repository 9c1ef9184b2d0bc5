"""The encoder: an LSTM that reads the sentence, and a head on its last state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dgvae.methods.config import TextVAEConfig
from dgvae.model.embedding import word_embedding
from dgvae.model.heads import HEADS
from dgvae.posteriors import Posterior
from dgvae.text.batch import Batch, read


class Encoder(nn.Module):
    """Sentences -> q(z|x)."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__()
        self.embedding = word_embedding(config)
        self.lstm = nn.LSTM(config.embedding_dim, config.hidden_dim, batch_first=True)
        self.head = HEADS[config.row.head](config)

    def forward(self, sentences: Tensor | Batch) -> Posterior:
        """sentences: a batch, or [B, T] word ids ending with `</s>`, without padding."""
        batch = Batch.of(sentences)
        outputs, (state, _) = read(self.lstm, self.embedding(batch.words), batch)
        last = state[-1] if batch.last is None else outputs.flatten(0, 1).index_select(0, batch.last)
        # The posterior stays fp32 under autocast: log σ² and all that is made of it lose too much in bf16.
        with torch.autocast(last.device.type, enabled=False):
            return self.head(last.float())
