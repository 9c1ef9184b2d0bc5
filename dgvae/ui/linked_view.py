"""The view that an address names: what each of the page's fields holds then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from dgvae.ui.address import parse_query, read_fields
from dgvae.ui.given import not_here
from dgvae.ui.map.tab import MapTab
from dgvae.ui.markup.render import notice
from dgvae.ui.pairs import SUCCESSORS
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import Tab
from dgvae.ui.tour import tour


def linked_view(shelf: Shelf, tabs: Mapping[str, Tab], text: str, is_new: bool = False) -> list[Any]:
    """Read an address.

    Args:
        shelf: of the page.
        tabs: of the page, by their keys, the first one first.
        text: the query string.
        is_new: the page has just come. What the address does not name is then left to the visitor, who may have been quicker.

    Returns:
        Values for the tab bar, the open tab's key, models A and B, all fields of all tabs, the guided start, and faults.
    """
    query, faults = parse_query(text), []
    shelf.revisit(query.get(side) for side in "ab")
    key = _tab(tabs, query, faults)
    is_open = is_new and key == next(iter(tabs))
    opened = [gr.skip()] * 2 if is_open else [gr.update(selected=key), key]
    models = _models(shelf, query, faults, is_new)
    fields: list[Any] = []
    for tab in tabs.values():
        if tab.key != key:
            fields += [gr.skip()] * len(tab.fields)
            continue
        values, wrong = read_fields(tab.fields, query)
        faults += wrong
        known = zip(tab.fields, values, strict=True)
        fields += [gr.skip() if is_new and field not in query else value for field, value in known]
    guide = tour([name for _, name in shelf.choices()], query.get("tour"))
    return [*opened, *models, *fields, guide, "".join(map(notice, faults))]


def _models(shelf: Shelf, query: Mapping[str, str], faults: list[str], is_new: bool) -> list[Any]:
    """Updates of the lists of A and B."""
    choices, updates = shelf.choices(), []
    names = {name for _, name in choices}
    for side, first in zip("ab", shelf.defaults(), strict=True):
        if is_new and side not in query:
            updates.append(gr.update(choices=choices))
            continue
        if (name := query.get(side, first)) not in names:
            shown = new if (new := SUCCESSORS.get(str(name))) in names else first
            faults.append(not_here(side.upper(), str(name), shown))
            name = shown
        updates.append(gr.update(choices=choices, value=name))
    return updates


def _tab(tabs: Mapping[str, Tab], query: Mapping[str, str], faults: list[str]) -> str:
    """The key of the tab that is opened. The map was the first tab once, and the first tab is not named in a link."""
    first = next(iter(tabs))
    key = query.get("tab", MapTab.key if query.keys() & tabs[MapTab.key].fields.keys() else first)
    if key not in tabs:
        faults.append(f"The link's tab, {key[:40]!r}, does not exist.")
        return first
    return key
