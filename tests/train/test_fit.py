"""`python -m train.fit`: complete checkpoints, resuming, interruption, and what it refuses."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dgvae.checkpoint.checkpoint import FILES, load_checkpoint, weights_sha256
from dgvae.evaluation.figures import FIGURES, TEXT
from dgvae.files.atomic import remove_leftovers
from dgvae.methods.table import METHODS
from tests.conftest import SMALL, made_up_lines, small_run
from train.fit import main as fit

ABSENT = {
    "gaussian": set(),
    "vmf": {
        "informative_units", "consistent_units", "consistent_units_reverse", "covariance_gap", "pair_gap", "worst_pair_gap",
    },
    "implicit": {
        "kl", "elbo", "prior_ll", "post_ll", "mi", "informative_units", "consistent_units", "consistent_units_reverse",
        "pair_gap", "worst_pair_gap", "joint_gap", "smoothed_gap", "hole_mass", "auc",
    },
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_a_checkpoint_is_complete_and_says_what_it_measured(method: str, checkpoints: Path, corpus: Path) -> None:
    folder = checkpoints / "short-yelp" / method
    assert {path.name for path in folder.iterdir()} >= set(FILES)
    checkpoint = load_checkpoint(folder)
    metrics, latents = checkpoint.metrics, checkpoint.latents
    assert len(latents.posterior) == metrics.evaluation.sentences == 100
    assert latents.map is not None
    assert (latents.map.priors, len(latents.map.sentences), tuple(latents.map.xy.shape)) == (60, 60, (120, 2))
    assert set(latents.labels.tolist()) == {0, 1}
    # What is stored is what the stored weights give.
    lines = (corpus / "short-yelp" / "test.txt").read_text().splitlines()
    ids = checkpoint.tokenizer.encode_all([line.split("\t")[1] for line in lines], checkpoint.model.config.max_length)
    torch.manual_seed(0)  # an implicit posterior is known by draws
    encoded = checkpoint.model.encode_all(ids)
    torch.testing.assert_close(encoded.location, latents.posterior.location, atol=2e-3, rtol=2e-3)
    assert metrics.training["finished"]
    assert metrics.training["seconds_per_epoch"] > 0
    figures = {name: estimate.value for name, estimate in metrics.figures.items()}
    from_latents = {figure.id for figure in FIGURES.values() if figure.group != TEXT} - {"prior_ll", "post_ll"}
    assert figures.keys() == from_latents - metrics.absent.keys()
    assert metrics.absent.keys() == ABSENT[METHODS[method].posterior]
    if "mi" in figures:
        assert -0.05 <= figures["mi"] <= math.log(100) + 1e-6  # an estimate, so a collapsed one may fall below 0
        assert figures["elbo"] == pytest.approx(figures["reconstruction"] - figures["kl"])


def test_no_two_methods_make_the_same_weights(checkpoints: Path) -> None:
    """From one seed: each system does something of its own."""
    hashes = {method: weights_sha256(checkpoints / "short-yelp" / method) for method in METHODS}
    assert len(set(hashes.values())) == len(METHODS), hashes


def test_no_corpus_text_is_in_a_checkpoint(checkpoints: Path) -> None:
    sentences = {line.split("\t")[1].encode() for seed in range(3) for line in made_up_lines(100, seed)}
    for name in FILES:
        content = (checkpoints / "short-yelp" / "dg-vae" / name).read_bytes()
        assert not any(sentence in content for sentence in sentences), name


@pytest.mark.parametrize("method", ["vae", "pdg-vae", "bn-vae", "aae", "ivae-mi", "ae-pretrain", "vae, as in the paper"])
def test_a_resumed_run_and_an_uninterrupted_one_agree(method: str, corpus: Path, tmp_path: Path, monkeypatch) -> None:
    """Stopped in the middle of the second epoch, to the last bit; running moments, critics and pre-training included."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    method, _, paper = method.partition(", ")
    more = ["--method", method, *(["--set", "pretrain_epochs=1"] if method == "ae-pretrain" else [])]
    more += ["--recipe", "paper", "--warmup-epochs", "0"] * bool(paper)
    assert fit(small_run(corpus, whole, *more)) == 0

    import train.fit as module

    steps: list[object] = []
    original = module.Progress.step

    def stop_at_the_twentieth(self, event) -> None:
        original(self, event)
        steps.append(event)
        if len(steps) == 20:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(module.Progress, "step", stop_at_the_twentieth)
        assert fit(small_run(corpus, cut, *more)) == 0
    assert len(steps) == 20
    assert load_checkpoint(cut).latents.map is None  # usable, but without a map

    torch.manual_seed(123)  # whatever the generator did in between
    assert fit(["--resume", "--out", str(cut)]) == 0
    for name in ("model.safetensors", "last.safetensors", "latents.safetensors"):
        mine, theirs = load_file(cut / name), load_file(whole / name)
        assert mine.keys() == theirs.keys()
        assert [key for key in mine if not torch.equal(mine[key], theirs[key])] == []


