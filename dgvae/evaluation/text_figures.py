"""Figures of decoded text: BLEU, ROUGE-L along interpolations, perplexity under an n-gram model, distinct-n.

A sentence is a string of words apart by one space, as the corpora have it; `<unk>` is a word like any other.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import torch

from dgvae.evaluation.estimates import Estimate, group_slices, jackknife, mean_of, ratio_of

RESAMPLES = 400  # of BLEU's bootstrap
UNKNOWN, START, END = "<unk>", "<s>", "</s>"


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> Estimate:
    """Corpus BLEU of sacrebleu, 0 to 100, of hypotheses with one reference each; the words are taken as they are.

    The error is from sacrebleu's bootstrap over sentences, whose seed is fixed; one sentence gives none (NaN). BLEU counts up
    to four words in a row: it is 0 where no hypothesis has four, even for a perfect copy.
    """
    from sacrebleu.metrics.bleu import BLEU  # here, since the app needs ROUGE-L alone and is installed without sacrebleu

    if len(hypotheses) != len(references):
        raise ValueError(f"{len(hypotheses)} hypotheses do not go with {len(references)} references.")
    resamples = RESAMPLES if len(hypotheses) > 1 else 1
    metric = BLEU(tokenize="none", force=True)
    score = metric.corpus_score(hypotheses, [references], n_bootstrap=resamples)
    if resamples == 1:
        return Estimate(float(score.score), math.nan)
    # Only sacrebleu's report has the half-width of the 95% interval; it lacks it where every resample has BLEU 0.
    report = json.loads(score.format(width=15, signature=str(metric.get_signature()), is_json=True))
    return Estimate(float(score.score), report.get("confidence_var", 0.0) / 1.96)


def rouge_l(candidate: str, reference: str) -> float:
    """F1 of the longest common subsequence of words, 0 to 1. An empty sentence has 0, even against another."""
    first, second = candidate.split(), reference.split()
    return 2 * _common_subsequence(first, second) / max(1, len(first) + len(second))


def _common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common subsequence, by dynamic programming over prefixes of both."""
    lengths = [0] * (len(second) + 1)  # of the words of `first` so far with each prefix of `second`
    for word in first:
        before, lengths = lengths, [0]
        for i, other in enumerate(second):
            lengths.append(before[i] + 1 if word == other else max(before[i + 1], lengths[i]))
    return lengths[-1]


@dataclass(frozen=True)
class Interpolation:
    """ROUGE-L F1 of the sentences decoded along paths to the paths' ends: mean over paths at each of the T points, and a score.

    A path's score is the mean over its points t, 0 … 1, of (1 − t)·F1(to start) + t·F1(to end).
    """

    to_start: list[float]
    to_end: list[float]
    score: Estimate


def interpolation(starts: Sequence[str], ends: Sequence[str], decoded: Sequence[Sequence[str]]) -> Interpolation:
    """How the decoded sentences change from one end of a path to the other.

    Args:
        starts: K sentences.
        ends: K sentences.
        decoded: `decoded[k]` are the T sentences decoded at t = 0 … 1, evenly apart, between starts[k] and ends[k].

    Returns:
        Mean ROUGE-L to either end at each t, and the score.
    """
    paths = list(zip(starts, ends, decoded, strict=True))
    # [K, T]
    to_start = torch.tensor([[rouge_l(text, start) for text in path] for start, _, path in paths], dtype=torch.float64)
    to_end = torch.tensor([[rouge_l(text, end) for text in path] for _, end, path in paths], dtype=torch.float64)
    t = torch.linspace(0, 1, to_start.shape[1], dtype=torch.float64)
    score = mean_of(((1 - t) * to_start + t * to_end).mean(1))
    return Interpolation(to_start.mean(0).tolist(), to_end.mean(0).tolist(), score)


