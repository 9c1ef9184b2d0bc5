"""Tables whose quotes are only text, and rows without a header whose text holds the delimiter: no row is lost or merged."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from dgvae.errors import UserError
from tests.train.corpora.test_tables import read, said

TEXTS = [f"the boat number {number} sails home" for number in range(60)]
OPENS = 5  # the row whose text opens a quote


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize("gap", [1, 3])
@pytest.mark.parametrize(
    ("header", "others"),
    [("id,text,label", "number class"), ("user,text", "name"), ("text,user", "name"), ("label,text", "class"), ("", "name")],
)
def test_a_quote_that_another_row_closes_merges_no_rows(
    delimiter: str, gap: int, header: str, others: str, tmp_path: Path
) -> None:
    column = {
        "number": [str(n) for n in range(60)],
        "class": ["good", "bad", "fair"] * 20,
        "name": [f"u{n}" for n in range(60)],
    }
    sides = [column[other] for other in others.split()]
    names = header.split(",")
    place = names.index("text") if header else 1
    texts = [*TEXTS]
    texts[OPENS], texts[OPENS + gap] = f'"{TEXTS[OPENS]}', f'{TEXTS[OPENS + gap]}"'
    sides.insert(place, texts)
    lines = [delimiter.join(names)] * bool(header) + [delimiter.join(cells) for cells in zip(*sides, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found, labels, account = read(
        tmp_path / "a.csv", column="text" if header else "2", label_column="label" if "label" in header else None
    )
    assert [text.strip('"') for text in found] == TEXTS
    assert "label" not in header or labels == column["class"]
    assert f"line {OPENS + 1 + bool(header)} opens a quote" in said(account)


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("header", ["id,label,text", "label,text", "text,label", "text,label,id", "id,text"])
@pytest.mark.parametrize("commas", [(1,), (2,), (1, 2, 3)])
def test_a_quotation_over_rows_whose_text_holds_the_delimiter_merges_none(
    delimiter: str, header: str, commas: tuple[int, ...], tmp_path: Path
) -> None:
    texts = [f"{text}{delimiter} or so" if n % 4 == 0 else text for n, text in enumerate(TEXTS)]
    for n, text in enumerate(['"I went home', "It rained", "I slept", 'He said no"'], 1):
        texts[OPENS + n] = text + f"{delimiter} tired" * (n in commas)
    sides = {"id": [str(n) for n in range(60)], "label": ["good", "bad"] * 30, "text": texts}
    rows = zip(*(sides[name] for name in header.split(",")), strict=True)
    (tmp_path / "a.csv").write_text("\n".join([header.replace(",", delimiter), *map(delimiter.join, rows)]))
    found, labels, _ = read(tmp_path / "a.csv", column="text", label_column="label" if "label" in header else None)
    assert [text.replace('"', "") for text in found] == [text.replace('"', "") for text in texts]
    assert "label" not in header or labels == sides["label"]


@pytest.mark.parametrize(
    ("cell", "beside"),
    [
        ("There in May, 2019\nand fine", "7"),
        ("It cost 1,200\nand broke", "7"),
        ("a list:\na;b\nc;d", "Bob"),
        ("a,b\nc,d", "Bob"),
    ],
)
def test_cells_of_two_lines_that_look_like_rows_stay_whole_where_quotes_protect(cell: str, beside: str, tmp_path: Path) -> None:
    for delimiter in ",;":
        file = io.StringIO()
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows(
            [["text", "beside"], *([f"{text}, or; so", f"{beside}{n}"] for n, text in enumerate(TEXTS)), [cell, beside]]
        )
        (tmp_path / "a.csv").write_text(file.getvalue())
        assert read(tmp_path / "a.csv", column="text")[0][-1] == cell


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_first_row_without_a_header_may_hold_the_delimiter(delimiter: str, is_first: bool, tmp_path: Path) -> None:
    """As in 10kGNAD: the usual rows say how many columns there are, and not the first one."""
    texts = [f"{text}{delimiter} or so" if n % 4 == 0 else text for n, text in enumerate(TEXTS)]
    moods = ["pos", "neg"] * 30
    pairs = zip(moods, texts, strict=True) if is_first else zip(texts, moods, strict=True)
    (tmp_path / "a.csv").write_text("\n".join(map(delimiter.join, pairs)))
    for given in (None, delimiter):
        found, labels, account = read(tmp_path / "a.csv", label_column="1" if is_first else "2", delimiter=given)
        assert (found, labels) == (texts, moods)
        assert not account.left_out
        assert "holds the delimiter without quotes" in said(account)


@pytest.mark.parametrize("share", [2, 3, 5])
@pytest.mark.parametrize("beside", [["class"], ["number", "date"], ["date"]])
@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("rows", [12, 60])
def test_text_that_holds_the_delimiter_more_often_than_not(
    share: int, beside: list[str], delimiter: str, rows: int, tmp_path: Path
) -> None:
    more = [f"{delimiter} or so" * (n % share != 1) + f"{delimiter} yes" * (n % 4 == 0) for n in range(60)]
    texts = [text + rest for text, rest in zip(TEXTS, more, strict=True)]
    dates = [f"2024-01-{n % 20 + 10}" for n in range(60)]
    column = {"number": "12345" * 12, "class": ["good", "bad", "fair"] * 20, "date": dates}
    lines = [delimiter.join(cells) for cells in zip(texts, *(column[name] for name in beside), strict=True)][:rows]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    for given in (None, delimiter):
        assert read(tmp_path / "a.csv", delimiter=given)[0] == texts[:rows]


def test_an_odd_first_row_of_many_names_hides_no_columns(tmp_path: Path) -> None:
    lines = [f"user{n},{text}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["user,well, so it goes", *lines]))
    found, _, account = read(tmp_path / "a.csv", column="2")
    assert found == TEXTS
    assert account.left_out == {"with another number of columns": 1}


def test_the_rest_of_a_text_with_a_comma_is_no_row(tmp_path: Path) -> None:
    lines = [f"{['pos', 'neg'][n % 2]},{text}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["label,text", *lines, "Well then, we left."]))
    found, labels, account = read(tmp_path / "a.csv", label_column="label")
    assert (found, {*labels}) == (TEXTS, {"pos", "neg"})
    assert account.left_out == {"with another number of columns": 1}


def test_lines_in_quotes_as_a_whole_below_a_plain_header_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *(f'"""{text}"",pos"' for text in TEXTS)]))
    with pytest.raises(UserError, match="in quotes as a whole"):
        read(tmp_path / "a.csv")


