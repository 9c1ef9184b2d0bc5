"""One's own text, from .txt, .csv, .tsv, .json, .jsonl (each also .gz) and .parquet: sentences and what labels they have.

What can't be used is left out and counted by its fault; only a file that can't be read at all is an error.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.encodings import (
    UTF_8,
    WESTERN,
    as_utf_8,
    check_encoding,
    find_encoding,
    is_garbled,
    is_packed,
    is_utf_8,
)
from train.corpora.hints import hints_of_cells
from train.corpora.json_tables import TEXTS, json_in_lines, json_table
from train.corpora.kinds import is_parquet, refuse_other_kinds
from train.corpora.line_ends import first_lines
from train.corpora.lines import BOTH_TEXTS, layout_of_lines, read_lines
from train.corpora.markup import cleaned, count_markup
from train.corpora.options import Reading
from train.corpora.parquet_tables import parquet_table
from train.corpora.preamble import MOST_BEFORE
from train.corpora.signs import LOOKED_AT as MOST_SAMPLED
from train.corpora.signs import signs
from train.corpora.table import LOOKED_AT, Table, folded, label_of, lack_of, listed
from train.corpora.tables import delimited
from train.corpora.text_column import note_splits, text_and_label
from train.corpora.written import refuse_written

NO_LABEL = "-1"  # of what has names for its labels, as the tests of GLUE
JSON = (".json", ".jsonl")
FORMATS = (".parquet", ".jsonl", ".json", ".tsv", ".csv", ".txt")  # the best described first


def format_of(path: str | Path) -> str | None:
    """The ending that says how a file is read, without .gz; None if it is none of these."""
    name = str(path).lower()
    return next((ending for ending in FORMATS if name.endswith((ending, f"{ending}.gz"))), None)


def is_path(text: str) -> bool:
    """Whether it names a file, be it there or not, rather than a data set of the Hub."""
    return format_of(text) is not None or text.startswith((".", "/", "~")) or os.path.isfile(text)


def read_text(path: Path, reading: Reading, account: Account) -> Iterator[tuple[str, str | None, str]]:
    """Yield (sentence, label, place), one after the other; note in `account` how it is read and what is left out.

    A table's text is in the column that `text_and_label` finds. A .txt file has a sentence a line and optionally `label<TAB>`
    before it. Raises UserError if the file can't be read, is of another format, or has no such column.
    """
    try:
        ending, sample = _ending(path, account), []
        account.whole_lines = False
        for text, label, place in _sentences(path, ending, reading, account):
            if text.endswith("\0") and (stripped := text.rstrip("\0")):
                account.note_first("zero bytes at the end of a text are left away", place)
                text = stripped
            if fault := _fault(text, account):
                account.leave_out(fault, place)
                continue
            text, label = _mended(text, reading, place, account), label and _mended(label, reading, place, account)
            count_markup(text, account.markup)
            text = cleaned(text, reading.clean)
            if len(sample) < MOST_SAMPLED:
                sample.append(text)
            yield text, label, place
        for sign in signs(sample, reading.tokenized) + ([] if account.whole_lines else hints_of_cells(sample)):
            account.note(sign)
    except (OSError, EOFError, ValueError, ArithmeticError, zlib.error) as error:
        raise cannot_read(path, error) from None


def cannot_read(path: Path, error: Exception) -> UserError:
    """Says why a file can't be read: it is not there, broken, or not what it seems."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else " ".join(str(error).split())
    return UserError(f"{path} can't be read ({why}).")


def _mended(text: str, reading: Reading, place: str, account: Account) -> str:
    """A text whose UTF-8 was read as another encoding: mended where that is sure, and else as it is, and said."""
    known = as_utf_8(text)
    if known and account.encoding == WESTERN:
        account.note_first("some lines are UTF-8", place)
        return known
    if known and is_garbled(text) and reading.clean is not False:
        account.note_first("letters that were saved as two or three wrong ones, such as Ã© for é, are mended", place)
        return known
    if known or is_garbled(text):
        account.note_first("some letters are two wrong ones, such as Ã© for é", place)
    return text


def _ending(path: Path, account: Account) -> str:
    """The ending of the format that the file has, by its first bytes and else by its name."""
    ending = format_of(path)
    refuse_other_kinds(path)
    if is_parquet(path):
        if ending != ".parquet":
            account.note("it is a Parquet file")
        return ".parquet"
    if not ending:
        raise UserError(
            f"{path} is none of {', '.join(sorted(FORMATS))}; all but .parquet may also end in .gz. If it holds a sentence per "
            "line, call it .txt."
        )
    if ending == ".parquet":
        if not path.stat().st_size:
            raise UserError(f"{path} is empty; save the table again.")
        if is_packed(path):
            raise UserError(f"{path} is packed by gzip, which is read for all formats but Parquet; unpack it first.")
        raise UserError(f"{path} is not a Parquet file; give it the ending of its format, such as .csv or .jsonl.")
    return ending