class NGramModel:
    """Interpolated Witten–Bell n-gram model over a fixed vocabulary (Chen & Goodman 1999).

    p(word | context) = (c(context word) + n(context) · p(word | context without its first word)) / (c(context) + n(context)),
    where c counts in the text and n is the number of different words that follow. A context that the text lacks is shortened.

    A word outside the vocabulary is `<unk>`, and `<unk>` in text is the same. The unigram counts are one higher than in the
    text for each word of the vocabulary, `<unk>` and `</s>`, so that no word has probability 0. Perplexities compare only
    between models of one vocabulary.

    Args:
        sentences: the text, words with spaces between them.
        vocabulary: all words that are known.
        order: n, the length of an n-gram in words.
    """

    def __init__(self, sentences: Iterable[str], vocabulary: Collection[str], order: int = 3) -> None:
        self._order = order
        self._known = set(vocabulary) - {START, END}
        self._followers: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)  # of each context
        self._followers[()].update(self._known | {UNKNOWN, END})
        for ngram, count in Counter(ngram for sentence in sentences for ngram in self._ngrams(sentence)).items():
            for skip in range(order):
                self._followers[ngram[skip:-1]][ngram[-1]] += count
        self._totals = {context: followers.total() for context, followers in self._followers.items()}

    def probability(self, word: str, context: Sequence[str]) -> float:
        """p(word | the words before it), all of them words of the model; `<s>` stands before a sentence, `</s>` after it."""
        context = tuple(context)
        if not context:
            return self._followers[()][word] / self._totals[()]
        shorter = self.probability(word, context[1:])
        total = self._totals.get(context)
        if total is None:
            return shorter
        followers = self._followers[context]
        return (followers[word] + len(followers) * shorter) / (total + len(followers))

    def perplexity(self, sentences: Iterable[str]) -> Estimate:
        """exp(−Σ log p / number of words), each sentence's end being a word too.

        The error, by the delta method, is of the choice of these sentences alone: the model's own text is taken as given.
        """
        scored = [[-math.log(self.probability(ngram[-1], ngram[:-1])) for ngram in self._ngrams(text)] for text in sentences]
        surprisal = torch.tensor([sum(words) for words in scored], dtype=torch.float64)
        lengths = torch.tensor([len(words) for words in scored], dtype=torch.float64)
        mean = ratio_of(surprisal, lengths)
        perplexity = math.exp(mean.value)
        return Estimate(perplexity, perplexity * mean.error)

    def _ngrams(self, sentence: str) -> list[tuple[str, ...]]:
        """Of full order, one that ends at each word and one at `</s>`."""
        known = [word if word in self._known else UNKNOWN for word in sentence.split()]
        words = [START] * (self._order - 1) + [*known, END]
        return [tuple(words[i : i + self._order]) for i in range(len(known) + 1)]


def vocabulary(sentences: Iterable[str], min_count: int = 2) -> set[str]:
    """The words seen at least `min_count` times."""
    counts = Counter(word for sentence in sentences for word in sentence.split())
    return {word for word, count in counts.items() if count >= min_count}


def distinct(sentences: Sequence[str], n: int) -> Estimate:
    """Distinct-n: the number of different n-grams over the number of n-grams (Li et al. 2016), 0 where there is none.

    It falls with the amount of text, so that only equal amounts compare. The error is the jackknife's.
    """
    groups = [Counter(_word_ngrams(sentences[members], n)) for members in group_slices(len(sentences))]
    counts = sum(groups, Counter())
    total = counts.total()
    if not total:
        return Estimate(0.0, 0.0)
    without = [
        (len(counts) - sum(counts[ngram] == count for ngram, count in group.items())) / max(1, total - group.total())
        for group in groups
    ]
    return jackknife(len(counts) / total, torch.tensor(without, dtype=torch.float64))


def _word_ngrams(sentences: Iterable[str], n: int) -> Iterable[tuple[str, ...]]:
    for sentence in sentences:
        words = sentence.split()
        yield from zip(*(words[i:] for i in range(n)), strict=False)
