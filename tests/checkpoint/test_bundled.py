"""The checkpoints that come with the project. The table of their figures in docs/figures.md is checked by tests/docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgvae.checkpoint.checkpoint import FILES, load_checkpoint
from dgvae.checkpoint.discover import find_checkpoints
from dgvae.evaluation.figures import FIGURES

ROOT = Path(__file__).parents[2]
BUNDLED = find_checkpoints(ROOT / "checkpoints")


def test_four_are_bundled() -> None:
    assert set(BUNDLED) == {f"short-yelp/{name}" for name in ("vae", "beta-vae-0.01", "dg-vae", "pdg-vae")}


@pytest.mark.parametrize("name", BUNDLED)
def test_each_is_whole_and_small_and_has_all_figures(name: str) -> None:
    folder = BUNDLED[name]
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 12_000_000
    checkpoint = load_checkpoint(folder)
    assert len(checkpoint.latents.posterior) == 10_000
    assert checkpoint.latents.map is not None
    assert checkpoint.metrics.figures.keys() == FIGURES.keys()
