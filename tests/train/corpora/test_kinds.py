"""Files that are something else than their name says: read for what they are, or refused in one sentence."""

from __future__ import annotations

import datetime
import decimal
import gzip
import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from dgvae.errors import UserError
from tests.train.corpora.test_tables import TEXTS, read, said
from train.corpora import TextSource, prepare
from train.corpora.parquet_tables import parquet_table


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "the boat, 1\n")
    return file.getvalue()


OTHERS = {
    "zip": (zipped("a.csv"), "a zip archive; unpack it"),
    "xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook; save its table as .csv"),
    "docx": (zipped("[Content_Types].xml", "word/document.xml"), "a Word document; save its text as .txt"),
    "ods": (zipped("mimetype", "content.xml"), "a LibreOffice file"),
    "xls": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(99), "a file of Excel"),
    "pdf": (b"%PDF-1.4\n%\xe2\xe3", "a PDF file"),
    "rtf": (b"{\\rtf1\\ansi text}", "a rich text file"),
    "xz": (b"\xfd7zXZ\0\0", "packed by xz"),
    "arrow": (b"ARROW1\0\0", "an Arrow file"),
    "pickle": (pickle.dumps(TEXTS, protocol=4), "a Python pickle"),
    "tar": (b"a.csv".ljust(257, b"\0") + b"ustar  \0", "a tar archive"),
    "gzip in gzip": (gzip.compress(gzip.compress(b"the boat")), "packed by gzip twice"),
    "lz4": (b"\x04\x22\x4d\x18" + bytes(9), "packed by lz4"),
    "old pickle": (pickle.dumps(TEXTS, protocol=0), "a Python pickle"),
    "sound": (b"RIFF\x24\0\0\0WAVEfmt ", "a picture or a sound"),
    "weights": ((99).to_bytes(8, "little") + b'{"a":{"dtype":"F32"}}', "the weights of a model"),
    "compiled catalog": (b"\xde\x12\x04\x95" + bytes(9), "gettext (.mo)"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\n", "git lfs pull"),
    "web page": (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><body>sign in</body></html>", "a web page"),
    "xml": (b'<?xml version="1.0"?>\n<posts><row Body="a"/></posts>', "an XML file"),
    "xml without its first line": (b'<posts>\n  <row Body="a" />\n</posts>', "an XML file"),
    "html table": (b"<table><tr><td>a</td></tr></table>", "a table in HTML"),
    "dump": (b"SET NAMES utf8;\nINSERT INTO `posts` VALUES (1,'a');\n", "an SQL dump"),
    "dump of mysql": (b"-- MySQL dump 10.13  Distrib 8.0\n--\n", "an SQL dump"),
    "arff": (b"% made by Weka\n@RELATION posts\n@DATA\n'a',1\n", "an ARFF file"),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a"])
def test_other_kinds_are_named_whatever_the_file_is_called(kind: str, name: str, tmp_path: Path) -> None:
    content, sentence = OTHERS[kind]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        read(tmp_path / name)
    fault = str(caught.value)
    assert sentence in fault or (name == "a" and "call it .txt" in fault)
    assert fault.startswith(str(tmp_path / name))
    assert "\n" not in fault


@pytest.mark.parametrize(
    "line",
    [
        "Insert into the slot, please",
        "create table tennis clubs",
        "<unk> goes home",
        "<s> the boat </s>",
        "<p>one</p>\n<p>two</p>",
    ],
)
def test_text_that_only_resembles_another_kind_is_read(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join([line, *TEXTS]))
    assert read(tmp_path / "a.txt")[0] == [*line.split("\n"), *TEXTS]


DAMAGED = {
    "cut short": gzip.compress(b"the boat " * 99)[:20],
    "another checksum": gzip.compress(b"boat")[:-8] + bytes(8),
    "noise": b"\x1f\x8b!!!",
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_damaged_gzip_is_one_sentence(damaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(damaged)
    with pytest.raises(UserError, match=r"a\.txt\.gz can't be read \((?!None)"):
        prepare(TextSource(str(path)), tmp_path)


@pytest.mark.parametrize("packed", [True, False])
def test_gzip_is_told_by_its_bytes(packed: bool, tmp_path: Path) -> None:
    content = "\n".join(["note;mood", *(f"{text};1" for text in TEXTS)]).encode()
    path = tmp_path / ("a.csv" if packed else "a.csv.gz")
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read(path)[0] == TEXTS


def test_parquet_is_told_by_its_bytes(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"note": TEXTS}), tmp_path / "a.csv")
    assert read(tmp_path / "a.csv")[0] == TEXTS
    (tmp_path / "a.parquet").write_text("\n".join(TEXTS))
    with pytest.raises(UserError, match="is not a Parquet file; give it the ending"):
        read(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(UserError, match="is empty"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_json_lines_are_told_by_their_content(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("\n".join(f'{{"note": "{text}"}}' for text in TEXTS))
    texts, _, account = read(tmp_path / name)
    assert texts == TEXTS
    assert "holds JSON" in said(account)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (json.dumps(TEXTS), "a list"),
        (json.dumps([{"note": text, "mood": 1} for text in TEXTS], indent=1), "a list"),
        ("\n".join(map(json.dumps, TEXTS)), "a text in quotes per line"),
        ("\n".join(json.dumps([text, 1]) for text in TEXTS), "a list per line"),
        ("\n".join(repr({"note": text, "mood": 1}) for text in TEXTS), "an object per line"),
        ("\n".join(["# made up", *(json.dumps({"note": text}) for text in TEXTS)]), "an object per line"),
    ],
)
def test_json_of_other_shapes_is_told_by_its_content(content: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(content)
    texts, _, account = read(tmp_path / "a.txt")
    assert texts == TEXTS
    assert f"it holds JSON, {kind}" in account.found


@pytest.mark.parametrize("line", ['"Come," he said, "and wait."', "[laughs] come here", '"Wait!" [waits]', "{aside} well"])
def test_sentences_that_begin_like_json_are_read(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join([line] * 12))
    assert read(tmp_path / "a.txt")[0] == [line] * 12


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UserError, match="it is a pipe or a device, not a file"):
        read(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(UserError, match="it is a folder, not a file"):
        read(tmp_path / "folder.txt")
    (tmp_path / "link.txt").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"can't be read \(No such file or directory\)"):
        read(tmp_path / "link.txt")


def test_bytes_of_parquet_are_text_where_they_are_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    data = {"picture": [b"\xff\xd8\0"] * 12, "note": [text.encode() for text in TEXTS], "mood": [b"sad", b"glad"] * 6}
    parquet.write_table(pa.table(data), path)
    texts, labels, _ = read(path, label_column="mood")
    assert (texts, labels) == (TEXTS, ["sad", "glad"] * 6)
    texts, _, account = read(path, column="picture")
    assert not texts
    assert account.left_out == {"with bytes that are not UTF-8 as picture": 12}


@pytest.mark.parametrize("value", [["a", "b"], {"body": "a"}])
def test_columns_of_lists_and_objects_are_named(value: object, tmp_path: Path) -> None:
    parquet.write_table(pa.table({"note": [value] * 3, "mood": [1, 2, 3]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="no column of sentences, only lists, objects or bytes in note; write"):
        read(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text(
        "\n".join(f'{{"note": {"[1]" if isinstance(value, list) else "{}"}, "mood": 1}}' for _ in TEXTS)
    )
    with pytest.raises(UserError, match="no column of sentences, only lists, objects or bytes in note; write"):
        read(tmp_path / "a.jsonl")
    kind = "a list" if isinstance(value, list) else "an object"
    for name in ("a.parquet", "a.jsonl"):
        assert list(read(tmp_path / name, column="note")[2].left_out) == [f"with {kind} as note"]


@pytest.mark.parametrize(
    ("record", "flat"),
    [
        ({"id": "identity_{n}", "conversations": [{"from": "human", "value": "{text}"}]}, "id"),
        ({"id": "{n}", "file_upload": "5bd{n}-a.txt", "data": {"text": "{text}"}}, "file_upload"),
        ({"key": 7, "lang": "en", "tokens": ["{text}"]}, "lang"),
    ],
)
def test_ids_beside_conversations_are_not_taken_for_the_text(record: dict, flat: str, tmp_path: Path) -> None:
    lines = [json.dumps(record).replace("{n}", str(number)).replace("{text}", text) for number, text in enumerate(TEXTS)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    with pytest.raises(UserError, match=f"write the text into a column of its own, or name {flat} with --column"):
        read(tmp_path / "a.jsonl")
    assert len(read(tmp_path / "a.jsonl", column=flat)[0]) == len(TEXTS)


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_a_title_beside_longer_texts_is_not_taken_for_the_text(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"

    def write(rows: list[dict]) -> None:
        path.write_text("\n".join(map(json.dumps, rows)))
        if ending == ".parquet":
            parquet.write_table(pa.Table.from_pylist(rows), path)

    write([{"subject": f"Part {n}", "parts": [{"body": 2 * f"{text} ", "of": "x"}]} for n, text in enumerate(TEXTS)])
    with pytest.raises(
        UserError, match=r"has longer texts within parts than in subject; write the text .* or name subject with"
    ):
        read(path)
    assert len(read(path, column="subject")[0]) == len(TEXTS)
    write([{"subject": f"Part {n} of it", "post": {"body": 2 * f"{text} ", "of": "two words"}} for n, text in enumerate(TEXTS)])
    with pytest.raises(UserError, match="has longer texts within post than in subject"):
        read(path)
    place = "C:/Users/Anna Smith/My Pictures/a holiday in the south of France and Spain/IMG 1.jpg"
    for objects in ([{"name": "a cat"}], {"place": place}, [f"https://example.org/{'a b' * 50}"]):
        write([{"caption": text, "objects": objects} for text in TEXTS])
        assert read(path)[0] == TEXTS


def test_pictures_beside_a_text_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"caption": text, "image": {"bytes": bytes(9), "path": "a b c"}, "all": [{"of": b"1"}]} for text in TEXTS]
    parquet.write_table(pa.Table.from_pylist(rows), path)
    assert {*parquet_table(path).opaque} == {"image", "all"}
    assert read(path)[0] == TEXTS


def test_minus_one_is_no_label_where_labels_have_names(tmp_path: Path) -> None:
    features = {"text": {"_type": "Value"}, "label": {"_type": "ClassLabel", "names": ["sad", "glad"]}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    data = pa.table({"text": TEXTS, "label": [0, 1, -1] * 4}).replace_schema_metadata(metadata)
    parquet.write_table(data, tmp_path / "a.parquet")
    texts, labels, account = read(tmp_path / "a.parquet", label_column="label")
    assert (texts, labels) == (TEXTS, ["0", "1", None] * 4)
    assert "a label of -1 is no label (first: row 3)" in account.found


def test_a_list_of_one_label_is_that_label(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n, "text": text, "label": ["glad" if n % 2 else "sad"]}) for n, text in enumerate(TEXTS)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    assert read(tmp_path / "a.jsonl", label_column="label")[1] == ["sad", "glad"] * 6


def test_a_packed_parquet_file_is_said_to_be_one(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"text": TEXTS}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    with pytest.raises(UserError, match="is packed by gzip, which is read for all formats but Parquet; unpack it first"):
        read(tmp_path / "a.parquet.gz")


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([decimal.Decimal("1.00"), decimal.Decimal("2.50")], ["1", "2.50"]),
        ([datetime.date(2020, 1, 1), datetime.date(2021, 2, 3)], ["2020-01-01", "2021-02-03"]),
        ([datetime.datetime(2020, 1, 1, 5), None], ["2020-01-01T05:00:00"]),
        ([1.0, float("nan")], ["1"]),
        ([True, False], ["True", "False"]),
    ],
)
def test_labels_of_every_type_become_text(values: list, labels: list[str], tmp_path: Path) -> None:
    parquet.write_table(pa.table({"note": TEXTS[:2], "mood": values}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", label_column="mood")[1] == labels


def test_labels_that_are_lists_are_said(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"note": TEXTS, "mood": [["a", "b"]] * 12}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", label_column="mood")[2].left_out == {"with a list as mood": 12}
