"""The Lab tab without a browser: what the screen is told, whose lab is whose, and what is wrong said in a sentence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dgvae.errors import UserError
from dgvae.toy import sets
from dgvae.toy.lab import Lab
from dgvae.toy.run import Frame
from dgvae.toy.setup import SET_SIZES, TOY_METHODS, Settings, Setup
from dgvae.toy.stories import STORIES
from dgvae.ui.address import first_value, parse_query, read_fields
from dgvae.ui.lab import visitors as labs_module
from dgvae.ui.lab.screen import key_of, message
from dgvae.ui.lab.sets import TESTS
from dgvae.ui.lab.tab import LabTab, _address, parse_points
from dgvae.ui.lab.visitors import IDLE, MOST_AWAITED, TURN, Labs
from dgvae.ui.shelf import Shelf
from tests.awaited import awaited

VISITOR: Any = SimpleNamespace(session_hash="visitor")


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a tick takes all its steps."""
    monkeypatch.setattr("dgvae.ui.lab.visitors.PICTURE", 1e6)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> LabTab:
    with gr.Blocks():
        return LabTab(Shelf(tmp_path_factory.mktemp("none")), gr.Dropdown(), gr.Dropdown())


def values(tab: LabTab, **other: Any) -> dict[str, Any]:
    return {key: other.get(key, first_value(field)) for key, field in tab.fields.items()}


def tick(tab: LabTab, run: int = 1, steps: int = 1, session: Any = VISITOR, **fields: Any) -> dict[str, Any]:
    event: Any = SimpleNamespace(run=run, steps=steps, number=9)
    picture: Any = tab.tick(event, session, **values(tab, **fields))
    return json.loads(awaited(picture))


# ---- what the screen is told


@pytest.mark.parametrize("method", TOY_METHODS)
def test_a_picture_holds_what_every_kind_of_posterior_needs(method: str) -> None:
    lab = Lab(Setup((method,)))
    said = json.loads(message(lab.setup, False, {"run": 1}, lab.moments[-1]))
    (shown,) = said["moment"]["methods"]
    kind = shown["shape"]["kind"]
    assert set(shown["shape"]) == {
        "gaussian": {"kind", "places", "widths"}, "vmf": {"kind", "places", "kappa", "log_top"}, "implicit": {"kind", "places"},
    }[kind]  # fmt: skip
    assert (shown["figures"]["gap"] is None) == (kind == "implicit")
    assert len(said["moment"]["methods"][0]["shape"]["places"]) == 2 * 128 * (8 if kind == "implicit" else 1)


def test_a_picture_is_a_few_kilobytes() -> None:
    lab = Lab(Setup(("vae", "aae", "dg-vae", "pdg-vae")))
    assert len(message(lab.setup, True, {"run": 1}, lab.advance(5))) < 20_000


def test_the_key_tells_setups_apart() -> None:
    setups = [Setup(("vae",)), Setup(("ae",)), Setup(("vae",), seed=1), Setup(("vae",), "ring")]
    setups += [Setup(("vae",), "drawn", drawn=((0, 0), (1, y))) for y in (0, 1)]
    assert len({key_of(setup) for setup in setups}) == len(setups)
    assert key_of(Setup(("vae",))) == key_of(Setup(("vae",)))


# ---- the tab


def test_a_visitors_pictures_are_those_of_the_library(tab: LabTab) -> None:
    shown = [tick(tab, run=7, steps=steps, methods=["vae", "dg-vae"]) for steps in (0, 3, 2)]
    lab = Lab(Setup(("vae", "dg-vae")))
    lab.advance(3)
    assert [said["moment"]["step"] for said in shown] == [0, 3, 5]
    expected = json.loads(message(lab.setup, False, {"run": 7, "number": 9}, lab.advance(2)))
    assert shown[-1] == expected


