"""JSON of the shapes that people write: tables of pandas, of sheets and of databases, and objects one after the other."""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import normalize

import pytest

from dgvae.errors import UserError
from tests.train.corpora.test_tables import TEXTS, read, said

ROWS = [{"note": text, "mood": str(number % 2)} for number, text in enumerate(TEXTS)]
CELLS = [list(row.values()) for row in ROWS]
MOODS = [row["mood"] for row in ROWS]

SHAPES = {
    "objects one after the other": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "objects with commas": ",\n".join(json.dumps(row, indent=2) for row in ROWS),
    "split of pandas": json.dumps({"columns": ["note", "mood"], "index": [*range(12)], "data": CELLS}),
    "index of pandas": json.dumps(dict(enumerate(ROWS))),
    "columns of pandas": json.dumps({name: {n: row[name] for n, row in enumerate(ROWS)} for name in ("note", "mood")}),
    "objects by name": json.dumps({f"r{n}": row for n, row in enumerate(ROWS)}),
    "columns beside a short list": json.dumps({"note": TEXTS, "mood": MOODS, "names": ["sad", "glad"]}),
    "an archive of tweets": "window.YTD.tweets.part0 = " + json.dumps([{"tweet": row} for row in ROWS], indent=1),
    "JSON in texts": "\n".join(json.dumps(json.dumps(row)) for row in ROWS),
    "beside a longer list": json.dumps({"images": [{"id": n} for n in range(99)], "captions": ROWS}),
    "objects with commas, one a line": ",\n".join(map(json.dumps, ROWS)),
    "as Python prints it": "\n".join(map(repr, ROWS)),
    "an export of MongoDB": "\n".join(
        json.dumps(row | {"_id": {"$oid": "1"}, "mood": {"$numberInt": row["mood"]}}) for row in ROWS
    ),
    "lists with one object": "\n".join(json.dumps([row]) for row in ROWS),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ending", [".json", ".jsonl"])
def test_tables_of_every_shape(shape: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text(SHAPES[shape])
    texts, labels, account = read(path, column="note", label_column="mood")
    assert (texts, labels) == (TEXTS, MOODS)
    assert not account.left_out


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (json.dumps(CELLS), ("1", "2")),
        ("\n".join(map(json.dumps, CELLS)), ("1", "2")),
        (json.dumps({"range": "A1", "values": [["text", "label"], *CELLS]}), ("text", "label")),
        (json.dumps([["text", "label"], *CELLS]), ("text", "label")),
    ],
)
def test_rows_that_are_lists_of_cells(content: str, names: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    assert read(tmp_path / "a.json", column=names[0], label_column=names[1])[:2] == (TEXTS, MOODS)


def test_texts_by_name_and_several_lists_of_texts(tmp_path: Path) -> None:
    many = [f"{text} again" for text in TEXTS] + TEXTS
    (tmp_path / "a.json").write_text(json.dumps({f"r{n}": text for n, text in enumerate(many)}))
    assert read(tmp_path / "a.json")[0] == many
    (tmp_path / "a.json").write_text(json.dumps({"train": TEXTS, "test": ["another"]}))
    texts, _, account = read(tmp_path / "a.json")
    assert texts == TEXTS
    assert "not test" in said(account)


def test_labels_by_text(tmp_path: Path) -> None:
    content = {f"{text} and so on {number}": "ab"[number % 2] for number, text in enumerate(3 * TEXTS)}
    (tmp_path / "a.json").write_text(json.dumps(content))
    texts, labels, account = read(tmp_path / "a.json", label_column="label")
    assert (texts, labels) == ([*content], ["a", "b"] * 18)
    assert "texts are the names in an object" in said(account)


def test_many_keys_make_a_short_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({f"k{n}" * 50: "two words" for n in range(500)}) for _ in TEXTS))
    with pytest.raises(UserError, match=r"and 490 more with --column") as caught:
        read(tmp_path / "a.jsonl")
    assert len(str(caught.value)) < 1000
    with pytest.raises(UserError, match=r"has no column note; it has .* and 490 more"):
        read(tmp_path / "a.jsonl", column="note")


def test_values_that_are_no_rows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([*ROWS, 5, None, []]))
    texts, _, account = read(tmp_path / "a.json", column="note")
    assert texts == TEXTS
    assert account.left_out == {"neither an object nor a text": 2, "without note": 1}


def test_names_whose_accents_are_one_letter_or_two(tmp_path: Path) -> None:
    names = [normalize("NFC" if n % 2 else "NFD", "énoncé") for n in range(len(TEXTS))]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({name: text}) for name, text in zip(names, TEXTS, strict=True)))
    for name in (None, *names[:2]):
        assert read(tmp_path / "a.jsonl", column=name)[0] == TEXTS
