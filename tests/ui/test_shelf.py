"""A shelf with broken folders: the app opens with whole ones, and says of the others why they can't be shown."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dgvae.errors import UserError
from dgvae.ui.shelf import Shelf


def garble(folder: Path) -> None:
    (folder / "config.json").write_text('{"method": "none", "vocab_size": 9}')


def cut(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"1234")


def of_another_run(folder: Path) -> None:
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(metrics | {"weights": "0" * 64}))


@pytest.fixture
def shelf(checkpoints: Path, tmp_path: Path) -> Callable[[Callable[[Path], None]], Shelf]:
    """Two whole checkpoints behind two broken ones, of which one would be preferred."""

    def make(break_it: Callable[[Path], None]) -> Shelf:
        for name in ("a", "beta-vae-first", "y", "z"):
            shutil.copytree(checkpoints / "short-yelp" / "vae", tmp_path / name)
        for name in ("a", "beta-vae-first"):
            break_it(tmp_path / name)
        return Shelf(tmp_path)

    return make


@pytest.mark.parametrize("break_it", [garble, cut, of_another_run, lambda folder: (folder / "tokenizer.json").unlink()])
def test_whole_ones_come_first_and_broken_ones_have_their_reason(shelf, break_it, tmp_path: Path) -> None:
    made = shelf(break_it)
    made.warm_up.load_first()
    assert made.defaults() == ("y", "z")
    reasons = {reason.partition(": ")[0]: reason for reason in made.broken()}
    assert "beta-vae-first" in reasons
    assert not any(str(tmp_path) in reason for reason in reasons.values())


def test_a_broken_checkpoint_is_read_again_only_when_its_files_change(shelf, monkeypatch, tmp_path: Path) -> None:
    made = shelf(cut)
    with pytest.raises(UserError, match=r"^a: model\.safetensors is broken"):
        made.get("a")
    with monkeypatch.context() as patched:
        patched.setattr("dgvae.checkpoint.checkpoint.load_checkpoint", lambda folder: pytest.fail("it was read again"))
        with pytest.raises(UserError, match=r"^a: model\.safetensors is broken"):
            made.get("a")
    shutil.copy(tmp_path / "y" / "model.safetensors", tmp_path / "a")
    assert made.get("a")
    assert not any(reason.startswith("a:") for reason in made.broken())


def test_a_checkpoint_that_is_trained_on_is_read_anew_and_a_deleted_one_is_gone(checkpoints: Path, tmp_path: Path) -> None:
    place = shutil.copytree(checkpoints / "short-yelp" / "vae", tmp_path / "x")
    made = Shelf(tmp_path)
    before = made.get("x")
    assert made.get("x") is before
    assert made.derived("x", "kept", lambda c: c.model.config.method) == "vae"
    for file in sorted((checkpoints / "short-yelp" / "dg-vae").iterdir(), key=lambda file: file.name != "model.safetensors"):
        os.replace(shutil.copy(file, tmp_path / "new"), place / file.name)
        if file.name == "model.safetensors":  # as while a run trains on
            assert made.get("x") is before
            assert made.derived("x", "kept", lambda c: pytest.fail("it was made again")) == "vae"
            assert "it is still training, or was cut off" in made.broken()[0]
    assert made.get("x").model.config.method == "dg-vae"
    assert made.derived("x", "kept", lambda c: c.model.config.method) == "dg-vae"
    shutil.rmtree(place)
    assert made.choices() == []
    with pytest.raises(UserError, match="There is no checkpoint 'x' here"):
        made.get("x")


def test_a_folder_whose_name_is_no_utf_8_has_a_name_that_can_be_sent(checkpoints: Path, tmp_path: Path) -> None:
    try:
        shutil.copytree(checkpoints / "short-yelp" / "vae", os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    made = Shelf(tmp_path)
    assert [name for _, name in made.choices()] == ["caf\\udce9"]
    made.title("caf\\udce9")  # which tries to load it: safetensors opens no such path
    assert str(tmp_path) not in " ".join(made.broken())