def test_another_number_of_the_run_or_another_setup_begins_anew(tab: LabTab) -> None:
    assert tick(tab, run=20, steps=4)["moment"]["step"] == 4
    assert tick(tab, run=20, steps=0)["moment"]["step"] == 4
    assert tick(tab, run=21, steps=0)["moment"]["step"] == 0
    assert tick(tab, run=21, steps=2, points="ring")["moment"]["step"] == 2
    assert tick(tab, run=21, steps=1, points="grid")["moment"]["step"] == 1


def test_settings_act_on_the_run_that_goes_on(tab: LabTab) -> None:
    for run, beta in ((30, 1), (31, 0)):
        tick(tab, run=run, steps=5, methods=["vae"])
        tick(tab, run=run, steps=20, methods=["vae"], beta=beta)
        frames: Sequence[Frame] = tab.labs.of("visitor").moments[-1]
        lab = Lab(Setup(("vae",)))
        lab.advance(5)
        (expected,) = lab.advance(20, Settings(beta=beta))
        assert frames[0].loss == expected.loss


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"methods": []}, "Choose from one to 4 methods; there are 0."),
        ({"methods": ["vae", "ae", "aae", "wae", "fb-vae"]}, "Choose from one to 4 methods; there are 5."),
        ({"seed": None}, "Give a seed: a whole number such as 1."),
        ({"points": "drawn", "drawn": ""}, "Draw from 2 to 180 points; there are 0."),
        (
            {"points": "drawn", "drawn": "1 2, <b>"},
            "Write a point as two numbers, such as 0.5 -1, with a comma before the next",
        ),
        ({"points": "drawn", "drawn": "0 0," * 600}, "The points' text is longer than 2,000 characters"),
        ({"points": "drawn", "drawn": "1 2, nan 1"}, "not 'nan 1'"),
    ],
)
def test_what_is_wrong_is_said_on_the_screen(tab: LabTab, fields: dict[str, Any], sentence: str) -> None:
    for said in (json.loads(tab.draw(None, None, **values(tab, **fields))[1]), tick(tab, **fields)):
        assert said["fault"]["setup"]
        assert sentence in said["fault"]["says"]


def test_a_run_that_diverged_says_so_and_stays(tab: LabTab) -> None:
    tick(tab, run=40, methods=["vae"])
    with torch.no_grad():
        tab.labs.of("visitor").runs[0].model.get_parameter("mean").fill_(float("nan"))
    said = tick(tab, run=40, methods=["vae"])
    assert said["fault"] == {"says": "VAE diverged at step 2; start again with a lower learning rate."}
    assert "moment" not in said


@given(st.lists(st.tuples(*[st.floats(-4, 4).map(lambda value: round(value, 1))] * 2), max_size=180))
def test_points_are_read_as_they_are_written_and_fit_into_a_link(points: list[tuple[float, float]]) -> None:
    text = ", ".join(f"{x:g} {y:g}" for x, y in points)
    assert parse_points(text) == tuple(points)
    assert len(text) <= 2000


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_a_storys_link_opens_it(tab: LabTab, story) -> None:
    query = parse_query(_address(story))
    fields, faults = read_fields(tab.fields, query)
    assert not faults
    stories, shown, _ = tab.draw(None, None, **dict(zip(tab.fields, fields, strict=True)))
    assert "changed the settings" not in stories
    assert story.says.split(".")[0].replace("'", "&#x27;") in stories
    assert json.loads(shown)["key"] == key_of(story.setup)
    assert json.loads(shown)["play"]


# ---- whose lab is whose


def advance(labs: Labs, session: str, steps: int = 1) -> int:
    return awaited(labs.advance(session, 1, Setup(("vae",)), Settings(), steps))[0].step


def test_visitors_have_labs_of_their_own_and_one_who_left_begins_anew() -> None:
    labs = Labs()
    assert [advance(labs, "one"), advance(labs, "one"), advance(labs, "other")] == [1, 2, 1]
    labs.leave("one")
    with pytest.raises(UserError, match="press Play"):
        labs.of("one")
    assert advance(labs, "one") == 1


