"""Files that are written in a format which is not read: each is refused in one sentence, and what only resembles it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgvae.errors import UserError
from tests.train.corpora.test_tables import TEXTS, read

MAIL = "From: Ann <ann@example.org>\nTo: bob@example.org\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: boats\n\n"


def each(form: str) -> str:
    """One entry a text."""
    return "\n".join(form.format(text=text, n=n) for n, text in enumerate(TEXTS))


WORDS = "\n\n".join("\n".join(f"{word}@O" for word in text.split()) for text in TEXTS)
WRITTEN = {
    "mailbox": (each("From ann@example.org Mon Jan  1 00:00:00 2024\n" + MAIL + "{text}\n"), "a mailbox or a mail"),
    "mail": ("Received: from here\n by there\n" + MAIL + each("{text}"), "a mailbox or a mail"),
    "web archive": ("From: <Saved>\nSubject: boats\nMIME-Version: 1.0\n\n" + each("<p>{text}</p>"), "a mailbox or a mail"),
    "yaml, list of mappings": (each("- text: {text}\n  label: {n}"), "a YAML file"),
    "yaml, nested": ("version: 3.1\nnlu:\n- intent: greet\n  examples: |\n" + each("    - {text}"), "a YAML file"),
    "yaml, translations": ("en:\n" + each('  key_{n}: "{text}"'), "a YAML file"),
    "gettext": ('# made up\nmsgid ""\nmsgstr ""\n\n' + each('#: a.c:{n}\nmsgid "{text}"\nmsgstr "{text}"\n'), "gettext"),
    "latex": ("% made up\n\\documentclass{article}\n\\begin{document}\n" + each("{text}"), "a LaTeX file"),
    "bibliography": (each("@book{{boat{n},\n  title = {{{text}}}\n}}").replace("{{", "{"), "a bibliography"),
    "references": (each("TY  - JOUR\nTI  - {text}\nER  - \n"), "a bibliography"),
    "papers of PubMed": (each("PMID- 3{n}\nOWN - NLM\nTI  - {text}\n"), "a list of papers"),
    "papers of Web of Science": (
        "FN Clarivate Analytics\nVR 1.0\n" + each("PT J\nAU Boat, A\nTI {text}\nER\n"),
        "a list of papers",
    ),
    "expanded by psql": (
        each("-[ RECORD {n} ]---\ntext  | {text}").replace("RECORD 0", "RECORD 1", 1),
        "a table with a line per cell",
    ),
    "calendar": (each("BEGIN:VEVENT\nSUMMARY:{text}").join(("BEGIN:VCALENDAR\n", "\n")), "contacts or of a calendar"),
    "encrypted": ("-----BEGIN PGP MESSAGE-----\n\n" + each("{text}"), "encrypted or signed"),
    "uuencode": ("begin 644 a.txt\n" + each("M{text}"), "packed by uuencode"),
    "rdf": (each('<http://boat/{n}> <http://text> "{text}"@en .'), "an RDF file"),
    "subtitles": ("[Script Info]\nTitle: boats\n" + each("Dialogue: 0,0:00:01.00,{text}"), "a file of subtitles"),
    "notebook": ('{\n "cells": [\n' + each('"{text}",'), "a Jupyter notebook"),
    "copy": ("COPY public.boats (id, text) FROM stdin;\n" + each("{n}\t{text}"), "an SQL dump"),
    "postscript": ("%!PS-Adobe-3.0\n" + each("({text}) show"), "a PostScript file"),
    "manual page": ('.\\" made up\n.TH BOAT 1\n' + each("{text}"), "a manual page"),
    "chess": (each('[Event "{text}"]\n[Site "?"]\n\n1. e4 e5\n'), "chess games"),
    "patch": ("--- a/boats\n+++ b/boats\n@@ -1 +1 @@\n" + each("+{text}"), "a patch"),
    "list of python": (str([*TEXTS, "it's late"]), "a list as Python"),
    "tagged words": (WORDS.replace("@", " "), "a word and its tags on each line"),
    "tagged words, tabs": (WORDS.replace("@", "\t"), "a word and its tags on each line"),
}


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_other_formats_are_named(kind: str, name: str, tmp_path: Path) -> None:
    content, sentence = WRITTEN[kind]
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=sentence) as caught:
        read(tmp_path / name)
    assert ";" in str(caught.value)  # and what to do
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "lines",
    [
        ["Ann:", "  I saw a boat.", "Bob:", "  Where was it?"] * 6,  # a play
        ["From here on, it rains.", "Subject to rain: the boat is late."] * 6,
        ["- we wait", "- note: it rains"] * 6,
        ["begin again, she said", "and so it went on"] * 6,
        ["the boat sails home"] * 20,
        ["red sky tonight", "calm sea below", ""] * 6,  # stanzas whose lines are as long
        ["[Event] we met", "[Site] at sea"] * 6,
        ["--- he said", "+++ more"] * 6,
    ],
)
def test_text_that_only_resembles_another_format_is_read(lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert read(tmp_path / "a.txt")[0] == [line for line in lines if line]
