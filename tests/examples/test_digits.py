"""The example of a VAE of digits: it trains, writes its latents and prints what they are like."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from dgvae import LatentSpace
from dgvae.ui.own_decoder import OwnDecoder
from dgvae.ui.pictures import Picture

pytest.importorskip("sklearn")
EXAMPLE = Path(__file__).parents[2] / "examples/digits.py"


@pytest.mark.slow
def test_digits_are_written_and_diagnosed_and_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "digits.safetensors"
    example = runpy.run_path(str(EXAMPLE))
    example["main"](["--epochs", "3", "--out", str(path)])
    said = capsys.readouterr().out.splitlines()
    assert said[0].partition(":")[0] in ("fault", "note", "good")
    assert [line.split()[0] for line in said[-4:]] == ["kl", "mi", "hole_mass", "auc"]
    space = LatentSpace.load(path)
    assert repr(space) == "LatentSpace('digits', 1797 examples, 8 dimensions)"
    assert set(space.labels.tolist()) == set(range(10))
    assert np.isfinite(space.columns["ink"]).all()
    pictures = OwnDecoder(example["decode"], "digits:decode").decode(torch.randn(2, 8))
    assert all(isinstance(picture, Picture) for picture in pictures)
    assert len(set(pictures)) == 2
