"""The end of a run, and runs that meet: the model is safe before its map, and one process has a folder."""

from __future__ import annotations

import json
import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import train.evaluate.finish
import train.fit
from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.checkpoint.discover import find_checkpoints
from dgvae.files.tensors import read_safetensors_with_metadata, write_safetensors
from tests.conftest import SMALL, made_up_lines, small_run
from train.claims import claimed
from train.evaluate.command import main as evaluate
from train.fit import main as fit
from train.map import main as make_map
from train.run.logs import read_log
from train.sweep.command import announced, grid
from train.sweep.command import main as sweep


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run without a map."""
    out = tmp_path_factory.mktemp("runs") / "vae"
    assert fit(small_run(corpus, out, "--method", "vae", "--map-points", "0")) == 0
    return out


@pytest.fixture
def copied(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "vae"))


@pytest.mark.parametrize(
    "error", [RuntimeError("no locator available for file 'x.py'"), OSError(28, "No space left"), MemoryError()]
)
def test_a_map_that_fails_costs_nothing_and_is_made_later(error: Exception, copied: Path, monkeypatch, capsys) -> None:
    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(train.evaluate.finish, "map_latents", fail)
        assert fit(["--resume", "--out", str(copied), "--map-points", "30"]) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("Warning: The map could not be made (")
    assert load_checkpoint(copied).latents.map is None
    command = shlex.split(said.split("with: ")[1])
    assert command[:3] == ["python", "-m", "train.map"]
    assert make_map(command[3:]) == 0
    checkpoint = load_checkpoint(copied)
    assert checkpoint.latents.map is not None
    assert checkpoint.latents.map.priors == 30


@pytest.mark.parametrize("at", ["finish", "map_latents"])
def test_a_signal_while_the_checkpoint_is_completed_costs_the_map_at_most(at: str, copied: Path, monkeypatch, capsys) -> None:
    for name in ("latents.safetensors", "metrics.json", "README.md"):
        (copied / name).unlink()
    module = train.fit if at == "finish" else train.evaluate.finish
    original = getattr(module, at)

    def terminated(*arguments: object, **named: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return original(*arguments, **named)

    monkeypatch.setattr(module, at, terminated)
    assert fit(["--resume", "--out", str(copied), "--map-points", "30"]) == 0
    assert f"To make it: python -m train.map {copied} --points 30" in capsys.readouterr().out
    checkpoint = load_checkpoint(copied)
    assert checkpoint.latents.map is None
    assert checkpoint.metrics.training["finished"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"patience": -3}, "patience is -3"),
        ({"seed": True}, "seed is true"),
        ({"device": "abacus"}, 'device is "abacus"'),
        ({"set": "beta=1"}, 'set is "beta=1"'),
        ({"learning_rate": float("nan")}, "learning_rate is NaN"),
        ({"method": {}}, "method is {}"),
        (None, "it lacks method"),
    ],
)
def test_options_of_nonsense_are_named(change: dict | None, said: str, copied: Path, capsys) -> None:
    path = copied / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change if change else {}))
    before = (copied / "last.safetensors").read_bytes()
    assert fit(["--resume", "--out", str(copied)]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"train.fit: {path} is broken: {said}; correct it")
    assert len(error.splitlines()) == 1
    assert (copied / "last.safetensors").read_bytes() == before


def test_what_was_otherwise_before_a_run_was_resumed_is_in_its_card(copied: Path, capsys) -> None:
    epochs = json.loads((copied / "run.json").read_text())["epochs"]
    assert fit(["--resume", "--out", str(copied), "--epochs", str(epochs + 1), "--learning-rate", "0.01"]) == 0
    card = (copied / "README.md").read_text()
    assert f"--epochs {epochs + 1} " in card
    assert f"It was resumed with other options, and had learning-rate 0.001 until epoch {epochs}." in card
    assert fit(["--resume", "--out", str(copied)]) == 0
    assert (copied / "README.md").read_text().count("until epoch") == 1
    capsys.readouterr()
    assert fit(["--resume", "--out", str(copied), "--epochs", str(epochs)]) == 2
    assert f"has trained {epochs + 1} epochs already; give --epochs {epochs + 1} or more" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"method": "dg-vae"}, {"latent_dim": 9}])
def test_options_of_another_model_are_refused(change: dict, copied: Path, capsys) -> None:
    path = copied / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert fit(["--resume", "--out", str(copied)]) == 2
    assert "is of two models: its " in capsys.readouterr().err


def test_another_vocabulary_is_refused(copied: Path, capsys) -> None:
    path = copied / "tokenizer.json"
    content = json.loads(path.read_text())
    words = content["model"]["vocab"]
    first, second = [word for word, number in words.items() if number in (10, 11)]
    words[first], words[second] = words[second], words[first]
    for said, change in (
        ("is not the vocabulary that the run was begun with", {}),
        ("words where config.json says", {"new": 99}),
    ):
        words |= change
        path.write_text(json.dumps(content))
        before = (copied / "last.safetensors").read_bytes()
        assert fit(["--resume", "--out", str(copied)]) == 2
        assert said in capsys.readouterr().err
        assert (copied / "last.safetensors").read_bytes() == before


def test_a_state_that_is_not_finite_costs_no_good_weights(copied: Path, capsys) -> None:
    tensors, metadata = read_safetensors_with_metadata(copied / "last.safetensors")
    tensors["model.decoder.embedding.weight"][0] = math.nan
    write_safetensors(copied / "last.safetensors", tensors, metadata)
    before = (copied / "model.safetensors").read_bytes()
    assert fit(["--resume", "--out", str(copied), "--epochs", "9"]) == 2
    assert "holds numbers that are not finite; start again" in capsys.readouterr().err
    assert (copied / "model.safetensors").read_bytes() == before


def test_a_state_before_the_beginning_or_cut_off_is_refused(copied: Path, capsys) -> None:
    path = copied / "last.safetensors"
    tensors, metadata = read_safetensors_with_metadata(path)
    position = json.loads(metadata["position"]) | {"epoch": -3}
    write_safetensors(path, tensors, metadata | {"position": json.dumps(position)})
    assert fit(["--resume", "--out", str(copied), "--epochs", "9"]) == 2
    assert "epoch -3" in capsys.readouterr().err
    path.write_bytes(path.read_bytes()[:-100])
    assert fit(["--resume", "--out", str(copied), "--epochs", "9"]) == 2
    assert "start again in an empty folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe", b'{"event":"epoch"}', b'{"event":["a"]}', b'{"event":"steps","epoch":null,"step":1}', b'{"epoch":"x"}'],
)
def test_lines_of_a_log_that_are_no_entries_are_left_out(line: bytes, copied: Path) -> None:
    path = copied / "log.jsonl"
    entries = read_log(copied)
    path.write_bytes(line + b"\n" + path.read_bytes() + line)
    assert read_log(copied) == entries
    assert fit(["--resume", "--out", str(copied)]) == 0
    assert line not in path.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="file names are UTF-8 here")
def test_file_names_that_are_not_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"r\xe9sum\xe9s")
    folder.mkdir()
    text = folder / os.fsdecode(b"\xfcber.txt")
    text.write_text("".join(line.split("\t")[1] + "\n" for line in made_up_lines(200, seed=3)))
    out = folder / "vae"
    assert fit(["--method", "vae", "--train-file", str(text), "--out", str(out), "--epochs", "1", *SMALL]) == 0
    assert fit(["--resume", "--out", str(out), "--epochs", "2"]) == 0
    assert load_checkpoint(out).metrics.corpus == "\\udcfcber"
    (name,) = find_checkpoints(tmp_path)
    assert name == "r\\udce9sum\\udce9s/vae"
    assert make_map([str(out), "--points", "20"]) == 0


def test_of_two_runs_begun_at_once_one_is_refused(corpus: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "train.fit", *small_run(corpus, tmp_path / "run", "--map-points", "0", "--threads", "1")]
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.wait(): process.communicate()[1] for process in runs}
    assert said.keys() == {0, 2}, said
    assert f"Another process trains in {tmp_path / 'run'}" in said[2] or "already holds a run" in said[2]
    load_checkpoint(tmp_path / "run")


def test_a_folder_that_another_has_is_refused(run: Path, copied: Path, tmp_path: Path, capsys) -> None:
    report = tmp_path / "report"
    with claimed(copied), claimed(report):
        assert fit(["--resume", "--out", str(copied)]) == 2
        assert make_map([str(copied)]) == 2
        assert evaluate([str(run), "--out", str(report)]) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert errors == [
        f"train.fit: Another process trains in {copied}; wait until it has ended, or choose another --out.",
        f"train.map: {copied} is in use by another process; wait until it has ended.",
        f"train.evaluate: Another process makes the report in {report}; wait for it, or choose another --out.",
    ]


def test_a_sweep_with_other_options_is_refused_while_another_has_hardly_begun(corpus: Path, tmp_path: Path, capsys) -> None:
    text = ["--corpus", "short-yelp", "--data", str(corpus), *SMALL]
    with announced(grid(["vae", "wae"], 1, tmp_path), [*text, "--epochs", "1"]):
        assert sweep(["--methods", "bn-vae-1.2,wae", "--out", str(tmp_path), *text, "--epochs", "3"]) == 2
        with announced(grid(["bn-vae-1.2"], 1, tmp_path), [*text, "--epochs", "3"]):
            pass  # no run in common
    assert f"Another sweep trains in {tmp_path} with epochs 1, not 3; give the same options" in capsys.readouterr().err
    assert not (tmp_path / "wae").exists()