def test_a_weight_that_is_never_reached_is_warned_of(corpus: Path, tmp_path: Path, capsys) -> None:
    quick = ["--map-points", "0", "--warmup-epochs"]
    assert fit(small_run(corpus, tmp_path / "never", *quick, "8")) == 0
    assert "Warning: the regularizer never gets its full weight. It gets at most 25%" in capsys.readouterr().err
    assert fit(small_run(corpus, tmp_path / "reached", *quick, "2")) == 0
    assert "Warning" not in capsys.readouterr().err


def test_ctrl_c_leaves_a_checkpoint_that_can_be_used(corpus: Path, tmp_path: Path) -> None:
    arguments = small_run(corpus, tmp_path / "run", "--patience", "1000")
    arguments[arguments.index("--epochs") + 1] = "1000"
    process = subprocess.Popen(
        [sys.executable, "-m", "train.fit", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    log = tmp_path / "run" / "log.jsonl"
    deadline = time.monotonic() + 120
    while (
        not (log.exists() and '"event": "epoch"' in log.read_text()) and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "To go on: python -m train.fit --resume" in out
    assert "Traceback" not in err
    assert load_checkpoint(tmp_path / "run").metrics.training["epochs"] < 1000
    records = [json.loads(line) for line in log.read_text().splitlines()]
    events = [record["event"] for record in records]
    assert (events[0], events[-1]) == ("start", "stop")
    epochs = [record["epoch"] for record in records if record["event"] == "epoch"]
    assert epochs == list(range(1, len(epochs) + 1))
    steps = [record for record in records if record["event"] == "steps"]
    assert sum(record["steps"] for record in steps) >= (400 // 32) * len(epochs)  # every step is in a line
    assert all(math.isfinite(record["reconstruction"]) for record in steps)


def test_ones_own_text_without_labels_or_test_file(tmp_path: Path) -> None:
    for name, count in (("a.txt", 200), ("b.txt", 50)):
        lines = [line.split("\t")[1] for line in made_up_lines(count, seed=9)]
        (tmp_path / name).write_text("\n".join([*lines, "", "  "]) + "\n")
    files = ["--train-file", str(tmp_path / "a.txt"), "--valid-file", str(tmp_path / "b.txt")]
    assert fit(["--method", "dg-vae", *files, "--out", str(tmp_path / "run"), "--epochs", "1", *SMALL]) == 0
    checkpoint = load_checkpoint(tmp_path / "run")
    assert checkpoint.metrics.evaluation.sentences == 50
    assert set(checkpoint.latents.labels.tolist()) == {-1}


def faulty_arguments(corpus: Path, tmp_path: Path) -> dict[str, tuple[list[str], str]]:
    out = ["--out", str(tmp_path / "new")]
    labels, binary, empty, table = (tmp_path / name for name in ("labels.txt", "binary.txt", "empty.txt", "table.csv"))
    table.write_text("text,label\n" + "".join(f"the boat {number} sails,{number % 2}\n" for number in range(20)))
    labels.write_text("".join(f"label {number // 2}\tthe sentence {number}\n" for number in range(4000)))
    binary.write_bytes(b"\xff\xfe\x00")
    empty.write_text("\n\n")
    own = [*out, "--valid-file", str(empty), "--train-file"]
    return {
        "no corpus": (out, "Name either --corpus"),
        "no such corpus": (
            ["--corpus", "imdb", *out],
            "no corpus imdb; --corpus takes short-yelp, snli, yahoo, yelp, or",
        ),
        "nearly a corpus": (["--corpus", "Short_Yelp", *out], "Did you mean short-yelp?"),
        "wrong column": ([*out, "--train-file", str(table), "--column", "label"], "Is label the column of the text?"),
        "a folder": ([*out, "--train-file", str(tmp_path)], "it is a folder, not a file); join its files into one."),
        "both": (["--corpus", "snli", "--valid-file", "x", *out], "--valid-file and --test-file go with --train-file"),
        "no such folder": (["--corpus", "snli", "--data", "/nowhere", *out], "no folder /nowhere"),
        "corpus not in folder": (["--corpus", "snli", "--data", str(tmp_path), *out], "lacks train.txt"),
        "missing file": ([*own, "/nowhere.txt"], "/nowhere.txt"),
        "label": ([*out, "--train-file", str(labels)], "2,000 different values of the label"),
        "binary": ([*own, str(binary)], "binary.txt"),
        "empty": ([*own, str(empty)], "empty.txt"),
        "option of another method": (small_run(corpus, tmp_path / "new", "--set", "beta=1"), "has no option 'beta'"),
        "group above batch": (
            small_run(corpus, tmp_path / "new", "--set", "aggregation_size=64"),
            "A batch of 32 cannot make groups of 64 sentences; give --batch-size 64, or --set aggregation_size=32.",
        ),
        "unknown method": (small_run(corpus, tmp_path / "new", "--method", "DG-VAE-4"), "Did you mean dg-vae-b4"),
        "no value": (small_run(corpus, tmp_path / "new", "--set", "samples"), "key=value"),
        "nothing to resume": (["--resume", *out], "no run to resume"),
    }


FAULTS = [
    "no corpus", "no such corpus", "nearly a corpus", "wrong column", "a folder", "both", "no such folder",
    "corpus not in folder", "missing file", "label", "binary", "empty", "option of another method", "group above batch",
    "unknown method", "no value", "nothing to resume",
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_gets_one_sentence_and_status_2(fault: str, corpus: Path, tmp_path: Path, capsys) -> None:
    arguments, said = faulty_arguments(corpus, tmp_path)[fault]
    assert fit(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("method", ["vae", "pdg-vae"])
def test_a_run_that_diverges_ends_in_one_sentence_and_can_go_on(method: str, corpus: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "run"
    assert fit(small_run(corpus, out, "--method", method, "--learning-rate", "1000000")) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.search(
        r"epoch 1, step \d+: the gradient \(reconstruction .*, regularizer .*\) is not finite; the last saved state is intact",
        error,
    )
    assert "continue from it with --resume and a lower --learning-rate" in error
    assert fit(["--resume", "--out", str(out), "--learning-rate", "0.001"]) == 0
    load_checkpoint(out)


def test_a_checkpoint_without_its_run_is_not_overwritten(corpus: Path, checkpoints: Path, tmp_path: Path, capsys) -> None:
    for name in FILES:
        shutil.copy(checkpoints / "short-yelp" / "vae" / name, tmp_path)
    before = (tmp_path / "model.safetensors").read_bytes()
    assert fit(small_run(corpus, tmp_path)) == 2
    assert "already holds a checkpoint" in capsys.readouterr().err
    assert (tmp_path / "model.safetensors").read_bytes() == before


def test_other_files_in_the_folder_are_left_alone(corpus: Path, tmp_path: Path, capsys) -> None:
    for name in ("log.jsonl", "README.md"):
        (tmp_path / name).write_text("mine")
        assert fit(small_run(corpus, tmp_path)) == 2
        assert f"already holds a file {name}, which would be overwritten; choose another --out." in capsys.readouterr().err
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()
    mine, left = tmp_path / ".secret.tmp", tmp_path / ".last.safetensors.7.tmp"
    for path in (mine, left):
        path.write_text("")
    remove_leftovers(tmp_path)
    assert (mine.exists(), left.exists()) == (True, False)


def test_no_name_of_a_folder_is_not_the_folder_one_is_in(corpus: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        fit([argument if argument != "OUT" else "" for argument in small_run(corpus, Path("OUT"))])
    assert "--out: must name a folder" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_a_run_is_not_overwritten_and_keeps_its_options(corpus: Path, checkpoints: Path, capsys) -> None:
    folder = checkpoints / "short-yelp" / "vae"
    assert fit(small_run(corpus, folder)) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert fit(["--resume", "--out", str(folder), "--latent-dim", "8"]) == 2
    assert "keeps its latent-dim (4); leave the option out" in capsys.readouterr().err


def test_the_same_command_goes_on_with_resume(corpus: Path, checkpoints: Path, tmp_path: Path) -> None:
    folder = tmp_path / "beta"
    begun = small_run(
        corpus, folder, "--method", "beta-vae", "--set", "beta=0.2", "--seed", "0", "--recipe", "fast", "--epochs", "1"
    )
    assert fit(begun) == 0
    assert fit([*begun, "--resume"]) == 0
    assert fit([*begun, "--resume", "--epochs", "2"]) == 0
    config = json.loads((folder / "config.json").read_text())
    assert config["options"]["beta"] == 0.2
    assert json.loads((folder / "metrics.json").read_text())["training"]["epochs"] == 2


def test_a_cyclical_run_keeps_its_epochs(corpus: Path, checkpoints: Path, capsys) -> None:
    folder = checkpoints / "short-yelp" / "cyclic-vae"
    assert fit(["--resume", "--out", str(folder), "--epochs", "9"]) == 2
    assert "The cycles of cyclic-vae fill its epochs" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "processes", "said"), [
    ([], 3, "3 processes can't share a batch of 32 equally; give another --nproc-per-node."),
    (["--aggregate", "local", "--set", "aggregation_size=32"], 2, "A batch of 16 cannot make groups of 32 sentences; give"),
])  # fmt: skip
def test_a_run_is_resumed_only_by_processes_that_can_share_it(
    options: list[str], processes: int, said: str, corpus: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    assert fit(small_run(corpus, tmp_path / "run", *options)) == 0
    monkeypatch.setattr("train.run.start.world", lambda: (0, processes))
    assert fit(["--resume", "--epochs", "3", "--out", str(tmp_path / "run")]) == 2
    assert said in capsys.readouterr().err
