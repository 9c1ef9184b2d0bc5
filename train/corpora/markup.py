"""What is no text but stands in many published texts: HTML, and line breaks and quotes written as two characters."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from html.entities import html5

LINE_BREAKS, QUOTES, ENTITIES, TAGS = "\\n as two characters", '"" for a quote', "HTML entities", "HTML tags"
CONTINUATIONS = "\\ at the ends of lines"
APOSTROPHES = "\\' for an apostrophe"
ESCAPES = "letters as \\u00e9"
WRITTEN = (LINE_BREAKS, CONTINUATIONS, QUOTES, APOSTROPHES, ESCAPES)  # these come of how a file was written

_INLINE = "a|abbr|b|big|cite|code|em|font|i|img|mark|q|s|small|span|strike|strong|sub|sup|tt|u"
_BLOCK = (
    "article|blockquote|body|br|center|dd|div|dl|dt|h[1-6]|head|hr|html|li|ol|p|pre|script|section|style|table|tbody|td|th|"
    "thead|tr|ul"
)
_ATTRIBUTES = r"\s*/?>|\s[^<>]*=[^<>]*>|\s+(?:noshade|nowrap|compact|hidden|disabled|async|defer)\s*/?>"  # not a <b and c>
_HIDDEN = (
    (re.compile("<!--"), re.compile("-->")),
    (re.compile(r"<script\b[^<>]*>", re.IGNORECASE), re.compile("</script>", re.IGNORECASE)),
    (re.compile(r"<style\b[^<>]*>", re.IGNORECASE), re.compile("</style>", re.IGNORECASE)),
)
_TAG = re.compile(rf"<(?P<end>/?)(?:(?P<inline>{_INLINE})|{_BLOCK})(?:{_ATTRIBUTES})", re.IGNORECASE)
_ENTITY = re.compile(r"&(?P<name>[a-zA-Z][a-zA-Z0-9]{1,30});|&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});|(?<![&\w])#\d{2,4};")
# Not the beginning of \\nabla, or of a folder's name: it stands right after a word, comes twice, or a new sentence follows.
_LINE_BREAK = re.compile(
    r"""(?:\\r)?\\n(?:(?<=[\w.,!?;)"'*]\\n)|(?<=\\n\\n)|(?<=\\r\\n)|(?=\\n|\\r\\n|[A-Z]|\s|\Z))|\\[rt](?=[A-Z]|\s|\Z)"""
)
_SURE_BREAK = re.compile(r"""(?:\\r)?\\n(?:(?<=[.,!?;]\\n)|(?<=\\r\\n)|(?=\\n|[A-Z]|\s|\Z))""")
_CONTINUATION = re.compile(r"(?<!\\)\\(?=\r?\n)")  # as MySQL writes line ends; two begin a line in TeX
_COMMAND = re.compile(r"\\(?![nrtux])[a-zA-Z]{2}|\\[`^~=.]\{?[a-zA-Z]|\b[A-Z]:\\\w+\\")
_ESCAPE = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_QUOTE = re.compile(r'\\?""|\\"')
# As PHP and SQL write it: not an accent of TeX, but behind what French, Italian and Catalan elide.
_APOSTROPHE = re.compile(
    r"\\+'(?!(?<=\w\\')[aeiouyh{\\])|(?<![^\W_])(?:[cdjlmnsty]|ma|un|\w*(?:qu|ll|st|tt|ch|rd))\\+'", re.IGNORECASE
)


def count_markup(text: str, counts: Counter[str]) -> None:
    """Add 1 for every kind of markup in the text."""
    if "<" in text and _has_tag(text):
        counts[TAGS] += 1
    if ";" in text and any(map(_is_entity, _ENTITY.finditer(text))):
        counts[ENTITIES] += 1
    if "\\" in text and _line_break(text).search(text):
        counts[LINE_BREAKS] += 1
    if "\\" in text and _CONTINUATION.search(text):
        counts[CONTINUATIONS] += 1
    if "\\u" in text and _ESCAPE.search(text):
        counts[ESCAPES] += 1
    if '"' in text and _QUOTE.search(text):
        counts[QUOTES] += 1
    if "\\'" in text and _APOSTROPHE.search(text) and not _COMMAND.search(text):
        counts[APOSTROPHES] += 1


def taken_away(clean: bool | None) -> set[str]:
    """The kinds that are taken away: by default those that come of how a file was written, not HTML."""
    return {*WRITTEN, ENTITIES, TAGS} if clean else {*WRITTEN} if clean is None else set()


def cleaned(text: str, clean: bool | None) -> str:
    """The text with spaces for line breaks and plain quotes; without tags and entities if `clean`; as it is if not."""
    if clean is False:
        return text
    text = _ESCAPE.sub(_unescaped, _CONTINUATION.sub("", text))
    for _ in range(2 if clean else 0):  # what was escaped twice: &amp;lt;br&amp;gt;
        text = _without_tags(text)
        text = _ENTITY.sub(lambda match: unescape(f"&{match[0].removeprefix('&')}") if _is_entity(match) else match[0], text)
    if clean:
        text = _without_tags(text)
    text = text if _COMMAND.search(text) else _APOSTROPHE.sub(lambda match: match[0].replace("\\", ""), text)
    return _QUOTE.sub('"', _line_break(text).sub(" ", text))


def _line_break(text: str) -> re.Pattern[str]:
    """What is a line break in a text: beside commands of TeX and folders of Windows only what can be nothing else."""
    return _SURE_BREAK if "\\" in text and _COMMAND.search(text) else _LINE_BREAK


def _unescaped(match: re.Match[str]) -> str:
    """The letters of escapes of JSON, of which two make one beyond U+FFFF."""
    letters = match[0].encode().decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return letters if letters.isprintable() else match[0]


def _has_tag(text: str) -> bool:
    return "<!--" in text or any(map(_is_tag, _TAG.finditer(text)))


def _is_tag(match: re.Match[str]) -> bool:
    """<s> and </s> alone are words that models use."""
    return match[0] not in ("<s>", "</s>")


def _without_tags(text: str) -> str:
    for begins, ends in _HIDDEN:
        text = _without_hidden(text, begins, ends)
    return _TAG.sub(lambda match: match[0] if not _is_tag(match) else "" if match["inline"] else " ", text)


def _without_hidden(text: str, begins: re.Pattern[str], ends: re.Pattern[str]) -> str:
    """Without comments, or scripts and styles with what is in them; what has no end stays."""
    kept, place = [], 0
    while (begin := begins.search(text, place)) and (end := ends.search(text, begin.end())):
        kept += [text[place : begin.start()], " "]
        place = end.end()
    return "".join(kept) + text[place:]


def _is_entity(match: re.Match[str]) -> bool:
    return not match["name"] or f"{match['name']};" in html5
