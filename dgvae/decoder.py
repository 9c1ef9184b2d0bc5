"""Decoders: an LSTM language model that is given the latent at every word and as its initial state, and its variants."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dgvae.config import TextVAEConfig
from dgvae.dropout import dropout
from dgvae.embedding import word_embedding
from dgvae.tokenizer import END, START
from dgvae.vocabulary_loss import vocabulary_loss

State = tuple[Tensor, Tensor]  # the LSTM's h and c, [1, B, H] each


class Decoder(nn.Module):
    """p(x|z), a word at a time."""

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

    def initial_state(self, z: Tensor) -> State:
        """c = Wz, h = tanh c. z: [B, D]."""
        cell = self.initial_cell(z).unsqueeze(0)
        return torch.tanh(cell), cell

    def hidden(self, words: Tensor, z: Tensor, state: State) -> tuple[Tensor, State]:
        """Read `words` [B, T] with the latents z [B, D]; return the output layer's input [B, T, H] and the new state."""
        inputs = dropout(self.embedding(words), self.dropout, self.training)
        latents = z.unsqueeze(1).expand(-1, words.shape[1], -1)
        outputs, state = self.lstm(torch.cat([inputs, latents.to(inputs.dtype)], dim=-1), state)
        return dropout(outputs, self.dropout, self.training), state

    def next_word_logits(self, words: Tensor, z: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits of the word that follows `words` [B]: [B, V], and the state after them."""
        hidden, state = self.hidden(words.unsqueeze(1), z, state)
        return self.output(hidden[:, 0]), state

    def negative_log_likelihood(self, sentences: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """−log p(x|z) in nats: its sum over the batch (differentiable) and per sentence ([B], for reading).

        sentences: [B, T] word ids ending with `</s>`, no padding; z: [B, D].
        """
        start = torch.full_like(sentences[:, :1], START)
        read = torch.cat([start, sentences[:, :-1]], dim=1)
        hidden, _ = self.hidden(read, z, self.initial_state(z))
        total, terms = vocabulary_loss(hidden.flatten(0, 1), self.output.weight, sentences.flatten())
        return total, terms.view_as(sentences).sum(1)

    def auxiliary_loss(self, sentences: Tensor, z: Tensor) -> Tensor:
        """What training adds to the loss and no likelihood counts: a scalar, nats per sentence. Here there is nothing."""
        return z.new_zeros(())


class SkipDecoder(Decoder):
    """The latent is also joined to the output layer's input (Dieng et al. 2019)."""

    @staticmethod
    def output_inputs(config: TextVAEConfig) -> int:
        """See `Decoder`."""
        return config.hidden_dim + config.latent_dim

    def hidden(self, words: Tensor, z: Tensor, state: State) -> tuple[Tensor, State]:
        """See `Decoder`."""
        outputs, state = super().hidden(words, z, state)
        latents = z.to(outputs.dtype).unsqueeze(1).expand(-1, words.shape[1], -1)
        return torch.cat([outputs, latents], dim=-1), state


class BagOfWordsDecoder(Decoder):
    """In training a small network also foretells from z which words the sentence has (Zhao et al. 2017)."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config)
        self.bag_of_words = nn.Sequential(
            nn.Linear(config.latent_dim, config.hidden_dim), nn.Tanh(), nn.Linear(config.hidden_dim, config.vocab_size)
        )

    def auxiliary_loss(self, sentences: Tensor, z: Tensor) -> Tensor:
        """−Σ_t log p(x_t | z) over the sentence's words without `</s>`, whatever their order."""
        log_probability = torch.log_softmax(self.bag_of_words(z).float(), dim=-1)  # [B, V]
        return -(log_probability.gather(1, sentences) * (sentences != END)).sum() / len(sentences)


DECODERS: dict[str, type[Decoder]] = {"plain": Decoder, "skip": SkipDecoder, "bow": BagOfWordsDecoder}
