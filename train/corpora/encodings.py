"""The encoding of a text file: told by its first bytes and by its whole content, or named by the user."""

from __future__ import annotations

import codecs
import gzip
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from dgvae.errors import UserError

UTF_8 = "utf-8-sig"
WESTERN = "cp1252"
FEW_BYTES = 20  # with fewer that are not UTF-8, the lines that hold them are left out

_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, UTF_8),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_TYPOGRAPHY = set("€…–—‘’‚“”„‹›•£©®°«»¡¿·™½¼¾×\xa0")
# The letters of the languages that are written in cp1252, and what is often among them, where another language has nearly the
# same. Czech, Polish, Hungarian, Romanian, Baltic languages and Turkish, read as cp1252, have letters of several: "ìšèøžýù".
_ALPHABETS = (
    ("àâæçéèêëîïôœùûüÿ", ""),  # French
    ("äöüßéà", ""),  # German
    ("áéíñóúüç", ""),  # Spanish
    ("áâãàçéêíóôõúü", "ç"),  # Portuguese
    ("àèéìíîòóùú", ""),  # Italian
    ("àçéèíïóòúüñ", ""),  # Catalan
    ("åäöæøéèüóòôêàá", ""),  # Scandinavian languages
    ("äöõüåšžé", ""),  # Finnish, Estonian
    ("áéíóúýðþæöø", "ð"),  # Icelandic, Faroese
    ("éëïöüèáóêâç", ""),  # Dutch, Afrikaans, Albanian
    ("áéíóúàèìòù", ""),  # Irish, Scottish Gaelic
    ("âêîôûïöùüñàèé", ""),  # Welsh, Breton
)
_COVERED = 0.95  # of the accents, by one alphabet
_OFTEN = 0.01  # of the accents
_FEW_ACCENTS = 0.005  # of all bytes: words that English borrows from everywhere
_NEVER_INSIDE = set("„”‚“‹›«»•£¡¿")  # of words; in encodings of DOS these are letters
_NEVER_BEHIND = set("„‚¡¿")
_ONE_LETTER_WORDS = set("àáâåèéêìíòóôöùúüÀÁÂÅÈÉÊÌÍÒÓÔÖ")
_ORDINAL = re.compile(r"(?<=[\d.nN])[ªº](?!\w)")  # 1º, n.º
_GARBLED = re.compile("[Â-ô][\x80-¿ŒœŠšŽžŸƒˆ˜–-›€™]")  # two bytes of a letter in UTF-8, each read as a letter of cp1252
_SURELY_GARBLED = re.compile("[ÂÃ][\x80-¿]|â€|ðŸ|[À-ô][\x80-\x9f]|(?:[ÐÑ][\x80-¿ŒœŠšŽžŸƒˆ˜–-›€™]){2}")  # not „Ö“
_OLD_WESTERN = {"mac_roman": "of old Macs and Excel for Mac", "cp850": "of DOS and the console of Windows"}
_SAMPLE_LINES = 2000
# Encodings in 7 bits, which look like ASCII: what shows them, and what all of the text is made of then.
_SEVEN_BITS = (
    ("iso2022_jp", re.compile(rb"\x1b\$[@B]"), None),
    ("iso2022_kr", re.compile(rb"\x1b\$\)C"), None),
    ("hz", re.compile(rb"~\{(?:[!-~]{2})+~\}"), None),
    ("utf-7", re.compile(rb"\+(?:A[K-P][AEIMQUYcgkosw048]|[A-Za-z0-9/][A-Za-z0-9+/]{2,})-?"), re.compile(rb"\+")),
)
_FEWEST_ESCAPES = 5
_WHOLE = {
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
}  # as browsers read them
_GZIP = b"\x1f\x8b"


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked if they are packed by gzip, whatever its name says."""
    return cast(BinaryIO, gzip.open(path)) if is_packed(path) else open(path, "rb")


def is_packed(path: Path) -> bool:
    """Whether it is packed by gzip."""
    with open(path, "rb") as file:
        return file.read(2) == _GZIP


def check_encoding(name: str) -> str:
    """The name of an encoding as Python has it. Raises UserError if there is none of this name."""
    try:
        b"a".decode(name, "replace")  # of no bytes it would not look
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        raise UserError(f"There is no encoding {name[:40]!r}; usual ones are utf-8, utf-16, cp1252, cp1251, gb18030.") from None
    return UTF_8 if found == "utf-8" else _WHOLE.get(found, found)


def find_encoding(path: Path) -> str:
    """UTF-8 unless a mark at the beginning, zero bytes, or many lines that are not UTF-8 say otherwise.

    Raises UserError if the text is in an encoding that can't be told.
    """
    with opened(path) as file:
        start = file.read(4096)
        if name := next((name for mark, name in _MARKS if start.startswith(mark)), None) or _unmarked_utf(start):
            return name
        if _is_binary(start):
            raise UserError(
                f"{path} is not a file of text, or its encoding can't be detected; save its text as .txt or its table as "
                ".csv, or name its encoding with --encoding, such as utf-16-le."
            )
    if is_utf_8(path):
        return UTF_8
    return _seven_bits(path) if _is_ascii(path) else _without_utf_8(path)


def is_utf_8(path: Path) -> bool:
    """Whether it is UTF-8 from its beginning to its end, with letters that are not ASCII."""
    decoder, is_ascii = codecs.getincrementaldecoder("utf-8")(), True
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
            is_ascii = is_ascii and chunk.isascii()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not is_ascii


def _is_ascii(path: Path) -> bool:
    return all(chunk.isascii() for chunk in _chunks(path))


def _chunks(path: Path) -> Iterator[bytes]:
    with opened(path) as file:
        while chunk := file.read(2**20):
            yield chunk


def _is_binary(start: bytes) -> bool:
    """Whether it holds control characters of many kinds, as no text does."""
    start = start.rstrip(b"\0")
    controls = [byte for byte in start if byte < 8 or 14 <= byte < 26 or 28 <= byte < 31 or byte == 127]
    return start.count(0) > len(start) / 5 or (len(set(controls) - {1, 14, 15}) > 3 and len(controls) > len(start) / 100)


def _seven_bits(path: Path) -> str:
    """The encoding of a file of ASCII, by its beginning: UTF-8 unless escapes show another and become letters."""
    with opened(path) as file:
        sample = file.read(2**20)
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    for encoding, escape, sign in _SEVEN_BITS:
        escapes = len(escape.findall(sample))
        if escapes < (_FEWEST_ESCAPES if sign else 1) or (sign and 2 * escapes < len(sign.findall(sample))):
            continue
        try:
            others = [char for char in sample.decode(encoding) if not char.isascii()]
        except UnicodeDecodeError:
            continue
        letters = sum(char.isalpha() or char in _TYPOGRAPHY or unicodedata.category(char) in ("Mn", "Mc") for char in others)
        scripts = {unicodedata.name(char, "").partition(" ")[0] for char in others if char.isalpha()}
        if others and letters >= 0.8 * len(others) and (encoding != "utf-7" or len(scripts) < 4):
            return encoding
    return UTF_8


def _unmarked_utf(start: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: every other byte of Latin text is zero there, and that of spaces in any script."""
    half = len(start) // 2
    even, odd = start[::2].count(0), start[1::2].count(0)
    if start[1::4].count(0) == start[2::4].count(0) == len(start) // 4 > 0:
        return "utf-32-le" if start[:1] != b"\0" else "utf-32-be"
    if half < 4 or min(even, odd) > 0.05 * max(even, odd) or max(even, odd) < 0.01 * half:
        return None
    encoding = "utf-16-be" if even > odd else "utf-16-le"
    if max(even, odd) >= 0.3 * half:
        return encoding
    text = start[: 2 * half].decode(encoding, "replace")
    usual = sum(char.isprintable() or char in "\r\n\t\ufeff" for char in text)
    spaces = sum(char.isspace() and char.isascii() for char in text)
    others = sum(byte < 9 or 13 < byte < 32 or byte > 127 for byte in start)  # no bytes of English in UTF-8
    enough = usual >= 0.98 * half and spaces >= 0.5 * max(even, odd) and others >= 0.3 * half
    return encoding if enough else None


