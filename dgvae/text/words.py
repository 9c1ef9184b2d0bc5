"""Text to words by rules, written as the paper's corpora are: like the Penn Treebank.

- Punctuation stands apart: `great !`, `( yes )`; `...` and `--` stay whole; double quotes become `` and ''.
- Clitics stand apart: `ca n't`, `it 's`, `they 've`; so do `can not`, `gon na`, `wan na`, `got ta`, `gim me`, `lem me`.
- Kept whole: numbers (`1,000` `3.50` `10:30` `-1`), words with hyphens, slashes and apostrophes (`so-so` `and/or` `o'clock`),
  abbreviations (`u.s.` `mr.` `a+` `w/`), addresses (`www.example.org` `me@example.org`) and `<unk>`.
- A Chinese or Japanese character is a word, and so is an emoji with what modifies it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import chain

# Punctuation and symbols, but for the underscore; then scripts that are written without spaces, and emoji. All else makes
# words, also the vowel signs that \w leaves out.
_APART = (
    r"\s!-/:-@\[-^`{-~\xa1-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7،؛؟۔।॥\u2010-\u2bff\u3000-\u303f！-／：-＠［-｀｛-･"
    r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\U0001f000-\U0001faff"
)
_LETTERS = rf"[^{_APART}]"
_PART = rf"(?:\d+(?:[.,:]\d+)+{_LETTERS}*|{_LETTERS}+)"
_MODIFIERS = r"[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
_TOKEN = re.compile(
    rf"""
      <unk>
    | [0-9\#*]\ufe0f?\u20e3 | [\U0001f1e6-\U0001f1ff]{{2}}                           # keycaps, flags
    | (?i:https?://|www\.)[^\s<>]*[^\s<>.,;:!?'")\]}}]
    | [\w.+%-]+@[\w-]+(?:\.[\w-]+)+
    | \w[\w-]*(?:\.[\w-]+)*\.(?i:com|net|org|edu|gov)(?!{_LETTERS})
    | [^\W\d_](?:\.[^\W\d_])+(?!{_LETTERS})(?:\.(?!\.))?                            # u.s. i.e
    | (?i:mr|mrs|ms|dr|st|mt|jr|sr|vs|etc|inc|prof)\.(?!\.|{_LETTERS})
    | [wW]/(?!{_LETTERS})
    | -[lr][rsc]b-                                                                  # the Treebank's brackets
    | ''
    | (?i:n't|'(?:s|m|d|ll|re|ve|em|n|til|cause|bout|tis|twas|\d\ds?))(?!{_LETTERS})
    | [-+]?\.?(?=\d){_PART}(?:[-/']{_PART})*\+*
    | {_PART}(?:[-/']{_PART})*\+*
    | \.{{2,}} | -{{2,}} | `` | \*+ | =+ | ~+
    | \S{_MODIFIERS}(?:\u200d\S{_MODIFIERS})*
    """,
    re.VERBOSE,  # and not IGNORECASE, by which the symbol for kelvin would take the letter k
)
_HALVES = re.compile(
    r"(?P<word>.+)(?P<clitic>n't|'(?:s|m|d|ll|re|ve))|(can)(not)|(gon|wan)(na)|(got)(ta)|(gim|lem)(me)", re.IGNORECASE
)
_INVISIBLE = re.compile("[\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# Where no spaces stand between words, a space without a width does, if anything: in Thai, Lao, Burmese and Khmer.
_BREAK = re.compile("(?<=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b(?=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])")
_OPENING = re.compile(r'(?<![^(\[{<])"')
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[`´′ʼ＇](?=[^\W\d_])")  # as keyboards have them: don`t
_CLOSING = re.compile(r"(?<=[\w.,!?…;])“(?=[.,;:!?)\]]|\Z)")  # of German, which opens by „
_SAME = str.maketrans({"’": "'", "‘": "'", "“": "``", "”": "''", '"': "''", "…": "...", "—": "--", "\u2011": "-"})


def split_words(text: str, is_word: Callable[[str], bool] = lambda _: False) -> list[str]:
    """Split text into words; capitals stay. Words that were split already stay as they are.

    What stands between spaces, or is cut off there, stays whole where `is_word` holds, whatever the rules say.
    """
    chunks = _BREAK.sub(" ", text).split()
    return list(chain.from_iterable([chunk] if is_word(chunk) else _split(_tidy(chunk), is_word) for chunk in chunks))


def _tidy(chunk: str) -> str:
    """One way to write quotes, dashes and accents."""
    chunk = unicodedata.normalize("NFC", _INVISIBLE.sub("", chunk)).replace("i\u0307", "i")  # Turkish İ in small letters
    chunk = _CLOSING.sub("”", _APOSTROPHE.sub("'", chunk))
    return re.sub(r"\.{4,}", "...", _OPENING.sub("``", chunk).translate(_SAME))


def _split(chunk: str, is_word: Callable[[str], bool]) -> list[str]:
    """Split again what was split, until nothing changes: so the words of a text are the words of these words."""
    if is_word(chunk):
        return [chunk]
    pieces = _TOKEN.findall(chunk)
    if pieces == [chunk]:
        halves = _HALVES.fullmatch(chunk)
        if not halves:
            return pieces
        pieces = [half for half in halves.groups() if half]
    return [word for piece in pieces for word in _split(piece, is_word)]
