"""Signs that sentences hold something that is no text: letters as escapes, commands of LaTeX, pieces of words, tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from train.corpora.account import for_terminal
from train.corpora.columns import MISSING

FEW = 10  # fewer sentences show nothing
LOOKED_AT = 1000  # sentences
LONGEST_LOOKED_AT = 2000  # characters of a sentence
MANY = 0.5  # of the sentences have the same end
MOST_WORDS = 8  # of an end

_CLASSES = {"pos", "neg", "neu", "positive", "negative", "neutral", "spam", "ham", "true", "false", "yes", "no"}
_NUMBERS = {"-1", "0", "1", "2"}
_ROWS = (
    # (share of the sentences that must hold it, pattern, what to say)
    (0.02, r"[+&](?:A[K-P][AEIMQUYcgkosw048]|IB[gk][A-Za-z0-9+/]?)-", "letters are written as +AOk- (UTF-7); save it as UTF-8"),
    (
        0.05,
        r"=[CDE][0-9A-F]=[89AB][0-9A-F]|=20$",
        "letters are written as =C3=A9 (quoted-printable, as in mails); decode it first",
    ),
    (
        0.2,
        r"%[CDE][0-9A-F]%[89AB][0-9A-F]|\w%20\w+(?:%20|\+)\w",
        "letters are written as %20 or %C3%A9, as in web addresses; decode it first",
    ),
    (0.02, r"\\x[0-9a-f]{2}", "letters are written as \\xe9; decode it first"),
    (0.9, r"^b(['\"]).*\1$", "sentences stand in b'…', as Python prints bytes; decode it first"),
    (0.02, r"[\x01-\x08\x0e-\x1b]", "control characters, as of a terminal, are read as text; remove them"),
    (
        0.02,
        r"[\x80-\x9f]",
        "characters such as \\x93 are no letters; the encoding is rather cp1252, or the text was read in a wrong one before",
    ),
    (
        0.02,
        "\u201a\u00c4[\u00f4\u00f2\u00fa\u00f9\u00ec\u00ee]|\u221a[\u00a9\u00a8\u2020\u2202\u00a7\u2260]|(?:[\u00d0\u00d1][\x80-\xbf]){3}",
        "some letters are two or three wrong ones, such as \u201a\u00c4\u00f4 for \u2019; save the original as UTF-8",
    ),
    (
        0.05,
        "(?:[\u0420\u0421]\\S){4}|[\u0102\u00c4\u0139][\x80-\xbf\u0104-\u017e\u02c7-\u02dd\u2018-\u2122]|(?:[\u0637\u0638]\\S){4}",
        "some letters are two wrong ones: UTF-8 was read as cp1251, cp1250 or cp1256; save the original as UTF-8",
    ),
    (0.02, r"\w\\'\w", "\\' is read as text; if it is an apostrophe, write it without the backslash"),
    (0.0, "\ufffd", "some letters were lost before (\ufffd); if the original has them, save it as UTF-8"),
    (
        0.1,
        r"(?:^|\s)[^\s/?=]*[A-Za-z\u00c0-\u058f]\?[A-Za-z\u00c0-\u058f](?!\S*=)",  # not of watch?v=...
        "? stands within words, where letters may have been lost; save the original as UTF-8",
    ),
    (0.9, r"^(?:\S+/[A-Z]{2,4}\$? ){2}", "words carry tags, as in boat/NN; remove them"),
    (0.9, r"^\(+\s*(?:[A-Z]{1,5}|\d) .*\)$", "sentences are syntax trees; save their words alone"),
    (
        0.1,
        "[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d6a3]{2}",
        "letters are of full width or mathematical, and make words of their own; write plain ones",
    ),
    (0.05, "[\ufb00-\ufb06]", "letters are joined (\ufb01 for fi) and make words of their own; write plain ones"),
    (
        0.5,
        r"^(?:\[ ?(?P<quote>['\"]).*(?P=quote)[,\s]*\]|\{ ?['\"]\w+['\"] ?: .*\})$",
        "sentences stand in […] or {…}, as Python and JSON write lists and objects; save their words alone",
    ),
    (0.1, r"(?i)(?:^| )__label__\S", "labels of fastText, __label__…, are read as text; call the file .txt"),
    (0.5, r"\+{3}\$\+{3}", "+++$+++ stands between columns that are read as text; write tabs in its place"),
    (0.5, r"^\S+(?: -?\d+\.\d+){4,}$", "lines are a word and many numbers, as word vectors are"),
    (0.9, r"\w.* \|\|\| .*\w", "two texts stand in a sentence, with ||| between them; keep one of them"),
    (
        0.005,
        r"(?:^|[\s(\"“‘—-])_(?!(?i:num|number|url|user|name|person|time|date|e?mail|link|hashtag|org|loc|unk|init)_)[^\W_][^_]*[\w.,;:!?]_(?![\w_])",
        "underscores around words, as for italics, are read as text; remove them",
    ),
    (0.02, r"^\[(?:deleted|removed)(?: by \w+)?\]$", "[deleted] and [removed] are read as sentences; remove these rows"),
    (
        0.005,
        r"^(?:nan|NaN|None|NULL|null|<NA>|NA|N/A|n/a)$",
        "nan, None and the like are read as sentences; remove these rows where a text is missing",
    ),
    (0.1, r'^="', 'texts begin with =", as for spreadsheets, which is read as text; remove it'),
    (0.1, r"\w-$", "words are cut at the ends of lines; join them"),
    (0.1, r"\\(?:emph|text\w\w|cite\w?|ref|label|begin|end|(?:sub)*section|item)\b", "commands of LaTeX are read as text"),
    (
        0.1,
        r"\[\[[^\[\]]+\]\]|\{\{[^{}]+\}\}|^\s*(=+ )+.* =+\s*$|'''",
        "wiki markup is read as text; save plain text",
    ),
    (
        0.1,
        r"^#{1,6} \w|\*\*\w|\]\(https?:|^```|^[=~-]{3,}$|:\w+:`|^\.\. \w|^\*+ (?:TODO|DONE) ",
        "Markdown or the like is read as text; save plain text",
    ),
    (
        0.02,
        r"(?:^|\s)@[-,.]@\s|__eo\w__|<\|\w+\|>|(?:^|\s)\[[A-Z]{2,}[A-Z\d_]*\](?:\s|$)|^#{2,}\d+\s*$|_!_",
        "marks, such as @-@, __eou__, <|endoftext|>, [SEP] or ###123, are read as text; remove them where they are no words",
    ),
    (
        0.1,
        r"(?s)^(?:Message-ID|Return-Path|Received|Delivered-To|From|Date|Subject): .*\s(?:From|To|Date|Subject|Content-Type): ",
        "headers of mails, From:, Date: and the like, are read as text; remove them",
    ),
    (0.02, r"^</?doc\b[^<>]*>\s*$", "lines of WikiExtractor, <doc ...> and </doc>, are read as text; remove them"),
    (
        0.0,
        r"^#(?:separator|html|(?:tags|deck|notetype) column|columns):",
        "lines of Anki, #separator:tab and the like, are read as text; remove them",
    ),
    (
        0.1,
        r"^(?:[A-Z][\w.'-]*(?: [A-Z\d][\w.'-]*){0,3}[:：]|"
        r"[\[(](?:Verse|Chorus|Bridge|Intro|Outro|Refrain|Hook)\b.*[\])])$",
        "lines that hold a name alone, as of speakers in plays or [Chorus] in songs, are read as sentences; remove them",
    ),
    (
        0.3,
        r"^[A-Z][A-Z'’-]+(?: [A-Z'’-]+){0,2}[.:] +[A-Z][a-z’']",
        "words in capitals, as of speakers or headings, begin many lines and are read as text; remove them if they are no part "
        "of the sentences",
    ),
    (0.3, r"…(?:\s*https?://\S+)?$", "texts end in …, as if they were cut; if the file has whole ones, name their column"),
    (0.05, "《[\u3040-\u30ff]+》", "readings in 《…》 are read as text; remove them"),
    (0.0, r"\*\*\* ?(?:START|END) OF TH", "notes of Project Gutenberg are read as text; remove what is not of the book"),
)  # fmt: skip
_ROWS_OF_WORDS = (  # the same, of text that is not tokenized
    (0.5, r"(?:^| )\w(?: +\w){7}", "letters stand apart, as words do; join them"),
    (0.3, r"\w@@(?: |$)|(?:^| )##\w|(?:^| )\u2581\w|\u0120\w", "words are cut into pieces (@@, ##, \u2581); join them"),
    (
        0.8,
        r"^(?=\S*(?:[()=#\[\]]|[A-Z]{4}|[a-z]\d))(?:[BCFHIKNOPSVWY]|Br|Cl|[bcnops]|\[[^\s\[\]]+\]|[()=#+\\/@.%\d-]){5,}$|^[A-Z*]{20,}$",
        "texts are formulas or sequences, such as SMILES or proteins, and each is one word; put spaces between their symbols "
        "and say --tokenized, which keeps capitals",
    ),
)
_HAN_OR_KANA = re.compile("[\u3040-\u30ff\u3400-\u9fff]+")
_SPEAKER = re.compile(r"[A-Z][A-Z'’-]+(?: [A-Z'’-]+){0,2}[.:]?")
_NUMBER = re.compile(r"\d+")
_SENTENCE_END = re.compile(r"(?:\w{4}|\W)[.!?…]$|[。！？]$")  # and not of Jan. or no.
_ENDS_A_WORD = re.compile(r"\w{3}[.!?,](?:\s|$)")  # and no mr. or no.
_STANDS_APART = re.compile(r"(?:^|\s)[.!?,](?:\s|$)")
SIGNS = tuple((share, re.compile(pattern), phrase) for share, pattern, phrase in _ROWS)
SIGNS_OF_WORDS = tuple((share, re.compile(pattern), phrase) for share, pattern, phrase in _ROWS_OF_WORDS)


def signs(sentences: Sequence[str], tokenized: bool = False) -> list[str]:
    """One phrase for the summary for each sign that many of the sentences show; none where there are few sentences."""
    texts = [sentence.strip()[:LONGEST_LOOKED_AT] for sentence in sentences]
    found = [
        phrase
        for share, pattern, phrase in SIGNS + (() if tokenized else SIGNS_OF_WORDS)
        if len(texts) >= FEW and (count := sum(map(bool, map(pattern.search, texts)))) and count >= share * len(texts)
    ]
    if len(texts) >= FEW and (_are_labels(texts, 0, _CLASSES) or _are_labels(texts, -1, _CLASSES | _NUMBERS)):
        found.append(
            "sentences seem to begin or end with a label, such as pos or 0, which is read as text; separate it by a tab"
        )
    if len(texts) >= FEW and not tokenized and 2 * sum(map(_stand_apart, texts)) > len(texts):
        found.append("words stand apart already; --tokenized keeps them whole")
    if len(texts) >= FEW and tokenized and _is_unsplit(texts):
        found.append("full stops and commas are parts of words, as in home.: the text is not split, so leave --tokenized out")
    if len(texts) >= FEW and _are_speakers(texts):
        found.append("lines that hold a name in capitals alone, as of speakers in plays, are read as sentences; remove them")
    if len(texts) >= FEW and (end := _ending(texts)):
        zero = " (0 for any number)" if "0" in end else ""
        found.append(f"many texts end in {for_terminal(end)}{zero}, read as text; remove it if it is no part of the sentences")
    return found


def _stand_apart(text: str) -> bool:
    """Whether words of Chinese or Japanese, and not single letters, stand between spaces."""
    words = [word for word in text.split() if _HAN_OR_KANA.fullmatch(word)]
    return len(words) >= 4 and 1.2 * len(words) <= sum(map(len, words)) <= 6 * len(words)


def _is_unsplit(texts: Sequence[str]) -> bool:
    """Whether full stops and commas stand at the ends of words in most texts, and alone in hardly any."""
    at_ends, alone = (sum(map(bool, map(sign.search, texts))) for sign in (_ENDS_A_WORD, _STANDS_APART))
    return 2 * at_ends > len(texts) and alone < 0.05 * len(texts)


def _are_speakers(texts: Sequence[str]) -> bool:
    """Whether few names in capitals stand alone in many lines, each before what its owner says."""
    are_names = [bool(_SPEAKER.fullmatch(text)) and text not in MISSING for text in texts]
    names = Counter(text for text, is_name in zip(texts, are_names, strict=True) if is_name)
    follow = sum(first and second for first, second in pairwise(are_names))
    return names.total() >= 0.1 * len(texts) and len(names) <= names.total() / 3 and follow <= 0.05 * names.total()


def _ending(texts: Sequence[str]) -> str:
    """The words that many texts have behind their last sentence, with 0 for numbers; "" if there are none."""
    words = [_NUMBER.sub("0", text).split() for text in texts]
    for count in range(MOST_WORDS, 0, -1):
        ends = Counter(
            " ".join(split[-count:]) for split in words if len(split) > count and _SENTENCE_END.search(split[-count - 1])
        )
        end, times = max(ends.items(), key=lambda item: item[1], default=("", 0))
        if times >= MANY * len(texts) and any(map(str.isalnum, end)) and not end.isalpha():
            return end
    return ""


def _are_labels(texts: Sequence[str], place: int, labels: set[str]) -> bool:
    """Whether nearly all texts have one of two or three labels as their first or last word."""
    words = Counter(split[place].strip(",:;-").lower() for text in texts if len(split := text.split()) > 1)
    often = {word for word, count in words.items() if count >= 0.05 * len(texts)}
    return len(often) in (2, 3) and often <= labels and sum(words[word] for word in often) >= 0.9 * len(texts)
