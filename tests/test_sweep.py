"""`python -m train.sweep`: a table of several methods; what is finished stays, what failed is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgvae.methods import METHODS, VARIANTS
from tests.conftest import SMALL
from train.sweep import chosen_methods
from train.sweep import main as sweep

NO_MAP = ["--map-points", "0"]  # compiling UMAP is most of a small run


def test_a_sweep_makes_a_table_and_goes_on_where_it_was(corpus: Path, tmp_path: Path, capsys) -> None:
    for_fit = ["--corpus", "short-yelp", "--data", str(corpus), "--epochs", "1", "--sentences", "90", *SMALL, *NO_MAP]
    assert sweep(["--methods", "vae", "--out", str(tmp_path), *for_fit]) == 0
    weights = tmp_path / "vae" / "model.safetensors"
    before = weights.stat().st_mtime_ns
    capsys.readouterr()
    assert sweep(["--methods", "vae,ivae-mi,bn-vae-1.2", "--jobs", "2", "--out", str(tmp_path), *for_fit]) == 0
    said = capsys.readouterr().out
    assert "1 of 3 runs are finished" in said
    assert weights.stat().st_mtime_ns == before
    assert sweep(["--methods", "vae", "--out", str(tmp_path), *for_fit, "--hidden-dim", "8"]) == 2
    assert "vae was begun with hidden-dim 16, not 8; give the same options" in capsys.readouterr().err
    table = said.split("\n\n")[-1].splitlines()
    assert [line.split(" | ")[0] for line in table[2:]] == ["| vae", "| ivae-mi", "| bn-vae-1.2"]
    assert table[3].count("n/a") == 3


def test_a_run_that_fails_is_named_and_the_others_go_on(corpus: Path, tmp_path: Path, capsys) -> None:
    for_fit = ["--corpus", "short-yelp", "--data", str(corpus), "--epochs", "1", "--set", "gamma=0.7", *SMALL, *NO_MAP]
    assert sweep(["--methods", "vae,bn-vae", "--out", str(tmp_path), *for_fit]) == 1
    said = capsys.readouterr().out
    assert "vae failed: train.fit: Method vae has no option 'gamma'; its options: none." in said
    assert "| bn-vae |" in said


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
    assert f"{option} is for train.fit alone" in capsys.readouterr().err