def _without_utf_8(path: Path) -> str:
    right, broken, size = 0, [], 0
    with opened(path) as file:
        for line in file:
            size += len(line)
            if not line.isascii():
                try:
                    line.decode()
                    right += 1
                except UnicodeDecodeError:
                    broken.append(line)
                    if len(broken) >= _SAMPLE_LINES:
                        break
    sample = b"".join(broken)
    if right >= len(broken):
        return UTF_8  # the broken lines are left out
    if _is_western(sample, size, WESTERN):
        return WESTERN
    if sum(byte > 127 for byte in sample) < FEW_BYTES:
        return UTF_8
    old = " or ".join(f"{name} ({maker})" for name, maker in _OLD_WESTERN.items() if _is_western(sample, size, name))
    usual = "cp1251, cp1250, cp1254, gb18030 or cp932, or cp1252 for several Western languages at once"
    advice = f"it reads like {old}: add it with --encoding" if old else f"name it with --encoding, such as {usual}"
    raise UserError(f"{path} is not UTF-8, and its encoding can't be detected; {advice}.")


def _is_western(sample: bytes, size: int, encoding: str) -> bool:
    """Whether it reads like text in a language of Western Europe: some accents within words, and typography.

    Args:
        sample: the lines that are not UTF-8, out of `size` bytes.
        size: of the whole file.
        encoding: in which they are read.

    Returns:
        Whether this encoding gives such a text.
    """
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    places = [match.start() for match in re.finditer(r"[^\x00-\x7f]", text)]
    accents = sum(text[place].isalpha() for place in places)
    if accents > _FEW_ACCENTS * size:
        found = Counter(letter for letter in _ORDINAL.sub("", text).lower() if letter.isalpha() and not letter.isascii())
        likely = [letters for letters, often in _ALPHABETS if not often or found[often] > _OFTEN * found.total()]
        if max(sum(map(found.__getitem__, letters)) for letters in likely) < _COVERED * found.total():
            return False
    return sum(_fits(text, place) for place in places) >= 0.9 * len(places) and accents <= 0.35 * sum(map(str.isalpha, text))


def _fits(text: str, place: int) -> bool:
    letter, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if not letter.isalpha():
        odd = _NEVER_INSIDE if after.isalpha() else _NEVER_BEHIND
        return letter in _TYPOGRAPHY and not (before.isalpha() and letter in odd)
    if not before.isalpha() and not after.isalpha():
        return letter in _ONE_LETTER_WORDS or bool(_ORDINAL.match(text, place))
    return not (letter.isupper() and before.islower())


def as_utf_8(text: str) -> str | None:
    """What a text was before its UTF-8 was read as cp1252 or latin-1, "é" for "Ã©"; None if it was not."""
    if text.isascii() or not _GARBLED.search(text):
        return None
    try:
        known = b"".join(bytes([ord(char)]) if ord(char) < 256 else char.encode(WESTERN) for char in text).decode()
    except UnicodeError:
        return None
    return as_utf_8(known) or known  # of what was saved wrong twice


def is_garbled(text: str) -> bool:
    """Whether a text surely holds letters whose UTF-8 was read as cp1252 or latin-1."""
    return not text.isascii() and bool(_SURELY_GARBLED.search(text))
