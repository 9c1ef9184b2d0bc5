"""The model card: what the Hub reads in its front matter, and what a reader can do with its body."""

import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from dgvae.checkpoint.checkpoint import CARD_FILE, load_checkpoint
from dgvae.evaluation.diagnosis import diagnose
from dgvae.evaluation.estimates import Estimate
from dgvae.files.atomic import read_json, write_json
from tests.conftest import SMALL
from train.evaluate.card import model_card
from train.run.arguments import parse_options
from train.run.run_file import OPTIONS_FILE

HERE = {
    "out",
    "data",
    "training_sha256",
    "validation_sha256",
    "evaluation_sha256",
    "vocabulary_sha256",
}  # which a card can't tell


@pytest.fixture
def folder(checkpoints: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoints / "short-yelp" / "fb-vae", tmp_path / "fb-vae"))


def card_of(folder: Path, **changes: Any) -> str:
    """The card of a checkpoint whose measurements are changed."""
    checkpoint = load_checkpoint(folder)
    return model_card(folder, checkpoint.model, replace(checkpoint.metrics, **changes))


def front_matter(card: str) -> tuple[ModelCardData, list[EvalResult]]:
    """What the Hub reads, and the figures in it."""
    data = ModelCard(card).data
    assert isinstance(data, ModelCardData)
    return data, data.eval_results or []


def retold(card: str) -> dict[str, Any]:
    """The options of the training command in a card, as train.fit reads them."""
    command = re.search(r"```\npython -m train\.fit (.*)\n```", card)
    assert command
    return parse_options(shlex.split(command[1])).as_json()


def test_training_leaves_the_card(folder: Path):
    assert (folder / CARD_FILE).read_text(encoding="utf-8") == card_of(folder)


@pytest.mark.parametrize("method", ["dg-vae", "ivae-mi", "dg-vmf-vae"])  # some have figures that are n/a
def test_the_front_matter_holds_every_figure_and_the_terms(checkpoints: Path, method: str):
    folder = checkpoints / "short-yelp" / method
    measured = load_checkpoint(folder).metrics
    data, rows = front_matter((folder / CARD_FILE).read_text(encoding="utf-8"))
    assert {row.metric_type: row.metric_value for row in rows} == {
        name: figure.value for name, figure in measured.figures.items()
    }
    assert {(row.task_type, row.dataset_type, row.dataset_split) for row in rows} == {("text-generation", "short-yelp", "test")}
    assert (data.language, data.license, data.license_name) == ("en", "other", "short-yelp-terms")
    assert data.tags == ["text-vae", method]


@pytest.mark.parametrize("name", ["a: [b", "# 'x' \"y\"", "null", "---", "- дом 🏠", "%&*!|>@`"])
def test_the_front_matter_is_sound_for_any_corpus(folder: Path, name: str):
    data, rows = front_matter(card_of(folder, corpus=name))
    assert {(row.dataset_type, row.dataset_name) for row in rows} == {(name, name)}
    assert data.language is None
    assert data.license is None


def test_what_is_wrong_is_said(folder: Path):
    measured = load_checkpoint(folder).metrics
    holes = {"hole_mass": Estimate(0.4, 0.1), "smoothed_gap": Estimate(5.0, 0.1)}
    changed = replace(measured, figures=measured.figures | holes)
    faults = [finding.text for finding in diagnose(changed) if finding.severity == "fault"]
    assert faults
    card = card_of(folder, figures=changed.figures)
    assert all(f"\n- {fault}\n" in card for fault in faults)
    assert "stopped before the end" not in card
    assert "stopped before the end" in card_of(folder, training=measured.training | {"finished": False})


def test_the_command_makes_the_same_model_again(folder: Path):
    run = read_json(folder / OPTIONS_FILE)
    told = retold(card_of(folder))
    assert {name: told[name] for name in told.keys() - HERE} == {name: run[name] for name in told.keys() - HERE}
    assert (told["data"], told["set"]) == ("DATA", ["free_bits=0.01"])


def test_without_the_options_of_the_run_the_command_has_its_sizes_and_its_plan(folder: Path):
    run = read_json(folder / OPTIONS_FILE)
    (folder / OPTIONS_FILE).unlink()
    told = retold(card_of(folder))
    named = {flag.strip("-").replace("-", "_") for flag in SMALL[::2]} - {"map_points"}
    named |= {"corpus", "method", "set", "epochs", "patience", "learning_rate", "warmup_epochs", "seed"}
    assert {name: told[name] for name in named} == {name: run[name] for name in named}


def test_a_corpus_of_ones_own_is_named_without_its_folder(folder: Path):
    options = {"corpus": None, "data": None, "train_file": "/home/me/a corpus.txt", "valid_file": "held-out.txt"}
    write_json(folder / OPTIONS_FILE, read_json(folder / OPTIONS_FILE) | options)
    card = card_of(folder, corpus="a corpus")
    told = retold(card)
    assert (told["train_file"], told["valid_file"], told["data"]) == ("a corpus.txt", "held-out.txt", None)
    assert "/home" not in card
