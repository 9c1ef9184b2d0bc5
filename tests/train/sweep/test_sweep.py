"""`python -m train.sweep`: one table and a report of several runs; what is finished stays, what failed is named."""

from __future__ import annotations

import io
import json
import math
import shutil
import sys
from pathlib import Path

import pytest
from rich.console import Console

from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.record import ALWAYS, Evaluation, Record
from dgvae.files.atomic import read_json, write_json
from dgvae.methods.table import METHODS, VARIANTS
from tests.conftest import SMALL
from train.sweep.children import start
from train.sweep.command import chosen_methods, grid, options_for
from train.sweep.command import main as sweep
from train.sweep.status import Status, SweepRun, progress
from train.sweep.table import LiveTable, runs_table

NO_MAP = ["--map-points", "0"]  # compiling UMAP is most of a small run


def test_a_sweep_makes_a_table_and_a_report_and_goes_on_where_it_was(corpus: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    for name, few in (("texts.SAMPLES", 50), ("texts.INTERPOLATIONS", 6), ("report.PRIOR_SAMPLES", 200)):
        monkeypatch.setattr(f"train.evaluate.{name}", few)
    for_fit = ["--corpus", "short-yelp", "--data", str(corpus), "--epochs", "1", "--sentences", "90", *SMALL, *NO_MAP]
    arguments = ["--methods", "vae", "--seeds", "2", "--jobs", "2", "--out", str(tmp_path), *for_fit]
    assert sweep(arguments) == 0
    said = capsys.readouterr().out
    assert "0 of 2 runs are finished" in said
    assert [read_json(tmp_path / name / "run.json")["seed"] for name in ("vae", "vae-seed1")] == [0, 1]
    weights, others = (tmp_path / name / "model.safetensors" for name in ("vae", "vae-seed1"))
    assert weights.read_bytes() != others.read_bytes()
    assert [row.split(" | ")[0] for row in said.split("\n\n")[1].splitlines()[2:]] in (
        ["| vae", "| vae-seed1"],
        ["| vae-seed1", "| vae"],
    )
    (row,) = said.split("\n\n")[2].splitlines()[2:]
    assert row.startswith("| vae (2 seeds) | ")
    assert row.count(" ± ") == 6
    assert "vae-seed1" in (tmp_path / "report" / "report.md").read_text()
    assert "bleu" in read_json(tmp_path / "vae" / "metrics.json")["figures"]  # which needs the corpus

    before = weights.stat().st_mtime_ns
    assert sweep([*arguments, "--no-report"]) == 0
    assert "2 of 2 runs are finished" in capsys.readouterr().out
    assert weights.stat().st_mtime_ns == before
    assert sweep([*arguments, "--hidden-dim", "8"]) == 2
    assert "vae was trained with hidden-dim 16, not 8; give the same options" in capsys.readouterr().err
    text = shutil.copytree(corpus, tmp_path / "other") / "short-yelp/train.txt"
    text.write_text(text.read_text().partition("\n")[2])
    assert sweep([str(tmp_path / "other") if word == str(corpus) else word for word in arguments]) == 2
    assert f"train.txt is not the training text that {tmp_path / 'vae'} was started with" in capsys.readouterr().err


def test_a_run_that_fails_is_named_and_the_others_go_on(corpus: Path, tmp_path: Path, capsys) -> None:
    for_fit = ["--corpus", "short-yelp", "--data", str(corpus), "--epochs", "1", "--set", "gamma=0.7", *SMALL, *NO_MAP]
    # What a run that was killed before its first state has left is in no one's way.
    cut_off = tmp_path / "bn-vae"
    cut_off.mkdir()
    options = options_for(SweepRun("bn-vae", None, tmp_path), for_fit).as_json()
    write_json(cut_off / "run.json", options | {"out": str(cut_off)})
    (cut_off / "config.json").write_text("{")
    assert sweep(["--methods", "vae,bn-vae", "--out", str(tmp_path), *for_fit, "--no-report"]) == 1
    said = capsys.readouterr().out
    assert "vae failed: train.fit: Method vae has no option 'gamma'; its options: none." in said
    assert "| bn-vae |" in said.split("\n\n")[-1]


def finished(run: SweepRun, kl: float | None) -> SweepRun:
    """A run's metrics.json, in which all figures are 1 but for the KL."""
    figures = dict.fromkeys(ALWAYS, Estimate(1.0, math.nan)) | {"kl": Estimate(kl or 0.0, math.nan)}
    absent = {}
    if kl is None:
        del figures["kl"]
        absent["kl"] = "An implicit posterior has no density."
    facts = ("epochs", "sentences", "learning_rate", "batch_size", "warmup_epochs", "seed")
    training = dict.fromkeys(facts, 1) | {"finished": True, "seconds_per_epoch": 3.0}
    run.folder.mkdir()
    Record("snli", "", Evaluation("test.txt", 100, ""), figures, absent, training).save(run.folder)
    return run


def test_the_table_fills_on_a_terminal(tmp_path: Path) -> None:
    vae, dg_vae, aae, ae = grid(["vae", "dg-vae", "aae", "ae"], 1, tmp_path)
    running = Status("running", "epoch 3 of 8 on node7")
    statuses = {
        finished(vae, 2.0): Status("finished"),
        dg_vae: running,
        aae: Status("failed", "[no] memory"),
        ae: Status("waiting"),
    }
    out = io.StringIO()
    with LiveTable(Console(file=out, force_terminal=True, color_system=None, width=80, height=30)) as display:
        display.show(statuses, stopping=False, alone=False)
        shown = {words[0]: words[1:] for line in out.getvalue().splitlines() if (words := line.split())}
        assert shown["vae"] == ["1.0", "2.0", "1.00", "1", "1", "1.00", "3"]
        assert shown["dg-vae"] == ["epoch", "3", "of", "8", "on", "node7"]
        assert shown["aae"] == ["[no]", "memory"]
        assert shown["ae"] == ["waiting"]
        assert "1 finished, 1 running, 1 failed, 1 waiting" in out.getvalue()
        display.show({dg_vae: running}, stopping=False, alone=True)
    said = " ".join(out.getvalue().split())
    assert "waiting for other processes, which train dg-vae (epoch 3 of 8 on node7)" in said


def test_the_whole_table_has_a_row_per_method_with_mean_and_deviation(tmp_path: Path) -> None:
    first, implicit, second, _, third, _ = grid(["vae", "ivae-mi"], 3, tmp_path)
    runs = [finished(first, 1.0), finished(second, 2.0), finished(third, 3.0), finished(implicit, None)]
    assert runs_table(grid(["vae", "ivae-mi", "ae"], 3, tmp_path)).splitlines()[2:] == [
        "| vae (3 seeds) | 1.0 ± 0.00 | 2.0 ± 1.00 | 1.00 ± 0.000 | 1 ± 0.0 | 1 ± 0.0 | 1.00 ± 0.000 | 3 |",
        "| ivae-mi | 1.0 | n/a | 1.00 | 1 | 1 | 1.00 | 3 |",
    ]
    assert runs_table(runs[:1]).splitlines()[2:] == ["| vae | 1.0 | 1.0 | 1.00 | 1 | 1 | 1.00 | 3 |"]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "epoch 1"),
        ([{"epoch": 1}, {"epoch": 2}], "epoch 3"),  # as an earlier version wrote them
        ([{"event": "start", "epochs": 8}, {"event": "epoch", "epoch": 1}, {"event": "other", "epoch": 7}], "epoch 2 of 8"),
        ([{"event": "start", "epochs": 8}, {"event": "epoch", "epoch": 8}], "completing"),
    ],
)
def test_how_far_a_run_is_by_its_log(records: list[dict[str, object]], said: str, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records) + '{"event": "ep')
    assert progress(tmp_path) == said


