"""Signs that lines which are read as sentences are something else: columns, subtitles, lines that were wrapped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from train.corpora.account import for_terminal
from train.corpora.columns import MOST_VALUES

FEW_LINES = 10  # fewer show nothing
LONGEST_LOOKED_AT = 2000  # characters of a line
LONGEST_BEGINNING = 80  # characters that are looked at and shown
MOST_WORDS = 3  # of a class
MANY_LINES = 50  # fewer sentences may begin with one of few words
MOST = 0.9  # of all lines must show it
SOME = 0.25  # where others go on with it
WIDE = 0.7  # of the usual length, at which lines are wrapped
MANY = 0.7  # of the lines that go on are wide
FIELDS = 0.7  # of the lines, where the same few names come again
SEPARATORS = ("+++$+++", "|||", "_!_", "::", "\x01", "\x1f", "^", "~", "|", ";", ",", ":", "#", "@", "，", "；", "：", "،", "؛")

_BAR = re.compile(r"[^|\s<]\s*\|\s*(?=[^|\s>])")  # between two texts, and not of <|endoftext|>
_NAME = re.compile(r"(?=.*\d)(?=.*[^\W\d])\w[\w.-]*")  # with a letter and a digit
_COLONS = re.compile(r"\s:::\s")
_SUBTITLE = re.compile(r"\d\d:\d\d[:.,\d]* --> |^\d+:\d\d:\d\d\.\d+,\d+:\d\d:\d\d\.\d+$")
_MOMENT = re.compile(  # at a line's beginning, or after a speaker's name
    r"\W{0,2}\d{1,4}[./-](?:\d{1,2}|[A-Z][a-z]{2})[./-]\d{1,4},?[ T]+\d{1,2}[:.]\d\d|\d{1,2}:\d\d:\d\d\b|"
    r"(?:[^\W\d_a-z][\w.'-]*(?: [^\W_a-z][\w.'-]*){0,3}\s+)?"
    r"(?:[\[(]\d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?[\])]|\d{1,2}:\d\d(?::\d\d)?\s*$)"
)
_OF_MOMENTS = (
    "many lines begin with a date or a time, or a name and a time, as chats and transcripts do; these are read as text, so "
    "remove them"
)
_COLUMNS = (re.compile(r".*\S(?P<gap>\s{2,})(?P<piece>\S+)\s*"), re.compile(r"(?P<piece>\S+)(?P<gap>\s{2,})\S.*"))
_SIGNS = re.compile(r"(?:[^\w\s]+|0\w{0,2}|\s+|\w+(?=[:\])>=|]))+")  # not how a sentence begins
_NAMES = re.compile(r"\s*[\"']?(?P<name>[^\W\d][\w./-]{0,40})[\"']?\s*(?P<sign>[=:])\s*\S.*")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]")  # they are no words
_DATE = re.compile(
    r"\b(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|"
    r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)"
    r"[a-z]*)\b\.?",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?:;\"'”’)\]。！？।؟]\s*$")


def hint(lines: Sequence[str]) -> str | None:
    """One phrase for the summary; None where lines look like sentences."""
    filled = _filled(lines)
    if sum(map(bool, map(_SUBTITLE.search, filled))) > len(filled) / 10:
        return "it looks like subtitles, whose numbers and times are read as text; remove them"
    if len(filled) < FEW_LINES:
        return None
    moments = _moments(filled)
    if SOME < moments < MOST:
        return _OF_MOMENTS
    return (
        _separator(filled)
        or _names(filled)
        or _fixed_width(filled)
        or _single_words(filled)
        or _wrapped(filled)
        or _beginning(filled)
        or _names_of_lines(filled)
        or (_OF_MOMENTS if moments >= MOST else None)
    )


def hints_of_cells(texts: Sequence[str]) -> list[str]:
    """One phrase or none for texts that stood beside others in a row, of which it is known where they begin and end."""
    filled = _filled([text.partition("\n")[0] for text in texts])
    if len(filled) < FEW_LINES:
        return []
    if _moments(filled) > SOME:
        return [_OF_MOMENTS]
    whole = _filled([" ".join(text.split("\n")) for text in texts])
    found = _names(filled, in_cells=True) or _single_words(whole) or _beginning(filled) or _names_of_lines(filled)
    return [found] if found else []


def _filled(lines: Sequence[str]) -> list[str]:
    return [line for line in (_INVISIBLE.sub("", line) for line in lines) if line.strip() and len(line) <= LONGEST_LOOKED_AT]


def _moments(lines: Sequence[str]) -> float:
    """The share of the lines that begin with a moment."""
    return sum(map(bool, map(_MOMENT.match, lines))) / len(lines)


def _separator(lines: Sequence[str]) -> str | None:
    """What stands between a text and one of few words or numbers."""
    for separator in SEPARATORS:
        holding = [line.strip() for line in lines if separator in line]
        if len(holding) < MOST * len(lines):
            continue
        for verb, pieces in (
            ("end in", [line.rpartition(separator)[::2][::-1] for line in holding]),
            ("begin with", [line.partition(separator)[::2] for line in holding]),
        ):
            values = _classes([piece for piece, rest in pieces if rest.strip()], len(lines))
            if values is None:
                continue
            name = for_terminal(separator)
            shown = " or ".join(f"'{name}{value}'" if verb == "end in" else f"'{value}{name}'" for value in values[:2])
            advice = f"say --delimiter '{name}'" if len(separator) == 1 else "put a tab in its place"
            return f"most lines {verb} {shown}, read as text; if columns are separated by {name}, {advice}"
    for sign, pattern, advice in (("|", _BAR, "say --delimiter '|'"), (":::", _COLONS, "write tabs in its place")):
        (count, times), *_ = Counter(len(pattern.findall(line)) for line in lines).most_common(1)
        if count and times >= MOST * len(lines):
            return f"most lines hold {count} × {sign}, read as text; if columns are separated by {sign}, {advice}"
    return None


def _classes(pieces: Sequence[str], lines: int) -> list[str] | None:
    """The values, the most frequent first, if most pieces are one of few words or numbers; else None."""
    counts = Counter(piece.strip().strip("'\"") for piece in pieces)
    often = {
        value: count
        for value, count in counts.most_common(MOST_VALUES)
        if value and count > 1 and len(value.split()) <= (MOST_WORDS if value[0].isalpha() and lines >= MANY_LINES else 1)
    }
    if sum(often.values()) < MOST * lines or len(often) < 2 or not all(_is_word(value) for value in often):
        return None
    return list(often)


def _is_word(value: str) -> bool:
    return bool(re.fullmatch(r"[-+]?\w[\w.+ -]*", value))


def _names(lines: Sequence[str], in_cells: bool = False) -> str | None:
    """A name before each text, as in files of settings and of translations: key_1: …, key_1=…, "key_1" = "…"."""
    for sign in "=:":
        found = [match for line in lines if (match := _NAMES.fullmatch(line)) and match["sign"] == sign]
        often = Counter(match["name"] for match in found)
        if "http" in often or "https" in often:
            continue
        if 1 < len(often) <= min(MOST_VALUES, len(found) / 3) and len(found) >= FIELDS * len(lines):
            shown = f"{found[-1]['name']}{sign}"
            return (
                f"most lines begin with one of {len(often)} names and {sign}, as {shown}, which is read as text; if these are "
                "fields, make a table with a column for each, and if speakers, remove them"
            )
        if len(found) >= MOST * len(lines):
            advice = "remove it" if in_cells else f"if columns are separated by {sign}, say --delimiter '{sign}'"
            return f"most lines begin with a name and {sign}, as {found[-1]['name']}{sign}, which is read as text; {advice}"
    return None


def _fixed_width(lines: Sequence[str]) -> str | None:
    for pattern in _COLUMNS:
        found = [match for line in lines if (match := pattern.fullmatch(line))]
        if len(found) < MOST * len(lines):
            continue
        edges = [Counter(match.start("piece") for match in found), Counter(match.end("gap") for match in found)]
        edges.append(Counter(match.end("piece") for match in found))
        aligned = max(edge.most_common(1)[0][1] for edge in edges) >= MOST * len(lines)
        if aligned and _classes([match["piece"] for match in found], len(lines)):
            return "columns seem to have a fixed width, and are read as text; save the file with tabs or commas between them"
    return None


def _single_words(lines: Sequence[str]) -> str | None:
    """Words one a line, as in word lists and in text that was split and tagged; not in scripts without spaces."""
    short = sum(len(line.split()) == 1 and line.isascii() for line in lines)
    if sum(any(map(str.isalpha, line)) for line in lines) < (1 - MOST) * len(lines):
        return "most lines hold no words"
    return "most lines are a single word; each line is read as a sentence" if short >= MOST * len(lines) else None


def _wrapped(lines: Sequence[str]) -> str | None:
    """Lines that go on in the next line, as in books and mails."""
    ended = [bool(_SENTENCE_END.search(line)) for line in lines]
    usual = sorted(map(len, lines))[int(MOST * len(lines))]  # hardly any is longer
    if usual < 120 and (_go_on_in_small_letters(lines, ended, usual) or _fill_their_width(lines, ended, usual)):
        return "most sentences seem to go on in the next line; each line is read as a sentence, so join them"
    return None


def _go_on_in_small_letters(lines: Sequence[str], ended: Sequence[bool], usual: int) -> bool:
    """Whether many lines without an end stand before a small letter, where some lines begin and end a sentence.

    These have about one length, as messages that are typed in small letters do not.
    """
    pairs = zip(lines, ended, lines[1:], strict=False)
    before = [line for line, end, after in pairs if not end and after.lstrip()[:1].islower()]
    goes_on = sum(len(line) >= WIDE * usual for line in before)
    ends = sum(bool(re.search(r"[.!?] +[A-Z]|[.!?]$", line.strip())) for line in lines)
    capitals = sum(line[:1].isupper() for line in lines)
    return goes_on > max(0.3 * (len(lines) - 1), MANY * len(before)) and min(ends, capitals) > len(lines) / 20


def _fill_their_width(lines: Sequence[str], ended: Sequence[bool], usual: int) -> bool:
    """Whether lines without small letters have one length, and sentences end within them."""
    if any(map(str.islower, "".join(lines))):
        return False
    full = sum(len(line) >= 0.85 * usual for line in lines)
    within = sum(bool(re.search(r"[.!?。！？।؟]\s*[^\W\d]", line)) for line in lines)
    return full > 0.8 * len(lines) and sum(ended) < len(lines) / 3 < 2 * within


def _beginning(lines: Sequence[str]) -> str | None:
    """What comes before every sentence: a number, a time, a sign of a list; or words, with a colon or before a capital."""
    shapes = [re.sub(r"\d+", "0", _dated(line.lstrip())) for line in lines]
    prefix = ""
    while starts := Counter(shape[: len(prefix) + 1] for shape in shapes if len(shape) > len(prefix)).most_common(1):
        if starts[0][1] < MOST * len(lines) or len(prefix) > LONGEST_BEGINNING:
            break
        prefix = starts[0][0]
    match, words = _SIGNS.match(prefix), prefix.rpartition(" ")[0] + " "
    if not match and " " in words[:-1]:
        behind = [shape[len(words) :] for shape in shapes if shape.startswith(words)]
        is_apart = words.endswith(": ") or sum(rest[:1].isupper() for rest in behind) >= MOST * len(lines)
        prefix = words if is_apart else ""
    else:
        prefix = match[0] if match else ""
    prefix = prefix.rstrip()
    if not prefix or prefix in ("<s>", "<bos>"):
        return None
    zero = " (0 for any number)" if "0" in prefix else ""
    shown = for_terminal(prefix)
    return f"most lines begin with {shown}{zero}, which is read as text; remove it if it is no part of the sentences"


def _names_of_lines(lines: Sequence[str]) -> str | None:
    """A name of its own before each text, as of recordings and of commits: utt_001, p225_001, 883c9bf."""
    first = [line.split(maxsplit=1)[0] for line in lines]
    if len(set(first)) >= MOST * len(lines) and sum(map(bool, map(_NAME.fullmatch, first))) >= MOST * len(lines):
        return f"each line begins with an identifier, such as {for_terminal(first[-1])}, which is read as text; remove it"
    return None


def _dated(line: str) -> str:
    """A line with 0 for the day of the week and the month at its beginning."""
    return _DATE.sub("0", line[:LONGEST_BEGINNING]) + line[LONGEST_BEGINNING:] if line[:1].isupper() else line
