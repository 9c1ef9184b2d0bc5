"""Files of text that are written in a format which is not read: told by their first lines, and refused in one sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dgvae.errors import UserError

FEW_LINES = 10  # fewer show no columns of words
MOST_TAGS = 50  # different ones in the last column
_TABLE, _TEXT = "save its table as .csv", "save its text as .txt"
_SENTENCES = f"{_TEXT}, one sentence per line"

_HTML = r"(?:a|b|br|dd|div|dl|dt|em|h\d|hr|i|li|ol|p|pre|s|span|strong|td|tr|u|ul|unk)\b"  # --clean takes these away
_WRITTEN = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), what, advice)
    for pattern, what, advice in (
        (r"\A<(!doctype html|html|head|body)\b", "a web page (HTML)", f"{_TEXT}, or its table as .csv"),
        (r"\A<table\b", "a table in HTML", _TABLE),
        (r"\A<\?xml\b", "an XML file", _SENTENCES),
        (rf"\A<[a-z][\w:-]*[^<>]*>\s*<(?!{_HTML})[a-z][\w:-]*[\s>]", "an XML file", _SENTENCES),
        (
            r"^insert into \S+ *(\(|values\b)|^create table [^,]*\(|^copy \S+ \(.*\) from stdin;|"
            r"\A(--|/\*).*(sql|mariadb|database) dump",
            "an SQL dump",
            _TABLE,
        ),
        (r"\A(%.*\n|\s)*@relation ", "an ARFF file", f"{_TABLE}, with a header and without the lines that begin with @"),
        (r"\A(#.*\n|\s)*msgid \".*\n(\".*\n)*msgstr \"", "a catalog of gettext (.po)", _SENTENCES),
        (r"\A(%.*\n|\s)*\\(documentclass|documentstyle|input texinfo)\b", "a LaTeX file", _SENTENCES),
        (r"\A%!PS", "a PostScript file", _TEXT),
        (r"\A\.\\\"|\A\.TH ", "a manual page (troff)", _SENTENCES),
        (r"\A(%.*\n|\s)*@\w+ *\{ *[^,\s]+,\s*\w+ *= *[{\"]|\ATY  - ", "a bibliography", _TABLE),
        (r"\APMID- ?\d|\AFN \S.*\nVR \d|\APT J\nAU ", "a list of papers (PubMed or Web of Science)", _TABLE),
        (r"\A-\[ RECORD 1 \]", "a table with a line per cell, as psql prints it", f"{_TABLE}, as with \\\\copy"),
        (r"\Abegin:v(card|calendar)\b", "a file of contacts or of a calendar", _SENTENCES),
        (r"\A-----begin [a-z ]+-----", "encrypted or signed", "decrypt it, and save its text as .txt"),
        (r"\Abegin [0-7]{3} \S+\n", "packed by uuencode", "unpack it and give the file in it"),
        (r"\A@prefix |\A<\S+> <\S+> [<\"]", "an RDF file", _SENTENCES),
        (r"\A\[script info\]", "a file of subtitles", _SENTENCES),
        (r"\A\[Event \".*\"\]\n", "a file of chess games", _SENTENCES),
        (r"\Adiff --git |\A--- .*\n\+\+\+ .*\n@@ ", "a patch", _SENTENCES),
        (r"\A\[\s*'[^'\n]*'\s*,\s*['\"]", "a list as Python prints it", "save it with json.dump, as .json"),
        (r"\A\{\s*\"cells\"\s*:\s*\[", "a Jupyter notebook", _SENTENCES),
    )
)
_MAIL_HEADERS = {
    "from", "to", "date", "subject", "received", "return-path", "message-id", "mime-version", "delivered-to", "newsgroups",
    "path", "organization", "content-type",
}  # fmt: skip
_HEADER = re.compile(r"([A-Za-z][\w-]*): ?.*|[ \t]+\S.*")
_YAML_PAIR = r"[\"']?[\w-]+[\"']?:"
_YAML = re.compile(
    rf"\A%YAML|^( *)- {_YAML_PAIR} .*\n\1  {_YAML_PAIR}|^( *){_YAML_PAIR} *[|>]?[+-]? *\n\2 *(- |{_YAML_PAIR} )", re.MULTILINE
)
_OF_YAML = re.compile(rf"\s*(?:- ?)*(?:{_YAML_PAIR}(\s|$)|- |#|-$)|---|\.\.\.$|%YAML|\s+\S")


def refuse_written(path: Path, lines: Sequence[str]) -> None:
    """Raise UserError if a file's first lines are those of a format that is not read, such as a web page, XML or a mailbox."""
    lines = [line[:1000] for line in lines[:100]]
    start = "\n".join(lines).lstrip("\ufeff \t\r\n")
    found = next(((what, advice) for pattern, what, advice in _WRITTEN if pattern.search(start)), None)
    if not found and _is_mail(start):
        found = "a mailbox or a mail", "save the texts of its mails as .txt, one sentence per line"
    if not found and _YAML.search(start) and all(_OF_YAML.match(line) for line in lines if line.strip()):
        found = "a YAML file", f"{_SENTENCES}, or as .csv or .jsonl"
    if not found and _is_tagged(lines):
        found = "a file with a word and its tags on each line", "write the words of a sentence on one line"
    if found:
        raise UserError(f"{path} is {found[0]}; {found[1]}.")


def _is_mail(start: str) -> bool:
    """Whether headers of a mail come first, after a line that begins with From in a mailbox."""
    head = start.partition("\n\n")[0].splitlines()
    if head and re.match(r"From \S+ ", head[0]):
        head = head[1:]
    matches = [_HEADER.fullmatch(line) for line in head]
    names = {match[1].lower() for match in matches if match and match[1]}
    return all(matches) and len(names & _MAIL_HEADERS) > 1


def _is_tagged(lines: Sequence[str]) -> bool:
    """Whether sentences stand as CoNLL has them: a word a line with its tags, and an empty line after each sentence."""
    rows = [line.split() for line in lines if line.strip() and not line.startswith(("#", "-DOCSTART-"))]
    widths, tags = Counter(map(len, rows)), {row[-1] for row in rows}
    gaps = sum(not line.strip() for line in lines[1:-1])
    one_width = len(widths) == 1 and 1 not in widths
    are_words = any(tag.isalpha() and tag.islower() and len(tag) > 1 for tag in tags)  # of verses, and not tags
    are_sentences = not are_words and gaps > 1 and 1 < len(rows) / gaps < 60
    return one_width and are_sentences and len(rows) >= FEW_LINES and len(tags) <= min(MOST_TAGS, len(rows) // 3)
