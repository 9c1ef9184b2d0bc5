"""How text is read, as far as the user says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """How files are read, as far as the user says it.

    column, label_column: of the text and of a label, by name, or by number where there is no header. encoding: of the file,
    delimiter: of its columns, and header: whether its first row is one; None to find it out. clean: which markup is taken
    away, see `taken_away`. tokenized: whether words stand apart by spaces already. needs_label: whether the label's column must
    be there, which files to validate with and to measure may lack.
    """

    column: str | None = None
    label_column: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    clean: bool | None = None
    tokenized: bool = False
    needs_label: bool = True
