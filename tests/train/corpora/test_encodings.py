"""Encodings without a mark, several in one file, and characters that nobody sees."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dgvae.errors import UserError
from dgvae.text.words import split_words
from tests.train.corpora.test_tables import TEXTS, read, said

FRENCH = [f"le café numéro {number} est à côté" for number in range(12)]


@pytest.mark.parametrize("text", ["старая лодка {} плывёт домой", "我们喜欢花园{}我们喜欢汤", "η παλιά βάρκα {} γυρίζει σπίτι"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_in_any_script(text: str, encoding: str, tmp_path: Path) -> None:
    texts = [text.format(number) for number in range(60)]
    (tmp_path / "a.txt").write_bytes("\r\n".join(texts).encode(encoding))
    found, _, account = read(tmp_path / "a.txt")
    assert found == texts
    assert encoding in said(account)


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
def test_utf_32_without_a_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\n".join(TEXTS).encode(encoding))
    assert read(tmp_path / "a.txt")[0] == TEXTS


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("güneş ağacı {} ılık çorbası", "cp1254"),
        ("příliš žluťoučký kůň {} úpěl ďábelské ódy", "cp1250"),
        ("árvíztűrő tükörfúrógép {} és a bűvös erdő", "cp1250"),
        ("în această după-amiază {} mâncarea a fost foarte bună", "cp1250"),
        ("zażółć gęślą jaźń {} i wróć później", "cp1250"),
        ("čudoviti žarki sonca {} so obsijali šolo", "cp1250"),
        ("šiandien labai gražus oras {} ir ąžuolai žaliuoja", "cp1257"),
        ("vecā laiva {} atgriežas mājās kā vienmēr", "cp1257"),
    ],
)
def test_other_languages_of_europe_are_not_taken_for_western(text: str, encoding: str, tmp_path: Path) -> None:
    texts = [text.format(number) for number in range(20)]
    (tmp_path / "a.txt").write_bytes("\n".join(texts).encode(encoding))
    with pytest.raises(UserError, match="such as cp1251, cp1250, cp1254"):
        read(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt", encoding=encoding)[0] == texts


@pytest.mark.parametrize(
    "text",
    [
        "það er góður dagur og hann fer heim {} sinnum með ærnar",
        "å være eller ikke være {} er spørsmålet",
        "„Übermut“ tut {} mal selten gut, weiß man",
        "a comida estava ótima {} e não é cara, pois são três opções",
        "il était une fois {} cœurs à Noël, où l'été brûle",
        "mañana será otro día {}, ¿verdad? El 2º piso",
        "hän söi {} herkullista lettua äitinsä luona",
        "è più buono di così {}, perché no",
    ],
)
def test_languages_of_western_europe_are_read(text: str, tmp_path: Path) -> None:
    texts = [text.format(number) for number in range(20)]
    (tmp_path / "a.txt").write_bytes("\n".join(texts).encode("cp1252"))
    assert read(tmp_path / "a.txt")[0] == texts


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("hyvää päivää {} ja tervetuloa syömään", "cp850"), ("être à la fête {} après l'été dernier", "cp437")],
)
def test_text_of_dos_is_not_taken_for_western(text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\n".join(text.format(number) for number in range(20)).encode(encoding))
    with pytest.raises(UserError, match="it reads like cp850"):
        read(tmp_path / "a.txt")


def test_english_borrows_words_from_everywhere(tmp_path: Path) -> None:
    borrowed = [
        "the café",
        "a jalapeño",
        "some crème brûlée",
        "an über driver",
        "a façade",
        "Beyoncé",
        "São Paulo",
        "smørrebrød",
    ]
    texts = [f"we liked {'the soup' if n % 20 else borrowed[n // 20 % 8]} and the staff was friendly {n}" for n in range(800)]
    (tmp_path / "a.txt").write_bytes("\n".join(texts).encode("cp1252"))
    assert read(tmp_path / "a.txt")[0] == texts


def test_lines_in_utf_8_and_cp1252_in_one_file(tmp_path: Path) -> None:
    lines = [text.encode("utf-8" if number % 4 == 1 else "cp1252") for number, text in enumerate(FRENCH)]
    (tmp_path / "a.txt").write_bytes(b"\n".join(lines))
    texts, _, account = read(tmp_path / "a.txt")
    assert texts == FRENCH
    assert "some lines are UTF-8 (first: line 2)" in account.found


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_letters_that_were_garbled_before_are_mended(encoding: str, tmp_path: Path) -> None:
    """As "download your information" of Facebook and Instagram has them, and files that were saved twice."""
    texts = FRENCH if encoding == "cp1252" else [*FRENCH, "лодка плывёт домой", "今日はいい天気", "so funny 😂"]
    garbled = [text.encode().decode(encoding) for text in texts]
    mood = "fête".encode().decode(encoding)
    (tmp_path / "a.json").write_text(json.dumps([{"text": text, "mood": mood} for text in garbled]))
    found, labels, account = read(tmp_path / "a.json", label_column="mood")
    assert (found, {*labels}) == (texts, {"fête"})
    assert any("are mended (first: item 1)" in note for note in account.found)
    twice = [text.encode().decode(encoding) for text in garbled]
    (tmp_path / "a.txt").write_text("\n".join(twice), encoding="utf-8")
    assert read(tmp_path / "a.txt")[0] == texts
    (tmp_path / "a.txt").write_text("\n".join(garbled), encoding="utf-8")
    assert read(tmp_path / "a.txt", clean=False)[0] == garbled
    assert "some letters are two wrong ones, such as Ã© for é (first: line 1)" in read(tmp_path / "a.txt", clean=False)[2].found
    (tmp_path / "a.txt").write_text("\n".join([*FRENCH, "l’été fut cafÃ©"]), encoding="utf-8")
    assert read(tmp_path / "a.txt")[2].found == [
        f"some letters are two wrong ones, such as Ã© for é (first: line {len(FRENCH) + 1})"
    ]
    (tmp_path / "a.txt").write_text("\n".join([*FRENCH, "SÃO PAULO", "das CAFÉ… und „TSCHÜ“"]), encoding="utf-8")
    assert not read(tmp_path / "a.txt")[2].found


def test_marks_in_the_middle_are_left_away(tmp_path: Path) -> None:
    mark, part = "\ufeff", "\n".join(["text,label", *(f"{text},1" for text in TEXTS), ""])
    (tmp_path / "a.csv").write_text(mark + part + mark + part, encoding="utf-8")
    texts, labels, account = read(tmp_path / "a.csv", label_column="label")
    assert (texts, set(labels)) == (TEXTS * 2, {"1"})
    assert account.left_out == {"header again": 1}


def test_labels_hold_no_character_that_nobody_sees(tmp_path: Path) -> None:
    labels = ["so good", " so  good", "\u200bso good", "so\u00a0good"] * 3
    rows = [f'"{text}","{label}"' for text, label in zip(TEXTS, labels, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["note,mood", *rows]), encoding="utf-8")
    assert set(read(tmp_path / "a.csv", column="note", label_column="mood")[1]) == {"so good"}


def test_the_end_of_a_file_of_dos_is_no_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\r\n".join([*TEXTS, "\x1a"]), newline="")
    assert read(tmp_path / "a.txt")[0] == TEXTS


@pytest.mark.parametrize("marks", ["\u202b{}\u202c", "\u2067{}\u2069", "\u200f{}", "\ufeff{}\u200b"])
def test_marks_of_direction_are_no_words(marks: str) -> None:
    assert split_words(marks.format("הספר הזה")) == ["הספר", "הזה"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-7", "le café {} est à côté"), ("utf-7", "старая лодка {} плывёт домой"),
        ("iso2022_jp", "私たちは庭が好きです {}"),
        ("iso2022_kr", "우리는 정원을 좋아한다 {}"), ("hz", "我们喜欢花园 {}"),
    ],
)  # fmt: skip
def test_encodings_of_seven_bits_are_recognized(encoding: str, text: str, tmp_path: Path) -> None:
    texts = [text.format(number) for number in range(12)]
    (tmp_path / "a.txt").write_bytes("\n".join(texts).encode(encoding))
    found, _, account = read(tmp_path / "a.txt")
    assert found == texts
    assert f"the encoding is {encoding}" in said(account)


@pytest.mark.parametrize("word", ["google+Facebook", "A+ABC- and B+", "1+1=2", "c+AOk", "~{}~", "x+y+z", "+AOk-"])
def test_ascii_with_plus_signs_stays(word: str, tmp_path: Path) -> None:
    texts = [f"{text} {word}" if number % 3 == 0 else text for number, text in enumerate(TEXTS)]
    (tmp_path / "a.txt").write_text("\n".join(texts))
    assert read(tmp_path / "a.txt")[0] == texts


def test_zero_bytes_that_fill_up_are_left_away(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\n".join(TEXTS).encode() + bytes(5000))
    texts, _, account = read(tmp_path / "a.txt")
    assert texts == TEXTS
    assert "zero bytes at the end of a text are left away (first: line 12)" in account.found
    (tmp_path / "a.txt").write_bytes(b"\0\n".join(text.encode() for text in TEXTS))
    assert read(tmp_path / "a.txt")[0] == TEXTS


@pytest.mark.parametrize(
    ("text", "encoding", "advice"),
    [
        ("Die Straße wäre schön für dich", "mac_roman", "it reads like mac_roman (of old Macs"),
        ("Le garçon a été reçu dès le début", "mac_roman", "it reads like mac_roman (of old Macs"),
        ("¿Qué pasó mañana, señor?", "cp850", "it reads like cp850 (of DOS"),
        ("Die Straße wäre schön für dich", "cp850", "it reads like cp850 (of DOS"),
        ("Zażółć gęślą jaźń, proszę", "cp1250", "name it with --encoding, such as"),
        ("今日は天気がいいです", "shift_jis", "name it with --encoding, such as"),
    ],
)
def test_an_old_western_encoding_is_named_where_the_text_reads_well_in_it(
    text: str, encoding: str, advice: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes("\n".join([text] * 40).encode(encoding))
    with pytest.raises(UserError, match=re.escape(advice)):
        read(tmp_path / "a.txt")


@pytest.mark.parametrize("content", [bytes(range(9, 128)) * 9, b"\x10" + bytes(7) + b"boat\n\x0e" + bytes(90) + b"sails"])
def test_bytes_that_are_no_text_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(UserError, match="is not a file of text, or its encoding can't be detected; save its text"):
        read(tmp_path / "a.txt")


@pytest.mark.parametrize("encoding", ["latin-1", "iso8859-15", "cp1251", "cp1252"])
def test_an_encoding_that_is_named_for_utf_8_is_said(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"“{text}” à la carte" for text in TEXTS), encoding="utf-8")
    texts, _, account = read(tmp_path / "a.txt", encoding=encoding)
    assert texts == [f"“{text}” à la carte" for text in TEXTS]
    assert "it is UTF-8, and is read so although --encoding says" in said(account)
    (tmp_path / "a.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    assert "UTF-8" not in said(read(tmp_path / "a.txt", encoding=encoding)[2])


def test_quotes_of_cp1252_that_are_read_as_latin_1_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"“{text}”" for text in TEXTS), encoding="cp1252")
    assert "the encoding is rather cp1252" in said(read(tmp_path / "a.txt", encoding="latin-1")[2])
