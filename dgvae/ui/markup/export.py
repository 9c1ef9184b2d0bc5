"""What a visitor takes away: tables as CSV, and the code that makes a view."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from dgvae.files.spreadsheet import harmless
from dgvae.ui.pictures import Picture


def csv_link(filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A link that saves a table: it holds the whole file, so that nothing is left on the server.

    Args:
        filename: under which the browser saves it.
        header: names of the columns.
        rows: cells that a spreadsheet would run are made harmless.

    Returns:
        HTML.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([harmless("(a picture)" if isinstance(cell, Picture) else cell) for cell in row] for row in rows)
    return _link(filename, "data:text/csv;charset=utf-8," + quote(text.getvalue()), "Save as CSV")


def gif_link(filename: str, film: bytes) -> str:
    """The same for an animated picture."""
    address = "data:image/gif;base64," + base64.b64encode(film).decode()
    return _link(filename, address, f"Save {filename} ({len(film) / 1e6:.1f} MB)")


def _link(filename: str, address: str, says: str) -> str:
    return f"<a class='take' download='{escape(filename)}' href=\"{address}\">{escape(says)}</a>"


def code_to_load(source: str) -> str:
    """The lines with which every view's code begins: `checkpoint`, loaded. source: as of `Shelf.source`."""
    is_fetched = source.startswith("download_checkpoint(")
    return (
        ("" if is_fetched else "from pathlib import Path\n")
        + "from dgvae.checkpoint.checkpoint import load_checkpoint\n"
        + ("from dgvae.checkpoint.hub import download_checkpoint\n\n" if is_fetched else "\n")
        + f"checkpoint = load_checkpoint({source})\n"
    )
