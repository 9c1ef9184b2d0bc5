"""Files of lines: which side of a tab is the text, labels as fastText writes them, and words that look like labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgvae.errors import UserError
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


@pytest.mark.parametrize("lines", [12, 5])
@pytest.mark.parametrize(
    "beside", ["0.4{n:02}", "https://example.org/a-very-long-address/of/a/page/{n}", "2026-11-{n:02} 10:00", "a {n}"]
)
@pytest.mark.parametrize("form", ["{text}\t{beside}", "{beside}\t{text}"])
def test_the_text_is_the_side_with_words_and_not_that_which_differs_less(
    form: str, beside: str, lines: int, tmp_path: Path
) -> None:
    texts = [*TEXTS[: lines - 1], TEXTS[0]]  # a sentence twice
    rows = [form.format(text=text, beside=beside.format(n=n)) for n, text in enumerate(texts)]
    (tmp_path / "a.txt").write_text("\n".join(rows))
    found, labels, account = read(tmp_path / "a.txt")
    assert found == texts
    assert (set(labels) == {None}) == ("it is no label and is left out" in said(account)) == (lines > 10)


@pytest.mark.parametrize(("text", "label"), [("汤很热今天又{n}", "0.4{n:02}"), ("Papadopoulos{n}", "{kind}")])
def test_texts_without_spaces_are_known_by_their_length_or_by_the_few_labels(text: str, label: str, tmp_path: Path) -> None:
    rows = [(text.format(n=n), label.format(n=n, kind="ab"[n % 2])) for n in range(20)]
    (tmp_path / "a.txt").write_text("\n".join(map("\t".join, rows)))
    assert read(tmp_path / "a.txt")[0] == [text for text, _ in rows]


@pytest.mark.parametrize("copies", [1, 3])
def test_two_texts_in_a_line_are_not_chosen_from(copies: int, tmp_path: Path) -> None:
    texts = [f"the old boat of the page {n // copies}" for n in range(80)]
    (tmp_path / "a.txt").write_text("\n".join(f"{text}\tdas Boot, das {n} segelt" for n, text in enumerate(texts)))
    with pytest.raises(UserError, match="a text before and another after the tab of each line; keep one of them"):
        read(tmp_path / "a.txt")


@pytest.mark.parametrize("label", ["__label__{}", "__LABEL__{}"])
def test_a_line_without_fasttexts_label_takes_no_label_from_the_others(label: str, tmp_path: Path) -> None:
    lines = [f"{label.format('ab'[n % 2])} {text}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.txt").write_text("\n".join([TEXTS[0], *lines[1:]]))
    texts, labels, account = read(tmp_path / "a.txt")
    assert (texts, labels) == (TEXTS, [None, *"babababababa"][:12])
    assert "a line without __label__ has no label (first: line 1)" in account.found


def test_a_header_of_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(["text", *TEXTS]))
    with pytest.raises(UserError, match="read as lines, which have no header; remove its first line"):
        read(tmp_path / "a.txt", header=True)


@pytest.mark.parametrize("name", ["a.txt", "a.tsv", "a.csv"])
def test_a_tab_within_a_cell_makes_no_table_of_tabs(name: str, tmp_path: Path) -> None:
    rows = [f'{n % 2},"{text}"' for n, text in enumerate(TEXTS)]
    (tmp_path / name).write_text("\n".join(["label,text", rows[0].replace(" ", "\t", 1), *rows[1:]]))
    texts, labels, _ = read(tmp_path / name, label_column="label")
    assert (texts[1:], labels) == (TEXTS[1:], ["0", "1"] * 6)


NAMES = [f"Name{chr(97 + n)}" for n in range(20)]
CLASSES = ["South Korean", "Dutch", "Saudi Arabian", "German"]


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("texts", [NAMES, [f"Steel {name}" for name in NAMES], [f"这家餐厅的菜{name}" for name in NAMES]])
@pytest.mark.parametrize("form", ["{text}\t{label}", "{label}\t{text}"])
def test_the_side_of_fewer_values_is_the_label_however_many_words_it_has(
    form: str, texts: list[str], times: int, tmp_path: Path
) -> None:
    pairs = [(text, CLASSES[n % 4]) for n, text in enumerate(texts)] * times
    (tmp_path / "a.txt").write_text("\n".join(form.format(text=text, label=label) for text, label in pairs))
    assert list(zip(*read(tmp_path / "a.txt")[:2], strict=True)) == pairs


@pytest.mark.parametrize(("lines", "classes"), [(5, 3), (30, 20), (300, 21), (2000, 100)])
def test_classes_of_several_words_are_classes(lines: int, classes: int, tmp_path: Path) -> None:
    labels = [f"I liked it {n % classes}" for n in range(lines)]
    (tmp_path / "a.txt").write_text("\n".join(f"{label}\tthe boat of day {n} sails" for n, label in enumerate(labels)))
    assert read(tmp_path / "a.txt")[1] == labels


@pytest.mark.parametrize("lines", [12, 40, 200])
def test_premises_are_no_classes_although_each_comes_five_times(lines: int, tmp_path: Path) -> None:
    rows = [f"an old man sits on the boat of pier {n // 5}\tthe man of day {n} sits" for n in range(lines)]
    (tmp_path / "a.txt").write_text("\n".join(rows))
    with pytest.raises(UserError, match="keep one of them"):
        read(tmp_path / "a.txt")


@pytest.mark.parametrize("form", ['"{label}"\t"{text}"', '{label}\t"{text}"', '"{text}"\t"{label}"'])
def test_quotes_around_texts_beside_a_tab_are_left_out(form: str, tmp_path: Path) -> None:
    rows = [form.format(text=f'the ""boat"" of {text}', label="ab"[n % 2]) for n, text in enumerate(TEXTS)]
    (tmp_path / "a.txt").write_text("\n".join(rows))
    texts, labels, account = read(tmp_path / "a.txt")
    assert (texts, labels) == ([f'the "boat" of {text}' for text in TEXTS], ["a", "b"] * 6)
    assert "quotes around the texts are left out" in account.found


def test_what_is_said_of_quotes_that_are_left_out_is_one_thing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f'"The ""boat"", {text}"' for text in TEXTS))
    assert read(tmp_path / "a.txt")[2].found == ["quotes around the texts are left out"]


def test_a_comma_that_fasttext_leaves_behind_a_label_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"__label__{n} , {text}" for n, text in enumerate(TEXTS)))
    assert read(tmp_path / "a.txt")[0] == TEXTS


def test_one_label_of_fasttext_in_many_lines_is_no_word(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join([*TEXTS * 3, f"__label__1 {TEXTS[0]}"]))
    texts, labels, account = read(tmp_path / "a.txt")
    assert (texts[-1], labels[-2:]) == (TEXTS[0], [None, "1"])
    assert "has no label" in said(account)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("utt_{n:03} {text}", "begins with an identifier, such as utt_011"),
        ("a{n}bf2 {text}", "begins with an identifier, such as a11bf2"),
        ("{n} ::: the boat ::: sea ::: {text}", "most lines hold 3 × :::"),
        ("我是你的船{n:04}。它在海上开了很久很久", "go on in the next line"),
        ("THE BOAT SAILS. IT IS {n:04} OF MANY AND SAILS", "go on in the next line"),
    ],
)
def test_what_stands_in_every_line_is_said(form: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(form.format(n=n, text=text) for n, text in enumerate(TEXTS)), encoding="utf-8")
    assert sentence in said(read(tmp_path / "a.txt")[2])


def test_captions_in_lines_are_a_table(tmp_path: Path) -> None:
    rows = [f"{n}_a.jpg,{text}" for n, text in enumerate(TEXTS)]
    (tmp_path / "a.txt").write_text("\n".join(["image,caption", *rows]))
    assert read(tmp_path / "a.txt")[0] == TEXTS


def test_numbers_before_a_tab_in_few_lines_are_said_to_be_labels(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join([*TEXTS * 3, f"10\t{TEXTS[0]}", f"1972\t{TEXTS[1]}"]))
    texts, labels, account = read(tmp_path / "a.txt")
    assert (texts[-2:], labels[-2:]) == (TEXTS[:2], ["10", "1972"])
    assert "2 lines have a number before a tab, which is read as a label" in said(account)


def test_options_of_columns_beside_lines_are_refused_with_what_helps(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"{n % 2}\t{text}" for n, text in enumerate(TEXTS)))
    with pytest.raises(UserError, match="save all files as tables, or all as lines with a tab between label and text"):
        read(tmp_path / "a.txt", label_column="label")


def test_lines_without_a_label_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "\n".join([*(f"{n % 2}\t{text}" for n, text in enumerate(TEXTS)), "so it goes", "on and on"])
    )
    _, labels, account = read(tmp_path / "a.txt")
    assert labels[-2:] == [None, None]
    assert "2 lines have no tab, and so no label" in account.found
