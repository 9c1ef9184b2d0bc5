"""The example of a VAE that pythae trains: its latents are read, and its decoder draws pictures."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest
import torch

from dgvae import LatentSpace
from dgvae.ui.own_decoder import OwnDecoder
from dgvae.ui.pictures import Picture

if os.environ.get("CI") != "true":
    pytest.importorskip("pythae")
EXAMPLE = Path(__file__).parents[2] / "examples/pythae_digits.py"


@pytest.mark.slow
def test_latents_of_pythae_are_measured_and_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    example = runpy.run_path(str(EXAMPLE))
    example["main"](["--epochs", "2"])
    assert "note: " in capsys.readouterr().out
    space = LatentSpace.load("pythae-digits.safetensors")
    assert repr(space) == "LatentSpace('pythae-digits', 1797 examples, 8 dimensions)"
    pictures = OwnDecoder(example["decode"], "pythae_digits:decode").decode(torch.randn(3, 8))
    assert all(isinstance(picture, Picture) for picture in pictures)
    assert len(set(pictures)) == 3
