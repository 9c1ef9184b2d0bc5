"""Rows that have more or fewer cells than their table has columns: the text is whole, or the row is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.corpora.test_tables import TEXTS, read, said

MOODS = ["4", "5"] * 6
LOOSE = [f"{text}, and back" if n % 3 == 0 else text for n, text in enumerate(TEXTS)]


def written(path: Path, header: str, row: str, texts: list[str] = LOOSE) -> Path:
    lines = [row.format(n=n, text=text, mood=mood) for n, (text, mood) in enumerate(zip(texts, MOODS, strict=True))]
    path.write_text("\n".join([header, *lines]))
    return path


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("label,text,", "{mood},{text},"),
        ("id,text,label,notes", "{n},{text},{mood},"),
        ("label,text", "{mood},{text},"),
        ("text,label", "{text},{mood},,"),
        ("id,text,label", "{n},{text},{mood}"),
    ],
)
def test_text_with_delimiters_before_empty_columns_is_whole(header: str, row: str, tmp_path: Path) -> None:
    texts, labels, account = read(written(tmp_path / "a.csv", header, row), column="text", label_column="label")
    assert (texts, labels) == (LOOSE, MOODS)
    assert "without quotes" in said(account)
    assert not account.left_out


def test_classes_that_only_such_rows_have(tmp_path: Path) -> None:
    moods = ["neg" if n % 3 == 0 else "pos" for n in range(len(TEXTS))]
    rows = [f"{mood},{text}," for mood, text in zip(moods, LOOSE, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["label,text,", *rows]))
    assert read(tmp_path / "a.csv", column="text", label_column="label")[:2] == (LOOSE, moods)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_delimiters_after_a_backslash_are_text(name: str, tmp_path: Path) -> None:
    delimiter = "," if name == "a.csv" else "\t"
    escaped = [text.replace(",", f"\\{delimiter}") for text in LOOSE]
    path = written(
        tmp_path / name, delimiter.join(["id", "text", "label"]), delimiter.join(["{n}", "{text}", "{mood}"]), escaped
    )
    texts, labels, account = read(path, label_column="label")
    assert (texts, labels) == ([text.replace(",", delimiter) for text in LOOSE], MOODS)
    assert not account.left_out


def test_the_rest_of_a_text_in_several_lines_is_no_row(tmp_path: Path) -> None:
    rows = [f"{n},{text},{n % 5},{'ab'[n % 2]}" for n, text in enumerate(TEXTS)]
    rows[4] = "4,the boat\nold, and wild,4,a"
    rows[7] = "7,the boat\nis\nold, and wild,2,b"
    (tmp_path / "a.csv").write_text("\n".join(["id,text,stars,label", *rows]))
    texts, _, account = read(tmp_path / "a.csv")
    assert texts == [text for n, text in enumerate(TEXTS) if n not in (4, 7)]
    assert account.left_out.total() == 5


def test_rows_that_lack_empty_columns_at_the_end(tmp_path: Path) -> None:
    short = [text for n, text in enumerate(TEXTS) if n % 3]
    rows = [f"{n},{text},{n % 2}" + (",good" if n % 3 else "") for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["id,text,mood,note", *rows]))
    texts, _, account = read(tmp_path / "a.csv", label_column="mood")
    assert texts == TEXTS
    assert "lack columns at the end" in said(account)
    assert read(tmp_path / "a.csv", column="text", label_column="note")[0] == short  # the others have no such label
    broken = [f"{n},{text}{chr(10) if n % 3 == 0 else ' '}and back,{n % 2},5" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["id,text,mood,note", *broken]))
    assert read(tmp_path / "a.csv", column="text")[0] == [f"{text} and back" for text in short]  # no half of a sentence


def test_quoted_text_of_such_rows_is_not_cut_at_its_delimiter(tmp_path: Path) -> None:
    rows = [f'"u{n}","{text}, and back","{n % 5}"' + (',"x"' if n % 2 else "") for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["user,text,stars,notes", *rows]))
    texts, labels, account = read(tmp_path / "a.csv", label_column="stars")
    assert (texts, labels) == ([f"{text}, and back" for text in TEXTS], [str(n % 5) for n in range(12)])
    assert "quote" not in said(account)


CLASSES = [("sport", "news", "world")[n % 3] for n in range(len(TEXTS))]


@pytest.mark.parametrize(
    ("header", "row", "stray"),
    [
        ("id,text,label", "{n},{text},{mood}", "99,rain is coming,weather,"),
        ("id,text,label", "{n},{text},{mood}", '99,"rain is coming",weather,'),
        ("id,text,label,lang", "{n},{text},{mood},en", "99,rain is coming,weather,de,"),
        ("label,text", "{mood},{text}", "weather,rain is coming,"),
        ("id,text,stars,label", "{n},{text},5,{mood}", "99,rain is coming,NA,weather,"),
    ],
)
def test_a_delimiter_at_the_end_of_one_row_is_no_text(header: str, row: str, stray: str, tmp_path: Path) -> None:
    rows = [row.format(n=n, text=text, mood=mood) for n, (text, mood) in enumerate(zip(TEXTS, CLASSES, strict=True))]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows, stray]))
    texts, labels, _ = read(tmp_path / "a.csv", column="text", label_column="label")
    assert (texts, labels) == ([*TEXTS, "rain is coming"], [*CLASSES, "weather"])


@pytest.mark.parametrize(
    ("header", "row"),
    [("label,text,notes", "{mood},{text}{more},"), ("id,text,note", "{n},{text},x,")],
)
def test_delimiters_at_the_end_of_some_rows(header: str, row: str, tmp_path: Path) -> None:
    short = row.replace("{more}", "").replace(",x", "")
    rows = [
        (row if n % 5 < 3 else short).format(n=n, text=text, mood=mood, more=", and back")
        for n, (text, mood) in enumerate(zip(TEXTS, MOODS, strict=True))
    ]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    more = ", and back" if "{more}" in row else ""
    assert read(tmp_path / "a.csv", column="text")[0] == [f"{text}{more if n % 5 < 3 else ''}" for n, text in enumerate(TEXTS)]


def test_numbers_that_are_missing_and_new_classes_beside_text_with_delimiters(tmp_path: Path) -> None:
    rows = [f"{n},{text},{'' if n % 6 == 0 else n % 5},news" for n, text in enumerate(LOOSE)]
    (tmp_path / "a.csv").write_text("\n".join(["id,text,stars,topic", *rows, "99,rain, and so on,4,sci tech"]))
    assert read(tmp_path / "a.csv", column="text")[0] == [*LOOSE, "rain, and so on"]


def test_text_that_goes_on_in_the_next_line_is_no_short_row(tmp_path: Path) -> None:
    rows = [f"{n},{text},Bob Fox {n},no" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text(
        "\n".join(["id,text,author,note", *rows, "50,the sea is calm, and it", "is cold,Ann Fox,yes"])
    )
    texts, _, account = read(tmp_path / "a.csv", column="text")
    assert texts == TEXTS
    assert account.left_out == {"with another number of columns": 2}


def test_quotes_beside_delimiters_after_a_backslash_stay(tmp_path: Path) -> None:
    rows = [f"{n},{text},{n % 2}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["id,text,label", *rows, '77,he said\\, no "way",1', '78,\\"no\\"\\, he said,1']))
    texts, _, account = read(tmp_path / "a.csv", label_column="label")
    assert texts == [*TEXTS, 'he said, no "way"', '"no", he said']
    assert "quote" not in said(account)


@pytest.mark.parametrize("delimiter", [None, ","])
def test_a_delimiter_at_the_end_of_the_header_alone(delimiter: str | None, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "id,text,label,", "{n},{text},{mood}", TEXTS)
    assert read(path, label_column="label", delimiter=delimiter)[:2] == (TEXTS, MOODS)


@pytest.mark.parametrize(
    ("header", "row", "odd", "text"),
    [
        ("text,label", "{text},{mood}", "slow, really bad :\\,4", "slow, really bad :\\"),
        ("text,label", "{text},{mood}", "really bad :\\,4,", "really bad :\\"),
        ("text,label", "{text},{mood},", "really bad :\\,4,", "really bad :\\"),
        ("label,text", "{mood},{text}", "4,really bad :\\,", "really bad :\\"),
        ("label,text,note", "{mood},{text},", "4,we came,and left,", "we came,and left"),
    ],
)
def test_an_odd_row_is_read_by_its_classes(header: str, row: str, odd: str, text: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", header, row, TEXTS)
    path.write_text(f"{path.read_text()}\n{odd}")
    assert read(path, column="text", label_column="label")[:2] == ([*TEXTS, text], [*MOODS, "4"])


@pytest.mark.parametrize(
    ("header", "row", "odd"),
    [
        ("text,city,label,note", "{text},town {n},{mood},", "we came, and left,town q,4,"),
        ("folder,text,label", "D:\\d{n}\\,{text},{mood}", "D:\\,we came, and left,4"),
    ],
)
def test_a_row_that_contradicts_its_columns_is_left_out(header: str, row: str, odd: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", header, row, TEXTS)
    path.write_text(f"{path.read_text()}\n{odd}")
    texts, labels, account = read(path, column="text", label_column="label")
    assert (texts, labels) == (TEXTS, MOODS)
    assert account.left_out == {"with another number of columns": 1}


def test_a_new_class_of_several_words_before_a_stray_delimiter(tmp_path: Path) -> None:
    rows = [f"{text},{'world news' if n % 2 else 'sport'}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *rows, "rain is coming,arts and life,"]))
    texts, labels, _ = read(tmp_path / "a.csv", label_column="label")
    assert (texts[-1], labels[-1]) == ("rain is coming", "arts and life")


@pytest.mark.parametrize("header", [None, False])
def test_a_delimiter_at_the_end_of_a_first_row_makes_no_header(header: bool | None, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "4,the first one,", "{mood},{text}", TEXTS)
    texts, labels, _ = read(path, column="2", label_column="1", header=header)
    assert (texts, labels) == (["the first one", *TEXTS], ["4", *MOODS])


@pytest.mark.parametrize("end", [",", ";;", "\t"])
def test_delimiters_at_the_end_of_the_only_column(end: str, tmp_path: Path) -> None:
    rows = [f'"{text}, and back"' + (end if n % 5 == 0 else "") for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["review", *rows]))
    assert read(tmp_path / "a.csv")[0] == [f"{text}, and back" for text in TEXTS]


@pytest.mark.parametrize(("header", "row"), [("text", "{}"), ("text|label", "{}|a")])
def test_the_count_of_rows_below_a_table_is_no_text(header: str, row: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join([header, *map(row.format, TEXTS), "(12 rows)"]))
    texts, _, account = read(tmp_path / "a.csv")
    assert texts == TEXTS
    assert account.left_out.total() == 1
