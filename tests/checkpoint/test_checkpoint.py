"""Checkpoint folders: what is whole is loaded, what is broken is named in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from dgvae.checkpoint.checkpoint import FILES, load_checkpoint
from dgvae.checkpoint.discover import display_name, find_checkpoints
from dgvae.errors import UserError
from dgvae.evaluation.record import Dependence, Record
from dgvae.methods.table import METHODS


def test_every_checkpoint_is_found_under_its_method(checkpoints: Path) -> None:
    found = find_checkpoints(checkpoints)
    assert set(found) == {f"short-yelp/{method}" for method in METHODS}
    for name, folder in found.items():
        assert display_name(name, folder).startswith(METHODS[folder.name].title)


def test_links_to_folders_elsewhere_are_followed_and_others_are_not(checkpoints: Path, tmp_path: Path) -> None:
    disk, runs = tmp_path / "disk", tmp_path / "runs"
    for place in (disk / "dg", runs / "own"):
        shutil.copytree(checkpoints / "short-yelp" / "vae", place)
    (runs / "a").symlink_to(disk / "dg")
    (runs / "b").symlink_to(disk)  # holds the same
    (runs / "best").symlink_to("own")
    (runs / "up").symlink_to("..")
    (disk / "back").symlink_to(runs)
    (disk / "round").symlink_to(disk)
    assert find_checkpoints(runs) == {"a": runs / "a", "b/dg": runs / "b" / "dg", "own": runs / "own"}
    assert load_checkpoint(runs / "a").folder == runs / "a"


def edit_tensors(name: str, change: Callable[[dict], object]) -> Callable[[Path], None]:
    def fault(folder: Path) -> None:
        tensors = load_file(folder / name)
        change(tensors)
        save_file(tensors, folder / name)

    return fault


def edit_json(name: str, change: Callable[[dict], object]) -> Callable[[Path], None]:
    def fault(folder: Path) -> None:
        data = json.loads((folder / name).read_text())
        change(data)
        (folder / name).write_text(json.dumps(data))

    return fault


def swapped(ids: dict[str, int]) -> dict[str, int]:
    one, other = list(ids)[-2:]
    return {one: ids[other], other: ids[one]}


FAULTS = {
    "latents cut": (lambda f: (f / "latents.safetensors").write_bytes(b"1234"), "latents.safetensors is broken"),
    "latents of another size": (
        edit_tensors("latents.safetensors", lambda t: t.update(mean=t["mean"][:, :2].contiguous())),
        "latents.safetensors does not fit",
    ),
    "latents lack labels": (edit_tensors("latents.safetensors", lambda t: t.pop("labels")), "lacks labels"),
    "latents not finite": (edit_tensors("latents.safetensors", lambda t: t["mean"].fill_(float("nan"))), "not finite"),
    "no latents at all": (edit_tensors("latents.safetensors", lambda t: t.update(mean=t["mean"][:0])), "mean should be"),
    "map of other sentences": (edit_tensors("latents.safetensors", lambda t: t["map.sentences"].add_(999)), "does not hold"),
    "weights not finite": (
        edit_tensors("model.safetensors", lambda t: t["encoder.head.weight"].fill_(float("inf"))),
        "encoder.head.weight has values that are not finite",
    ),
    "vocabulary of another model": (
        edit_json("tokenizer.json", lambda d: d["model"]["vocab"].update(swapped(d["model"]["vocab"]))),
        "tokenizer.json is not the vocabulary that",
    ),
    "hash of the vocabulary that is none": (
        edit_json("metrics.json", lambda d: d["training"].update(vocabulary_sha256=["0"])),
        "metrics.json lacks training, or it is not what it should be",
    ),
    "metrics not finite": (
        edit_json("metrics.json", lambda d: d["figures"]["kl"].update(value=float("nan"))),
        "metrics.json lacks figures, or it is not what it should be",
    ),
    "metrics beyond a float": (
        edit_json("metrics.json", lambda d: d["figures"]["kl"].update(value=10**400)),
        "metrics.json lacks figures, or it is not what it should be",
    ),
    "a profile of a text": (edit_json("metrics.json", lambda d: d["profile"].update(kl=["<b>"])), "lacks profile, or"),
    "a pair of three": (edit_json("metrics.json", lambda d: d["pairs"][0].update(dimensions=[0, 1, 2])), "lacks pairs, or"),
    "a dependence of words": (
        edit_json("metrics.json", lambda d: d.update(dependent=[{"dimensions": [0, 1], "nats": "many", "error": 0.1}])),
        "lacks dependent, or",
    ),
    "a training without a seed": (edit_json("metrics.json", lambda d: d["training"].pop("seed")), "lacks training, or"),
    "a path of one point": (
        edit_json("metrics.json", lambda d: d.update(interpolation={"to_start": [1]})),
        "lacks interpolation",
    ),
    "metrics of an earlier version": (
        edit_json("metrics.json", lambda d: d.update(format=1)),
        "is of another version than this program; measure again with: python -m train.evaluate",
    ),
    "a type that NumPy lacks": (
        edit_tensors("latents.safetensors", lambda t: t.update({"map.xy": t["map.xy"].bfloat16()})),
        "map.xy as torch.bfloat16, which is not read here",
    ),
    "JSON too deep": (lambda f: (f / "metrics.json").write_text("[" * 200_000), "metrics.json is not readable JSON"),
    "tokenizer of another kind": (
        edit_json("tokenizer.json", lambda d: d["model"].update(type="BPE", merges=[])),
        "tokenizer.json is not a word-level tokenizer",
    ),
    "weights of another run": (
        edit_tensors("model.safetensors", lambda t: t["encoder.head.weight"].mul_(2)),
        "newer weights than its latents and metrics",
    ),
    "map cut": (edit_tensors("latents.safetensors", lambda t: t.update({"map.xy": t["map.xy"][1:]})), "map.xy should be"),
    "another tokenizer": (
        edit_json("tokenizer.json", lambda d: d["model"]["vocab"].popitem()),
        "the two files are not of one checkpoint",
    ),
    "metrics lack one": (edit_json("metrics.json", lambda d: d["figures"].pop("mi")), "metrics.json lacks mi"),
    "metrics empty": (lambda f: (f / "metrics.json").write_text(""), "metrics.json is not readable JSON"),
    "a log-variance far out": (
        edit_tensors("latents.safetensors", lambda t: t["log_var"][:1].fill_(-60_000)),
        "a log-variance of ±60,000, and the maximum is ±80",
    ),
    "a tokenizer with words beside its vocabulary": (
        edit_json("tokenizer.json", lambda d: d.update(added_tokens=[{"id": i, "content": str(i)} for i in range(50)])),
        "tokenizer.json adds words to its vocabulary",
    ),
    "a name of a megabyte": (edit_json("metrics.json", lambda d: d.update(corpus="x" * 1_000_000)), "lacks corpus, or"),
    "a JSON file of megabytes": (
        edit_json("config.json", lambda d: d.update(method="x" * 5_000_000)),
        "config.json is too large",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_in_one_sentence(fault: str, checkpoints: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoints / "short-yelp" / "dg-vae", tmp_path / "copy")
    break_it, said = FAULTS[fault]
    break_it(folder)
    with pytest.raises(UserError) as error:
        load_checkpoint(folder)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_record_is_read_as_it_was_written(checkpoints: Path, tmp_path: Path) -> None:
    record = replace(Record.load(checkpoints / "short-yelp" / "vae"), dependent=[Dependence((0, 2), 0.25, 0.01)], copies=3)
    record.save(tmp_path)
    assert Record.load(tmp_path) == record


def test_a_huge_vocabulary_is_refused_before_the_library_reads_it(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(checkpoints / "short-yelp" / "dg-vae", tmp_path / "copy")
    edit_json("tokenizer.json", lambda d: d["model"].update(vocab={str(i): i for i in range(100_000)}))(folder)
    monkeypatch.setattr("dgvae.text.tokenizer._wrap", lambda **_: pytest.fail("the library was given the words"))
    with pytest.raises(UserError, match="has 100,000 words where config"):
        load_checkpoint(folder)


def test_a_folder_that_is_not_there_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train\.fit --method dg-vae --corpus snli"):
        load_checkpoint(tmp_path / "snli" / "dg-vae")


def test_a_checkpoint_needs_only_its_own_files(checkpoints: Path, tmp_path: Path) -> None:
    for name in FILES:
        shutil.copy(checkpoints / "short-yelp" / "vae" / name, tmp_path)
    load_checkpoint(tmp_path)