def test_a_visitor_has_few_pictures_on_their_way() -> None:
    labs = Labs()

    async def flood() -> list[Any]:
        asks = (labs.advance("one", 1, Setup(("vae",)), Settings(), 1) for _ in range(5))
        return await asyncio.gather(*asks, return_exceptions=True)

    answers = awaited(flood())
    assert [frames[0].step for frames in answers[:MOST_AWAITED]] == [1, 2, 3]
    assert all(
        isinstance(error, UserError) and "has not sent your last pictures" in str(error) for error in answers[MOST_AWAITED:]
    )
    assert advance(labs, "one") == 4


def test_a_picture_that_comes_after_its_visitor_left_makes_no_lab() -> None:
    labs = Labs()
    advance(labs, "one")
    labs.leave("one", gone=True)
    with pytest.raises(UserError, match="reload the page"):
        advance(labs, "one")


def test_looking_does_not_keep_a_place() -> None:
    labs = Labs()
    advance(labs, "one")
    labs._places["one"].asked -= IDLE
    advance(labs, "one", 0)
    assert labs.playing() == 0


def test_who_does_not_train_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs_module, "MOST_LABS", 2)
    labs = Labs()
    advance(labs, "plays")
    advance(labs, "looks on", 0)
    with pytest.raises(UserError, match=r"All 2 places of the lab are in use; .* free in at most 300 s"):
        advance(labs, "late")
    labs._places["looks on"].asked -= IDLE
    assert advance(labs, "late") == 1
    with pytest.raises(UserError, match="press Play"):
        labs.of("looks on")
    assert labs.of("plays")


def test_a_turn_ends_for_who_wait_and_is_not_prolonged_by_beginning_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs_module, "MOST_LABS", 2)
    labs = Labs()
    advance(labs, "long")
    advance(labs, "short")
    labs._places["long"].since -= TURN
    awaited(labs.advance("long", 2, Setup(("vae",)), Settings(), 1))  # another run
    assert advance(labs, "late") == 1
    assert set(labs._places) == {"short", "late"}


# ---- sets against densities


def test_the_tests_of_sets_are_those_of_the_library() -> None:
    assert set(sets.TESTS) == set(TESTS)


def test_sets_are_drawn_and_tested_of_the_example_and_of_the_lab(tab: LabTab) -> None:
    tick(tab, run=50, steps=2, methods=["vae", "vmf-vae"])
    for of in ("example", "A"):
        table, *charts = tab.sets.compare(of, 0.05, 0, VISITOR)
        assert table.count("noticed in") == len(SET_SIZES) * len(TESTS)
        assert [len(chart["datasets"]["points"]) for chart in charts] == [0, 32, 128, 512]


@pytest.mark.parametrize(
    ("of", "seed", "sentence"),
    [
        ("example", None, "Give a seed: a whole number such as 1."),
        ("B", 0, "These tests need Gaussian posteriors"),
        ("C", 0, "The lab has no C; choose one of its 2 methods."),
    ],
)
def test_sets_that_cannot_be_compared_say_why(tab: LabTab, of: str, seed: int | None, sentence: str) -> None:
    tick(tab, run=60, methods=["vae", "vmf-vae"])
    table, *charts = tab.sets.compare(of, 0.05, seed, VISITOR)
    assert sentence in table
    assert charts == [None] * 4


def test_without_a_lab_there_is_no_film_and_nothing_to_compare(tab: LabTab) -> None:
    stranger: Any = SimpleNamespace(session_hash="stranger")
    assert "press Play" in tab.film(stranger)
    assert "press Play" in tab.sets.compare("A", 0.05, 0, stranger)[0]


def test_the_film_of_a_lab_is_a_gif(tab: LabTab) -> None:
    tick(tab, run=70, methods=["vae"])
    assert 'href="data:image/gif;base64,R0lGOD' in tab.film(VISITOR)