def test_single_quotes_around_what_needs_them(tmp_path: Path) -> None:
    texts = [f"{text}; it''s late" if n % 4 == 0 else text for n, text in enumerate(TEXTS)]
    lines = [f"{'good' if n % 2 else 'bad'};" + (f"'{text}'" if ";" in text else text) for n, text in enumerate(texts)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found, labels, account = read(tmp_path / "a.csv", label_column="1")
    assert found == [text.replace("''", "'") for text in texts]
    assert set(labels) == {"good", "bad"}
    assert "single quotes" in said(account)


def test_a_header_in_any_language_is_told_by_classes_or_by_the_columns_named(tmp_path: Path) -> None:
    texts = [f"{text}, really" if n % 2 else text for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text(
        "\n".join(["评论,标签", *(f"{text},{n % 3}" for n, text in enumerate(texts))]), encoding="utf-8"
    )
    for names in ({}, {"label_column": "标签"}, {"column": "评论"}):
        assert read(tmp_path / "a.csv", **names)[0] == texts


def test_prose_with_a_comma_in_every_line_is_no_table(tmp_path: Path) -> None:
    lines = [f"{['Well', 'Yes'][n % 2]}, {text}" + ", or so" * (n % 3) for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    assert read(tmp_path / "a.csv")[0] == lines


def test_a_file_of_which_most_rows_do_not_fit_is_refused(tmp_path: Path) -> None:
    lines = ["a talk of two", "", *(f"9:00\tAnn\t{text}" if n % 9 else "2024/01/05 (Fri)" for n, text in enumerate(TEXTS))]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    with pytest.raises(UserError, match=r"1 column by its first row, and 53 of its 60 rows have another number; say what"):
        read(tmp_path / "a.txt")
