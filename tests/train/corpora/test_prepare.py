"""Corpora from one's own text."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from dgvae.errors import UserError
from dgvae.text.corpora import corpus_files, read_split
from tests.conftest import made_up_lines
from tests.train.corpora.test_reading import WRITERS
from train.corpora import TextSource, prepare

TEXTS = [f"The cook's {word}, isn’t it #{number}?" for number in range(30) for word in ("soup", "bread")]
PREPARED = [f"the cook 's {word} , is n't it # {number} ?" for number in range(30) for word in ("soup", "bread")]


def rows(texts: list[str]) -> list[dict]:
    return [{"text": text, "label": number % 2} for number, text in enumerate(texts)]


def sentences_of(folder: Path) -> dict[str, list[str]]:
    return {split: read_split(path).sentences for split, path in corpus_files("mine", folder).items()}


def labels_of(folder: Path) -> list[int]:
    return read_split(folder / "train.txt").labels


def fault_of(source: TextSource, cache: Path) -> str:
    with pytest.raises(UserError) as caught:
        prepare(source, cache)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert not list(cache.rglob("train.txt"))
    return sentence


@pytest.mark.parametrize("ending", WRITERS)
def test_sentences_to_measure_need_no_label(ending: str, tmp_path: Path) -> None:
    for name, texts in (("train", TEXTS[:40]), ("test", TEXTS[40:])):
        unlabeled = [{"text": text} | ({} if name == "test" else {"mood": "ab"[n % 2]}) for n, text in enumerate(texts)]
        WRITERS[ending](tmp_path / f"{name}{ending}", unlabeled)
    source = TextSource(str(tmp_path / f"train{ending}"), test=str(tmp_path / f"test{ending}"), label_column="mood")
    folder = prepare(source, tmp_path)
    assert sentences_of(folder)["test"] == PREPARED[40:]
    assert read_split(folder / "test.txt").labels == [-1] * 20  # none
    assert "what is measured: there is no column mood, and so no label" in (folder / "source.json").read_text()
    assert "has no column mood" in fault_of(replace(source, train=source.test or "", test=None), tmp_path / "other")


@pytest.mark.parametrize(
    ("test", "labels", "said"),
    [
        ("text,MOOD\n{texts},b", [1], ""),
        ("text,mood\n{texts},", [-1], "no sentence has a label"),
        ("{texts},b", [-1], "the first row is not a header"),
        ("\ntext,mood\n{texts},b", [1], ""),
        ("{texts} mood,b", [-1], "the first row is not a header"),
        ("text,feeling\n{texts},b", [-1], "there is no column mood, and so no label; the columns are text, feeling"),
    ],
)
def test_a_test_file_may_differ_a_little(test: str, labels: list[int], said: str, tmp_path: Path) -> None:
    head, _, form = test.rpartition("\n")
    texts = [f"the boat of day {n} sails home" for n in range(60)]
    rows = [f"{text},{'ab'[n % 2]}" for n, text in enumerate(texts[:40])]
    (tmp_path / "train.csv").write_text("\n".join(["text,mood", *rows]))
    (tmp_path / "test.csv").write_text("\n".join([head] * bool(head) + [form.replace("{texts}", text) for text in texts[40:]]))
    source = TextSource(str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv"), label_column="mood")
    folder = prepare(source, tmp_path)
    split = read_split(folder / "test.txt")
    assert split.labels == labels * 20
    source_file = (folder / "source.json").read_text()
    assert said in source_file
    assert ("no label" in source_file or "has a label" in source_file or "not a header" in source_file) == bool(said)


def test_a_capital_i_with_a_dot_is_the_letter_i(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("".join(f"İyi bir gün, iyi {n}\n" for n in range(20)), encoding="utf-8")
    assert sentences_of(prepare(TextSource(str(tmp_path / "a.txt")), tmp_path))["train"][0].startswith("iyi bir gün , iyi")


@pytest.mark.parametrize("ending", [*WRITERS, ".txt"])
def test_every_format_gives_the_same_corpus(ending: str, tmp_path: Path) -> None:
    files = {}
    for split, texts in (("train", TEXTS[:40]), ("valid", TEXTS[40:50]), ("test", TEXTS[50:])):
        path = tmp_path / f"{split}{ending}"
        if ending == ".txt":
            path.write_text("".join(f"{row['label']}\t{row['text']}\n" for row in rows(texts)), encoding="utf-8")
        else:
            WRITERS[ending](path, rows(texts))
        files[split] = str(path)
    folder = prepare(TextSource(**files, label_column=None if ending == ".txt" else "label"), tmp_path)
    assert sentences_of(folder) == {"train": PREPARED[:40], "valid": PREPARED[40:50], "test": PREPARED[50:]}
    assert labels_of(folder) == [0, 1] * 20


def test_it_is_made_once_and_anew_when_anything_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.v2.txt"
    path.write_text("\n".join(["", *made_up_lines(100, 0), "x\ty"]), encoding="utf-8")
    source = TextSource(str(path))
    folder = prepare(source, tmp_path / "cache")
    note = json.loads((folder / "source.json").read_text())
    assert note["train"] == str(path)
    assert note["files"]["train"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert note["left_out"]["train"] == {"empty": 1}
    assert note["first_left_out"]["train"] == {"empty": "line 1"}
    assert sum(note["sentences"][split] for split in ("train", "valid")) == 101
    before = (folder / "train.txt").stat()
    assert prepare(source, tmp_path / "cache") == folder
    assert (folder / "train.txt").stat() == before
    folders = {folder, prepare(replace(source, tokenized=True), tmp_path / "cache")}
    path.write_text("\n".join(made_up_lines(100, 1)), encoding="utf-8")
    folders.add(prepare(source, tmp_path / "cache"))
    assert len(folders) == 3


def test_an_interrupted_preparation_is_no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("\n".join(TEXTS), encoding="utf-8")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules[prepare.__module__], "write_json", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare(TextSource(str(path)), tmp_path)
    assert not [found for found in (tmp_path / "own").iterdir() if not found.name.startswith(".")]
    assert len(sentences_of(prepare(TextSource(str(path)), tmp_path))["train"]) == 57


@pytest.mark.parametrize(("count", "held_out"), [(20, 2), (60, 3), (1200, 100), (4000, 200)])
def test_what_is_held_out_does_not_depend_on_the_order(count: int, held_out: int, tmp_path: Path) -> None:
    texts = [f"sentence {number}" for number in range(count)]
    prepared = []
    for seed in range(2):
        random.Random(seed).shuffle(texts)
        (tmp_path / "mine.txt").write_text("\n".join(texts))
        prepared.append(sentences_of(prepare(TextSource(str(tmp_path / "mine.txt")), tmp_path)))
    first, second = prepared
    assert len(set(first["valid"])) == held_out
    assert set(first["valid"]) == set(second["valid"])
    assert not set(first["valid"]) & set(first["train"])
    assert len(first["train"]) + len(first["valid"]) == count
    assert first["test"] == first["valid"]


def test_tokenized_text_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("It's  Paris,\u2028or not\nb\nc\nd\n", encoding="utf-8")
    source = TextSource(str(tmp_path / "a.txt"), str(tmp_path / "a.txt"), tokenized=True)
    assert sentences_of(prepare(source, tmp_path))["train"] == ["It's Paris, or not", "b", "c", "d"]


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        (["7", "0", "32767"], [7, 0, 32767]),
        (["negative", "positive", "negative"], [0, 1, 0]),
        (["-1", "1", "0.5"], [0, 2, 1]),
        (["10", "9", "40000"], [1, 0, 2]),
        (["7", "007", "07"], [2, 0, 1]),
    ],
)
def test_labels_become_numbers(labels: list[str], numbers: list[int], tmp_path: Path) -> None:
    WRITERS[".csv"](tmp_path / "a.csv", [{"text": f"text {n}", "label": label} for n, label in enumerate(labels)])
    source = TextSource(str(tmp_path / "a.csv"), str(tmp_path / "a.csv"), label_column="label")
    assert labels_of(prepare(source, tmp_path)) == numbers


def test_labels_of_files_mean_what_each_file_says(tmp_path: Path) -> None:
    """A file may name its classes in another order, or write their names."""
    for name, classes in {"train": ["neg", "pos"], "valid": ["pos", "neg"]}.items():
        feature = {"_type": "ClassLabel", "names": classes}
        info = {"info": {"features": {"text": {"dtype": "string", "_type": "Value"}, "label": feature}}}
        table = pa.table({"text": TEXTS, "label": [classes.index("pos" if i % 3 else "neg") for i in range(len(TEXTS))]})
        parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(info)}), tmp_path / f"{name}.parquet")
    rows = [{"text": text, "label": "pos" if i % 3 else "neg"} for i, text in enumerate(TEXTS)]
    WRITERS[".csv"](tmp_path / "words.csv", rows)
    train = str(tmp_path / "train.parquet")
    for other in ("train.parquet", "valid.parquet", "words.csv"):
        folder = prepare(TextSource(train, str(tmp_path / other), label_column="label"), tmp_path)
        classes = json.loads((folder / "source.json").read_text())["classes"]
        for split in ("train", "valid"):
            labels = [int(line.partition("\t")[0]) for line in (folder / f"{split}.txt").read_text().splitlines()]
            assert [classes[str(label)] for label in labels] == [row["label"] for row in rows]
        assert sorted(classes.values()) == ["neg", "pos"]


def test_labels_that_training_does_not_have_are_said(tmp_path: Path) -> None:
    for name, labels in {"train": "ab", "valid": "ac"}.items():
        WRITERS[".csv"](tmp_path / f"{name}.csv", [{"text": text, "label": labels[i % 2]} for i, text in enumerate(TEXTS)])
    source = TextSource(str(tmp_path / "train.csv"), str(tmp_path / "valid.csv"), label_column="label")
    found = json.loads((prepare(source, tmp_path) / "source.json").read_text())["found"]
    assert "validation: labels that the training text does not have: c" in found


def test_a_note_says_of_which_text_it_is(tmp_path: Path) -> None:
    for name, encoding in {"train": "utf-8", "valid": "cp1252", "test": "cp1252"}.items():
        (tmp_path / f"{name}.txt").write_bytes("".join(f"{text} café\n" for text in TEXTS).encode(encoding))
    train, valid, test = (str(tmp_path / f"{name}.txt") for name in ("train", "valid", "test"))
    source = TextSource(train, valid, test)
    found = json.loads((prepare(source, tmp_path) / "source.json").read_text())["found"]
    assert found == [
        f"{owner}: the encoding is cp1252 (--encoding names another)" for owner in ("validation", "what is measured")
    ]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("0.{n}5", "60 classes for 60 sentences"),
        ("{case}", "labels that look alike are different classes: Glad, glad"),
        ("{number}", "labels that look alike are different classes: 1, 1.0"),
    ],
)
def test_labels_that_are_hardly_classes_are_said(label: str, said: str, tmp_path: Path) -> None:
    kinds = {"case": ("Glad", "glad", "sad"), "number": ("1", "1.0", "2")}
    labels = [label.format(n=n, **{kind: three[n % 3] for kind, three in kinds.items()}) for n in range(60)]
    records = [{"text": text, "label": label} for text, label in zip(TEXTS, labels, strict=True)]
    WRITERS[".csv"](tmp_path / "a.csv", records)
    folder = prepare(TextSource(str(tmp_path / "a.csv"), label_column="label"), tmp_path)
    assert said in "; ".join(json.loads((folder / "source.json").read_text())["found"])


def test_what_cannot_be_prepared(tmp_path: Path) -> None:
    WRITERS[".csv"](tmp_path / "a.csv", [{"text": f"text {n}", "label": f"no. {n}"} for n in range(1001)])
    assert "1,001 different values" in fault_of(TextSource(str(tmp_path / "a.csv"), label_column="label"), tmp_path)
    (tmp_path / "few.txt").write_text("one\none\ntwo\nthree\n")
    assert fault_of(TextSource(str(tmp_path / "few.txt")), tmp_path).startswith("3 different sentences are too few")
    (tmp_path / "bad.txt").write_bytes(b"\xff\n\n")
    assert "bad.txt holds no sentence; left out: 1 not UTF-8 (line 1), 1 empty (line 2)." in fault_of(
        TextSource(str(tmp_path / "bad.txt")), tmp_path
    )
    for name in ("missing", "./missing/file", "some/missing.csv", "~no.one/missing.csv", "a" * 5000, str(tmp_path)):
        assert f"{Path(name)} can't be read" in fault_of(TextSource(name), tmp_path / "cache")


def test_a_text_without_labels_beside_one_with_labels_is_said(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("\n".join(f"{n % 2}\t{text}" for n, text in enumerate(TEXTS)))
    (tmp_path / "test.txt").write_text("\n".join(TEXTS))
    source = TextSource(str(tmp_path / "train.txt"), test=str(tmp_path / "test.txt"))
    found = json.loads((prepare(source, tmp_path) / "source.json").read_text())["found"]
    assert "what is measured: no sentence has a label" in found
    assert not any(note.startswith("validation:") for note in found)
