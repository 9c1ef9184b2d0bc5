"""What a link may say, and what the page makes of it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgvae.files.spreadsheet import harmless
from dgvae.ui.address import parse_query, read_fields
from dgvae.ui.decoding import MOST_CHARACTERS
from dgvae.ui.markup.export import csv_link
from dgvae.ui.tour import STOPS, tour

FIELDS = {
    "n": gr.Slider(1, 64, value=12, step=1, label="n"),
    "seed": gr.Number(value=1, minimum=0, precision=0, label="seed"),
    "how": gr.Radio([("greedily", "greedy"), ("drawn", "sampled")], value="greedy", label="how"),
    "more": gr.Dropdown(["x/one", "two"], multiselect=True, value=[], max_choices=2, label="more"),
    "nearest": gr.Checkbox(value=False, label="nearest"),
    "text": gr.Textbox("the food was good .", label="text"),
}
FIRST = [12, 1, "greedy", [], False, "the food was good ."]


def test_a_link_sets_what_it_names_and_the_rest_is_as_at_first() -> None:
    said = parse_query("?n=20&how=sampled&more=two,x/one&nearest=true&text=caf%C3%A9+%26+bar&tab=sample")
    assert read_fields(FIELDS, said) == ([20, 1, "sampled", ["two", "x/one"], True, "café & bar"], [])
    assert read_fields(FIELDS, {}) == (FIRST, [])


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("n", "0", "is not a number from 1 to 64"),
        ("n", "nan", "is not a number from 1 to 64"),
        ("n", "many", "is not a number from 1 to 64"),
        ("seed", "-1", "is not a number from 0 to "),
        ("seed", "1e300", "is not a number from 0 to "),
        ("seed", "", "is not a number from 0 to "),
        ("how", "Greedy", "is not one of the choices here"),
        ("more", "x", "is not one of the choices here"),
        ("more", "two,x/one,two", "has more than 2 entries"),
        ("nearest", "1", "is not one of the choices here"),
        ("text", "x" * (MOST_CHARACTERS + 1), "is longer than 2,000 characters"),
    ],
)
def test_what_a_field_cannot_hold_is_said_and_left_as_at_first(key: str, value: str, why: str) -> None:
    values, (fault,) = read_fields(FIELDS, {key: value})
    assert values == FIRST
    assert fault.startswith(f"The link's {key} (“{FIELDS[key].label}”), {value[:40]!r}, {why}")
    assert fault.endswith("; the page uses the default.")


@given(st.dictionaries(st.sampled_from([*FIELDS, "other"]), st.text(max_size=3000)))
def test_no_link_makes_it_fail(said: dict[str, str]) -> None:
    values, _ = read_fields(FIELDS, said)
    assert 1 <= values[0] <= 64
    assert len(values[-1]) <= MOST_CHARACTERS


def test_the_guided_start_leaves_out_what_is_not_there() -> None:
    names = ["short-yelp/ae", "short-yelp/mdg-vae", "short-yelp/vae-2", "snli/dg-vae"]
    assert tour(names).count("<a ") == 3  # no dg-vae on one text with an mdg-vae
    assert "aria-current" not in tour(names)
    assert STOPS[0].says.split(":")[0] in tour(names, at="1")
    assert tour(["snli/vae"]) == ""


def test_no_cell_of_a_table_is_a_formula() -> None:
    cells = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "- good", "-2", "+1.50", -2.0, "a = b"]
    assert [harmless(cell) for cell in cells] == [*(f"'{cell}" for cell in cells[:4]), *cells[4:]]
    assert quote("'=1+1") in csv_link("a.csv", ["text"], [["=1+1"]])


def test_a_table_is_saved_whole(tmp_path: Path) -> None:
    link = csv_link("a.csv", ["text", "gap"], [['say "hi", <b>', 1.5]])
    assert "<b>" not in link
    assert "say%20%22%22hi%22%22%2C%20%3Cb%3E" in link
