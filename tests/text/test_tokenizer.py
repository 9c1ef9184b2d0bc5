"""Text to ids and back, whatever the text is."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgvae.errors import UserError
from dgvae.text.tokenizer import END, SPECIAL_WORDS, UNKNOWN, WordTokenizer

CORPUS = ["it 's a great place , really .", "i do n't like the great food .", "it 's the place !", "food , really ? i do n't !"]
TOKENIZER = WordTokenizer.train(CORPUS, min_count=1)
KNOWN = sorted({word for sentence in CORPUS for word in sentence.split()})


@given(st.lists(st.sampled_from(KNOWN)))
def test_known_words_come_back(words: list[str]) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(" ".join(words), max_words=1000)) == " ".join(words)


@given(st.text())
def test_any_text_is_encoded(text: str) -> None:
    for ids in (TOKENIZER.encode(text, 50), TOKENIZER.encode_text(text, 50)):
        assert len(ids) <= 51
        assert ids[-1] == END
        assert ids.count(END) == 1
        assert all(id == UNKNOWN or id >= len(SPECIAL_WORDS) for id in ids[:-1])


@given(st.lists(st.integers(0, len(TOKENIZER) - 1)))
def test_any_ids_are_decoded_up_to_the_end(ids: list[int]) -> None:
    words = TOKENIZER.decode(ids).split()
    assert len(words) <= (ids.index(END) if END in ids else len(ids))
    assert not {"<s>", "</s>", "<pad>"} & set(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's great!", ["it", "'s", "great", "!"]),
        ("I don’t like the food, really.", ["i", "do", "n't", "like", "the", "food", ",", "really", "."]),
        ("", []),
        ("   \n\t ", []),
        ("the </s> place", ["the", "<unk>", "place"]),
        ("the <unk> place", ["the", "<unk>", "place"]),
        ("🍕 food", ["<unk>", "food"]),
        ("\ud800 food", ["?", "food"]),  # half a surrogate pair
        ("food " * 10_000, ["food"] * 15),
    ],
)
def test_what_a_visitor_types(text: str, words: list[str]) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode_text(text, max_words=15)).split() == words


def test_rare_words_become_unknown_so_that_the_model_meets_one() -> None:
    tokenizer = WordTokenizer.train(["a b b", "a c"], min_count=2)
    assert tokenizer.decode(tokenizer.encode("a b c", 10)) == "a b <unk>"
    assert not tokenizer.is_known("c")
    assert not tokenizer.is_known("</s>")


def test_the_vocabulary_does_not_depend_on_the_order_of_the_text() -> None:
    forward, backward = WordTokenizer.train(CORPUS), WordTokenizer.train(CORPUS[::-1])
    assert forward.fast.get_vocab() == backward.fast.get_vocab()


def test_capitals_are_kept_if_the_corpus_has_them() -> None:
    tokenizer = WordTokenizer.train(["Paris is a city", "a city is Paris"])
    assert tokenizer.decode(tokenizer.encode("Paris paris", 5)) == "Paris <unk>"


def test_save_and_load(tmp_path: Path) -> None:
    TOKENIZER.save(tmp_path)
    again = WordTokenizer.load(tmp_path / "tokenizer.json")
    for text in (*CORPUS, string.printable):
        assert again.encode_text(text, 30) == TOKENIZER.encode_text(text, 30)


@pytest.mark.parametrize("content", ["", "{}", '{"model": 1}', '{"model": {"type": "BPE"}}', "[1]"])
def test_a_broken_file_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"tokenizer\.json (is not|must hold)"):
        WordTokenizer.load(path)
    path.unlink()
    with pytest.raises(UserError, match=r"tokenizer\.json is missing"):
        WordTokenizer.load(path)
