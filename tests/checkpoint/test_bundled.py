"""The checkpoints that come with the project, and what the README says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dgvae.checkpoint.checkpoint import FILES, load_checkpoint
from dgvae.checkpoint.discover import find_checkpoints
from dgvae.evaluation.figures import FIGURES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
IN_README = (
    "reconstruction", "kl", "prior_ll", "post_ll", "mi", "active_units", "consistent_units", "covariance_gap", "smoothed_gap",
    "hole_mass", "forward_perplexity",
)  # fmt: skip
BUNDLED = find_checkpoints(ROOT / "checkpoints")


def test_four_are_bundled() -> None:
    assert set(BUNDLED) == {f"short-yelp/{name}" for name in ("vae", "beta-vae-0.01", "dg-vae", "pdg-vae")}


@pytest.mark.parametrize("name", BUNDLED)
def test_each_is_whole_and_small_and_has_its_row_in_the_readme(name: str) -> None:
    folder = BUNDLED[name]
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 12_000_000
    checkpoint = load_checkpoint(folder)
    assert len(checkpoint.latents.posterior) == 10_000
    assert checkpoint.latents.map is not None
    measured = checkpoint.metrics
    assert measured.figures.keys() == FIGURES.keys()
    figures = [measured.text(figure) for figure in IN_README]
    assert f"| {checkpoint.model.config.title} | {' | '.join(figures)} |" in README
    names = [FIGURES[figure].name for figure in IN_README]
    assert f"| model | {' | '.join(names)} |" in README


def test_the_readmes_code_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code
    monkeypatch.chdir(ROOT)
    exec(code[1], {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all(re.match(r"[+-]\d+\.\d  \w", line) for line in lines)
