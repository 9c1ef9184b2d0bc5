"""Word vectors and how they begin."""

from __future__ import annotations

from torch import nn

from dgvae.methods.config import TextVAEConfig


def word_embedding(config: TextVAEConfig) -> nn.Embedding:
    """Embeddings from N(0, 0.3²).

    The paper's U(±0.1), with other weights U(±0.01), goes with its SGD. With Adam it leaves the latent without a say until the
    regularizer has its full weight, and even DG-VAE stays collapsed. The wider the embeddings, the faster the latent fills,
    and the less it generalizes (Short-Yelp, hidden 256, two epochs of 100,000 sentences; MI of DG-VAE, ELBO of PDG-VAE):
    U(±0.1) 1.7 and −44.9 nats, N(0, 0.3²) 4.2 and −46.8, N(0, 1) 8.9 and −54.0.
    """
    embedding = nn.Embedding(config.vocab_size, config.embedding_dim)
    nn.init.normal_(embedding.weight, std=0.3)
    return embedding