@pytest.mark.parametrize(
    ("visible", "devices", "given"),
    [(None, 2, ["0", "1", "0"]), (None, 1, [None] * 3), ("5,7", 2, ["5", "7", "5"]), ("3", 1, ["3"] * 3)],
)
def test_runs_share_the_gpus(visible: str | None, devices: int, given: list[str], tmp_path: Path, monkeypatch) -> None:
    """The process that is started only says which GPUs it sees."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: devices)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    says = tmp_path / "python"
    says.write_text('#!/bin/sh\necho "${CUDA_VISIBLE_DEVICES-unset}"\n')
    says.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(says))
    children = []
    for run in grid(["vae"], 3, tmp_path):
        children.append(start(run, [], children))
        children[-1].process.wait()
    seen = [(run.folder / "fit.log").read_text().strip() for run in grid(["vae"], 3, tmp_path)]
    assert seen == [device or "unset" for device in given]


def test_names() -> None:
    assert chosen_methods("vae,dg-vae-b4,vae") == ["vae", "dg-vae-b4"]
    everything = chosen_methods("all")
    assert set(METHODS) < set(everything) < {*METHODS, *VARIANTS}
    assert "bn-vae-1.2" in everything
    assert "bn-vae-0.6" not in everything  # which is bn-vae


def test_a_name_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(["--methods", "vae,bn-vae-7", "--out", str(tmp_path / "new")]) == 2
    said = capsys.readouterr().err
    assert "There is no method 'bn-vae-7'; python -m train.fit --list names them all. Did you mean bn-vae" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("option", ["--method", "--resume", "--list"])
def test_what_only_a_single_run_takes_is_refused(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(["--methods", "vae", "--out", str(tmp_path), option, "vae"]) == 2
    assert f"{option} is an option of train.fit alone" in capsys.readouterr().err


def test_several_seeds_leave_no_seed_to_choose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(["--methods", "vae", "--out", str(tmp_path / "new"), "--seeds", "2", "--seed", "7"]) == 2
    assert "--seed is for a sweep of one seed" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
