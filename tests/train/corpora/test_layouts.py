"""Tables with rare delimiters and quotes, and lines that look like tables and are read as sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgvae.errors import UserError
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


@pytest.mark.parametrize("frame", ["| {} | {} |", "{} | {}"])
def test_tables_drawn_with_bars(frame: str, tmp_path: Path) -> None:
    rows = ["+-----+---+", frame.format("text", "label"), "|----:|---|"]
    rows += [frame.format(text, mood) for text, mood in zip(LOOSE, MOODS, strict=True)]
    (tmp_path / "a.txt").write_text("\n".join([*rows, "+-----+---+"]))
    texts, labels, account = read(tmp_path / "a.txt", column="text", label_column="label")
    assert ([text.strip() for text in texts], labels) == (LOOSE, MOODS)
    assert set(account.left_out) == {"a drawn line"}


def test_a_table_of_r_with_spaces(tmp_path: Path) -> None:
    rows = [f'"{n}" "{text}" {mood}' for n, (text, mood) in enumerate(zip(LOOSE, MOODS, strict=True), 1)]
    (tmp_path / "a.txt").write_text("\n".join(['"text" "label"', *rows]))
    assert read(tmp_path / "a.txt", label_column="label")[:2] == (LOOSE, MOODS)


@pytest.mark.parametrize("delimiter", ["，", "；", "؛"])
def test_delimiters_of_other_scripts(delimiter: str, tmp_path: Path) -> None:
    rows = [f"{text}{delimiter}{mood}" for text, mood in zip(LOOSE, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"text{delimiter}label", *rows]), encoding="utf-8")
    assert read(tmp_path / "a.csv", label_column="label")[:2] == (LOOSE, MOODS)
    (tmp_path / "a.csv").write_text("\n".join(row.replace(",", "") for row in rows), encoding="utf-8")
    assert f"separated by {delimiter}" in said(read(tmp_path / "a.csv", header=False)[2])


def test_lines_that_are_quoted_whole_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(['"text,label"', *(f'"{t},{m}"' for t, m in zip(TEXTS, MOODS, strict=True))]))
    assert "each line stands in quotes, and so has one column" in said(read(tmp_path / "a.csv")[2])


def test_numbers_of_lines_are_no_labels(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"{n}\t{text}" for n, text in enumerate(TEXTS)))
    texts, labels, account = read(tmp_path / "a.txt")
    assert (texts, set(labels)) == (TEXTS, {None})
    assert "no label" in said(account)


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
    lines = [f"{chr(97 + n % 26)}y {line.format(n=n)}" + " again" * (n % 3) for n in range(40)]
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
        ([f"-1 {n}:0.5 7:1" for n in range(20)] + [f"1 {n}:0.5 7:1" for n in range(20)], "no words"),
        ([f"[2020-01-{n:02} 10:00] The boat is late" for n in range(1, 20)], "begin with [0-0-0 0:0] (0 for any number)"),
        ([f'- "{text}"' for text in TEXTS], 'begin with - ", which is read as text'),
        (
            ["It rained all day. The boat", "was late, and so we had to", "wait for it. Nobody came."] * 9,
            "go on in the next line",
        ),
    ],
)
def test_lines_that_are_no_sentences_are_said(lines: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert sentence in said(read(tmp_path / "a.txt")[2])


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


@pytest.mark.parametrize("name", ["row", ""])
@pytest.mark.parametrize("header", ["note,mood", "note,mood,n"])
@pytest.mark.parametrize(("delimiter", "quote"), [("\t", ""), ("\t", '"'), (",", '"')])
def test_names_of_rows_that_were_chosen_or_sorted(name: str, header: str, delimiter: str, quote: str, tmp_path: Path) -> None:
    rows = [
        delimiter.join([f"{name}{7 * n % 50}", f"{quote}{text}{quote}", mood, f"{n}"][: header.count(",") + 2])
        for n, (text, mood) in enumerate(zip(LOOSE, MOODS, strict=True))
    ]
    (tmp_path / "a.tsv").write_text("\n".join([header.replace(",", delimiter), *rows]))
    texts, labels, account = read(tmp_path / "a.tsv", label_column="mood")
    assert (texts, labels) == (LOOSE, MOODS)
    assert "row name" in said(account)


def test_names_of_rows_beside_one_column(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("\n".join(["note", *(f"{7 * n % 50}\t{text}" for n, text in enumerate(LOOSE))]))
    texts, _, account = read(tmp_path / "a.tsv")
    assert texts == LOOSE
    assert "row name" in said(account)
    assert "no words" not in said(account)


@pytest.mark.parametrize("name", ["id", "tweet_id", "sentenceId", "qid", "nr"])
def test_a_last_column_without_a_name_makes_no_names_of_rows(name: str, tmp_path: Path) -> None:
    rows = [f'{7 * n % 50},"{text}",x{n}' for n, text in enumerate(LOOSE)]
    (tmp_path / "a.csv").write_text("\n".join([f"{name},note", *rows]))
    with pytest.raises(UserError, match="2 columns by its first row"):
        read(tmp_path / "a.csv", column="note")


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_delimiter_in_every_text_makes_no_names_of_rows(delimiter: str, tmp_path: Path) -> None:
    texts = [f"the boat {n}{delimiter} or so" for n in range(12)]
    for header, form in (("id,note", "{n},{text}"), ("note,mood", "{text},{mood}")):
        rows = [form.replace(",", delimiter).format(n=n, text=text, mood="ab"[n % 2]) for n, text in enumerate(texts)]
        (tmp_path / "a.csv").write_text("\n".join([header.replace(",", delimiter), *rows]))
        assert read(tmp_path / "a.csv", column="note")[0] == texts


def test_a_second_tab_belongs_to_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join([*(f"{n % 2}\t{text}" for n, text in enumerate(TEXTS)), "1\tsails\thome"]))
    texts, labels, _ = read(tmp_path / "a.txt")
    assert texts[-1].split() == ["sails", "home"]
    assert labels[-1] == "1"


@pytest.mark.parametrize("form", ['"{}",{}', '{1},"{0}"', '{1},"{0}",x'])
@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('{}.\nThe waiter, Bob, said \\"never again\\"', '{}.\nThe waiter, Bob, said "never again"'),
        ('the \\"{}\\", he\nsaid again, \\"never\\"', 'the "{}", he\nsaid again, "never"'),
        ('{}.\nHe said ""never again""', '{}.\nHe said "never again"'),
        ("{}, 1\nand back", "{}, 1\nand back"),
    ],
)
def test_quotes_within_cells_of_several_lines(form: str, cell: str, text: str, tmp_path: Path) -> None:
    header = {'"{}",{}': "text,label", '{1},"{0}"': "label,text", '{1},"{0}",x': "label,text,place"}[form]
    rows = [form.format(cell.format(sentence), mood) for sentence, mood in zip(TEXTS, MOODS, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    texts, labels, account = read(tmp_path / "a.csv", column="text", label_column="label")
    assert (texts, labels) == ([text.format(sentence) for sentence in TEXTS], MOODS)
    assert "quote" not in said(account)


def test_quotes_after_a_backslash_in_a_cell_without_quotes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *(f'the \\"{text}\\",{n % 2}' for n, text in enumerate(TEXTS))]))
    assert read(tmp_path / "a.csv", column="text")[0] == [f'the "{text}"' for text in TEXTS]


@pytest.mark.parametrize("within", [";", "|", "\t"])
def test_delimiters_that_all_quoted_texts_hold_separate_nothing(within: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(f'{n % 2},"{text}{within} and back"' for n, text in enumerate(TEXTS)))
    assert read(tmp_path / "a.csv", label_column="1")[:2] == ([f"{text}{within} and back" for text in TEXTS], ["0", "1"] * 6)


@pytest.mark.parametrize("line", ["wavs/LJ001-{n}.wav|{text}", "{text}|2020-01-01|1|de"])
def test_bars_in_every_line_are_asked_about(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(line.format(n=n, text=text) for n, text in enumerate(TEXTS)))
    assert "say --delimiter '|'" in said(read(tmp_path / "a.txt")[2])
    assert read(tmp_path / "a.txt", delimiter="|")[0] == TEXTS


@pytest.mark.parametrize("text", ["{text} |", "{text} ||| the house is old", "Once again, {text}"])
def test_signs_of_columns_in_prose_are_not_asked_about(text: str, tmp_path: Path) -> None:
    for name, quote in (("a.txt", ""), ("a.csv", '"')):
        lines = [f"{quote}{text.format(text=line)}{quote}" for line in TEXTS]
        (tmp_path / name).write_text("\n".join(["text" if quote else lines[0], *lines]))
        assert "--delimiter" not in (notes := said(read(tmp_path / name)[2]))
        assert "each line stands in quotes" not in notes
