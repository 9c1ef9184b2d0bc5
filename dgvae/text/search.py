"""Which texts contain what somebody typed: all its words, whole and in any case, and words in quotes as a phrase."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dgvae.text.words import split_words

_QUOTES = str.maketrans("“”„«»", '"' * 5)
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')  # a phrase, whose end need not be typed yet, or a word


@dataclass(frozen=True)
class _Term:
    """A word or a phrase. needle: its longest word, which a text must contain for `pattern` to be tried."""

    said: str
    needle: str
    pattern: re.Pattern[str]

    @classmethod
    def parse(cls, typed: str) -> _Term | None:
        """None where there is nothing to look for."""
        chunks = [words for chunk in _folded(typed).split() if (words := split_words(chunk))]
        if not chunks:
            return None
        # A corpus may have split a word into several ("do n't"), and punctuation stands apart there.
        phrase = r"\s*".join(map(re.escape, chunks[0]))
        for before, words in pairwise(chunks):
            apart = _is_letter(before[-1][-1]) and _begins_word(words[0])
            phrase += (r"\s+" if apart else r"\s*") + r"\s*".join(map(re.escape, words))
        begins = r"(?<!\w)" if _begins_word(chunks[0][0]) else ""
        ends = r"(?:(?!\w)|(?=n't))" if _is_letter(chunks[-1][-1][-1]) else ""
        needle = max((word for words in chunks for word in words), key=len)
        return cls(" ".join(typed.split()), needle, re.compile(begins + phrase + ends))


@dataclass(frozen=True)
class Query:
    """What a text must contain: every term.

    Example:
        >>> from dgvae.text.search import Query
        >>> Query.parse('tacos "did n\\'t like"').find(["I didn't like the Tacos .", "tacos , i like n't"])
        [0]
    """

    terms: tuple[_Term, ...]

    @classmethod
    def parse(cls, typed: str) -> Query:
        """Words, and phrases in quotes. A query without terms finds nothing."""
        parts = [_Term.parse(phrase or word) for phrase, word in _PART.findall(typed.translate(_QUOTES))]
        return cls(tuple(dict.fromkeys(part for part in parts if part)))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        said = [f"“{term.said}”" for term in self.terms]
        return " and ".join(filter(None, [", ".join(said[:-1]), *said[-1:]]))

    def find(self, texts: Sequence[str]) -> list[int]:
        """The indices of the texts that contain every term."""
        if not self.terms:
            return []
        found = [*enumerate(map(_folded, texts))]
        for term in self.terms:
            found = [(i, text) for i, text in found if term.needle in text and term.pattern.search(text)]
        return [i for i, _ in found]


def _folded(text: str) -> str:
    """Without upper case, and with one way to write accents and apostrophes."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).casefold().replace("’", "'").replace("‘", "'")


def _begins_word(word: str) -> bool:
    """Whether no letter may stand before it. Clitics hang on to a word in text that was not split."""
    return _is_letter(word[0]) and word != "n't"


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"
