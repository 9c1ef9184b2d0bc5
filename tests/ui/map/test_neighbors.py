"""The list of nearest sentences: of both models, of sentences and draws, with and without densities."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dgvae.explore.neighbors import nearest, nearest_posteriors
from dgvae.text.corpora import corpus_files, label_name, read_split
from dgvae.ui.map.neighbors import DISTANCES, neighbors
from dgvae.ui.map.points import Point, map_of
from dgvae.ui.shelf import Shelf
from tests.ui.map.test_tab import drawn, make_tab

VAE, DG, IMPLICIT = "short-yelp/vae", "short-yelp/dg-vae", "short-yelp/ivae-mi"
NAMES = {"A": VAE, "B": DG}


@pytest.fixture(scope="module")
def shelf(checkpoints: Path, corpus: Path) -> Shelf:
    return Shelf(checkpoints, corpus)


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_nearest_of_a_sentence_are_listed_and_light_up_on_both_maps(shelf: Shelf, corpus: Path, distance: str) -> None:
    near = neighbors(shelf, NAMES, Point(12, is_draw=False), distance)
    sentences = read_split(corpus_files("short-yelp", corpus)["test"]).sentences
    for side, name in NAMES.items():
        posterior = shelf.get(name).latents.posterior
        distances, found = nearest_posteriors(posterior, 12, 8, distance)
        assert near.numbers[side] == [i + 1 for i in found.tolist()]
        first = int(found[0])
        assert f"<span class='sentence'>{sentences[first]}</span>" in near.listed
        label = label_name(int(shelf.get(name).latents.labels[first]), shelf.get(name).classes)
        assert f"sentence {first + 1} · {label} · {DISTANCES[distance]} " in near.listed
        assert f"{float(distances[0]):.3g}" in near.listed
    assert "Sentences nearest to sentence 13" in near.listed
    assert near.mark("A") == near.mark("B") == {"near": {"a": near.numbers["A"], "b": near.numbers["B"]}}
    shown = {*map_of(shelf.get(VAE)).sentences.tolist()} | {*map_of(shelf.get(DG)).sentences.tolist()}
    assert ("not on the map" in near.listed) == any(i - 1 not in shown for side in NAMES for i in near.numbers[side])


def test_a_draw_is_compared_with_the_means(shelf: Shelf) -> None:
    near = neighbors(shelf, NAMES, Point(3, is_draw=True), "kl")
    assert near.numbers == neighbors(shelf, NAMES, Point(3, is_draw=True)).numbers
    stored = map_of(shelf.get(VAE))
    expected = nearest(stored.z[3:4], shelf.get(VAE).latents.posterior.location, 8)[1][0] + 1
    assert near.numbers["A"] == expected.tolist()
    assert "Sentences nearest to prior draw 4" in near.listed
    assert near.listed.count("A prior draw has no posterior") == 1


def test_a_model_without_densities_says_so_and_the_other_keeps_them(shelf: Shelf) -> None:
    near = neighbors(shelf, {"A": IMPLICIT, "B": DG}, Point(5, is_draw=False), "symmetric")
    assert "iVAE-MI has no densities" in near.listed
    assert near.listed.count("· distance of μ ") == near.listed.count("· symmetric KL ") == 8


def test_other_sentences_light_up_on_their_own_map_alone(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgvae.ui.map.neighbors.same_sentences", lambda *_: False)
    near = neighbors(shelf, NAMES, Point(5, is_draw=False))
    assert (near.mark("A"), near.mark("B")) == ({"near": {"a": near.numbers["A"]}}, {"near": {"b": near.numbers["B"]}})


def test_faults_are_said_in_the_models_column(shelf: Shelf) -> None:
    near = neighbors(shelf, {"A": "gone", "B": DG}, Point(5, is_draw=False))
    assert "There is no checkpoint" in near.listed
    assert len(near.numbers["B"]) == 8
    assert neighbors(shelf, NAMES, None).listed == neighbors(shelf, NAMES, Point(9999, is_draw=False)).listed == ""


def test_without_the_text_they_are_reconstructed(checkpoints: Path, tmp_path: Path) -> None:
    for name in NAMES.values():
        shutil.copytree(checkpoints / name, tmp_path / name, ignore=shutil.ignore_patterns("run.json"))
    assert neighbors(Shelf(tmp_path), NAMES, Point(5, is_draw=False)).listed.count("· reconstructed") == 16


def test_a_link_lists_them_and_another_distance_lists_others(shelf: Shelf) -> None:
    tab = make_tab(shelf)
    near = neighbors(shelf, NAMES, Point(12, is_draw=False), "kl")
    shown = drawn(tab, VAE, DG, point=13, near="kl")
    assert shown.near == near.listed
    listed, over = tab._near.change(VAE, DG, 13, "kl")
    assert listed == near.listed
    assert json.loads(over)["charts"]["map-b"] == near.mark("B")
    assert drawn(tab, VAE, DG).near == ""
