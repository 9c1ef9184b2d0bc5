"""Carriage returns: the line ends of old Macs, or white space within the lines of all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.corpora.test_tables import TEXTS, read

LONG = [text.replace(" sails", "\rsails", 1) if number % 2 else text for number, text in enumerate(TEXTS)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("layout", ["{0}", "{0},{1}", "{1},{0}", "{1},{0},{1}"])
@pytest.mark.parametrize("last", ["", "\r"])
def test_a_carriage_return_within_a_text_cuts_nothing(layout: str, encoding: str, end: str, last: str, tmp_path: Path) -> None:
    rows = [layout.format("text", "label"), *(layout.format(text + last, n % 3 - 1) for n, text in enumerate(LONG))]
    rows = [layout.format("text", "label").replace("label,text,label", "label,text,other"), *rows[1:]]
    (tmp_path / "a.csv").write_bytes((end.join(rows) + end).encode(encoding))
    how = {} if layout == "{0}" else {"label_column": "label"}
    texts, labels, account = read(tmp_path / "a.csv", column="text", **how)
    assert [" ".join(text.split()) for text in texts] == TEXTS
    assert labels == [None if layout == "{0}" else str(n % 3 - 1) for n in range(len(TEXTS))]
    assert not account.left_out


def test_a_carriage_return_far_from_the_beginning_cuts_nothing(tmp_path: Path) -> None:
    texts = [f"{text} {n} times" for n in range(1000) for text in TEXTS]
    (tmp_path / "a.txt").write_bytes("\n".join([*texts, *LONG]).encode())
    assert [" ".join(text.split()) for text in read(tmp_path / "a.txt")[0]] == texts + TEXTS


def test_lines_of_text_keep_what_stands_behind_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\n".join(LONG).encode())
    assert [" ".join(text.split()) for text in read(tmp_path / "a.txt")[0]] == TEXTS


@pytest.mark.parametrize("parts", [(10, 1), (60, 60), (60, 1)])
def test_a_file_that_was_joined_has_lines_of_both_kinds(parts: tuple[int, int], tmp_path: Path) -> None:
    old, new = (
        [f"the {kind} {n} sails home" for n in range(count)] for kind, count in zip(("boat", "cook"), parts, strict=True)
    )
    (tmp_path / "a.txt").write_bytes(("\r".join(old) + "\n" + "\n".join(new) + "\n").encode())
    assert read(tmp_path / "a.txt")[0] == old + new


@pytest.mark.parametrize("last", ["\r", "\n", ""])
def test_a_file_of_an_old_mac_may_have_line_feeds_in_its_cells(last: str, tmp_path: Path) -> None:
    rows = ["label,text", *(f'{n % 3 - 1},"{text.replace(" sails", chr(10) + "sails")}"' for n, text in enumerate(TEXTS))]
    (tmp_path / "a.csv").write_bytes(("\r".join(rows) + last).encode())
    texts, labels, _ = read(tmp_path / "a.csv", column="text", label_column="label")
    assert [" ".join(text.split()) for text in texts] == TEXTS
    assert labels == [str(n % 3 - 1) for n in range(len(TEXTS))]
    (tmp_path / "a.txt").write_bytes(("\r".join(TEXTS * 2) + last).encode())
    assert read(tmp_path / "a.txt")[0] == TEXTS * 2
