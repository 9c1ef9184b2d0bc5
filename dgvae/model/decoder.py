"""Decoders: an LSTM language model that is given the latent at every word and as its initial state, and its variants."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from dgvae.methods.config import TextVAEConfig
from dgvae.model.dropout import dropout
from dgvae.model.embedding import word_embedding
from dgvae.model.vocabulary_loss import vocabulary_loss
from dgvae.text.batch import Batch, LSTMState, read
from dgvae.text.tokenizer import END, PAD, START


class Decoder(nn.Module):
    """p(x|z), a word at a time. training_only: its parts that only training needs, which a small checkpoint leaves out."""

    training_only: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.embedding = word_embedding(config)
        self.initial_cell = nn.Linear(config.latent_dim, config.hidden_dim, bias=False)
        self.lstm = nn.LSTM(config.embedding_dim + config.latent_dim, config.hidden_dim, batch_first=True)
        self.output = nn.Linear(self.output_inputs(config), config.vocab_size, bias=False)

    @staticmethod
    def output_inputs(config: TextVAEConfig) -> int:
        """Size of what `hidden` hands to the output layer."""
        return config.hidden_dim

    def initial_state(self, z: Tensor) -> LSTMState:
        """c = Wz, h = tanh c. z: [B, D]."""
        cell = self.initial_cell(z).unsqueeze(0)
        return torch.tanh(cell), cell

    def hidden(self, words: Tensor, z: Tensor, state: LSTMState, batch: Batch | None = None) -> tuple[Tensor, LSTMState]:
        """Read words with their latents.

        Args:
            words: [B, T] ids.
            z: [B, D].
            state: of the LSTM before the words.
            batch: the sentences that `words` come before, where their lengths differ.

        Returns:
            The input of the output layer, [B, T, H], and the state after the words.
        """
        inputs = dropout(self.embedding(words), self.dropout, self.training)
        latents = z.unsqueeze(1).expand(-1, words.shape[1], -1)
        joined = torch.cat([inputs, latents.to(inputs.dtype)], dim=-1)
        outputs, state = read(self.lstm, joined, batch or Batch(words), state)
        return dropout(outputs, self.dropout, self.training), state

    def arrange_for_decoding(self) -> None:
        """Lay the output layer's weights out by columns: a CPU then multiplies few rows by them in two thirds of the time."""
        self.output.weight.data = self.output.weight.data.t().contiguous().t()

    def next_word_logits(self, words: Tensor, z: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        """Logits of the word that follows.

        Args:
            words: [B] ids, the last words so far.
            z: [B, D].
            state: of the LSTM before them.

        Returns:
            [B, V], and the state after the words.
        """
        hidden, state = self.hidden(words.unsqueeze(1), z, state)
        return self.output(hidden[:, 0]), state

    def negative_log_likelihood(self, sentences: Tensor | Batch, z: Tensor) -> tuple[Tensor, Tensor]:
        """−log p(x|z) in nats: its sum over the batch (differentiable) and per sentence ([B], for reading).

        sentences: a batch, or [B, T] word ids ending with `</s>`, without padding; z: [B, D].
        """
        batch = Batch.of(sentences)
        start = torch.full_like(batch.words[:, :1], START)
        words = torch.cat([start, batch.words[:, :-1]], dim=1)
        hidden, _ = self.hidden(words, z, self.initial_state(z), batch)
        total, terms = vocabulary_loss(batch.real(hidden), self.output.weight, batch.real(batch.words))
        return total, batch.sum_by_sentence(terms)

    def auxiliary_loss(self, sentences: Tensor | Batch, z: Tensor) -> Tensor:
        """What training adds to the loss and no likelihood counts: a scalar, nats per sentence. Here there is nothing."""
        return z.new_zeros(())


class SkipDecoder(Decoder):
    """The latent is also joined to the output layer's input (Dieng et al. 2019)."""

    @staticmethod
    def output_inputs(config: TextVAEConfig) -> int:
        """See `Decoder`."""
        return config.hidden_dim + config.latent_dim

    def hidden(self, words: Tensor, z: Tensor, state: LSTMState, batch: Batch | None = None) -> tuple[Tensor, LSTMState]:
        """See `Decoder`."""
        outputs, state = super().hidden(words, z, state, batch)
        latents = z.to(outputs.dtype).unsqueeze(1).expand(-1, words.shape[1], -1)
        return torch.cat([outputs, latents], dim=-1), state


class BagOfWordsDecoder(Decoder):
    """In training a small network also foretells from z which words the sentence has (Zhao et al. 2017)."""

    training_only = ("bag_of_words.",)

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config)
        self.bag_of_words = nn.Sequential(
            nn.Linear(config.latent_dim, config.hidden_dim), nn.Tanh(), nn.Linear(config.hidden_dim, config.vocab_size)
        )

    def auxiliary_loss(self, sentences: Tensor | Batch, z: Tensor) -> Tensor:
        """−Σ_t log p(x_t | z) over the sentence's words without `</s>`, whatever their order."""
        words = Batch.of(sentences).words
        log_probability = torch.log_softmax(self.bag_of_words(z).float(), dim=-1)  # [B, V]
        return -(log_probability.gather(1, words) * ((words != END) & (words != PAD))).sum() / len(words)


DECODERS: dict[str, type[Decoder]] = {"plain": Decoder, "skip": SkipDecoder, "bow": BagOfWordsDecoder}
