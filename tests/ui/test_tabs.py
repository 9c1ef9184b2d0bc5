"""Every tab, without a browser: what it draws for every kind of model, and the code that it shows."""

from __future__ import annotations

import contextlib
import io
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from dgvae.methods.table import METHODS
from dgvae.ui.address import first_value
from dgvae.ui.markup.differences import marked_differences, share_kept
from dgvae.ui.page import TABS
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import Tab


@pytest.fixture(scope="module")
def shelf(checkpoints: Path) -> Shelf:
    return Shelf(checkpoints)


def build(kind: type[Tab], shelf: Shelf) -> Tab:
    with gr.Blocks():
        return kind(shelf, gr.Dropdown(), gr.Dropdown())


def values(tab: Tab, **other: Any) -> dict[str, Any]:
    return {key: other.get(key, first_value(field)) for key, field in tab.fields.items()}


@pytest.mark.parametrize("kind", TABS, ids=lambda kind: kind.key)
@pytest.mark.parametrize("method", METHODS)
def test_it_draws_every_method(kind: type[Tab], method: str, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgvae.ui.tabs.reconstructions.MOST_LOADED", 2)  # its table shows others, too: each is tested as A
    tab = build(kind, shelf)
    drawn = tab.draw(f"short-yelp/{method}", "short-yelp/dg-vae", **values(tab))
    assert len(drawn) == len(tab.outputs)
    assert any(drawn)


@pytest.mark.parametrize("kind", TABS, ids=lambda kind: kind.key)
def test_without_models_it_says_so(kind: type[Tab], shelf: Shelf) -> None:
    tab = build(kind, shelf)
    assert len(tab.draw(None, "short-yelp/none", **values(tab))) == len(tab.outputs)


CHOICES: dict[str, list[dict[str, Any]]] = {
    "gallery": [{}, {"order": "MI", "family": "Spheres"}],
    "map": [{}],
    "slice": [{}, {"dims": "the two below"}],
    "sample": [{}, {"how": "drawn"}, {"how": "beam"}],
    "interpolate": [{}, {"path": "spherical"}, {"path": "dense", "from": 'it\'s "good"\\'}],
    "edit": [{}],
    "measure": [{}],
    "lab": [{}, {"points": "drawn", "drawn": "0 0, 1 -1"}],
}


@pytest.mark.parametrize("kind", TABS, ids=lambda kind: kind.key)
def test_its_code_runs_as_it_stands(kind: type[Tab], shelf: Shelf, checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkpoints.parent)  # the code does not name the folder of the server
    tab = build(kind, shelf)
    for choice in CHOICES[kind.key]:
        code = tab.code("short-yelp/dg-vae", "short-yelp/vae", **values(tab, **choice))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "code", "exec"), {})
        assert said.getvalue().strip(), code


def test_samples_in_the_code_are_those_on_the_page(shelf: Shelf, checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkpoints.parent)
    from dgvae.ui.tabs.sample import SampleTab

    tab = build(SampleTab, shelf)
    chosen = values(tab, how="drawn", n=5, seed=3)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(tab.code("short-yelp/dg-vae", None, **chosen), {})
    page = tab.draw("short-yelp/dg-vae", "short-yelp/vae", **chosen)[0]
    assert all(escape(line) in page for line in said.getvalue().splitlines())


def test_differences_are_marked_word_by_word() -> None:
    before, after = ["the", "<b>", "was", "good", "."], ["the", "soup", "was", "very", "good", "."]
    assert marked_differences(before, after) == "the <del>&lt;b&gt;</del> <ins>soup</ins> was <ins>very</ins> good ."
    assert share_kept(before, after) == 4 / 5
    assert marked_differences([], []) == ""
    assert share_kept([], after) == 0


def test_what_is_derived_is_kept_but_not_without_end(checkpoints: Path) -> None:
    from dgvae.ui.derived import MOST_KEPT

    shelf, made = Shelf(checkpoints), []
    for key in (*range(MOST_KEPT + 1), MOST_KEPT, 0):
        shelf.derived("short-yelp/vae", key, lambda checkpoint, key=key: made.append(key))
    assert made == [*range(MOST_KEPT + 1), 0]


def test_the_slices_rankings_and_reach_are_those_of_the_library() -> None:
    from dgvae.explore import slices as library
    from dgvae.ui.tabs.slice import MOST_REACH, RANKINGS

    assert set(RANKINGS) == set(library.RANKINGS)
    assert MOST_REACH == library.MOST_REACH
