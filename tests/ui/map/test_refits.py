"""Maps with other options of UMAP: fitted aside, one after another, kept, and given up when nobody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from dgvae.checkpoint.umap import UmapOptions, project_aside
from dgvae.ui.map import refits
from dgvae.ui.map.aside import Aside
from dgvae.ui.map.fittings import NOBODY, Fitting, Fittings
from dgvae.ui.map.points import map_of
from dgvae.ui.map.tab import MapTab
from dgvae.ui.shelf import Shelf
from tests.ui.map.other_process import tell_process
from tests.ui.map.test_projection import columns
from tests.ui.map.test_tab import DG, EVERYWHERE, SPHERE, VAE, drawn, make_tab

FEW = UmapOptions(5, 0.5)
SHOWN: dict[str, Any] = {"neighbors": 5, "mindist": 0.5}


@pytest.fixture
def tab(checkpoints: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> MapTab:
    """With maps that are made at once, of the first two dimensions."""

    def fit(work: Any, given: Any, hear: Callable[[Any], None], _: object) -> str:
        groups, options = given
        assert work is project_aside
        hear(np.concatenate(groups)[:, :2] * options.neighbors)
        return ""

    monkeypatch.setattr(refits.ASIDE, "run", fit)
    return make_tab(Shelf(checkpoints, corpus))


def steps(tab: MapTab, which: str, a: str = VAE, b: str = DG) -> list[tuple[str, Any]]:
    return [*tab._controls.fit(a, b, which, "umap", FEW.neighbors, FEW.min_dist)]


def test_a_map_of_each_model_is_fitted_once_and_then_drawn(tab: MapTab):
    before = drawn(tab, VAE, DG)
    assert drawn(tab, VAE, DG, **SHOWN).chart_a == before.chart_a  # as long as there is none
    said = steps(tab, "own")
    assert sum(text == "" and done != gr.skip() for text, done in said) == 2
    shown = drawn(tab, VAE, DG, region=EVERYWHERE, **SHOWN)
    assert shown.chart_a["datasets"] != before.chart_a["datasets"]
    assert shown.chart_b["datasets"] != before.chart_b["datasets"]
    assert "60 encoded sentences" in shown.report
    assert drawn(tab, VAE, DG).chart_a == before.chart_a
    assert steps(tab, "own") == [("", gr.skip())]
    assert steps(tab, "own", DG, VAE) == [("", gr.skip())]


def test_a_map_of_both_shows_a_draw_at_one_place_and_models_that_have_none_get_their_own(tab: MapTab):
    assert steps(tab, "common")[-1][1] != gr.skip()
    shown = drawn(tab, DG, VAE, which="common", **SHOWN)
    a, b = columns(shown.chart_a), columns(shown.chart_b)
    assert all(a[-number] == b[-number] for number in range(1, 61))
    assert any(a[number] != b[number] for number in a.keys() & b.keys() if number > 0)
    assert steps(tab, "common", VAE, SPHERE)[-1][0] == ""
    apart = drawn(tab, VAE, SPHERE, which="common", **SHOWN)
    assert "no common map: their priors are different distributions" in apart.remark
    assert columns(apart.chart_b) != columns(drawn(tab, VAE, SPHERE).chart_b)


def test_what_could_not_be_fitted_is_said_and_may_be_asked_for_again(tab: MapTab, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(refits.ASIDE, "run", lambda *_: "its process ended with -9.")
        said = steps(tab, "common")[-1]
        assert "The map could not be fitted: its process ended with -9." in said[0]
    assert steps(tab, "common")[-1][0] == ""
    assert columns(drawn(tab, VAE, DG, which="common", **SHOWN).chart_a) != columns(drawn(tab, VAE, DG).chart_a)


def test_a_model_that_is_not_there_leaves_the_other_its_map(tab: MapTab):
    assert steps(tab, "own", "gone", VAE)[-1][0] == ""
    shown = drawn(tab, "gone", VAE, **SHOWN)
    assert "There is no checkpoint" in shown.fault_a
    assert columns(shown.chart_b) != columns(drawn(tab, VAE, DG).chart_a)


def test_the_oldest_maps_make_room(tab: MapTab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(refits, "MOST_KEPT", 1)
    of, members = tab.common.refits, ("short-yelp/beta-vae",)
    for neighbors in (5, 50):
        assert [*of.follow([members], UmapOptions(neighbors))][-1] == ("", True)
    assert of.coordinates(members, UmapOptions(5)) is None
    (xy,) = of.coordinates(members, UmapOptions(50)) or []
    assert xy.tolist() == (50 * map_of(tab.shelf.get(members[0])).z[:, :2]).tolist()
    assert [*of.follow([members], UmapOptions(5))][-1] == ("", True)  # which was fitted once, and is gone


@pytest.fixture
def aside() -> Iterator[Aside]:
    aside = Aside()
    yield aside
    aside._end()


def test_the_process_tells_how_far_it_is_and_what_it_has_made(aside: Aside):
    latents, told = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32), []
    assert aside.run(project_aside, ([latents[:30], latents[30:]], FEW), told.append, lambda: "") == ""
    *shares, places = told
    assert (shares[0], shares[-1]) == (0, 1)
    assert places.shape == (60, 2)


def test_the_process_is_kept_and_begins_anew_when_it_has_ended(aside: Aside):
    processes: list[tuple[int]] = []
    for how, said in (("well", ""), ("well", ""), ("dies", "its process ended with 3."), ("well", "")):
        assert aside.run(tell_process, (how,), processes.append, lambda: "") == said
    first, second, third, fourth = processes
    assert first == second == third != fourth


def test_work_that_nobody_waits_for_is_ended(aside: Aside):
    queue, began, faults = Fittings(), threading.Event(), []

    def work(fitting: Fitting) -> str:
        said = aside.run(tell_process, ("never",), lambda _: began.set(), fitting.why_end)
        faults.append(said)
        return said

    fitting = queue.ask("endless", "visitor", work)
    over = time.monotonic() + 300  # the process begins at once, and comes last of all
    while not began.wait(0.1):
        assert queue.follow(fitting, "visitor")
        assert time.monotonic() < over
    queue.leave("visitor")
    while not fitting.done:
        assert time.monotonic() < over
        time.sleep(0.01)
    assert faults == [NOBODY]
