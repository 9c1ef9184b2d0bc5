"""What is no text but stands in many published texts: HTML, and line breaks and quotes written as two characters."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from html.entities import html5

LINE_BREAKS, QUOTES, ENTITIES, TAGS = "\\n as two characters", '"" for a quote', "HTML entities", "HTML tags"

_INLINE = "a|abbr|b|big|cite|code|em|font|i|img|mark|q|s|small|span|strike|strong|sub|sup|tt|u"
_BLOCK = "article|blockquote|body|br|center|dd|div|dl|dt|h[1-6]|head|hr|html|li|ol|p|pre|script|section|style|table|tbody|td|th|thead|tr|ul"
_TAG = re.compile(rf"<(?P<end>/?)(?:(?P<inline>{_INLINE})|{_BLOCK})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?P<name>[a-zA-Z][a-zA-Z0-9]{1,30});|&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});|(?<![&\w])#\d{2,4};")
_LINE_BREAK = re.compile(r"(?:\\r)?\\n|\\[rt](?![a-z])")  # \t and \r: not those of \textbf or C:\temp
_QUOTE = re.compile(r'\\?""|\\"')


def count_markup(text: str, counts: Counter[str]) -> None:
    """Add 1 for every kind of markup in the text."""
    if "<" in text and _has_tag(text):
        counts[TAGS] += 1
    if ";" in text and any(map(_is_entity, _ENTITY.finditer(text))):
        counts[ENTITIES] += 1
    if "\\" in text and _LINE_BREAK.search(text):
        counts[LINE_BREAKS] += 1
    if '"' in text and _QUOTE.search(text):
        counts[QUOTES] += 1


def clean(text: str) -> str:
    """The text without tags, with the characters that entities stand for, real spaces for line breaks, and plain quotes."""
    for _ in range(2):  # what was escaped twice: &amp;lt;br&amp;gt;
        text = _without_tags(text)
        text = _ENTITY.sub(lambda match: unescape(f"&{match[0].removeprefix('&')}") if _is_entity(match) else match[0], text)
    text = _without_tags(text)
    return _QUOTE.sub('"', _LINE_BREAK.sub(" ", text))


def _has_tag(text: str) -> bool:
    return any(map(_is_tag, _TAG.finditer(text)))


def _is_tag(match: re.Match[str]) -> bool:
    """<s> and </s> alone are words that models use."""
    return match[0] not in ("<s>", "</s>")


def _without_tags(text: str) -> str:
    return _TAG.sub(lambda match: match[0] if not _is_tag(match) else "" if match["inline"] else " ", text)


def _is_entity(match: re.Match[str]) -> bool:
    return not match["name"] or f"{match['name']};" in html5
