"""Files as programs export them, and how lines that are no sentences are told."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from dgvae.errors import UserError
from tests.train.corpora.test_tables import TEXTS, read, said
from train.corpora.encodings import check_encoding
from train.corpora.markup import TAGS, cleaned, count_markup

MOODS = ["pos", "neg"] * 6
QUOTE = '"'


@pytest.mark.parametrize(("delimiter", "name"), [("\t", "a.tsv"), (";", "a.csv"), ("|", "a.csv"), ("\t", "a.csv")])
@pytest.mark.parametrize("order", [1, -1])
def test_speech_over_two_rows_without_quotes_of_a_table_is_two_rows(
    delimiter: str, name: str, order: int, tmp_path: Path
) -> None:
    rows = [[mood, text] for mood, text in zip(MOODS, TEXTS, strict=True)]
    rows[3], rows[4] = ["neg", '"I have waited all day.'], ["pos", 'Nobody came."']
    lines = [delimiter.join(row[::order]) for row in [["label", "text"], *rows]]
    (tmp_path / name).write_text("\n".join(lines))
    texts, labels, account = read(tmp_path / name, label_column="label")
    assert labels == MOODS
    assert (texts[3].strip('"'), texts[4].strip('"')) == ("I have waited all day.", "Nobody came.")
    assert not account.left_out


def test_cells_of_several_lines_in_a_spreadsheets_text(tmp_path: Path) -> None:
    rows = [f"{mood}\t{text}" for mood, text in zip(MOODS, TEXTS, strict=True)]
    rows[0], rows[5] = 'pos\t"Okay, well.\nWeek two was worse."', 'neg\t"Add ""toast"", and wow."'
    (tmp_path / "a.txt").write_text("\r\n".join(rows), newline="")
    texts, labels, _ = read(tmp_path / "a.txt")
    assert (len(texts), labels) == (12, MOODS)
    assert (texts[0], texts[5]) == ("Okay, well.\nWeek two was worse.", 'Add "toast", and wow.')
    (tmp_path / "a.txt").write_text("\n".join("\t".join(row.split("\t")[::-1]) for row in rows))
    assert read(tmp_path / "a.txt")[:2] == (texts, labels)
    rows[0] = 'pos\t"Okay, well."'
    (tmp_path / "a.txt").write_text("\n".join(rows))
    assert read(tmp_path / "a.txt")[0][:2] == ["Okay, well.", TEXTS[1]]  # quotes only where a spreadsheet needs them


@pytest.mark.parametrize("header", ["", "text\n"])
def test_a_column_in_quotes_where_needed_has_no_quotes_as_text(header: str, tmp_path: Path) -> None:
    """As pandas writes a column without its index, and Excel one as "Text (tab delimited)"."""
    texts = [f"{text}, really" if n % 2 else text for n, text in enumerate(TEXTS)]
    for odd in ([], ['He said "no" twice'], ["Week one.\nWeek two, too."]):
        cells = [*texts, *odd]
        quoted = [f'"{cell.replace(QUOTE, QUOTE * 2)}"' if {*cell} & {",", QUOTE, "\n"} else cell for cell in cells]
        (tmp_path / "a.txt").write_text(header + "\n".join(quoted))
        found, _, account = read(tmp_path / "a.txt")
        assert found == cells
        assert "quotes around the texts are left out" in account.found
    moods = [f"{n % 2}\t" + (f'"{text} ""so"""' if n % 3 else text) for n, text in enumerate(TEXTS)]  # tabs need no quotes
    (tmp_path / "a.txt").write_text("\n".join(moods))
    assert read(tmp_path / "a.txt")[0] == [f'{text} "so"' if n % 3 else text for n, text in enumerate(TEXTS)]


def test_speech_keeps_its_quotes(tmp_path: Path) -> None:
    for other in ('He said "no", and left.', "She left, too.", "So."):
        lines = [line for text in TEXTS for line in (f'"{text}."', other)]
        (tmp_path / "a.txt").write_text("\n".join(lines))
        assert read(tmp_path / "a.txt")[0] == lines


