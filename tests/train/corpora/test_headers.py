"""What stands above the rows of a table: titles, empty lines, headers of several rows and with another delimiter."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgvae.errors import UserError
from tests.train.corpora.test_tables import TEXTS, read, said

MOODS = ["-1", "0", "1"] * 4
LOOSE = [f"{text}, and back: it's old" for text in TEXTS]


def test_a_title_above_the_header_of_a_sheet(tmp_path: Path) -> None:
    rows = [f'1/2/2024,"{text}",{mood}' for text, mood in zip(LOOSE, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["Survey 2024,,", ",,", "When,What do you think?,Score", *rows]))
    texts, labels, account = read(tmp_path / "a.csv", label_column="Score")
    assert (texts, labels) == (LOOSE, MOODS)
    assert "before the header in line 3" in said(account)


@pytest.mark.parametrize(
    "titles", ["Reviews, 2024", "Reviews, made by Ann, Bob\n", "Reviews,2024,10 rows\n", "One, two\nthree, four"]
)
def test_titles_that_hold_the_delimiter(titles: str, tmp_path: Path) -> None:
    rows = [f'{n},"{text}",{mood}' for n, (text, mood) in enumerate(zip(LOOSE, MOODS, strict=True))]
    (tmp_path / "a.csv").write_text("\n".join([titles, "id,review,score", *rows]))
    texts, labels, account = read(tmp_path / "a.csv", label_column="score")
    assert (texts, labels) == (LOOSE, MOODS)
    assert "stands before the header" in said(account)


def test_a_row_with_a_usual_name_is_no_header(tmp_path: Path) -> None:
    rows = [f"{'pos' if n % 2 else 'neg'},{text}{', and so on' if n < 3 else ''}" for n, text in enumerate(TEXTS * 5)]
    (tmp_path / "a.csv").write_text("\n".join([*rows[:3], "neg,review", *rows[3:]]))
    assert len(read(tmp_path / "a.csv", column="2")[0]) == len(rows) + 1


@pytest.mark.parametrize("columns", [2, 3, 6])
def test_columns_that_pandas_counted(columns: int, tmp_path: Path) -> None:
    rows = [[text, str(n % 3), *[f"{n}.5"] * (columns - 2)] for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join([",".join(map(str, range(columns))), *map(",".join, rows)]))
    texts, labels, account = read(tmp_path / "a.csv", column="0", label_column="1")
    assert (texts, labels) == (TEXTS, [str(n % 3) for n in range(len(TEXTS))])
    assert read(tmp_path / "a.csv")[0] == TEXTS
    assert "column 2" not in said(account)


def test_rows_above_names_are_no_titles(tmp_path: Path) -> None:
    rows = [f"{mood},{text}" for text, mood in zip(TEXTS, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([*rows[:3], "title,review", *rows[3:]]))
    assert read(tmp_path / "a.csv", column="2")[0] == [*TEXTS[:3], "review", *TEXTS[3:]]


@pytest.mark.parametrize(("delimiter", "quote"), [(":", ""), (" ", '"')])
def test_delimiters_of_prose_need_a_header(delimiter: str, quote: str, tmp_path: Path) -> None:
    rows = [f"{mood}{delimiter}{quote}{text}{quote}" for text, mood in zip(TEXTS, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"label{delimiter}review", *rows]))
    assert read(tmp_path / "a.csv", label_column="label")[:2] == (TEXTS, MOODS)


def test_a_header_that_comes_again_and_drawn_lines_are_left_out(tmp_path: Path) -> None:
    rows = [f"{text};{mood}" for text, mood in zip(TEXTS, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["note;mood", "----;----", *rows[:6], "note;mood", *rows[6:]]))
    texts, labels, account = read(tmp_path / "a.csv", column="note", label_column="mood")
    assert (texts, labels) == (TEXTS, MOODS)
    assert account.left_out == {"a drawn line": 1, "header again": 1}


def test_a_header_of_unusual_names_that_comes_twice(tmp_path: Path) -> None:
    rows = [f"{text},{mood}" for text, mood in zip(TEXTS, ["art", "news"] * 6, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["note,topic", "note,topic", *rows]))
    texts, _, account = read(tmp_path / "a.csv", label_column="topic")
    assert texts == TEXTS
    assert account.left_out == {"header again": 1}


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_a_header_of_unusual_names_is_said(name: str, tmp_path: Path) -> None:
    tab = "\t" if name == "a.txt" else ","
    rows = [f"rare{tab}Great food", *(f"{'ab'[n % 2]}{tab}{text}" for n, text in enumerate(TEXTS))]
    (tmp_path / name).write_text("\n".join(rows))
    assert "the first row is read as a header (--no-header changes this)" in said(read(tmp_path / name)[2])
    with pytest.raises(
        UserError, match=r"no column 2; it has rare, Great food\. If the first row is no header, say --no-header"
    ):
        read(tmp_path / name, column="2", header=True)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("asked", ["How was it?", '"How was it,\nand why?"'])
@pytest.mark.parametrize("most", [3, 12])
def test_further_headers_of_qualtrics_are_left_out(most: int, name: str, asked: str, tmp_path: Path) -> None:
    rows = [["Start", "Q1"], ["Start", asked], [f'"{{""ImportId"":""{of}""}}"' for of in ("start", "QID1")]]
    rows += [[str(n), text] for n, text in enumerate(TEXTS[:most])]
    (tmp_path / name).write_text("\n".join(("," if name == "a.csv" else "\t").join(row) for row in rows))
    texts, _, account = read(tmp_path / name)
    assert texts == TEXTS[:most]
    assert account.left_out == {"a further header": 2}


@pytest.mark.parametrize("before", ["", "\n", "  \n"])
@pytest.mark.parametrize("names", [["id", "text", "label"], ["nr", "meinung", "wert"]])
@pytest.mark.parametrize(("of_header", "of_rows"), [(",", ";"), (";", ","), (",", "\t"), ("\t", "|")])
def test_a_header_with_another_delimiter_than_the_rows(
    of_header: str, of_rows: str, names: list[str], before: str, tmp_path: Path
) -> None:
    texts = [f"{text}, and back" if of_rows != "," and n % 4 == 0 else text for n, text in enumerate(TEXTS)]
    rows = [of_header.join(names), *(of_rows.join([str(n), text, "ab"[n % 2]]) for n, text in enumerate(texts))]
    for path, delimiter in ((tmp_path / "a.csv", None), (tmp_path / "a.csv", of_rows), (tmp_path / "a.tsv", None)):
        path.write_text(before + "\n".join(rows))
        found, labels, account = read(path, label_column=names[2], delimiter=delimiter)
        assert (found, labels) == (texts, ["a", "b"] * 6)
        assert "in the header by" in said(account)


@pytest.mark.parametrize(
    ("header", "row", "text"),
    [("label,text", "{n};{text}, {text}", "{text}, {text}"), ("text;label", "{text}; {text},{mood}", "{text}; {text}")],
)
def test_text_with_the_delimiter_of_another_header(header: str, row: str, text: str, tmp_path: Path) -> None:
    given = [dict(n=n % 3, text=text, mood=MOODS[n]) for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join([header, *(row.format(**each) for each in given)]))
    texts, labels, account = read(tmp_path / "a.csv", label_column="label")
    assert texts == [text.format(**each) for each in given]
    assert set(labels) == ({*"012"} if header.startswith("label") else {*MOODS})
    assert "in the header by" in said(account)


def test_a_header_with_the_delimiter_of_its_rows_is_kept_whatever_their_text_holds(tmp_path: Path) -> None:
    rows = [f"{text} {n},{n}; {n} times; {text}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["text,note", *rows]))
    assert read(tmp_path / "a.csv", column="note")[0] == [row.partition(",")[2] for row in rows]


@pytest.mark.parametrize("index", ["", "id"])
def test_names_of_columns_in_several_rows_of_pandas(index: str, tmp_path: Path) -> None:
    rows = [",text,label", ",first,last", *([f"{index},,"] if index else [])]
    rows += [f"{n},{text},{MOODS[n]}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    texts, labels, account = read(tmp_path / "a.csv", label_column="label")
    assert (texts, labels) == (TEXTS, MOODS)
    assert account.left_out == {"a further header": 2 if index else 1}


@pytest.mark.parametrize("before", ["\n", "  \n", "\ufeff\n\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_empty_lines_above_the_header(delimiter: str, before: str, tmp_path: Path) -> None:
    rows = [["id", "text", "label"], *([str(n), text, MOODS[n]] for n, text in enumerate(TEXTS))]
    (tmp_path / "a.csv").write_text(before + "\n".join(map(delimiter.join, rows)))
    assert read(tmp_path / "a.csv", label_column="label")[:2] == (TEXTS, MOODS)


@pytest.mark.parametrize(
    "header", ['"What do you like?\nPlease say, in\nyour, words","stars","date"', '"Review\n(yours)",stars,date']
)
def test_a_header_of_several_lines(header: str, tmp_path: Path) -> None:
    rows = [f'"{text}, and\nback","{n % 5}","2020-01-01"' for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    texts, labels, _ = read(tmp_path / "a.csv", column=header.split('"')[1], label_column="stars")
    assert (texts, labels) == ([f"{text}, and\nback" for text in TEXTS], [str(n % 5) for n in range(12)])
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert read(tmp_path / "a.csv", header=False)[0] == texts


@pytest.mark.parametrize("title", ["Survey 2020", '"My export","",""', "My export,,"])
def test_a_title_above_names_in_another_language(title: str, tmp_path: Path) -> None:
    rows = [title, '"nr","meinung","wert"', *(f'"{n}","{text}","{n % 2}"' for n, text in enumerate(TEXTS))]
    for delimiter in (None, ","):
        (tmp_path / "a.csv").write_text("\n".join(rows))
        assert read(tmp_path / "a.csv", column="meinung", label_column="wert", delimiter=delimiter)[0] == TEXTS


@pytest.mark.parametrize("kinds", [",Open-Ended Response,Response", ",Open-Ended Response,Very good"])
def test_the_kinds_of_answers_of_surveymonkey_are_no_row(kinds: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["text", "Response", *TEXTS]))
    assert read(tmp_path / "a.csv")[0] == ["Response", *TEXTS]
    rows = ["Respondent,What do you think?,How good?", kinds]
    rows += [f"{n},{text},{n % 5}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    texts, labels, account = read(tmp_path / "a.csv", label_column="How good?")
    assert (texts, set(labels)) == (TEXTS, {*"01234"})
    assert account.left_out == {"a further header": 1}


@pytest.mark.parametrize(
    "row", ["a{n};Mar {n}, 2020;{text}, and back", "a{n};2,5{n};{text}, 1", "a{n}|1,{n}|{text}, and, back"]
)
def test_equal_numbers_of_commas_in_rows_make_no_title_of_a_header(row: str, tmp_path: Path) -> None:
    texts = [row.format(n=n, text=text).replace("|", ";").split(";")[2] for n, text in enumerate(TEXTS)]
    header = "user;seen;text".replace(";", "|" if "|" in row else ";")
    (tmp_path / "a.csv").write_text("\n".join([header, *(row.format(n=n, text=text) for n, text in enumerate(TEXTS))]))
    assert read(tmp_path / "a.csv", column="text")[0] == texts


@pytest.mark.parametrize("line", ["{text}\t", "old{n}, boats, wild{n}y"])
def test_a_header_of_one_name_is_no_title(line: str, tmp_path: Path) -> None:
    path = tmp_path / ("a.tsv" if "\t" in line else "a.csv")
    lines = [line.format(n=n, text=text) for n, text in enumerate(TEXTS)]
    path.write_text("\n".join(["text", *lines]))
    assert read(path)[0] == [line.rstrip() for line in lines]


def test_a_header_with_another_delimiter_is_no_title(tmp_path: Path) -> None:
    rows = [
        "topic|text|label",
        "sport,the first one,a",
        *(f"{'news' if n % 2 else 'art'},{t},{'ab'[n % 2]}" for n, t in enumerate(TEXTS)),
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert read(tmp_path / "a.csv", column="text")[0] == ["the first one", *TEXTS]