def _sentences(path: Path, ending: str, reading: Reading, account: Account) -> Iterator[tuple[Any, str | None, str]]:
    if ending == ".parquet":
        yield from _cells(path, parquet_table(path), reading, account)
        return
    encoding = check_encoding(reading.encoding) if reading.encoding else find_encoding(path)
    if reading.encoding and encoding != UTF_8 and is_utf_8(path):  # which no text of another encoding is by chance
        account.note(f"it is UTF-8, and is read so although --encoding says {encoding}")
        encoding = UTF_8
    elif encoding != UTF_8 and not reading.encoding:
        account.note(f"the encoding is {encoding} (--encoding names another)")
    account.encoding = encoding
    lines = first_lines(path, encoding, LOOKED_AT)
    refuse_written(path, lines)
    kind = json_in_lines(path, encoding, lines) if ending not in JSON else None
    if kind and (kind != TEXTS or ending == ".txt"):  # other tables hold quotes, too
        account.note(f"it holds JSON, {kind}")
        ending = ".jsonl"
    wanted = [name for name in (reading.column, reading.label_column) if name]
    if not reading.needs_label:  # its own header may be none, or lack the label
        first = {folded(cell.strip(' "')) for line in lines[: MOST_BEFORE + 1] for cell in re.split(r"[\t|;,]", line)}
        wanted = [name for name in wanted if folded(name) in first]
    layout = layout_of_lines(lines) if ending == ".txt" and not reading.delimiter else "table"
    if ending in JSON:
        table = json_table(path, encoding, account)
    elif layout == BOTH_TEXTS:
        raise UserError(
            f"{path} has a text before and another after the tab of each line; keep one of them, or call the file .tsv and "
            "name the text with --column, and a label with --label-column."
        )
    elif layout != "table":
        if reading.header:
            raise UserError(f"{path} is read as lines, which have no header; remove its first line, or call the file .csv.")
        if wanted:
            raise UserError(
                f"{path} has no columns for --column or --label-column; call it .tsv if it has some. Else save all files as "
                "tables, or all as lines with a tab between label and text, without these options."
            )
        yield from read_lines(path, encoding, layout, account)
        return
    else:
        if ending == ".txt":
            account.note(
                "it is read as a table" + ("" if reading.label_column else ", of which --label-column names the label")
            )
        filled = [line for line in lines if line.strip()]
        tabs = ending != ".csv" and 2 * sum("\t" in line for line in filled) >= max(1, len(filled))
        table = delimited(path, encoding, reading.delimiter or ("\t" if tabs else None), reading.header, wanted, account)
    yield from _cells(path, table, reading, account)


def _cells(path: Path, table: Table, reading: Reading, account: Account) -> Iterator[tuple[Any, str | None, str]]:
    """The texts and labels of a table."""
    column, label_column = text_and_label(path, table, reading)
    if not reading.column and len(table.names or ["", ""]) > 1:
        account.note(f"the text is in column {listed([column])}")
    if reading.label_column and not label_column:
        known = f"; the columns are {listed(table.names)}" if table.names else ""
        account.note(f"there is no column {reading.label_column}, and so no label{known}")
    note_splits(table, (column, label_column), account)
    names = table.label_names(label_column) if label_column else {}
    account.label_names |= names
    for place, record in table.rows([column, *([label_column] if label_column else [])], account):
        text = record.get(column)
        label = label_of(record.get(label_column)) if label_column else None
        if not isinstance(text, str):
            account.leave_out(lack_of(column, text), place)
        elif label_column and label is None and reading.needs_label and _fault(text, account) is None:
            account.leave_out(lack_of(label_column, record.get(label_column)), place)
        elif names and label == NO_LABEL:
            account.note_first(f"a {label_column} of {NO_LABEL} is no label", place)
            yield text, None, place
        else:
            yield text, label, place


def _fault(text: str, account: Account) -> str | None:
    """What is wrong with a text, if anything is."""
    if not text.strip("\x1a \t\r\n"):  # Ctrl-Z ended files of DOS
        return "empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not UTF-8"
    if "\0" in text:
        return "with zero bytes"
    return f"not {account.encoding}" if account.encoding != UTF_8 and "\ufffd" in text else None
