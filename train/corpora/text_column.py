"""Which column of a table is the text, and which the label: as the user names them, or by what they hold."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dgvae.errors import UserError
from train.corpora.account import Account
from train.corpora.columns import is_number
from train.corpora.lines import SENTENCE
from train.corpora.options import Reading
from train.corpora.table import LOOKED_AT, Table, folded, listed, longer_within, name_among, word_count

_SPLIT_COLUMNS = {
    "split", "data_split", "dataset", "set", "subset", "partition", "phase", "usage", "is_valid", "is_validation", "is_test",
    "is_train",
}  # fmt: skip
_SPLITS = {
    "train", "training", "valid", "validation", "val", "dev", "development", "test", "testing", "eval", "evaluation", "holdout",
    "unlabeled", "unsupervised", "publictest", "privatetest", "public", "private",
}  # fmt: skip
TEXT_COLUMNS = ("text", "sentence", "review", "document", "content")


def text_and_label(path: Path, table: Table, reading: Reading) -> tuple[str, str | None]:
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
    column, label_column = reading.column, reading.label_column
    if names and column:
        column = _known(path, names, column, reading)
    if names and label_column:
        must_be = reading.needs_label or name_among(names, label_column) is not None
        label_column = _known(path, names, label_column, reading) if must_be else None
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
        flat = [name for name in names if name not in nested]
        longer = bool(words) and longer_within(table, nested, [count for counts in words.values() for count in counts])
        raise UserError(_why_no_column(path, flat, sorted(nested) if longer else [], bool(words)))
    if nested and found[0] not in TEXT_COLUMNS and longer_within(table, nested, words[found[0]]):
        raise UserError(
            f"{path} has longer texts within {listed(sorted(nested))} than in {found[0]}; write the text into a column of "
            f"its own, or name {found[0]} with --column."
        )
    return found[0], label_column


def note_splits(table: Table, used: Collection[str | None], account: Account) -> None:
    """Say that a column tells which rows are to train on, and that all rows are taken."""
    names = table.names or [*next((row for _, row in table.rows(None, Account())), {})]
    for name in (name for name in names if folded(name) in _SPLIT_COLUMNS and name not in used):
        found = (row.get(name) for _, row in table.rows([name], Account()))
        values = dict.fromkeys(str(value).strip().lower() for value in found if value is not None)
        values = {value: None for value in values if value not in ("", "nan", "none", "null")}
        whether = folded(name).startswith("is_") and values.keys() <= {"true", "false", "0", "1", "yes", "no"}
        if len(values) > 1 and (whether or values.keys() <= _SPLITS):
            account.note(
                f"all rows are taken, whatever column {name} says ({listed(values)}); save those of each kind as a file of its "
                "own, and give them with --valid-file and --test-file"
            )


def _known(path: Path, names: Collection[str], wanted: str, reading: Reading) -> str:
    if (name := name_among(names, wanted)) is None:
        otherwise = ""
        if wanted == "0" and all(name.isdecimal() for name in names):
            otherwise = " Columns are numbered from 1."
        elif wanted.isdecimal() and reading.header is not False:
            otherwise = " If the first row is no header, say --no-header."
        elif len(names) == 1 and not wanted.isdecimal():
            otherwise = " If lines stand above the header, remove them."
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


def _why_no_column(path: Path, names: list[str], nested: list[str], wordy: bool) -> str:
    """Why none of a table's columns is taken for the text, and what to do."""
    if not wordy:
        return f"{path} has no column with words, only {listed(names)}; give a file with text, or name a column with --column."
    within = f", or write what is within {listed(nested)} into a column of its own" if nested else ""
    return f"{path} does not show which column is the text; name one of {listed(names)} with --column{within}."


def _is_wordy(value: object) -> bool:
    """Whether it is text, and no number that a .csv file holds as text."""
    if not isinstance(value, str) or not value.strip() or is_number(value.strip()):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False
