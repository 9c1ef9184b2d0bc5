"""A batch of sentences of any lengths, padded so that no padding is computed with where it would count.

Rows stand with the longest first. An LSTM reads such a batch in a few segments of time, each with the rows that are not over
yet: little padding is read, and every call is large. An LSTM only looks back, so what it reads after a sentence's end changes
nothing before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dgvae.text.tokenizer import PAD

Segment = tuple[int, int, int]  # words from, to, and how many rows are not over before them
LSTMState = tuple[Tensor, Tensor]  # h and c, [1, B, H] each

_CPU = torch.device("cpu")
_GRAIN = 8  # words from one place where a batch may be cut to the next
_CALL = 200  # words that an LSTM reads in the time that a call costs besides


@dataclass(frozen=True)
class Batch:
    """B sentences of at most T words. What is None is not needed, since all sentences have T words."""

    words: Tensor  # [B, T] ids; after a sentence's `</s>` stands `<pad>`
    tokens: Tensor | None = None  # [W] where the real words stand in words.flatten()
    last: Tensor | None = None  # [B] where each `</s>` stands there
    segments: tuple[Segment, ...] = ()
    shuffled: Tensor | None = None  # [B] a random order of the rows: groups to be aggregated are cut from it

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def of(cls, sentences: Tensor | Batch) -> Batch:
        """A tensor [B, T] of sentences of one length as a batch."""
        return sentences if isinstance(sentences, Batch) else cls(sentences)

    @classmethod
    def padded(cls, sentences: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> Batch:
        """A batch of sentences in the order given, which must be from long to short."""
        lengths = [len(sentence) for sentence in sentences]
        rows = [torch.tensor(sentence, device=device) for sentence in sentences]
        words = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
        if lengths[0] == lengths[-1]:
            return cls(words)
        tokens, last = positions(torch.tensor(lengths))
        return cls(words, tokens.to(device), last.to(device), segments_of(lengths, torch.device(device)))

    def real(self, cells: Tensor) -> Tensor:
        """Leave out what belongs to padding: [B, T, …] -> [W, …]."""
        flat = cells.flatten(0, 1)
        return flat if self.tokens is None else flat.index_select(0, self.tokens)

    def sum_by_sentence(self, terms: Tensor) -> Tensor:
        """Sum a term per real word, [W], over each sentence: [B]."""
        if self.tokens is not None:
            terms = terms.new_zeros(self.words.numel()).index_copy(0, self.tokens, terms)
        return terms.view_as(self.words).sum(1)

    def shuffle(self, rows: Tensor) -> Tensor:
        """Put rows, [B, …], into the random order, so that neighbors are not of one length."""
        return rows if self.shuffled is None else rows.index_select(0, self.shuffled)


def longest_first(lengths: Tensor) -> Tensor:
    """The numbers of the sentences from the longest to the shortest; those of one length keep their order. [N] -> [N]."""
    return lengths.argsort(descending=True, stable=True)


def of_each_length(lengths: Tensor) -> tuple[Tensor, ...]:
    """The numbers of the sentences of each length, the shortest length first. lengths: [N]."""
    counts = lengths.unique(return_counts=True)[1].tolist()
    return lengths.argsort(stable=True).split(counts)


def positions(lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Where real words and last words stand in the flattened [B, T]. lengths: [B], the longest first. -> [W], [B]."""
    longest = int(lengths[0])
    real = torch.arange(longest) < lengths.unsqueeze(1)
    return real.flatten().nonzero().squeeze(1), torch.arange(len(lengths)) * longest + lengths - 1


def segments_of(lengths: Sequence[int], device: torch.device = _CPU) -> tuple[Segment, ...]:
    """Cut the time of a batch so that the least is read, where every segment costs as much as `_CALL` words. The longest first.

    Cuts and rows are rounded up, so that the shapes of segments, for each of which oneDNN keeps some memory, are few. A GPU
    reads padding beside the words, in no more time, and takes the batch as it is.
    """
    if device.type != "cpu":
        return ()
    size = len(lengths)
    share = max(1, size // 8)
    cuts = [*range(0, lengths[0], _GRAIN), lengths[0]]
    rows = [min(size, -(-sum(n > cut for n in lengths) // share) * share) for cut in cuts]
    least, begin = [0], [0]  # what is read up to each cut, and where its last segment begins
    for stop in range(1, len(cuts)):
        cost, start = min((least[k] + rows[k] * (cuts[stop] - cuts[k]) + _CALL, k) for k in range(stop))
        least.append(cost)
        begin.append(start)
    segments, stop = [], len(cuts) - 1
    while stop:
        segments.append((cuts[begin[stop]], cuts[stop], rows[begin[stop]]))
        stop = begin[stop]
    return tuple(reversed(segments))


def read(lstm: nn.LSTM, inputs: Tensor, batch: Batch, state: LSTMState | None = None) -> tuple[Tensor, LSTMState]:
    """Let an LSTM read a batch.

    Args:
        lstm: with `batch_first`.
        inputs: [B, T, E].
        batch: says which words are real.
        state: before the first words; zero by default.

    Returns:
        Its outputs, [B, T, H], and the state after the last of all words. Outputs behind the end of a sentence mean nothing;
        the state is that of the sentences of T words alone.
    """
    if inputs.shape[1] == 1 and state and inputs.device.type == "cpu" and not torch.is_grad_enabled():
        # A word that is decoded. nn.LSTM would arrange its weights anew for it, which takes longer than the word.
        output, cell = torch.lstm_cell(inputs[:, 0], (state[0][0], state[1][0]), *lstm.all_weights[0])
        return output.unsqueeze(1), (output.unsqueeze(0), cell.unsqueeze(0))
    if len(batch.segments) < 2:
        return lstm(inputs, state)
    outputs = []
    # The gradient of a split is put together once; a slice for each segment would fill all of it with zeros each time.
    pieces = inputs.split([stop - start for start, stop, _ in batch.segments], dim=1)
    for piece, (_, _, rows) in zip(pieces, batch.segments, strict=True):
        if state is not None:
            state = state[0][:, :rows].contiguous(), state[1][:, :rows].contiguous()
        part, state = lstm(piece[:rows], state)
        outputs.append(F.pad(part, (0, 0, 0, 0, 0, len(inputs) - rows)))
    assert state is not None
    return torch.cat(outputs, dim=1), state
