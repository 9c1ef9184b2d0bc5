"""Small checkpoints of finished runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from dgvae.checkpoint.checkpoint import FILES, load_checkpoint
from dgvae.checkpoint.latents import Latents
from dgvae.methods.config import TextVAEConfig
from train.bundle import main as bundle
from train.map import main as make_map
from train.publish import read_publication

METHODS = ("dg-vae", "ae", "ivae-mi", "bow-vae", "vmf-vae")  # each keeps other tensors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundled(checkpoints: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundled")
    for method in METHODS:
        shutil.copytree(checkpoints / "short-yelp" / method, folder / "runs" / method)
    (folder / "runs" / "begun").mkdir()
    TextVAEConfig("vae", 30).to_json(folder / "runs" / "begun" / "config.json")
    assert bundle([str(folder / "runs"), "--out", str(folder / "out"), "--data", str(corpus), "--points", "60"]) == 1
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_it_is_small_and_shows_the_same(method: str, bundled: Path) -> None:
    run, small = load_checkpoint(bundled / "runs" / method), load_checkpoint(bundled / "out" / method)
    assert {file.name for file in small.folder.iterdir()} == {*FILES} - {"tokenizer.json"}
    assert (bundled / "out" / "tokenizer.json").read_bytes() == (run.folder / "tokenizer.json").read_bytes()
    for file in ("model.safetensors", "latents.safetensors"):
        assert (small.folder / file).stat().st_size < (0.75 if file[0] == "m" else 0.85) * (run.folder / file).stat().st_size
    for name, (value, error) in run.metrics.figures.items():
        assert abs(small.metrics.figures[name].value - value) <= max(error, 1e-3 * abs(value)) or error != error, name
    assert small.metrics.figures.keys() > run.metrics.figures.keys()  # those of the text, too
    assert run.latents.map
    assert small.latents.map
    torch.testing.assert_close(small.latents.map.z, run.latents.map.z, atol=0.05, rtol=0)
    assert torch.equal(small.latents.map.sentences, run.latents.map.sentences)
    assert torch.equal(small.latents.labels, run.latents.labels)


def test_what_is_there_is_not_made_again(bundled: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.stat().st_mtime_ns for file in (bundled / "out").rglob("[!.]*.*")}
    bundle([str(bundled / "runs"), "--out", str(bundled / "out"), "--data", str(corpus), "--points", "60"])
    said = capsys.readouterr().out
    assert {file: file.stat().st_mtime_ns for file in (bundled / "out").rglob("[!.]*.*")} == before
    assert "begun: left out, since its training is not finished" in said
    assert " of the run's (farthest: " in said


def test_a_run_is_not_replaced_by_its_small_form(bundled: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = bundled / "runs" / "ae"
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    for runs, out in (
        (bundled / "runs", bundled / "runs"),
        (run, run.parent),
        (run / ".." / "ae", bundled / "out" / ".." / "runs"),
    ):
        assert bundle([str(runs), "--out", str(out), "--data", str(corpus)]) == 2
        assert "choose another --out" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


def test_runs_of_one_name_do_not_replace_each_other(bundled: Path, corpus: Path, tmp_path: Path, capsys) -> None:
    for sweep in "pq":
        shutil.copytree(bundled / "runs" / "ae", tmp_path / sweep / "ae")
    assert bundle([str(tmp_path / "p"), str(tmp_path / "q" / "ae"), "--out", str(tmp_path / "out"), "--data", str(corpus)]) == 2
    assert f"{tmp_path}/p/ae and {tmp_path}/q/ae have one name" in capsys.readouterr().err
    assert not (tmp_path / "out" / "ae").exists()
    run = tmp_path / "p" / "ae"
    twice = [str(run), str(run.parent / ".." / "p" / "ae")]
    assert bundle([*twice, "--out", str(tmp_path / "out"), "--data", str(corpus), "--points", "0"]) == 0


def test_another_vocabulary_or_text_is_refused(
    bundled: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(bundled / "runs" / "dg-vae")
    (tmp_path / "tokenizer.json").write_text("{}")
    assert bundle([run, "--out", str(tmp_path), "--data", str(corpus)]) == 2
    assert "another vocabulary than the checkpoints in" in capsys.readouterr().err
    shutil.copytree(corpus, tmp_path / "other")
    (tmp_path / "other" / "short-yelp" / "test.txt").write_text("0\tanother text .\n" * 50)
    assert bundle([run, "--out", str(tmp_path / "new"), "--data", str(tmp_path / "other")]) == 2
    assert "is not the text that" in capsys.readouterr().err
    other = tmp_path / "trained" / "short-yelp"
    (shutil.copytree(corpus / "short-yelp", other) / "train.txt").write_text("0\tanother text .\n" * 50)
    assert bundle([run, "--out", str(tmp_path / "new"), "--data", str(other.parent)]) == 2
    assert f"train.txt is not the text that {run} was trained on" in capsys.readouterr().err


def test_it_is_published_whole(bundled: Path) -> None:
    files = read_publication(bundled / "out" / "dg-vae", "owner/name").files
    assert files.keys() == {*FILES}
    assert json.loads(files["tokenizer.json"])["model"]["type"] == "WordLevel"


def test_points_that_cannot_be_drawn_again_are_no_map_until_it_is_made_anew(bundled: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bundled / "out" / "dg-vae", tmp_path / "dg-vae")
    latents = Latents.load(folder, TextVAEConfig.from_json(folder / "config.json"))
    assert latents.map
    latents.map.z[:] += 1
    latents.save(folder)
    config = TextVAEConfig.from_json(folder / "config.json")
    assert Latents.load(folder, config).map is None
    assert make_map([str(folder), "--points", "60"]) == 0
    again = Latents.load(folder, config)
    assert again.compact
    assert again.map
