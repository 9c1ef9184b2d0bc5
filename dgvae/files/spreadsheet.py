"""Cells of CSV files, which spreadsheets open."""

from __future__ import annotations


def harmless(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that would be one gets an apostrophe before it."""
    if not isinstance(cell, str) or not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
