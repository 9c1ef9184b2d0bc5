"""Sentences that hold something that is no text are read, and the summary says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.corpora.test_tables import TEXTS, read, said
from train.corpora.signs import signs
from train.run.summary import TextFacts, text_lines


def each(form: str) -> list[str]:
    """A sentence a text."""
    return [form.replace("TEXT", text) for text in TEXTS]


WORDS = ["Boats", "Cooks", "Sails", "Zebras", "Trees", "Birds", "Stones", "Rain", "Snow", "Wind", "Fish", "Houses"]
SIGNS = {
    "a word of UTF-7": ([*TEXTS, "le caf+AOk- noir"], "UTF-7"),
    "names of mail folders": (each("caf&AOk- TEXT"), "UTF-7"),
    "quoted-printable": (each("le caf=C3=A9 TEXT"), "quoted-printable"),
    "web addresses": (each("le%20caf%C3%A9%20noir TEXT"), "web addresses"),
    "escapes of Python": (each(r"le caf\xe9 TEXT"), r"\xe9"),
    "bytes of Python": (each("b'TEXT'"), "b'…'"),
    "colors of a terminal": (each("\x1b[31mTEXT\x1b[0m"), "control characters"),
    "bold by backspace": (each("t\bthe TEXT"), "control characters"),
    "UTF-8 as Mac Roman": (each("the captain’s TEXT".encode().decode("mac_roman")), "wrong ones"),
    "controls of Latin-1": (each("\x93TEXT\x94"), "are no letters"),
    "UTF-8 as cp1251": (each("Номер был TEXT".encode().decode("cp1251")), "two wrong ones"),
    "UTF-8 as cp1250": (each("pěkný výlet TEXT".encode().decode("cp1250")), "two wrong ones"),
    "UTF-8 as cp1256": (each("الغرفة TEXT".encode().decode("cp1256")), "two wrong ones"),
    "accents of TeX": (each(r"r\'esum\'e TEXT"), "\\' is read as text"),
    "lost letters": ([*TEXTS, "le caf\ufffd"], "were lost before"),
    "question marks": (each("le caf?s TEXT"), "may have been lost"),
    "letters apart": ([" ".join(text) for text in TEXTS], "letters stand apart"),
    "pieces, at signs": (each("sa@@ ils TEXT"), "cut into pieces"),
    "pieces, hashes": (each("sa ##ils TEXT"), "cut into pieces"),
    "pieces, bars": (each("▁TEXT ▁sails"), "cut into pieces"),
    "tags": (["/NN ".join([*text.split(), ""]) for text in TEXTS], "words carry tags"),
    "trees": (each("(3 (2 The) (2 TEXT))"), "syntax trees"),
    "vectors": ([f"boat{n} 0.1 -0.2 0.3 0.{n}" for n in range(12)], "word vectors"),
    "two texts": (each("TEXT ||| TEXT"), "two texts"),
    "hyphens": (each("the boat sa-"), "cut at the ends"),
    "mails": (each("Message-ID: <1@x> From: a@b.c Subject: TEXT"), "headers of mails"),
    "speakers": (["HAMLET.", "Who is there?", "FIRST CLOWN", "Nay, answer me."] * 5, "hold a name in capitals alone"),
    "speakers in lines": (each("HORATIO. The TEXT"), "words in capitals"),
    "italics": (each("It was _very TEXT_, so"), "underscores around words"),
    "deleted": ([*TEXTS, "[deleted]", "[removed]"], "[deleted] and [removed]"),
    "words apart": (["料理 は とても 美味しかっ た が 、 サービス が 遅い 。"] * 12, "--tokenized keeps them"),
    "ends of pages": (each("TEXT, so... Read more"), "many texts end in Read more,"),
    "ends of reviews": (each("TEXT. 12 people found this helpful"), "end in 0 people found this helpful (0 for any number),"),
    "ends of papers": (each("TEXT. [12]"), "many texts end in [0] (0 for any number),"),
    "latex": (each(r"\emph{TEXT}"), "LaTeX"),
    "wiki": (each("[[boat|TEXT]]"), "wiki markup"),
    "markdown": (each("## TEXT"), "Markdown"),
    "book": ([*TEXTS, "*** START OF THE PROJECT GUTENBERG EBOOK ***"], "Project Gutenberg"),
    "labels of fastText": (["note", *each("x __label__1 TEXT")], "fastText"),
    "dialogues": ([f"L{n} +++$+++ u{n} +++$+++ {text}" for n, text in enumerate(TEXTS)], "+++$+++"),
    "labels before": ([f"{['pos', 'neg'][n % 2]} {text}" for n, text in enumerate(TEXTS)], "begin or end with a label"),
    "labels behind": ([f"{text} {n % 2}" for n, text in enumerate(TEXTS)], "begin or end with a label"),
    "full width": (each("ｔｈｅ TEXT"), "full width"),
    "headings of WikiText": ([f" = {text} = " if n % 2 else text for n, text in enumerate(TEXTS)], "wiki markup"),
    "marks of WikiText": (each("so @-@ so TEXT"), "marks, such as"),
    "turns of dialogues": (each("TEXT __eou__ TEXT __eou__"), "marks, such as"),
    "ends of texts": ([*TEXTS, *["<|endoftext|>"] * 3], "marks, such as"),
    "numbers of papers": ([*TEXTS, *["###24293578"] * 3], "marks, such as"),
    "pages of Wikipedia": ([*TEXTS, '<doc id="1" title="Boat">', "</doc>"], "WikiExtractor"),
    "plays": (["ROMEO:", *TEXTS[:6], "First Citizen:", *TEXTS[6:]], "speakers"),
    "songs": (["[Chorus]", *TEXTS[:6], "[Verse 2]", *TEXTS[6:]], "speakers"),
    "cut texts": (each("TEXT… https://t.co/ab1"), "as if they were cut"),
    "readings": (each("船《ふね》 TEXT"), "readings"),
    "missing ones": ([*TEXTS, "nan"], "nan, None"),
    "missing ones of R": ([*TEXTS, "NA", "NA"], "nan, None"),
    "molecules": ([f"CC(C)(C)c1ccc{n}occ(CC(=O)Nc3ccccc3F)c{n}1" for n in range(2, 9)] * 2, "such as SMILES"),
    "proteins": ([f"MKTAYIAKQRQISFVKSHFSRQ{letter}EERLGLIEVQ" for letter in "ACDEFGHIKLMN"], "such as SMILES"),
    "subjects of mails": (each("Subject: TEXT"), "begin with a name and :, as Subject:"),
    "titles": ([f"Verified Purchase {word} we saw" for word in WORDS], "begin with Verified Purchase"),
    "tasks": ([f"Translate English to German: {word.lower()} we saw" for word in WORDS], "German:, which"),
    "long tasks": ([f"Write a short review of the following product: {word} we saw" for word in WORDS], "product:, which"),
    "numbered passages": ([f"Passage {n}: {word} we saw" for n, word in enumerate(WORDS)], "begin with Passage 0:"),
    "moments": (each("[00:12] Ann: TEXT"), "begin with"),
    "joined letters": (each("ﬁsh TEXT"), "joined"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SIGNS)
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl"])
def test_what_is_no_text_is_said(kind: str, name: str, tmp_path: Path) -> None:
    sentences, sentence = SIGNS[kind]
    lines = [json.dumps({"note": text}) for text in sentences] if name == "a.jsonl" else sentences
    if name == "a.csv":
        lines = ["note,mood", *(f'"{text}",{n % 2}' for n, text in enumerate(sentences))]
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    texts, _, account = read(tmp_path / name, column="note" if name != "a.txt" else None)
    assert len(texts) == len(sentences)
    assert sentence in said(account)


@pytest.mark.parametrize(
    ("lines", "plain", "tokenized"),
    [
        (["我们 今天 去 北京 。", "他 喜欢 喝 热 茶 。"] * 9, "words stand apart already", ""),
        (["我 们 今 天 去 北 京", "M K T A Y I A K Q R"] * 9, "letters stand apart", ""),
        (["the sail@@ or goes", "▁the ▁sail or"] * 9, "cut into pieces", ""),
        (["The boat sails home.", "It waits, and we wait."] * 9, "", "leave --tokenized out"),
        (["The boat sails home .", "It waits , and we wait ."] * 9, "", ""),
    ],
)
def test_what_is_said_of_words_depends_on_whether_they_are_split(
    lines: list[str], plain: str, tokenized: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("\n".join(lines))
    for how, phrase in ((False, plain), (True, tokenized)):
        account = read(tmp_path / "a.txt", tokenized=how)[2]
        assert phrase in said(account) if phrase else not account.found


@pytest.mark.parametrize(
    "lines",
    [
        [f"wake me up at {n % 12}:30" for n in range(40)],
        ["OK", "see you soon", "LOL", "YES", "we are there now", "THANK YOU"] * 10,
        ["GREAT FOOD", "it was nice", "NEVER AGAIN", "we came late"] * 5 + [f"GOOD BOAT {chr(65 + n) * 3}" for n in range(20)],
        [f"call _NAME_ at _NUM_ or _person_ {n}" for n in range(40)],
        ["我 今 天 很 高 兴 ， 天 气 真 好 。"] * 20,
        [
            "الغرفة نظيفة جدا. الخدمة ممتازة",
            "الطعام لذيذ. المكان جميل جدا وهادئ",
            "جيد. سنعود",
            "كان كل شيء سيئا. لن نعود مرة أخرى هنا",
        ]
        * 10,
        [f"wait for it until Jan. {n}" for n in range(40)],
        [f"He said that Opus no. {n}" for n in range(40)],
        [f"I like {name} and {name.lower()}s" for name in ("Boat", "Cook", "Sail", "Zebra")] * 9 + ["Nobody does"] * 5,
        [("No, none of it" if n % 9 else "None of it") for n in range(60)],
        ["lol", "ok see you then", "what time?", "I am on my way.", "Sure!", "maybe later, i have to eat", "Fine.", "so what"]
        * 9,
    ],
)
def test_ordinary_lines_show_no_sign(lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    found = read(tmp_path / "a.txt")[2].found
    assert [note for note in found if "letters stand apart" not in note] == []


def test_formulas_of_spreadsheets_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["note,mood", *(f'="{text}",{n % 2}' for n, text in enumerate(TEXTS))]))
    assert 'begin with ="' in said(read(tmp_path / "a.csv", column="note")[2])


@pytest.mark.parametrize("form", ["['the', 'TEXT']", "['the' 'TEXT']", "[ 'the' ]", "{'text': 'TEXT'}", '["the", "TEXT"]'])
def test_lists_and_objects_in_cells_are_said(form: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"note": text}) for text in each(form)))
    assert "[…] or {…}" in said(read(tmp_path / "a.jsonl", column="note")[2])


def test_plain_sentences_show_no_sign() -> None:
    plain = [
        "It costs 3 + 4 = 7, or 50% of it: see https://example.org/a%20b.", "Really?! I & you, A/B and C#; it's well-known --",
        "a*b, **, __init__, [note] {aside} (S) (1)", "the 'boat' sails; what? no.", "I am at @home, #boat ~3 | 4 ^5",
        "你好吗?我很好", "Номер был очень чистый", "výborný pěkný řádek, Ăsta", "الغرفة نظيفة",
        "https://example.org/watch?v=a1 or watch?v=b2", "I am __so__ [very] sure",
        "a snake_case, _num_ __init__ _x", "Note: (Really.) He waited…",
        "Cafés + crêpes = fun", "C+ABC- and A+B", "naïve – “quoted” … ½ €5",
    ]  # fmt: skip
    assert not signs(plain * 3)
    for numbered in ("iphone {}", "Leeds 2 Arsenal {}", "positive news of day {}", "Chapter {}"):
        assert not signs([numbered.format(n % 9) for n in range(40)])


def test_letters_as_escapes_of_json_are_repaired(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(each(r"le caf\u00e9 \ud83d\ude00 TEXT")))
    texts, _, account = read(tmp_path / "a.txt")
    assert texts == each("le café 😀 TEXT")
    assert account.markup == {r"letters as \u00e9": 12}
    assert read(tmp_path / "a.txt", clean=False)[0] == each(r"le caf\u00e9 \ud83d\ude00 TEXT")


@pytest.mark.parametrize(
    ("form", "sign"), [("{n}: {text}", ":"), ("{n}={text}", "="), ("{n} = {text}", "="), ('"{n}" = "{text}";', "=")]
)
def test_names_before_texts_are_said(form: str, sign: str, tmp_path: Path) -> None:
    lines = [form.format(n=f"{chr(97 + n)}.key", text=text) for n, text in enumerate(TEXTS)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert f"say --delimiter '{sign}'" in said(read(tmp_path / "a.txt")[2])


@pytest.mark.parametrize(
    ("form", "advice"),
    [
        ("{text}@{mood}", "say --delimiter '@'"),
        ("{mood}：{text}", "say --delimiter '：'"),
        ("{mood}_!_{text}", "put a tab in its place"),
    ],
)
def test_classes_beside_a_rare_sign_are_said(form: str, advice: str, tmp_path: Path) -> None:
    """As Financial PhraseBank and Chinese news have them."""
    lines = [form.format(text=text, mood=["good", "bad"][n % 2]) for n, text in enumerate(TEXTS)]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    assert advice in said(read(tmp_path / "a.txt")[2])


def test_marks_between_texts_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(each("<|startoftext|>TEXT<|endoftext|>")))
    assert "--delimiter" not in said(read(tmp_path / "a.txt")[2])


def test_a_log_that_begins_with_months_is_said(tmp_path: Path) -> None:
    months = ["Jan", "Feb", "Mar", "Apr"] * 3
    lines = [f"{month} {n + 1:2} 10:00:0{n % 9} here boat: {TEXTS[n]}" for n, month in enumerate(months)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert "begin with 0 (0 for any number)" in said(read(tmp_path / "a.txt")[2])


def test_the_summary_writes_no_control_characters() -> None:
    facts = TextFacts(
        sentences={"train": 9, "valid": 2, "test": 2}, words=40, vocabulary=20, unknown=0.0, duplicates=0, in_both=0, cut=0,
        max_words=20, classes=["\x1b]0;title\x07", "\u202egood"],
    )  # fmt: skip
    assert all(how.isprintable() for _, how in text_lines(facts))
    assert r"\x1b]0;title\x07, \x202egood" in dict(text_lines(facts))["classes"]


def test_the_first_line_of_a_text_is_not_taken_for_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "text,mood\n" + "".join(f'"{word}\nwe saw them sail",{n % 2}\n' for n, word in enumerate(WORDS))
    )
    assert "single word" not in said(read(tmp_path / "a.csv", column="text")[2])


def test_one_thing_is_said_of_what_lines_begin_with(tmp_path: Path) -> None:
    kinds = ("DESC:manner", "HUM:group", "NUM:date")
    (tmp_path / "a.txt").write_text("\n".join(f"{kinds[n % 3]} How did boat {n} sail ?" for n in range(60)))
    found = read(tmp_path / "a.txt")[2].found
    assert len(found) == 1
    assert "put a tab after it" in found[0]


def test_formulas_with_a_number_behind_them_take_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(["[C]" * 60 + f" 0.{n}" for n in range(20)]))
    assert len(read(tmp_path / "a.txt")[0]) == 20