def test_a_header_above_few_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(["label\ttext", *(f"{MOODS[n]}\t{text}" for n, text in enumerate(TEXTS[:5]))]))
    assert read(tmp_path / "a.txt", label_column="label")[:2] == (TEXTS[:5], MOODS[:5])


@pytest.mark.parametrize(
    "text", ["このホテルはとてもきれいでした{}", "อาหารที่นี่อร่อยมากและพนักงานดี{}", "这家酒店非常干净而且早餐很好吃{}"]
)
def test_text_without_spaces_is_no_less_than_dates(text: str, tmp_path: Path) -> None:
    rows = [f"Mon Apr {n:02} 22:00 2009,{text.format(n)},{MOODS[n]}" for n in range(12)]
    for name in ("text", "content"):
        (tmp_path / "a.csv").write_text("\n".join([f"created_at,{name},label", *rows]))
        assert read(tmp_path / "a.csv", label_column="label")[0] == [text.format(n) for n in range(12)]
    (tmp_path / "a.csv").write_text("\n".join(["created_at,inhalt,label", *rows]))
    with pytest.raises(UserError, match="does not show which column is the text"):
        read(tmp_path / "a.csv", label_column="label")


def test_cells_of_several_lines_as_postgresql_draws_them(tmp_path: Path) -> None:
    rows = [" id | text | label", "----+------+------"]
    for n, text in enumerate(TEXTS):
        rows += [f"  {n} | {text}   +| {MOODS[n]}", "    | and back   +| ", "    | again | "] if n % 3 == 0 else []
        rows += [f"  {n} | {text} | {MOODS[n]}"] if n % 3 else []
    (tmp_path / "a.txt").write_text("\n".join([*rows, "(12 rows)"]))
    texts, labels, _ = read(tmp_path / "a.txt", label_column="label")
    assert [text.strip() for text in texts] == [
        f"{text} and back again" if n % 3 == 0 else text for n, text in enumerate(TEXTS)
    ]
    assert [(label or "").strip() for label in labels] == MOODS


def test_grades_and_languages_are_no_cells_of_several_lines(tmp_path: Path) -> None:
    rows = [f"{mood} | {text} C+" for mood, text in zip(MOODS, TEXTS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["label | text", "------+------", *rows]))
    texts, labels, _ = read(tmp_path / "a.csv", column="text", label_column="label")
    assert ([text.strip() for text in texts], labels) == ([f"{text} C+" for text in TEXTS], MOODS)


