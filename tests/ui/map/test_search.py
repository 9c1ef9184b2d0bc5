"""Search on the map: what is said, listed and lit up, for one corpus and for two, with and without its text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from dgvae import LatentSpace
from dgvae.text.corpora import corpus_files, read_split
from dgvae.ui.map.points import map_of
from dgvae.ui.map.search import find
from dgvae.ui.map.tab import MapTab
from dgvae.ui.shelf import Shelf
from tests.ui.map.test_tab import drawn, make_tab

VAE, DG = "short-yelp/vae", "short-yelp/dg-vae"
BOTH = {"A": VAE, "B": DG}


@pytest.fixture(scope="module")
def shelf(checkpoints: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """With files of latents: texts, labels alone, and neither."""
    shelf, folder = Shelf(checkpoints, corpus), tmp_path_factory.mktemp("latents")
    mean = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    files = {
        "reviews": {
            "text": [f"Good tacos, plate {i}!" for i in range(40)],
            "labels": ["old" if i < 10 else "new" for i in range(40)],
        },
        "digits": {"labels": [i % 10 for i in range(40)]},
        "bare": {},
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dgvae.ui.own_latents.MAP_POINTS", 20)
        for name, known in files.items():
            LatentSpace(mean, torch.full_like(mean, -3.0), **known).save(folder / f"{name}.npz")
            shelf.add_latents(folder / f"{name}.npz", name)
    return shelf


@pytest.fixture(scope="module")
def sentences(corpus: Path) -> list[str]:
    return read_split(corpus_files("short-yelp", corpus)["test"]).sentences


def test_sentences_with_all_words_light_up_on_both_maps(shelf: Shelf, sentences: list[str]) -> None:
    found = find(shelf, BOTH, "GREEN cook")
    expected = [i for i, text in enumerate(sentences) if {"green", "cook"} <= {*text.split()}]
    assert 0 < len(expected) < len(sentences)
    for side, name in BOTH.items():
        assert found.numbers[side] == [i + 1 for i in map_of(shelf.get(name)).sentences.tolist() if i in expected]
    assert f"{len(expected)} of 100 sentences" in found.said
    assert "“GREEN” and “cook”" in found.said
    assert f"{len(found.numbers['A'])} of them are on the map, as filled dots." in found.said
    assert found.listed.count("<details") == 1
    assert found.listed.count("<tr><td>") == min(50, len(expected))
    assert f"<td>{expected[0] + 1}</td>" in found.listed


def test_nothing_typed_and_nothing_found(shelf: Shelf) -> None:
    assert find(shelf, BOTH, ' "" ') == find(shelf, BOTH, "")
    assert find(shelf, BOTH, "").said == ""
    found = find(shelf, BOTH, "<b>gree</b>")
    assert "none of 100 sentences has “&lt;b&gt;gree&lt;/b&gt;”; only whole words count." in found.said
    assert (found.listed, found.numbers) == ("", {"A": [], "B": []})


def test_two_corpora_are_searched_each(shelf: Shelf, sentences: list[str]) -> None:
    found = find(shelf, {"A": "reviews", "B": VAE}, "cook")
    count = sum("cook" in text.split() for text in sentences)
    assert "In A: none of 40 examples has “cook”" in found.said
    assert f"In B: {count} of 100 sentences have “cook”" in found.said
    assert "What was found of B, as a list" in found.listed


def test_the_texts_and_labels_of_a_file_are_searched(shelf: Shelf) -> None:
    assert "In A: 40 of 40 examples have “good tacos”" in find(shelf, {"A": "reviews", "B": VAE}, '"good tacos"').said
    assert "In A: 1 of 40 examples has “plate 7”" in find(shelf, {"A": "reviews", "B": VAE}, '"plate 7"').said
    assert "In A: 10 of 40 examples have “old” and “tacos”" in find(shelf, {"A": "reviews", "B": VAE}, "old tacos").said
    assert "In A: none of 40 examples has “! old”" in find(shelf, {"A": "reviews", "B": VAE}, '"! old"').said
    assert "In A: 4 of 40 examples have “label 3”" in find(shelf, {"A": "digits", "B": VAE}, '"label 3"').said
    assert "bare has neither texts nor labels to search" in find(shelf, {"A": "bare", "B": "gone"}, "tacos").said


def test_without_the_corpus_it_says_how_to_get_it(checkpoints: Path, tmp_path: Path) -> None:
    for name in BOTH.values():
        shutil.copytree(checkpoints / name, tmp_path / name, ignore=shutil.ignore_patterns("run.json"))
    found = find(Shelf(tmp_path), {"A": VAE, "B": DG}, "cook")
    assert found.said.count("<p") == 1
    assert "started with --data and the folder of short-yelp." in found.said
    assert found.numbers == {"A": [], "B": []}


def test_a_models_fault_leaves_the_other_its_search(shelf: Shelf, sentences: list[str]) -> None:
    count = sum("cook" in text.split() for text in sentences)
    assert f"{count} of 100 sentences have “cook”" in find(shelf, {"A": "gone", "B": VAE}, "cook").said
    assert find(shelf, {"A": None, "B": None}, "cook").said == ""


def test_a_link_searches(shelf: Shelf) -> None:
    tab: MapTab = make_tab(shelf)
    shown, found = drawn(tab, VAE, DG, find="cook"), find(shelf, BOTH, "cook")
    assert (shown.found, shown.found_list) == (found.said, found.listed)
    assert json.loads(shown.marks)["charts"]["map-b"]["found"] == found.numbers["B"]
    said, listed, sent = tab._search.search(VAE, DG, "cook")
    assert (said, listed) == (found.said, found.listed)
    assert json.loads(sent)["charts"]["map-a"] == {"found": found.numbers["A"]}
