"""The Edit tab: what it says of every model, and of latents that are moved."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import gradio as gr
import pytest
import torch

from dgvae.checkpoint.checkpoint import Checkpoint, load_checkpoint
from dgvae.checkpoint.latents import Latents
from dgvae.posteriors import Posterior
from dgvae.ui.address import first_value
from dgvae.ui.decoding import TypedSentence, encode
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.edit import EditTab
from dgvae.ui.tabs.reconstructions import reconstructions

TEXT = "the cook likes green soup ."
A, B, SPHERE, IMPLICIT = (f"short-yelp/{method}" for method in ("dg-vae", "vae", "vmf-vae", "ivae-mi"))


def tab_of(root: Path) -> EditTab:
    with gr.Blocks():
        return EditTab(Shelf(root), gr.Dropdown(), gr.Dropdown())


@pytest.fixture(scope="module")
def tab(checkpoints: Path) -> EditTab:
    return tab_of(checkpoints)


def table(html: str) -> list[dict[str, str]]:
    """The file behind the link under a table."""
    found = re.search('href="data:text/csv;charset=utf-8,([^"]*)"', html)
    assert found
    return list(csv.DictReader(io.StringIO(unquote(found[1]))))


def texts(html: str, model: str) -> dict[str, str]:
    """What a model says, by place. In the table to be saved an apostrophe keeps "+2 ◂" from being a formula."""
    return {row["place"].removeprefix("'"): row["text"] for row in table(html) if row["model"].startswith(model)}


def test_a_broken_model_says_why_in_its_row_and_harms_no_other(checkpoints: Path, tmp_path: Path):
    for name in (A, B, IMPLICIT):
        shutil.copytree(checkpoints / name, tmp_path / name)
    (tmp_path / B / "model.safetensors").unlink()
    shelf = Shelf(tmp_path)
    html = reconstructions(shelf, (A, B), TypedSentence(shelf, TEXT))
    rows = re.findall("<tr>(.*?)</tr>", html)[1:]
    assert [("model-a" in row, "model-b" in row, "role='alert'" in row) for row in rows] == [
        (True, False, False), (False, True, True), (False, False, False),
    ]  # fmt: skip
    sound = table(html)
    assert float(sound[0]["KL (nats)"]) > 0
    assert sound[1]["KL (nats)"] == ""  # an implicit posterior has none
    assert all(0 <= float(row["words kept"]) <= 1 and row["reconstruction"] for row in sound)


def test_strength_0_is_the_reconstruction_also_on_the_sphere(tab: EditTab):
    said = {
        row["model"]: row["reconstruction"]
        for row in table(reconstructions(tab.shelf, (A, SPHERE), TypedSentence(tab.shelf, TEXT)))
    }
    moved = tab.move(A, SPHERE, TEXT, 2.5)
    for title in ("DG-VAE", "vMF-VAE"):
        lines = texts(moved, title)
        assert list(lines) == ["-2", "-1", "+0", "+1", "+2", "+2.5 ◂"]
        assert lines["+0"] == next(text for model, text in said.items() if model.startswith(title))


def test_the_dimension_of_a_rank_is_named_with_its_kl(tab: EditTab, checkpoints: Path):
    variance = load_checkpoint(checkpoints / A).aggregated.variance_of_locations()
    subscript = "₁₂₃₄"[int(variance.argmin())]
    html = unescape(tab.traverse(A, SPHERE, TEXT, 4, -1.0))
    assert re.search(rf"DG-VAE: z{subscript}, KL \d+\.\d\d nats<", html)
    assert re.search(r"vMF-VAE \(κ = 50\): z.<", html)
    assert "-1 ◂" in texts(html, "DG-VAE")
    assert tab.traverse(A, SPHERE, TEXT, 5, -1.0).count("Choose a dimension from 1 to 4.") == 2


def test_a_corpus_without_labels_has_no_direction(checkpoints: Path, tmp_path: Path):
    shutil.copytree(checkpoints / A, tmp_path / A)
    latents = load_checkpoint(tmp_path / A).latents
    Latents(latents.posterior, torch.full_like(latents.labels, -1), latents.lengths, latents.map).save(tmp_path / A)
    html = tab_of(tmp_path).move(A, A, TEXT, 1)
    assert html.count("There is no direction: no encoded sentence has the label 1.") == 2


@pytest.mark.parametrize("name", [A, SPHERE, IMPLICIT])
def test_its_code_says_what_the_page_says(tab: EditTab, name: str, checkpoints: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(checkpoints.parent)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(tab.code(name, B, sentence=TEXT, strength=2, from_label="", to_label=""), {})
    lines = texts(tab.move(name, B, TEXT, 2), tab.shelf.title(name))
    assert said.getvalue().splitlines() == [lines["+0"], lines["+2 ◂"]]


def test_each_model_encodes_a_sentence_once_for_a_drawing(checkpoints: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dgvae.ui.tabs.reconstructions.MOST_LOADED", 2)
    encoded: list[str] = []

    def count(checkpoint: Checkpoint, text: str) -> Posterior:
        encoded.append(checkpoint.folder.name)
        return encode(checkpoint, text)

    monkeypatch.setattr("dgvae.ui.decoding.encode", count)
    tab = tab_of(checkpoints)
    tab.draw(A, B, **{key: first_value(field) for key, field in tab.fields.items()})
    assert sorted(encoded) == ["dg-vae", "vae"]
