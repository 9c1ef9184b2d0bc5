"""Files as spreadsheets, exports and published data sets have them: how they are written is found out, and nothing is lost."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.delimited import rows_of
from train.corpora.line_ends import LONGEST
from train.corpora.markup import cleaned
from train.corpora.reading import Reading, read_text

TEXTS = [f"the boat number {number} sails home" for number in range(12)]


def read(path: Path, **how) -> tuple[list[str], list[str | None], Account]:
    account = Account()
    found = list(read_text(path, Reading(**how), account))
    return [text for text, _, _ in found], [label for _, label, _ in found], account


def said(account: Account) -> str:
    return "; ".join(account.found)


def table(delimiter: str, names: tuple[str, str] | None, end: str = "\n") -> str:
    rows = [names] if names else []
    rows += [(str(number % 3 - 1), text) for number, text in enumerate(TEXTS)]
    return end.join(map(delimiter.join, rows)) + end


@pytest.mark.parametrize(
    ("delimiter", "before", "end", "name"),
    [(";", "", "\r\n", "a.csv"), ("\t", "", "\n", "a.csv"), ("\t", "", "\n", "a.tsv"), ("|", "", "\r", "a.csv"),
     ("^", "sep=^\n", "\n", "a.csv"), ("\t", "", "\n", "a.txt")],
)  # fmt: skip
def test_the_delimiter_is_found(delimiter: str, before: str, end: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(before + table(delimiter, ("mood", "note"), end), newline="")
    texts, labels, account = read(tmp_path / name, label_column="mood" if name != "a.txt" else None)
    assert texts == TEXTS
    assert name == "a.txt" or labels == ["-1", "0", "1"] * 4
    assert not account.left_out
    assert "columns are separated by" in said(account)


def test_a_file_without_a_header_loses_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for row in ("3,{}", "sport,{}"):
        path.write_text("".join(row.format(f'"{text}"\n') for text in TEXTS))
        texts, _, account = read(path)
        assert texts == TEXTS
        assert "the first row is not a header" in said(account)
    path.write_text("\n".join(TEXTS))
    assert read(path)[0] == TEXTS
    path.write_text(table(",", ("mood", "note")))
    assert read(path)[0] == TEXTS
    assert read(path, header=False, column="2")[0] == ["note", *TEXTS]
    path.write_text(table(",", None))
    assert read(path, header=True)[0] == TEXTS[1:]


@pytest.mark.parametrize(
    "broken",
    ['"the lamp is old,1', 'the lamp is old,"1', '"the lamp is old,"1"'],
)
def test_an_open_quote_is_named_and_swallows_nothing(broken: str, tmp_path: Path) -> None:
    rows = [f'"{text}",{number % 2}' for number, text in enumerate(TEXTS)]
    for others in (rows, [row.replace('"', "") for row in rows]):
        path = tmp_path / "a.csv"
        path.write_text("\n".join(["note,mood", *others[:4], broken, *others[4:]]))
        texts, labels, account = read(path, column="note", label_column="mood")
        assert texts == [*TEXTS[:4], "the lamp is old", *TEXTS[4:]]
        assert labels == [*"0101", "1", *"01010101"]
        assert "line 6 opens a quote" in said(account)


def test_quotes_that_close_hold_lines_and_delimiters(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = 'note,mood\n"one,\nor ""two"",\nor three",1\n"he said \\"no\\", twice",0\nsix 5" nails,1\n'
    path.write_text(good + "".join(f"{text},1\n" for text in TEXTS))
    texts, _, account = read(path, column="note")
    assert texts[:3] == ['one,\nor "two",\nor three', 'he said "no", twice', 'six 5" nails']
    assert not account.left_out
    assert not account.found


def test_quotes_behind_a_backslash_do_not_end_a_cell_of_several_lines(tmp_path: Path) -> None:
    """As Spark writes them, and pandas with escapechar."""
    rows = [f'"The {text} was \\"fine\\", really.\nWe would come again.",{"ab"[n % 2]}' for n, text in enumerate(TEXTS)]
    (tmp_path / "a.csv").write_text("\n".join(["note,mood", *rows, '"in C:\\dir\\",a']))
    texts, labels, account = read(tmp_path / "a.csv", column="note", label_column="mood")
    assert texts[:1] == [f'The {TEXTS[0]} was "fine", really.\nWe would come again.']
    assert len(texts) == len(TEXTS) + 1
    assert set(labels) == {"a", "b"}
    assert not account.left_out


def test_a_null_of_databases_is_missing(tmp_path: Path) -> None:
    null = "\\N"
    rows = [f"{text}\t{null if n < 3 else n % 2}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.tsv").write_text("\n".join(["note\tmood", *rows, f"{null}\t1"]))
    _, labels, account = read(tmp_path / "a.tsv", column="note", label_column="mood")
    assert set(labels) == {"0", "1"}
    assert sum(account.left_out.values()) == 4


CELLS = st.text(st.sampled_from('ab ,;"\n'))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    lines = written.getvalue().removesuffix("\n").split("\n")
    assert [row.cells for row in rows_of(enumerate(lines), ",")] == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_are_recognized(encoding: str, end: str, tmp_path: Path) -> None:
    texts = [f"{text}, à l’été “doux”" for text in TEXTS]
    (tmp_path / "a.txt").write_bytes(end.join(texts).encode(encoding))
    found, _, account = read(tmp_path / "a.txt")
    assert found == texts
    assert ("encoding" in said(account)) == (not encoding.startswith("utf-8"))


def test_an_encoding_that_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    texts = [f"старая лодка {number} плывёт домой" for number in range(9)]
    (tmp_path / "a.txt").write_bytes("\n".join(texts).encode("koi8-r"))
    with pytest.raises(UserError, match=r"name it with --encoding"):
        read(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt", encoding="koi8-r")[0] == texts
    for name in ("klingon", "hex", "rot13"):  # the last two are no encodings of text
        with pytest.raises(UserError, match=f"There is no encoding '{name}'"):
            read(tmp_path / "a.txt", encoding=name)


RECORDS = [{"note": text, "mood": number % 2} for number, text in enumerate(TEXTS)]


SHAPES = {
    "indented": json.dumps(RECORDS, indent=1),
    "one long line": json.dumps([*RECORDS, {"note": " " * LONGEST}]),
    "nested": json.dumps({"rows": RECORDS}),
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "texts": json.dumps(TEXTS),
    "columns": json.dumps({"note": TEXTS, "mood": [0] * 12}),
    "columns of pandas": json.dumps({"note": {str(i): text for i, text in enumerate(TEXTS)}}),
    "late": "\n".join([*(json.dumps({"number": number}) for number in range(3000)), *map(json.dumps, RECORDS)]),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ending", [".json", ".jsonl"])
def test_json_of_every_shape(shape: str, ending: str, tmp_path: Path) -> None:
    (tmp_path / f"a{ending}").write_text(SHAPES[shape])
    texts, _, account = read(tmp_path / f"a{ending}")
    assert texts == TEXTS
    assert sum(account.left_out.values()) in (0, 1, 3000)


def test_of_parquet_only_what_is_needed_is_read_and_classes_keep_their_names(tmp_path: Path) -> None:
    far = pa.array([2**62] * len(TEXTS), pa.timestamp("us"))
    with pytest.raises((ValueError, OverflowError)):
        far.to_pylist()
    data = pa.table({"note": TEXTS, "when": far, "mood": [0, 1] * 6, "day": [datetime.date(2020, 1, 1)] * 12})
    features = {"info": {"features": {"mood": {"names": ["sad", "glad"], "_type": "ClassLabel"}}}}
    parquet.write_table(data.replace_schema_metadata({"huggingface": json.dumps(features)}), tmp_path / "a.parquet")
    texts, labels, account = read(tmp_path / "a.parquet", label_column="mood")
    assert texts == TEXTS
    assert labels == ["0", "1"] * 6
    assert account.label_names == {"0": "sad", "1": "glad"}


def test_labels_of_lines_on_either_side_and_tabs_that_are_spaces(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{text}\t{'ab'[number % 2]}\n" for number, text in enumerate(TEXTS)))
    assert read(path)[:2] == (TEXTS, [*"ab"] * 6)
    path.write_text("".join(f"{'ab'[number % 2]}\t{text}\n" for number, text in enumerate(TEXTS)))
    assert read(path)[:2] == (TEXTS, [*"ab"] * 6)
    path.write_text("\n".join([*TEXTS, "two\twords"]))
    texts, labels, account = read(path)
    assert (texts[-1].split(), set(labels)) == (["two", "words"], {None})
    assert "tab" in said(account)


@pytest.mark.parametrize(
    ("text", "by_default", "all_clean"),
    [
        (r"late.\nWe left", "late. We left", "late. We left"),
        (r'''say \""yes\""''', 'say "yes"', 'say "yes"'),
        ("a <b>red</b> hat<br />&amp; gloves", "a <b>red</b> hat<br />&amp; gloves", "a red hat & gloves"),
        ('if a<b and c> d, <a href="x">go', 'if a<b and c> d, <a href="x">go', "if a<b and c> d, go"),
        (r"1 < 2 > 0, <unk> and <s>, C:\new, \nabla, R&D; x", None, None),
    ],
)
def test_markup_is_recognized_and_taken_away_if_asked(text: str, by_default: str | None, all_clean: str | None) -> None:
    assert cleaned(text, None) == (by_default or text)
    assert cleaned(text, True) == (all_clean or text)
    assert cleaned(text, False) == text


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("names", [("text", "label"), ("label", "text")])
def test_delimiters_without_quotes_stay_in_the_text(delimiter: str, names: tuple[str, str], tmp_path: Path) -> None:
    texts = [delimiter.join([text, *["and"] * (number % 4)]) for number, text in enumerate(TEXTS)]
    records = [{"text": text, "label": "ab"[number % 2]} for number, text in enumerate(texts)]
    rows = [delimiter.join(names), *(delimiter.join(record[name] for name in names) for record in records)]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    found, labels, account = read(tmp_path / "a.csv", label_column="label")
    assert (found, labels) == (texts, [*"ab"] * 6)
    assert "without quotes" in said(account)


@pytest.mark.parametrize("text", ['"Fine" said the cook', '"Fine" said the "good" cook', '"Fine food" said the "cook"'])
def test_a_quoted_word_at_the_beginning_keeps_its_quotes(text: str, tmp_path: Path) -> None:
    rows = ["note,mood", *(f"{line},1" for line in (text, *TEXTS))]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    texts, _, account = read(tmp_path / "a.csv", column="note")
    assert texts == [text, *TEXTS]
    assert not account.found


@pytest.mark.parametrize("delimiter", ["|", ";", ","])
def test_a_tsv_without_tabs_says_what_separates(delimiter: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(table(delimiter, ("mood", "note")))
    texts, labels, account = read(tmp_path / "a.tsv", label_column="mood")
    assert (texts, labels) == (TEXTS, ["-1", "0", "1"] * 4)
    assert "tabs" not in said(account)


def test_stray_quotes_of_a_tsv_swallow_no_row(tmp_path: Path) -> None:
    rows = [f"{text}\tle bateau {number}" for number, text in enumerate(TEXTS)]
    rows[2], rows[7] = f'"{rows[2]}', rows[7] + '"'
    (tmp_path / "a.tsv").write_text("\n".join(["english\tfrench", *rows]))
    assert read(tmp_path / "a.tsv", column="english")[0] == TEXTS


@pytest.mark.parametrize("missing", ["NA", "NaN", "NULL"])
def test_missing_cells_are_no_class_and_no_text_but_quoted_ones_are(missing: str, tmp_path: Path) -> None:
    rows = [f"{text},good" for text in TEXTS]
    (tmp_path / "a.csv").write_text("\n".join(["note,mood", f"lost,{missing}", f"{missing},good", f'"{missing}",good', *rows]))
    texts, labels, account = read(tmp_path / "a.csv", column="note", label_column="mood")
    assert texts == [missing, *TEXTS]
    assert set(labels) == {"good"}
    assert account.left_out == {"without mood": 1, "without note": 1}
    assert "missing" in said(account)


def test_a_guessed_header_of_one_column_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["Lovely", *TEXTS]))
    assert "read as a header" in said(read(tmp_path / "a.csv")[2])
    assert read(tmp_path / "a.csv", header=False)[0] == ["Lovely", *TEXTS]


@pytest.mark.parametrize("before", ["# made in 2021\n#\n", "Export of June\n\n", "# a, b, c and d\n"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_stands_before_the_header_is_skipped(before: str, delimiter: str, tmp_path: Path) -> None:
    rows = table(delimiter, ("label", "text"))
    (tmp_path / "a.csv").write_text(before + rows)
    texts, labels, account = read(tmp_path / "a.csv", label_column="label")
    assert (texts, labels) == (TEXTS, ["-1", "0", "1"] * 4)
    assert "before the header" in said(account)
    (tmp_path / "a.csv").write_text(rows.replace("label", "#label", 1))
    assert read(tmp_path / "a.csv", label_column="#label")[0] == TEXTS


@pytest.mark.parametrize("names", [("warnings", "items"), ("items", "held")])
def test_of_several_json_lists_the_longest_is_read_and_the_others_are_named(names: tuple[str, str], tmp_path: Path) -> None:
    content = {name: RECORDS if name == "items" else [{"note": "another"}] for name in names}
    (tmp_path / "a.json").write_text(json.dumps(content))
    texts, _, account = read(tmp_path / "a.json")
    assert texts == TEXTS
    assert f"not {next(name for name in names if name != 'items')}" in said(account)


def test_two_parquet_columns_of_one_name_are_refused_where_they_are_wanted(tmp_path: Path) -> None:
    columns = [pa.array(TEXTS), pa.array(TEXTS), pa.array([1] * 12)]
    parquet.write_table(pa.table(columns, names=["note", "note", "mood"]), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="several columns called note"):
        read(tmp_path / "a.parquet", column="note")
    parquet.write_table(pa.table([columns[0], columns[2], columns[2]], names=["note", "n", "n"]), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet")[0] == TEXTS
