"""What is found in texts: whole words in any case, phrases, and text whether or not it was tokenized."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgvae.text.search import Query

TEXTS = [
    "the tacos were great !",
    "Great Tacos, great service.",
    "i do n't like this taco place .",
    "I don’t like it; tacostand next door is better",
    "service was great , tacos were not",
    "Gemüse in der Straße, 5.99 dollars",
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("tacos", [0, 1, 4]),
        ("TACOS great", [0, 1, 4]),
        ("taco", [2]),  # a whole word
        ('"great tacos"', [1]),
        ('"tacos were"', [0, 4]),
        ('"tacos were" not', [4]),
        ("“great , tacos”", [4]),
        ('"great service', [1]),  # still being typed
        ("don't", [2, 3]),
        ("do n't", [2, 3]),
        ('"n\'t like"', [2, 3]),
        ("great!", [0]),
        ("!", [0]),
        ("gemüse", [5]),
        ("GEMU\u0308SE", [5]),
        ("strasse", [5]),
        ("5.99", [5]),
        ("99", [5]),  # beside a point
        ("burritos", []),
        ("", []),
        ('"" “”  ', []),
        (".*", []),
    ],
)
def test_texts_with_all_words_are_found(typed: str, found: list[int]) -> None:
    assert Query.parse(typed).find(TEXTS) == found


def test_a_query_is_said_as_it_was_typed() -> None:
    assert str(Query.parse("tacos")) == "“tacos”"
    assert str(Query.parse(' good "green  soup" Tacos good')) == "“good”, “green soup” and “Tacos”"
    assert not Query.parse(' "  " ')


@given(st.lists(st.text(max_size=30), max_size=5), st.text(max_size=30))
def test_whatever_is_typed_is_looked_for(texts: list[str], typed: str) -> None:
    found = Query.parse(typed).find(texts)
    assert found == sorted(set(found))
    assert all(i < len(texts) for i in found)


@given(st.lists(st.sampled_from(["green", "soup", "never", "n't", "!", "a"]), min_size=1, max_size=6))
def test_a_sentence_finds_itself_as_words_and_as_a_phrase(words: list[str]) -> None:
    sentence = " ".join(words)
    assert Query.parse(sentence).find([sentence]) == [0]
    assert Query.parse(f'"{sentence}"').find([sentence]) == [0]