@pytest.mark.parametrize(("delimiter", "name"), [("\t", "a.tsv"), (";", "a.csv"), ("|", "a.csv"), (",", "a.csv")])
def test_a_cell_of_two_lines_that_look_like_rows_is_whole_where_all_cells_are_quoted(
    delimiter: str, name: str, tmp_path: Path
) -> None:
    texts = [*TEXTS[:11], f"my scores:\npos{delimiter}5"]
    rows = [["label", "text"], *([MOODS[n], text] for n, text in enumerate(texts))]
    (tmp_path / name).write_text("\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows))
    assert read(tmp_path / name, label_column="label")[:2] == (texts, MOODS)


def test_rows_without_a_number_are_no_names_of_columns(tmp_path: Path) -> None:
    for first in (["the room was clean", "pos"], ["clean", "pos"]):
        rows = [",text,label", ",".join(["", *first]), *(f"{n},{text},{MOODS[n]}" for n, text in enumerate(TEXTS))]
        (tmp_path / "a.csv").write_text("\n".join(rows))
        texts, _, account = read(tmp_path / "a.csv", label_column="label")
        assert texts == [first[0], *TEXTS]
        assert not account.left_out


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            [f"12/0{n % 9 + 1}/2023, 21:0{n % 9} - Anna: hi {n}\nand more of it" for n in range(30)],
            "begin with a date or a time",
        ),
        ([f"{n}:0{n % 9}\nokay well he tells me {n}" for n in range(30)], "begin with a date or a time"),
        ([f"[20:0{n % 9}] <bob> nice modern building {n}" for n in range(30)], "most lines begin with [0:0]"),
        ([f"Speaker {n % 2}  0:{n:02}\nit was nice {n}" for n in range(30)], "begin with a date or a time"),
        ([f"Speaker {n % 2} (00:{n:02}):\nit was nice {n}" for n in range(30)], "begin with a date or a time"),
        ([f"00:01:{n:02} Ann Lee\nit was nice {n}" for n in range(30)], "begin with a date or a time"),
        ([f"{['Ann', 'Lex Lee'][n % 2]} (00:01:{n:02}) it was nice {n}" for n in range(30)], "or a name and a time"),
        ([f"product/id: B{n}\nreview/text: it was nice {n}" for n in range(30)], "one of 2 names and :, as review/text:"),
        (
            [f"**** {n}. row ****\n   id: {n}\n text: nice {n}\nlabel: pos" for n in range(30)],
            "one of 3 names and :, as label:",
        ),
    ],
)
def test_lines_of_chats_and_dumps_are_said(lines: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert sentence in said(read(tmp_path / "a.txt")[2])


def test_one_long_line_hides_no_lines_that_go_on(tmp_path: Path) -> None:
    page = "It was late when he came\nhome from the sea, and the\nboat was old. Nobody was\nthere. She had gone.\n"
    (tmp_path / "a.txt").write_text(page * 10 + "See https://example.org/" + 50 * "long/" + ".\n")
    assert "join them" in said(read(tmp_path / "a.txt")[2])


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (r"the tensor g_{\mu\nu} and h\nu", r"the tensor g_{\mu\nu} and h\nu"),
        (r"see C:\new\notes.txt", r"see C:\new\notes.txt"),
        (r"a\neq b for \alpha in the\nNext", r"a\neq b for \alpha in the Next"),
        (r"one line\nand another\n", "one line and another "),
        (r"Done.\r\nNext", "Done. Next"),
        ("A nice boat\\\nthat sails", "A nice boat\nthat sails"),  # of MySQL
        ("a & b \\\\\nc & d", "a & b \\\\\nc & d"),  # of TeX
        (r"ti amo,\ne non so perché\nma resto", "ti amo, e non so perché ma resto"),
        (r"Q:\nhow do i?\nA:\nwith water,\nand a pot", r"Q:\nhow do i? A:\nwith water, and a pot"),
        (r"let $\frac{a}{b}$ be small.\nthen it is zero", r"let $\frac{a}{b}$ be small. then it is zero"),
    ],
)
def test_commands_and_folders_are_no_line_breaks(text: str, clean: str) -> None:
    assert cleaned(text, None) == clean


def test_advice_is_not_what_was_done_already(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(f"only, a/c {'x, ' * (n % 4)} in the area. {n}" for n in range(12)))
    with pytest.raises(UserError, match=r"no column 7; it has 1\. If it has several, say what separates them"):
        read(tmp_path / "a.csv", column="7", header=False)


def test_a_file_that_is_utf_8_is_read_so_whatever_the_option_says(tmp_path: Path) -> None:
    texts = [f"Привет, это предложение номер {n}" for n in range(12)]
    for encoding in ("utf-8", "cp1251"):
        (tmp_path / "a.txt").write_text("\n".join(texts), encoding=encoding)
        found, _, account = read(tmp_path / "a.txt", encoding="cp1251")
        assert found == texts
        assert ("it is UTF-8" in said(account)) == (encoding == "utf-8")


