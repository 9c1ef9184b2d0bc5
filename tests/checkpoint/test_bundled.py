"""The checkpoints that come with the project. The tables of their figures in the documentation are checked by tests/docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgvae.checkpoint.checkpoint import CARD_FILE, FILES, load_checkpoint
from dgvae.checkpoint.discover import TOKENIZER_FILE, find_checkpoints
from dgvae.evaluation.figures import FIGURES
from dgvae.methods.table import METHODS, method_and_options
from train.evaluate.card import model_card

ROOT = Path(__file__).parents[2] / "checkpoints"
BUNDLED = find_checkpoints(ROOT)
LARGEST = {"short-yelp": 6_100_000, "snli": 7_000_000}  # bytes; the vocabulary of SNLI is larger
SEVERAL_DRAWS = {"ivae-mi": 7_500_000}  # its posteriors are kept as draws


def test_every_method_of_the_paper_is_there_and_the_best_of_ours() -> None:
    methods = {
        corpus: {METHODS[method_and_options(Path(n).name)[0]].id for n in BUNDLED if n.startswith(corpus)} for corpus in LARGEST
    }
    assert methods["short-yelp"] == METHODS.keys() - {"mdg-vmf-vae"}
    assert methods["snli"] == {"vae", "beta-vae", "bn-vae", "dg-vae", "dg-vmf-vae", "mdg-vae"}
    assert len(BUNDLED) == 27


@pytest.mark.parametrize("name", BUNDLED)
def test_each_is_whole_and_small_and_has_all_figures(name: str) -> None:
    folder = BUNDLED[name]
    assert {path.name for path in folder.iterdir()} == set(FILES) - {TOKENIZER_FILE}
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size <= SEVERAL_DRAWS.get(folder.name, LARGEST[folder.parent.name])
    checkpoint = load_checkpoint(folder)
    assert len(checkpoint.latents.posterior) == 10_000
    assert checkpoint.latents.map is not None
    assert checkpoint.metrics.training["finished"]
    assert checkpoint.metrics.figures.keys() | checkpoint.metrics.absent.keys() == FIGURES.keys()
    card = (folder / CARD_FILE).read_text(encoding="utf-8")
    assert card == model_card(folder, checkpoint.model, checkpoint.metrics), "write it anew with train.evaluate"
