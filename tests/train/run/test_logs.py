"""What a run logs, besides log.jsonl also where `--log` says."""

from __future__ import annotations

import builtins
import json
from pathlib import Path

import pytest

from tests.conftest import small_run
from train.fit import main as fit

QUICK = ["--map-points", "0", "--epochs", "2"]


def test_tensorboard_gets_every_epoch_once_though_the_run_was_resumed(corpus: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out = tmp_path / "run"
    assert fit(small_run(corpus, out, *QUICK, "--log", "tensorboard")) == 0
    assert fit(["--resume", "--out", str(out), "--epochs", "3"]) == 0
    accumulator = EventAccumulator(str(out / "tensorboard"))
    accumulator.Reload()
    logged = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    epochs = [entry for entry in logged if entry["event"] == "epoch"]
    shown = accumulator.Scalars("validation/objective")
    assert [event.value for event in shown] == pytest.approx([entry["objective"] for entry in epochs], rel=1e-6)
    assert len(shown) == 3
    assert {"training/reconstruction", "training/gradient_norm", "validation/mi"} <= set(accumulator.Tags()["scalars"])


def test_trackio_gets_the_figures(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trackio = pytest.importorskip("trackio")
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    logged: list[tuple[dict[str, float], int]] = []
    monkeypatch.setattr(trackio, "init", lambda **options: logged.append((options["config"], -1)))
    monkeypatch.setattr(trackio, "log", lambda numbers, step: logged.append((numbers, step)))
    monkeypatch.setattr(trackio, "finish", lambda: None)
    assert fit(small_run(corpus, tmp_path / "run", *QUICK, "--log", "trackio")) == 0
    assert logged[0][0]["method"] == "dg-vae"
    assert any("validation/kl" in numbers for numbers, _ in logged)


def test_a_log_whose_package_is_missing_says_what_to_install(corpus: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name.startswith("trackio"):
            raise ImportError(name)
        return real(name, *rest, **more)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("importlib.import_module", without)
    assert fit(small_run(corpus, tmp_path / "run", *QUICK, "--log", "trackio")) == 2
    assert "pip install trackio" in capsys.readouterr().err
