"""The example of a VAE of digits: it trains, writes its latents and prints what they are like."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from dgvae import LatentSpace

pytest.importorskip("sklearn")
EXAMPLE = Path(__file__).parents[2] / "examples/digits.py"


@pytest.mark.slow
def test_digits_are_written_and_diagnosed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "digits.safetensors"
    runpy.run_path(str(EXAMPLE))["main"](["--epochs", "3", "--out", str(path)])
    said = capsys.readouterr().out.splitlines()
    assert said[0].partition(":")[0] in ("fault", "note", "good")
    assert [line.split()[0] for line in said[-4:]] == ["kl", "mi", "hole_mass", "auc"]
    space = LatentSpace.load(path)
    assert repr(space) == "LatentSpace('digits', 1797 examples, 8 dimensions)"
    assert set(space.labels.tolist()) == set(range(10))
    assert np.isfinite(space.columns["ink"]).all()
