"""Tables with rare delimiters and quotes, and lines that look like tables and are read as sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.corpora.test_tables import TEXTS, read, said

MOODS = ["-1", "0", "1"] * 4
LOOSE = [f"{text}, and back: it's old" for text in TEXTS]


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
@pytest.mark.parametrize("escape", ["''", "\\'", "'"])
@pytest.mark.parametrize("headed", [True, False])
def test_fields_in_single_quotes(name: str, escape: str, headed: bool, tmp_path: Path) -> None:
    rows = [f"'{text.replace(chr(39), escape)}','{mood}'" for text, mood in zip(LOOSE, MOODS, strict=True)]
    (tmp_path / name).write_text("\n".join(["text,label"] * headed + rows))
    texts, labels, account = read(tmp_path / name, label_column="label" if headed else "2")
    assert (texts, labels) == (LOOSE, MOODS)
    assert "single quotes" in said(account)


def test_sentences_that_begin_with_an_apostrophe_keep_it(tmp_path: Path) -> None:
    texts = [f"'tis {text}, and 'twas so" for text in TEXTS]
    (tmp_path / "a.csv").write_text("\n".join(["note", *texts]))
    assert read(tmp_path / "a.csv", column="note")[0] == texts


@pytest.mark.parametrize("delimiter", ["^", "~", "\x01", "\x1f", "¦"])
@pytest.mark.parametrize("headed", [True, False])
def test_rare_delimiters_are_recognized(delimiter: str, headed: bool, tmp_path: Path) -> None:
    rows = [f"{mood}{delimiter}{text}" for text, mood in zip(LOOSE, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"mood{delimiter}note"] * headed + rows), encoding="utf-8")
    texts, labels, account = read(tmp_path / "a.csv", label_column="mood" if headed else "1")
    assert (texts, labels) == (LOOSE, MOODS)
    assert "columns are separated by" in said(account)
    (tmp_path / "a.csv").rename(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt", label_column="mood" if headed else "1")[0] == LOOSE


@pytest.mark.parametrize(("delimiter", "quote"), [(":", ""), (" ", '"')])
def test_delimiters_of_prose_need_a_header(delimiter: str, quote: str, tmp_path: Path) -> None:
    rows = [f"{mood}{delimiter}{quote}{text}{quote}" for text, mood in zip(TEXTS, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"label{delimiter}review", *rows]))
    assert read(tmp_path / "a.csv", label_column="label")[:2] == (TEXTS, MOODS)


@pytest.mark.parametrize("separator", [":", "#", "::", "|||", "+++$+++", ",", ";"])
@pytest.mark.parametrize("form", ["{text}{separator}{mood}", "{mood}{separator}{text}"])
def test_classes_in_lines_are_asked_about(separator: str, form: str, tmp_path: Path) -> None:
    words = zip([f"{chr(97 + n)} {text}" for n, text in enumerate(LOOSE)], MOODS, strict=True)
    lines = [form.format(text=text, separator=separator, mood=mood) for text, mood in words]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    texts, _, account = read(tmp_path / "a.txt")
    assert texts == lines
    assert f"if columns are separated by {separator}" in said(account)
    assert ("--delimiter" if len(separator) == 1 else "put a tab") in said(account)


@pytest.mark.parametrize(
    "line",
    ["note {n}: the boat sails at 10:30", "Well, {n} boats, and so on", "we wait; it rains; {n}th day", "the end, it's {n}."],
)
@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_prose_is_no_table_and_nothing_is_asked(line: str, name: str, tmp_path: Path) -> None:
    lines = [line.format(n=n) + " again" * (n % 3) for n in range(40)]
    (tmp_path / name).write_text("\n".join(lines))
    texts, labels, account = read(
        tmp_path / name, header=False if name == "a.csv" else None, column="1" if name == "a.csv" else None
    )
    if name == "a.txt":
        assert (texts, set(labels), account.found) == (lines, {None}, [])
    else:
        assert len(texts) == 40


def test_columns_of_a_fixed_width_are_said(tmp_path: Path) -> None:
    for rows in (
        [f"{text:60}{mood:>4}" for text, mood in zip(TEXTS, MOODS, strict=True)],
        [f"{mood:6}{text}" for text, mood in zip(TEXTS, MOODS, strict=True)],
    ):
        for name in ("a.txt", "a.csv"):
            (tmp_path / name).write_text("\n".join(rows))
            assert "fixed width" in said(read(tmp_path / name)[2])
    (tmp_path / "a.txt").write_text("\n".join(f"{text}.  It waits.  1" + " more" * (n % 5) for n, text in enumerate(TEXTS)))
    assert not read(tmp_path / "a.txt")[2].found


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([part for n in range(9) for part in (str(n), "00:00:01,000 --> 00:00:02,000", "Hello there", "")], "subtitles"),
        (["boat", "sails", "home"] * 9, "single word"),
        (
            ["It rained all day. The boat", "was late, and so we had to", "wait for it. Nobody came."] * 9,
            "go on in the next line",
        ),
    ],
)
def test_lines_that_are_no_sentences_are_said(lines: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert sentence in said(read(tmp_path / "a.txt")[2])


def test_a_header_that_comes_again_and_drawn_lines_are_left_out(tmp_path: Path) -> None:
    rows = [f"{text};{mood}" for text, mood in zip(TEXTS, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["note;mood", "----;----", *rows[:6], "note;mood", *rows[6:]]))
    texts, labels, account = read(tmp_path / "a.csv", column="note", label_column="mood")
    assert (texts, labels) == (TEXTS, MOODS)
    assert account.left_out == {"a drawn line": 1, "header again": 1}


def test_delimiters_at_the_end_of_rows_are_no_columns(tmp_path: Path) -> None:
    rows = [f'"{text}",{mood},' for text, mood in zip(LOOSE, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["note,mood", *rows]))
    assert read(tmp_path / "a.csv", label_column="mood")[:2] == (LOOSE, MOODS)


@pytest.mark.parametrize("quote", ['"', ""])
def test_names_of_rows_as_r_writes_them(quote: str, tmp_path: Path) -> None:
    rows = [f'{quote}{n}{quote},"{text}",{mood}' for n, (text, mood) in enumerate(zip(LOOSE, MOODS, strict=True), 1)]
    (tmp_path / "a.csv").write_text("\n".join(['"note","mood"', *rows]))
    texts, labels, account = read(tmp_path / "a.csv", label_column="mood")
    assert (texts, labels) == (LOOSE, MOODS)
    assert "row name" in said(account)


def test_a_second_tab_belongs_to_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join([*(f"{n % 2}\t{text}" for n, text in enumerate(TEXTS)), "1\tsails\thome"]))
    texts, labels, _ = read(tmp_path / "a.txt")
    assert texts[-1].split() == ["sails", "home"]
    assert labels[-1] == "1"


@pytest.mark.parametrize("text", ["старая лодка {} плывёт домой", "我们喜欢花园{}我们喜欢汤", "η παλιά βάρκα {} γυρίζει σπίτι"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_in_any_script(text: str, encoding: str, tmp_path: Path) -> None:
    texts = [text.format(number) for number in range(60)]
    (tmp_path / "a.txt").write_bytes("\r\n".join(texts).encode(encoding))
    found, _, account = read(tmp_path / "a.txt")
    assert found == texts
    assert encoding in said(account)
