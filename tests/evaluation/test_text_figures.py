"""Figures of text against formulas written plainly, and their errors against the spread over made-up corpora."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.text_figures import NGramModel, bleu, distinct, interpolation, rouge_l, vocabulary

SENTENCES = st.lists(st.sampled_from(["a", "b", "c", "<unk>", "."]), max_size=7).map(" ".join)
THREE = ["a b a", "a b", "c <unk> a"]


def made_up(count: int, seed: int) -> list[str]:
    """Sentences of 1 to 14 words, some of common words, some of rare ones."""
    rng = np.random.default_rng(seed)
    ranks = [np.minimum(rng.zipf(rng.uniform(1.3, 2.5), rng.integers(1, 15)), 300) for _ in range(count)]
    return [" ".join(f"w{rank}" for rank in sentence) for sentence in ranks]


def garbled(sentences: list[str], seed: int) -> list[str]:
    """The sentences with words left out, from few to most of them."""
    rng = random.Random(seed)
    kept = ((sentence, rng.random()) for sentence in sentences)
    return [" ".join(word for word in sentence.split() if rng.random() < share) for sentence, share in kept]


def common_words(first: list[str], second: list[str]) -> int:
    """The length of the longest common subsequence, by its definition."""
    if not first or not second:
        return 0
    if first[-1] == second[-1]:
        return 1 + common_words(first[:-1], second[:-1])
    return max(common_words(first[:-1], second), common_words(first, second[:-1]))


@settings(max_examples=60)
@given(SENTENCES, SENTENCES)
def test_rouge_l_is_the_f1_of_the_longest_common_subsequence(candidate: str, reference: str) -> None:
    words = len(candidate.split()) + len(reference.split())
    expected = 2 * common_words(candidate.split(), reference.split()) / max(1, words)
    assert rouge_l(candidate, reference) == pytest.approx(expected)


def test_bleu_by_hand() -> None:
    # Of the 2 + 6 words, 7 are right, of the 1 + 5 pairs 4, of the 4 triples 2, of the 3 quadruples 1; 1 word is missing.
    score = bleu(["<unk> .", "the cat sat on the mat"], ["<unk> . .", "the cat sat on a mat"])
    assert score.value == pytest.approx(100 * math.exp(1 - 9 / 8) * (7 / 8 * 4 / 6 * 2 / 4 * 1 / 3) ** 0.25)
    copied = [*THREE, "a b c d"]
    assert bleu(copied, copied).value == pytest.approx(100)


def test_bleu_of_one_sentence_has_no_error_and_of_nothing_written_is_0() -> None:
    assert math.isnan(bleu(["a b c d"], ["a b c d"]).error)
    assert bleu(["", ""], ["a b c d", "e"]) == (0, 0)
    assert bleu(["", ""], ["", ""]) == (0, 0)
    with pytest.raises(ValueError, match="1 hypotheses"):
        bleu(["a"], ["a", "b"])


def test_interpolation_by_hand() -> None:
    paths = interpolation(["a b", "a"], ["c d", "e"], [["a b", "a d", "c d"], ["", "", ""]])
    assert paths.to_start == pytest.approx([0.5, 0.25, 0])
    assert paths.to_end == pytest.approx([0, 0.25, 0.5])
    score = (1 + 0.5 + 1) / 3  # of the first path; that of the second is 0
    assert paths.score == pytest.approx((score / 2, score / 2))


def witten_bell(word: str, context: tuple[str, ...], words: set[str]) -> float:
    """(c(h w) + n(h) p(w | shorter h)) / (c(h) + n(h)), n(h) being how many different words follow h, in THREE."""
    padded = [["<s>", "<s>", *sentence.split(), "</s>"] for sentence in THREE]
    places = [(tuple(s[i - len(context) : i]), s[i]) for s in padded for i in range(2, len(s))]
    follow = Counter(follower for before, follower in places if before == context)
    if not context:
        return (follow[word] + 1) / (follow.total() + len(words))
    shorter = witten_bell(word, context[1:], words)
    return (follow[word] + len(follow) * shorter) / (follow.total() + len(follow)) if follow else shorter


@pytest.mark.parametrize("order", [1, 2, 3])
def test_probabilities_are_those_of_the_formula_and_sum_to_one(order: int) -> None:
    words = {"a", "b", "c", "never", "<unk>", "</s>"}
    model = NGramModel(THREE, {"a", "b", "c", "never"}, order)
    for context in product(["<s>", *sorted(words)], repeat=order - 1):  # seen and unseen
        expected = {word: witten_bell(word, context, words) for word in words}
        assert {word: model.probability(word, context) for word in words} == pytest.approx(expected)
        assert sum(expected.values()) == pytest.approx(1)


def test_perplexity_counts_the_end_of_each_sentence() -> None:
    words = {"a", "b", "c", "<unk>", "</s>"}
    likelihood = 1.0
    for word, context in (("a", ("<s>", "<s>")), ("c", ("<s>", "a")), ("</s>", ("a", "c")), ("</s>", ("<s>", "<s>"))):
        likelihood *= witten_bell(word, context, words)
    assert NGramModel(THREE, words).perplexity(["a c", ""]).value == pytest.approx(likelihood ** (-1 / 4))


def test_perplexity_of_a_model_without_text_is_the_number_of_words() -> None:
    assert NGramModel([], {"a", "b"}).perplexity(["a b", "", "zebra"]) == pytest.approx((4, 0), abs=1e-9)


def test_perplexity_of_words_at_random_is_their_number() -> None:
    rng = random.Random(0)
    words = [f"w{i}" for i in range(9)]  # and </s>, one in ten as well
    text = [" ".join(rng.choices(words, k=9)) for _ in range(4000)]
    assert NGramModel(text[:3000], words, order=1).perplexity(text[3000:]).value == pytest.approx(10, rel=1e-3)


def test_all_words_outside_the_vocabulary_are_one() -> None:
    model = NGramModel(THREE, {"a", "b", "c"})
    told = NGramModel(["a b a", "a b", "c zebra a"], {"a", "b", "c", "<s>", "</s>", "<unk>"})
    once = model.perplexity(["c <unk> a", "<unk>"])
    for other in ("zebra", "<s>", "</s>"):
        assert model.perplexity([f"c {other} a", other]) == once == told.perplexity([f"c {other} a", other])


def test_always_the_same_sentence_has_low_forward_and_high_reverse_perplexity() -> None:
    train, test, likewise = made_up(2000, 0), made_up(1000, 1), made_up(2000, 2)
    words = vocabulary(train)
    collapsed = ["w1 w1 w2"] * 2000
    model = NGramModel(train, words)
    assert model.perplexity(collapsed).value < 0.5 * model.perplexity(likewise).value
    reverse, good_reverse = (NGramModel(samples, words).perplexity(test) for samples in (collapsed, likewise))
    assert reverse.value > 2 * good_reverse.value
    assert model.perplexity(collapsed).error == pytest.approx(0, abs=1e-9)


REVIEWS = [  # a sentence that repeats, an empty one, and words outside the vocabulary
    "the food was great and the staff was friendly .",
    "the service was slow , but the food was worth it .",
    "i had the pad thai and it was bland , bland , bland !",
    "we will not be back .",
    "we will not be back .",
    "great place for <unk> and a drink after work",
    "",
    "my wife and i had the best burger in town here , and the fries were great too .",
]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (1, (8.939224272409989, 1.0519355998361364)),
        (2, (5.628923799119503, 0.712368231472213)),
        (3, (5.276545358499077, 1.7514803807106822)),
    ],
)
def test_perplexities_are_those_of_nltk(order: int, expected: tuple[float, float]) -> None:
    """The numbers are from nltk 3.10.4: `WittenBellInterpolated`."""
    model = NGramModel(REVIEWS[:6], vocabulary(REVIEWS), order)
    assert model.perplexity(REVIEWS[5:]) == pytest.approx(expected, abs=1e-9)


def test_probabilities_are_those_of_nltk() -> None:
    """The numbers are from nltk 3.10.4: `WittenBellInterpolated`."""
    model = NGramModel(REVIEWS[:6], vocabulary(REVIEWS))
    expected = {
        ("<s>", "the", "food"): 0.39814814814814814,
        ("the", "food", "was"): 0.8971193415637861,
        ("<unk>", "food", "was"): 0.6913580246913581,  # unseen before it: from the words before alone
        ("not", "be", "back"): 0.8930041152263375,
        ("back", ".", "</s>"): 0.9390946502057613,
        ("a", "the", "<unk>"): 0.48853615520282184,
        ("the", "food", "drink"): 0,  # outside the vocabulary
    }
    assert {(*context, word): model.probability(word, context) for *context, word in expected} == pytest.approx(
        expected, abs=1e-9
    )


def test_rouge_l_is_that_of_rouge_score() -> None:
    """The numbers are from rouge-score 0.1.2."""
    expected = {
        (0, 1): 0.45454545454545453,
        (1, 7): 0.2580645161290323,
        (2, 0): 0.25,
        (3, 4): 1,
        (7, 2): 0.24242424242424243,
        (6, 0): 0,
        (6, 6): 0,
        (5, 7): 0.07142857142857142,
    }
    assert {(a, b): rouge_l(REVIEWS[a], REVIEWS[b]) for a, b in expected} == pytest.approx(expected, abs=1e-9)


def test_bleu_is_that_of_sacrebleu_with_its_bootstrap() -> None:
    """The numbers are from sacrebleu 2.6.0."""
    cut_off = [sentence[:-4] for sentence in REVIEWS]
    assert bleu(cut_off, REVIEWS) == pytest.approx((81.01537132709453, 3.9910249843753176), abs=1e-9)


def test_vocabulary_is_of_words_seen_often_enough() -> None:
    assert vocabulary(["a b <unk>", "", "a <unk> c"]) == {"a", "<unk>"}
    assert vocabulary(["a b", "b"], min_count=1) == {"a", "b"}


def test_distinct_by_hand() -> None:
    assert [distinct(["a b a", "b a", ""], n).value for n in (1, 2, 3, 4)] == pytest.approx([2 / 5, 2 / 3, 1, 0])
    assert distinct(["a a", "a a", "a a", "a a"], 1) == pytest.approx((1 / 8, 0))
    assert distinct([], 1) == distinct(["", ""], 1) == Estimate(0, 0)


@settings(max_examples=30)
@given(st.lists(st.tuples(SENTENCES, SENTENCES), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_order_of_the_sentences_does_not_matter(pairs: list[tuple[str, str]], rng: random.Random) -> None:
    def values(pairs: list[tuple[str, str]]) -> list[float]:
        hypotheses, references = ([pair[side] for pair in pairs] for side in (0, 1))
        forward = NGramModel(references, vocabulary(references)).perplexity(hypotheses)
        return [bleu(hypotheses, references).value, forward.value, distinct(hypotheses, 2).value]

    before = values(pairs)
    rng.shuffle(pairs)
    assert values(pairs) == pytest.approx(before)
    assert all(math.isfinite(value) for value in before)


MODEL = NGramModel(made_up(2000, 0), vocabulary(made_up(2000, 0)))


def path_score(text: list[str]) -> Estimate:
    starts, ends = text[::2], text[1::2]
    return interpolation(starts, ends, [*zip(garbled(starts, 0), garbled(ends, 1), strict=True)]).score


@pytest.mark.parametrize(
    "figure",
    [
        lambda text: bleu(garbled(text, 0), text),
        MODEL.perplexity,
        path_score,
        lambda text: distinct(text, 1),
        lambda text: distinct(text, 2),
    ],
    ids=["bleu", "perplexity", "interpolation", "distinct-1", "distinct-2"],
)
def test_errors_are_the_spread_over_corpora(figure: Callable[[list[str]], Estimate]) -> None:
    values, errors = np.array([figure(made_up(200, seed)) for seed in range(100, 180)]).T
    assert 1 / 1.5 < values.std(ddof=1) / errors.mean() < 1.5
