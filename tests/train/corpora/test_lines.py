"""Files of lines: labels as fastText writes them, and words that look like labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.corpora.test_tables import TEXTS, read, said


@pytest.mark.parametrize("line", ["__label__{} __label__more {}", "__label__{}\t{}", "{1} __label__{0}", "{1}\t__label__{0}"])
def test_labels_of_fasttext_stand_at_either_end(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(line.format("ab"[n % 2], text) for n, text in enumerate(TEXTS)))
    texts, labels, account = read(tmp_path / "a.txt")
    assert (texts, labels) == (TEXTS, ["a", "b"] * 6)
    assert ("of several labels the first counts (first: line 1)" in account.found) == ("more" in line)


def test_labels_of_fasttext_are_labels_and_words_like_labels_are_said(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(f"__label__{'ab'[n % 2]} {text}" for n, text in enumerate(TEXTS)))
    assert read(path)[:2] == (TEXTS, [*"ab"] * 6)
    path.write_text("\n".join(f"{'ab'[n % 2]}:x {text}" for n, text in enumerate(TEXTS)))
    assert "put a tab after it" in said(read(path)[2])
