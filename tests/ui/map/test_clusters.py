"""Named clusters on the map: by text, by labels, by reconstructions, and without any words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from dgvae import LatentSpace
from dgvae.checkpoint.checkpoint import Checkpoint
from dgvae.ui.map.clusters import clusters_of
from dgvae.ui.map.points import map_of
from dgvae.ui.shelf import Shelf
from tests.ui.map.test_tab import drawn, make_tab

AE, VAE = "short-yelp/ae", "short-yelp/vae"


@pytest.fixture(scope="module")
def shelf(checkpoints: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """With files of latents in three clear clusters: with texts, with labels, and with neither."""
    shelf, folder = Shelf(checkpoints, corpus), tmp_path_factory.mktemp("latents")
    mean = torch.randn(120, 3, generator=torch.Generator().manual_seed(0)) * 0.1
    mean += 4 * torch.eye(3)[torch.arange(120) % 3]
    kinds = ["Red, hot", "Green; cold!", "Blue (warm)"] * 40
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dgvae.ui.own_latents.MAP_POINTS", 120)
        for name, known in {"texts": {"text": kinds}, "labels": {"labels": kinds}, "bare": {}}.items():
            LatentSpace(mean, torch.full_like(mean, -5.0), **known).save(folder / f"{name}.npz")
            shelf.add_latents(folder / f"{name}.npz", name)
    return shelf


@pytest.mark.parametrize("name", ["texts", "labels"])
def test_files_are_named_by_their_texts_or_labels(shelf: Shelf, name: str) -> None:
    assert sorted(cluster.name for cluster in clusters_of(shelf, name)) == ["blue, warm", "cold, green", "hot, red"]


def test_without_words_clusters_have_numbers(shelf: Shelf) -> None:
    tab = make_tab(shelf)
    shown = drawn(tab, "bare", "texts", names=True)
    names = json.loads(shown.marks)["charts"]["map-a"]["names"]
    assert [name["text"] for name in names] == ["cluster 1", "cluster 2", "cluster 3"]
    assert "3 clusters of A" in shown.clusters


def test_names_are_written_in_the_middle_of_the_clusters_of_the_map_that_is_shown(shelf: Shelf) -> None:
    tab = make_tab(shelf)
    stored = map_of(shelf.get("texts"))
    for projection in ("umap", "pca"):
        shown = drawn(tab, "texts", "bare", names=True, proj=projection)
        rows = [line.split(",") for line in shown.chart_a["datasets"]["points"].splitlines()[1:]]
        places = {int(row[0]): (float(row[1]), float(row[2])) for row in rows}
        for cluster, name in zip(clusters_of(shelf, "texts"), json.loads(shown.marks)["charts"]["map-a"]["names"], strict=True):
            assert name["text"] == cluster.name
            members = torch.tensor([places[i + 1] for i in stored.sentences[cluster.members.tolist()].tolist()])
            assert [name["x"], name["y"]] == pytest.approx(members.median(0).values.tolist(), abs=2e-3)


def test_a_checkpoint_without_its_text_is_named_by_reconstructions(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of the tests writes one sentence for all latents: here another one writes."""
    shutil.copytree(checkpoints / AE, tmp_path / AE, ignore=shutil.ignore_patterns("run.json"))
    wrote: list[int] = []

    def write(checkpoint: Checkpoint, z: torch.Tensor) -> list[str]:
        wrote.append(len(z))
        return ["soup" if x > checkpoint.latents.posterior.location[:, 0].median() else "lamp" for x in z[:, 0]]

    monkeypatch.setattr("dgvae.ui.map.clusters.decode_texts", write)
    monkeypatch.setattr("dgvae.ui.map.clusters.MOST_DECODED", 40)
    shelf = Shelf(tmp_path)
    found = clusters_of(shelf, AE)
    assert wrote == [40]
    assert {word for cluster in found for word in cluster.words} <= {"soup", "lamp"}
    assert any(cluster.words for cluster in found)
    assert clusters_of(shelf, AE) is found


def test_they_are_hidden_until_asked_for(shelf: Shelf) -> None:
    tab = make_tab(shelf)
    assert drawn(tab, "texts", VAE).clusters == ""
    assert json.loads(drawn(tab, "texts", VAE).marks)["charts"]["map-a"]["names"] == []
    listed, over = tab._clusters.change("texts", "gone", "own", "umap", True)
    assert "3 clusters of A" in listed
    assert len(json.loads(over)["charts"]["map-a"]["names"]) == 3
    assert json.loads(over)["charts"]["map-b"] == {"names": []}
    assert tab._clusters.change("texts", VAE, "own", "umap", False)[0] == ""
