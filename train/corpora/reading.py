"""One's own text, from .txt, .csv, .tsv, .json, .jsonl (each also .gz) and .parquet: sentences and what labels they have.

What can't be used is left out and counted by its fault; only a file that can't be read at all is an error.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.columns import is_number
from train.corpora.encodings import UTF_8, WESTERN, as_utf_8, check_encoding, find_encoding, first_lines, is_packed, is_utf_8
from train.corpora.json_tables import TEXTS, json_in_lines, json_table
from train.corpora.kinds import is_parquet, refuse_other_kinds
from train.corpora.lines import BOTH_TEXTS, SENTENCE, layout_of_lines, read_lines
from train.corpora.markup import cleaned, count_markup
from train.corpora.parquet_tables import parquet_table
from train.corpora.signs import LOOKED_AT as MOST_SAMPLED
from train.corpora.signs import signs
from train.corpora.table import LOOKED_AT, Table, label_of, lack_of, listed, longer_within, name_among, word_count
from train.corpora.tables import delimited
from train.corpora.written import refuse_written

TEXT_COLUMNS = ("text", "sentence", "review", "document", "content")
NO_LABEL = "-1"  # of what has names for its labels, as the tests of GLUE
JSON = (".json", ".jsonl")
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
    return format_of(text) is not None or text.startswith((".", "/", "~")) or os.path.isfile(text)


def read_text(path: Path, reading: Reading, account: Account) -> Iterator[tuple[str, str | None, str]]:
    """Yield (sentence, label, place), one after the other; note in `account` how it is read and what is left out.

    The text's column is by default the only one that holds text, or one of TEXT_COLUMNS. A .txt file has a sentence a line and
    optionally `label<TAB>` before it. Raises UserError if the file can't be read, is of another format, or has no such column.
    """
    try:
        ending, sample = _ending(path, account), []
        for text, label, place in _sentences(path, ending, reading, account):
            if text.endswith("\0") and (stripped := text.rstrip("\0")):
                account.note_first("zero bytes at the end of a text are left away", place)
                text = stripped
            if fault := _fault(text, account):
                account.leave_out(fault, place)
                continue
            if known := as_utf_8(text):
                text = _mended(text, known, place, account)
            count_markup(text, account.markup)
            text = cleaned(text, reading.clean)
            if len(sample) < MOST_SAMPLED:
                sample.append(text)
            yield text, label, place
        for sign in signs(sample):
            account.note(sign)
    except (OSError, EOFError, ValueError, ArithmeticError, zlib.error) as error:
        raise cannot_read(path, error) from None


def cannot_read(path: Path, error: Exception) -> UserError:
    """Says why a file can't be read: it is not there, broken, or not what it seems."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else " ".join(str(error).split())
    return UserError(f"{path} can't be read ({why}).")


def _mended(text: str, known: str, place: str, account: Account) -> str:
    """A text whose UTF-8 was read as cp1252: mended if a file mixes the two, and else as it is, and said."""
    if account.encoding == WESTERN:
        account.note_first("some lines are UTF-8", place)
        return known
    account.note_first(f"some letters are two wrong ones, such as {'é'.encode().decode(WESTERN)} for é", place)
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
    column, label_column = _columns(path, table, reading)
    if not reading.column and len(table.names or ["", ""]) > 1:
        account.note(f"the text is in column {listed([column])}")
    names = table.label_names(label_column) if label_column else {}
    account.label_names |= names
    for place, record in table.rows([column, *([label_column] if label_column else [])], account):
        text = record.get(column)
        label = label_of(record.get(label_column)) if label_column else None
        if not isinstance(text, str):
            account.leave_out(lack_of(column, text), place)
        elif label_column and label is None and _fault(text, account) is None:
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


def _columns(path: Path, table: Table, reading: Reading) -> tuple[str, str | None]:
    """The names of the columns that hold the text and the label, as the file writes them."""
    names: dict[str, None] = dict.fromkeys(table.names or [])
    words: dict[str, list[int]] = {}  # of every text in a column
    nested = set(table.nested)
    seen = False
    if table.names is None or not reading.column:
        for number, (_, row) in enumerate(table.rows(None, Account())):
            seen = True
            names |= dict.fromkeys(row)
            nested.update(name for name, value in row.items() if isinstance(value, list | dict))
            for name in (name for name, value in row.items() if number < LOOKED_AT or name not in words if _is_wordy(value)):
                words.setdefault(name, []).append(word_count(row[name]))
            if table.names is not None and words and number >= LOOKED_AT:
                break
    column, label_column = (
        _known(path, names, wanted, reading) if wanted and names else wanted
        for wanted in (reading.column, reading.label_column)
    )
    if column and column == label_column:
        raise UserError(f"--column and --label-column both name {column}; name another column, or leave one out.")
    if column or not names:
        return column or TEXT_COLUMNS[0], label_column
    if not seen:
        return next(iter(names)), label_column  # there is no row
    nested.discard(label_column or "")
    found = [name for name in names if name in words and name != label_column]
    if nested and len(found) < 2 and not set(found) & set(TEXT_COLUMNS) and all(max(words[name]) == 1 for name in found):
        # Such as ids beside conversations.
        raise UserError(_only_nested(path, found, nested))
    if len(found) != 1:
        long = [name for name in found if sum(words[name]) >= SENTENCE * len(words[name])]
        named = [name for name in TEXT_COLUMNS if name in found and (name in long or any(n > 1 for n in words[name]))]
        found = named or (long if len(long) == 1 else [name for name in TEXT_COLUMNS if name in found and not long])
    if not found:
        raise UserError(_why_no_column(path, [name for name in names if name not in nested], bool(words)))
    if nested and found[0] not in TEXT_COLUMNS and longer_within(table, nested, words[found[0]]):
        raise UserError(
            f"{path} has longer texts within {listed(sorted(nested))} than in {found[0]}; write the text into a column of "
            f"its own, or name {found[0]} with --column."
        )
    return found[0], label_column


def _known(path: Path, names: Collection[str], wanted: str, reading: Reading) -> str:
    if (name := name_among(names, wanted)) is None:
        otherwise = ""
        if wanted.isdecimal() and reading.header is not False:
            otherwise = " If the first row is no header, say --no-header."
        elif wanted.isdecimal() and len(names) == 1 and not reading.delimiter:
            otherwise = " If it has several, say what separates them, as with --delimiter ','."
        raise UserError(f"{path} has no column {wanted}; it has {listed(names)}.{otherwise}")
    return name


def _only_nested(path: Path, flat: list[str], nested: set[str]) -> str:
    """Why none of a table's columns is taken for the text where others hold lists or objects, and what to do."""
    otherwise = f", or name {listed(flat)} with --column" if flat else ""
    return (
        f"{path} has no column of sentences, only lists, objects or bytes in {listed(sorted(nested))}; write the text into a "
        f"column of its own{otherwise}."
    )


def _why_no_column(path: Path, names: list[str], wordy: bool) -> str:
    """Why none of a table's columns is taken for the text, and what to do."""
    if not wordy:
        return f"{path} has no column with words, only {listed(names)}; give a file with text, or name a column with --column."
    return f"{path} does not show which column is the text; name one of {listed(names)} with --column."


def _is_wordy(value: object) -> bool:
    """Whether it is text, and no number that a .csv file holds as text."""
    if not isinstance(value, str) or not value.strip() or is_number(value.strip()):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False
