"""What is kept of a large file of latents is what was computed, for the operator's files alone."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from dgvae import LatentSpace
from dgvae.ui.own_latents import OwnLatents, at_once, measure_space, places_of

COUNT = 400


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("dgvae.ui.prepared.bundle_path", lambda: tmp_path / "cache" / "vega.js")
    monkeypatch.setattr("dgvae.ui.own_latents.MAP_POINTS", 40)
    monkeypatch.setattr("dgvae.latent_space.held.MOST_MEASURED", 100)
    return tmp_path / "cache"


def space(name: str, shift: float = 0.0) -> LatentSpace:
    mean = torch.randn(COUNT, 2, generator=torch.Generator().manual_seed(0)) + shift
    return LatentSpace(mean, torch.full_like(mean, -2.0), name=name)


def steps(of: LatentSpace, is_kept: bool) -> tuple[list[str], OwnLatents]:
    said: list[str] = []

    def listening() -> Generator[str, None, OwnLatents]:
        measuring = measure_space(of, Path(of.name), None, is_kept)
        while True:
            try:
                said.append(next(measuring))
            except StopIteration as end:
                return end.value
            yield said[-1]

    return said, at_once(listening())


def test_the_second_time_nothing_is_measured_and_all_is_the_same(cache: Path) -> None:
    said, first = steps(space("one"), is_kept=True)
    assert "Measuring 400 examples of 2 dimensions" in said
    said, again = steps(space("two"), is_kept=True)
    assert said == ["Looking whether it was measured before"]
    assert again.checkpoint.metrics.corpus == again.checkpoint.metrics.evaluation.file == "two"
    assert again.checkpoint.metrics.figures == first.checkpoint.metrics.figures
    assert again.checkpoint.metrics.all_examples == COUNT
    before, after = places_of(first.checkpoint), places_of(again.checkpoint)
    assert before
    assert after
    rows = torch.arange(2 * COUNT)
    for a, b in ((before.umap, after.umap), (before.plane, after.plane), (before.points.z(rows), after.points.z(rows))):
        assert torch.equal(a, b)
    assert "Drawing the map" in steps(space("moved", 0.5), is_kept=True)[0]


def test_what_is_broken_is_measured_again(cache: Path) -> None:
    steps(space("one"), is_kept=True)
    (kept,) = cache.glob("latents-*/places.safetensors")
    kept.write_bytes(kept.read_bytes()[:100])
    assert "Drawing the map" in steps(space("one"), is_kept=True)[0]
    assert steps(space("one"), is_kept=True)[0] == ["Looking whether it was measured before"]


def test_nothing_is_kept_of_a_visitors_file(cache: Path) -> None:
    steps(space("visitor"), is_kept=False)
    assert not cache.exists()
