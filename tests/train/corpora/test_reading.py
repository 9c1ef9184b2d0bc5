"""One's own text: what is read, and what is left out."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.reading import Reading, read_text

ROWS = [
    {"id": 7, "review": 'She said "no", twice.', "stars": 5},
    {"id": 8, "review": "Zwei Zeilen,\nein Text: ünïcödé 🍕", "stars": 1},
    {"id": 9, "review": "12", "stars": 3},
]
ALL = [(row["review"], str(row["stars"])) for row in ROWS]


def write_csv(path: Path, rows: list[dict]) -> None:
    with open_text(path) as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_tsv(path: Path, rows: list[dict]) -> None:
    with open_text(path) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)


def write_json(path: Path, rows: list[dict]) -> None:
    with open_text(path) as file:
        json.dump(rows, file)


def write_jsonl(path: Path, rows: list[dict]) -> None:
    with open_text(path) as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def write_parquet(path: Path, rows: list[dict]) -> None:
    rows = [row | {"vector": [0.5, 1.5], "picture": b"\xff"} for row in rows]
    parquet.write_table(pa.Table.from_pylist(rows), path)


def open_text(path: Path):
    return (gzip.open if path.suffix == ".gz" else open)(path, "wt", encoding="utf-8", newline="")


WRITERS: dict[str, Callable[[Path, list[dict]], None]] = {
    ".csv": write_csv,
    ".csv.gz": write_csv,
    ".tsv": write_tsv,
    ".json": write_json,
    ".jsonl": write_jsonl,
    ".jsonl.gz": write_jsonl,
    ".parquet": write_parquet,
}
every_table = pytest.mark.parametrize("ending", WRITERS)


def read(path: Path, column: str | None = None, label_column: str | None = None) -> tuple[list, dict[str, int]]:
    account = Account()
    found = read_text(path, Reading(column, label_column), account)
    return [(text, label) for text, label, _ in found], dict(account.left_out)


def fault_of(path: Path, column: str | None = None, label_column: str | None = None) -> str:
    with pytest.raises(UserError) as caught:
        read(path, column, label_column)
    assert str(caught.value).endswith(".")
    return str(caught.value)


@every_table
def test_a_table_gives_its_text_and_labels(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine{ending}"
    WRITERS[ending](path, ROWS)
    assert read(path, label_column="stars") == (ALL, {})
    assert read(path, "review") == ([(text, None) for text, _ in ALL], {})


@every_table
def test_the_column_of_the_text_is_found_or_asked_for(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine{ending}"
    WRITERS[ending](path, [{"title": "a", "text": "b c", "author": "d"}])
    assert read(path)[0] == [("b c", None)]
    WRITERS[ending](path, [{"title": "a", "body": "b c"}])
    assert fault_of(path).endswith("does not show which column is the text; name one of title, body with --column.")
    assert read(path, label_column="title")[0] == [("b c", "a")]
    assert "both name body" in fault_of(path, "body", "body")
    for columns in ("words", None), ("title", "words"):
        assert "has no column words; it has title, body" in fault_of(path, *columns)


@every_table
def test_a_column_called_text_that_holds_classes_is_not_the_text(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine{ending}"
    rows = [{"text": mood, "note": f"a boat sails {n} miles"} for n, mood in enumerate(("glad", "sad") * 3)]
    WRITERS[ending](path, rows)
    assert read(path, label_column="text") == ([(row["note"], row["text"]) for row in rows], {})
    assert read(path)[0] == [(row["note"], None) for row in rows]


@every_table
def test_a_column_is_called_as_it_looks(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine{ending}"
    WRITERS[ending](path, [{"re\u0301sume\u0301 ": "b c", "cafe\u0301": "d"}])  # accents of their own, and a space
    assert read(path, "résumé", "café") == ([("b c", "d")], {})
    assert "both name" in fault_of(path, "résumé", "re\u0301sume\u0301 ")
    WRITERS[ending](path, [{"caf\u00e9": "b c", "cafe\u0301": "d"}])
    assert read(path, "cafe\u0301")[0] == [("d", None)]
    assert "has no column café ; it has" in fault_of(path, "café ")  # which of the two?


def test_a_class_called_as_a_column_is_no_header(tmp_path: Path) -> None:
    for ending, sign in {".txt": "\t", ".csv": ","}.items():
        lines = [f"{'question' if i % 2 else 'answer'}{sign}the room was clean {i}" for i in range(30)]
        (path := tmp_path / f"mine{ending}").write_text("\n".join(lines))
        sentences, _ = read(path, *(("2", "1") if ending == ".csv" else ()))
        assert len(sentences) == 30
        assert {label for _, label in sentences} == {"question", "answer"}


def test_signs_that_nobody_sees_make_no_other_class(tmp_path: Path) -> None:
    rows = [{"text": "a boat sails", "label": f"pos{sign}"} for sign in ("", "\u200e", "\ufeff", "\u2060", "\u00ad", "\u200b")]
    WRITERS[".csv"](tmp_path / "mine.csv", rows)
    assert {label for _, label in read(tmp_path / "mine.csv", "text", "label")[0]} == {"pos"}


def test_labels_are_as_they_print(tmp_path: Path) -> None:
    path, text = tmp_path / "mine.parquet", ["a boat sails", "it rains", "we eat", "they sing"]
    for labels, said in (
        (pa.array([0.1, 2, None, 1e-7], pa.float32()), ["0.1", "2", "1e-07"]),
        (pa.array([np.float16(0.1), np.float16(1), None, np.float16(3.3)], pa.float16()), ["0.1", "1", "3.3"]),
        (pa.array([timedelta(days=1), timedelta(seconds=90), None, timedelta(0)]), ["1 day, 0:00:00", "0:01:30", "0:00:00"]),
    ):
        parquet.write_table(pa.table({"text": text, "label": labels}), path)
        assert [label for _, label in read(path, label_column="label")[0]] == said
    parquet.write_table(pa.table({"text": text, "label": pa.array([np.nan, np.inf, -np.inf, 1], pa.float32())}), path)
    assert read(path, label_column="label")[1] == {"without label": 1}


def test_a_time_zone_that_nobody_knows_is_said(tmp_path: Path) -> None:
    times = pa.array([0, 1], pa.timestamp("s", "Foo/Bar"))
    parquet.write_table(pa.table({"text": ["a boat sails", "it rains"], "label": times}), tmp_path / "mine.parquet")
    assert "unknown time zone" in fault_of(tmp_path / "mine.parquet", "text", "label")


def test_lines_with_and_without_labels(tmp_path: Path) -> None:
    for path, opened in (tmp_path / "a.txt", open), (tmp_path / "A.TXT.GZ", gzip.open):
        with opened(path, "wb") as file:
            file.write("\ufeff3\tgood .\r\n\nno label\n \t \nbad\tlabel\n32768\tlabel\n".encode() + b"1\t\xff\n\0\nlast")
        sentences, faults = read(path)
        assert [(text.strip(), label) for text, label in sentences] == [
            ("good .", "3"), ("no label", None), ("label", "bad"), ("label", "32768"), ("last", None),
        ]  # fmt: skip
        assert faults == {"empty": 2, "not UTF-8": 1, "with zero bytes": 1}
    assert "has no columns" in fault_of(path, "text")


def test_bad_lines_of_a_csv_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"\xef\xbb\xbftext,n\ngood,1\n\nfew\nmany,1,2\n ,3\n\xff,4\nno label,\n" + b'"' + 200_000 * b"x" + b'",5\n'
    )
    sentences, faults = read(path, label_column="n")
    assert sentences == [("good", "1"), ("x" * 200_000, "5")]
    assert faults == {"empty": 2, "with another number of columns": 2, "not UTF-8": 1, "without n": 1}


def test_bad_lines_of_a_jsonl_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = b'{"text": "good", "n": true}\n'
    path.write_bytes(
        good + b'{"text": \n[1]\n\n{"n": 1}\n{"text": 5, "n": 1}\n{"text": "\\ud800", "n": 1}\n"\xff"\n' + b"[" * 99_999
    )
    sentences, faults = read(path, label_column="n")
    assert sentences == [("good", "True")]
    assert faults == {"broken JSON": 2, "empty": 1, "without text": 2, "with a number as text": 1, "not UTF-8": 2}


def test_a_table_of_numbers_is_not_asked_for_a_column(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"text": n, "id": n} for n in range(5)])
    assert "has no column with words, only text, id; give a file with text" in fault_of(tmp_path / "a.jsonl")


@pytest.mark.parametrize("indent", [None, 1])
def test_a_list_of_json_that_is_cut_is_said_with_its_place(indent: int | None, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"text": f"boat {n}"} for n in range(9)], indent=indent)[:-9])
    assert "is broken JSON (" in fault_of(path)
    assert "line" in fault_of(path)


def test_whole_numbers_with_gaps_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_parquet(
        path, [{"text": "a b", "n": 1.0}, {"text": "c d", "n": None}, {"text": None, "n": 2.0}, {"text": "e f", "n": 0.5}]
    )
    assert read(path, label_column="n") == ([("a b", "1"), ("e f", "0.5")], {"without n": 1, "without text": 1})


@pytest.mark.parametrize("name", ["a.txt.gz", "a.csv.gz", "a.jsonl.gz", "a.parquet", "missing.csv", "a.zip", "folder.txt"])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if path.stem == "folder":
        path.mkdir()
    elif path.stem != "missing":
        path.write_bytes(gzip.compress(b"text\n" + bytes(range(256)) * 99)[:-20] if path.suffix == ".gz" else b"PK PAR1")
    assert str(path) in fault_of(path)
