"""One's own text, from .txt, .csv, .tsv, .json, .jsonl (each also .gz) and .parquet: sentences and what labels they have.

What can't be used is left out and counted by its fault; only a file that can't be read at all is an error.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from dgvae.text.corpora import is_label
from train.corpora.account import Account
from train.corpora.columns import has_header, is_number
from train.corpora.encodings import UTF_8, check_encoding, find_encoding, first_lines, numbered_lines
from train.corpora.markup import cleaned, count_markup
from train.corpora.tables import LOOKED_AT, Table, delimited, json_table, parquet_table

TEXT_COLUMNS = ("text", "sentence", "review", "document", "content")
SENTENCE = 3  # mean words of a column, from which on it holds sentences and no classes
FEW_LINES = 10  # with fewer, the first line with a tab is never taken for a header
FASTTEXT = "__label__"  # what fastText has before every label
FORMATS = (".parquet", ".jsonl", ".json", ".tsv", ".csv", ".txt")  # the best described first


@dataclass(frozen=True)
class Reading:
    """How files are read, as far as the user says it.

    column, label_column: of the text and of a label, by name, or by number where there is no header. encoding: of the file,
    delimiter: of its columns, and header: whether its first row is one; None to find it out. clean: which markup is taken
    away, see `taken_away`.
    """

    column: str | None = None
    label_column: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    clean: bool | None = None


def format_of(path: str | Path) -> str | None:
    """The ending that says how a file is read, without .gz; None if it is none of these."""
    name = str(path).lower()
    return next((ending for ending in FORMATS if name.endswith((ending, f"{ending}.gz"))), None)


def is_path(text: str) -> bool:
    """Whether it names a file, be it there or not, rather than a data set of the Hub."""
    return format_of(text) is not None or text.startswith((".", "/", "~")) or Path(text).is_file()


def read_text(path: Path, reading: Reading, account: Account) -> Iterator[tuple[str, str | None, str]]:
    """Yield (sentence, label, place), one after the other; note in `account` how it is read and what is left out.

    The text's column is by default the only one that holds text, or one of TEXT_COLUMNS. A .txt file has a sentence a line and
    optionally `label<TAB>` before it. Raises UserError if the file can't be read, is of another format, or has no such column.
    """
    ending = format_of(path)
    if not ending:
        raise UserError(f"{path} is none of {', '.join(sorted(FORMATS))}; all but .parquet may also end in .gz.")
    try:
        for text, label, place in _sentences(path, ending, reading, account):
            if fault := _fault(text, account):
                account.leave_out(fault, place)
                continue
            count_markup(text, account.markup)
            yield cleaned(text, reading.clean), label, place
    except (OSError, EOFError, ValueError, ArithmeticError, zlib.error) as error:
        raise UserError(f"{path} can't be read ({' '.join(str(error).split())}).") from None


def _sentences(path: Path, ending: str, reading: Reading, account: Account) -> Iterator[tuple[Any, str | None, str]]:
    if ending == ".parquet":
        table = parquet_table(path)
    else:
        encoding = check_encoding(reading.encoding) if reading.encoding else find_encoding(path)
        account.encoding = encoding
        if encoding != UTF_8 and not reading.encoding:
            account.note(f"the encoding is {encoding} (--encoding names another)")
        wanted = [name for name in (reading.column, reading.label_column) if name]
        layout = _layout_of_lines(path, encoding) if ending == ".txt" else ""
        if ending in (".json", ".jsonl"):
            table = json_table(path, encoding, account)
        elif ending == ".txt" and layout != "table" and reading.delimiter is None:
            if wanted:
                raise UserError(
                    f"{path} has no columns; write a label and a tab before the sentence, or call the file .tsv "
                    "if it has columns."
                )
            yield from _lines(path, encoding, layout, account)
            return
        else:
            tabs = ending != ".csv" and any("\t" in line for line in first_lines(path, encoding, LOOKED_AT))
            delimiter = reading.delimiter or ("\t" if tabs else None)
            table = delimited(path, encoding, delimiter, reading.header, wanted, account)
    yield from _cells(path, table, reading, account)


def _cells(path: Path, table: Table, reading: Reading, account: Account) -> Iterator[tuple[Any, str | None, str]]:
    """The texts and labels of a table."""
    column = _text_column(path, table, reading)
    if not reading.column and len(table.names or ["", ""]) > 1:
        account.note(f"the text is in column {column}")
    label_column = reading.label_column
    if label_column:
        account.label_names |= table.label_names(label_column)
    for place, record in table.rows([column, *([label_column] if label_column else [])], account):
        text = record.get(column)
        label = _label(record.get(label_column)) if label_column else None
        if not isinstance(text, str):
            account.leave_out(f"without {column}", place)
        elif label_column and label is None and _fault(text, account) is None:
            account.leave_out(f"without {label_column}", place)
        else:
            yield text, label, place


def _fault(text: str, account: Account) -> str | None:
    """What is wrong with a text, if anything is."""
    if not text.strip():
        return "empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not UTF-8"
    if "\0" in text:
        return "not text"
    return f"not {account.encoding}" if account.encoding != UTF_8 and "\ufffd" in text else None


def _label(value: object) -> str | None:
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None if value != value else value
    return str(value).strip() or None if isinstance(value, str | int | float) else None


def _text_column(path: Path, table: Table, reading: Reading) -> str:
    """The name of the column that holds the text."""
    names: dict[str, None] = dict.fromkeys(table.names or [])
    words: dict[str, list[int]] = {}  # of every text in a column
    seen = False
    if table.names is None or not reading.column:
        for number, (_, row) in enumerate(table.rows(None, Account())):
            seen = True
            names |= dict.fromkeys(row)
            for name in (name for name, value in row.items() if number < LOOKED_AT or name not in words if _is_wordy(value)):
                words.setdefault(name, []).append(len(row[name].split()))
            if table.names is not None and words and number >= LOOKED_AT:
                break
    for wanted in (reading.column, reading.label_column):
        if wanted and names and wanted not in names:
            raise UserError(f"{path} has no column {wanted}; it has {', '.join(names)}.")
    if reading.column or not names:
        return reading.column or TEXT_COLUMNS[0]
    if not seen:
        return next(iter(names))  # there is no row
    found = [name for name in names if name in words and name != reading.label_column]
    if len(found) != 1:
        long = [name for name in found if sum(words[name]) >= SENTENCE * len(words[name])]
        found = [name for name in TEXT_COLUMNS if name in found] or (long if len(long) == 1 else [])
    if not found:
        raise UserError(f"{path} does not show which column is the text; name one of {', '.join(names)} with --column.")
    return found[0]


def _is_wordy(value: object) -> bool:
    """Whether it is text, and no number that a .csv file holds as text."""
    if not isinstance(value, str) or not value.strip() or is_number(value.strip()):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def _layout_of_lines(path: Path, encoding: str) -> str:
    """Where the labels of a .txt stand: "" if there are none, "before" or "after" a tab; "table" if it is like a .tsv."""
    lines = [line for line in first_lines(path, encoding, LOOKED_AT) if line.strip()]
    parts = [line.split("\t") for line in lines if "\t" in line.strip()]
    if 2 * len(parts) < len(lines) or not parts:
        return ""
    if sum(len(cells) > 2 for cells in parts) > len(lines) / 2:
        return "table"
    pairs = [cells for cells in parts if len(cells) == 2]
    if len(pairs) > FEW_LINES and has_header(pairs, []):
        return "table"
    before, after = zip(*((cells[0], cells[-1]) for cells in parts), strict=True)
    words = [sum(len(text.split()) for text in side) for side in (before, after)]
    return "after" if words[1] < words[0] and len(set(after)) < len(set(before)) else "before"


def _lines(path: Path, encoding: str, layout: str, account: Account) -> Iterator[tuple[str, str | None, str]]:
    if layout == "after":
        account.note("labels stand after a tab")
    start = [line.split(maxsplit=1)[0] for line in first_lines(path, encoding, LOOKED_AT) if line.strip()]
    fasttext = bool(start) and all(word.startswith(FASTTEXT) for word in start)
    if fasttext:
        account.note(f"labels are the words that begin with {FASTTEXT}")
    elif len(start) > FEW_LINES and all(":" in word[1:-1] for word in start) and 2 * len(set(start)) <= len(start):
        account.note("every line begins with a word such as A:b, read as text; if it is a label, put a tab after it")
    tabs = 0
    for number, line, cut in numbered_lines(path, encoding):
        account.cut += cut
        if fasttext and line.strip():
            label, _, text = line.strip().partition(" ")
            yield text, label.removeprefix(FASTTEXT) or None, f"line {number}"
            continue
        before, tab, after = line.partition("\t") if layout == "after" else line.rpartition("\t")
        label, text = (after, before) if layout == "after" else (before, after)
        if tab and label.strip() and text.strip() and not (layout or is_label(label)):
            tabs += 1
            label, text = "", line
        yield text, label.strip() or None, f"line {number}"
    if tabs:
        account.note(f"{tabs:,} lines hold a tab that is read as a space")
