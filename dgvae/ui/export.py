"""What a visitor takes away: tables as CSV, and the code that makes a view."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote


def csv_link(filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A link that saves a table: it holds the whole file, so that nothing is left on the server."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    address = "data:text/csv;charset=utf-8," + quote(text.getvalue())
    return f"<a class='take' download='{escape(filename)}' href=\"{address}\">Save as CSV</a>"


def code_to_load(folder: Path) -> str:
    """The lines with which every view's code begins: `checkpoint`, loaded."""
    return (
        "from pathlib import Path\n"
        "from dgvae.checkpoints import load_checkpoint\n\n"
        f"checkpoint = load_checkpoint(Path({str(folder)!r}))\n"
    )