def test_rules_and_counts_of_sql_server_are_no_rows(tmp_path: Path) -> None:
    rows = [f"{n},{text},{MOODS[n]}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["id,text,label", "--,----,-----", *rows, "", "(12 rows affected)"]))
    assert read(tmp_path / "a.csv", label_column="label")[:2] == (TEXTS, MOODS)


def test_inches_in_a_table_of_r(tmp_path: Path) -> None:
    rows = [rf'"{n}" "the 15\" screen of {text}" "{"ab"[n % 2]}"' for n, text in enumerate(TEXTS, 1)]
    (tmp_path / "a.csv").write_text("\n".join(['"text" "g"', *rows]))
    wanted = [f'the 15" screen of {text}' for text in TEXTS]
    assert read(tmp_path / "a.csv", label_column="g")[:2] == (wanted, ["b", "a"] * 6)


def test_apostrophes_behind_a_backslash(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(rf"I don\'t say \'{text}\'" for text in TEXTS))
    found, _, account = read(tmp_path / "a.txt")
    assert found == [f"I don't say '{text}'" for text in TEXTS]
    assert account.markup == {"\\' for an apostrophe": 12}
    assert cleaned(r"un caf\'e", None) == r"un caf\'e"  # of TeX
    assert (
        cleaned(r"L\'eau, qu\'il, aujourd\'hui, dell\'albergo, y\'all", None)
        == "L'eau, qu'il, aujourd'hui, dell'albergo, y'all"
    )


def test_titles_beside_a_list_of_lines_are_not_taken_for_the_text(tmp_path: Path) -> None:
    poems = [{"title": "Boats sail home", "author": "Ann", "lines": [text, text, text]} for text in TEXTS]
    (tmp_path / "a.json").write_text(json.dumps(poems))
    with pytest.raises(UserError, match="longer texts within lines than in title"):
        read(tmp_path / "a.json")
    (tmp_path / "a.json").write_text(json.dumps([poem | {"lines": poem["lines"][0].split()} for poem in poems]))  # keywords
    assert read(tmp_path / "a.json")[0] == ["Boats sail home"] * 12


@pytest.mark.parametrize(
    ("name", "values", "is_said"),
    [
        ("split", ["train", "train", "valid", "test"], True),
        ("is_valid", ["False", "True"], True),
        ("Usage", ["Training", "Training", "PublicTest", "PrivateTest"], True),
        ("split", ["train", "train", "", "test"], True),
        ("set", ["first", "second"], False),
        ("split", ["train", "train"], False),
    ],
)
@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_column_that_says_the_split_is_said(name: str, values: list[str], is_said: bool, ending: str, tmp_path: Path) -> None:
    rows = [{"text": f"the boat {n} sails home", name: values[n % len(values)]} for n in range(40)]
    lines = [json.dumps(row) for row in rows]
    if ending == ".csv":
        lines = [f"text,{name}", *(",".join(row.values()) for row in rows)]
    (tmp_path / f"a{ending}").write_text("\n".join(lines))
    texts, _, account = read(tmp_path / f"a{ending}", column="text")
    assert len(texts) == 40
    assert (f"whatever column {name} says" in said(account)) == is_said


def test_the_moments_of_a_form_are_no_text(tmp_path: Path) -> None:
    rows = ["Timestamp,What do you think?", *(f"2024/01/{n:02} 10:05:00 AM GMT+1,the boat {n} sails" for n in range(1, 20))]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert read(tmp_path / "a.csv")[0] == [f"the boat {n} sails" for n in range(1, 20)]


def test_comments_scripts_and_styles_are_taken_away_whole() -> None:
    text = "<!-- wp:paragraph --><p>The boat</p><script type='x'>var a = '<b>';</SCRIPT> sails <style>p{color:red}</style>home"
    assert cleaned(text, True).split() == ["The", "boat", "sails", "home"]
    assert cleaned("a <!-- b", True) == "a <!-- b"
    counts: Counter[str] = Counter()
    count_markup("<!-- wp:paragraph -->", counts)
    assert counts == {TAGS: 1}
    assert cleaned("<!--" * 20_000 + "<script>" * 20_000, True)  # in a moment


@pytest.mark.parametrize(
    ("encoding", "named", "text"),
    [
        ("cp932", "shift_jis", "①株式会社髙島屋"),
        ("cp949", "euc-kr", "뷁펲입니다"),
        ("gb18030", "gb2312", "朱镕基€"),
        ("cp950", "big5", "恒裏€"),
    ],
)
def test_an_encoding_is_read_as_the_larger_one_that_programs_write(
    encoding: str, named: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("\n".join([text] * 5), encoding=encoding)
    assert read(tmp_path / "a.txt", encoding=check_encoding(named))[0] == [text] * 5
