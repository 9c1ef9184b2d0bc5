"""What visitors fetch from the Hub: bounded, without a token, seen by who fetched it, and gone when it is refused."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from dgvae.checkpoint import checkpoint as checkpoints
from dgvae.checkpoint import public_hub as hub_fetch
from dgvae.checkpoint.checkpoint import FILES
from dgvae.checkpoint.discover import TOKENIZER_FILE
from dgvae.checkpoint.hub import download_checkpoint
from dgvae.checkpoint.public_hub import fetch_checkpoint
from dgvae.errors import UserError
from dgvae.ui import brought, shelf
from dgvae.ui.brought import BroughtModels
from dgvae.ui.decoding import nearest_sentences
from dgvae.ui.map.points import Point
from dgvae.ui.map.readout import text_at
from dgvae.ui.shelf import Shelf
from tests.hub_stand_in import REPOSITORY, Hub, served
from train.publish import read_publication

BUNDLED = Path(__file__).parents[2] / "checkpoints"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with files of the right names."""
    with served(Hub({name: name.encode() * 100 for name in FILES}), tmp_path / "cache", monkeypatch) as hub:
        yield hub


def fault_of(folder: Path, repository: str = REPOSITORY, **options) -> str:
    with pytest.raises(UserError) as caught:
        fetch_checkpoint(repository, None, folder, **options)
    assert not folder.exists()
    return str(caught.value)


def test_only_a_checkpoints_files_come_and_no_token_goes(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_operator")
    server.files["pytorch_model.bin"] = b"never to be read"
    size = fetch_checkpoint(REPOSITORY, "v1", tmp_path / "model")
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == {n: server.files[n] for n in FILES}
    assert size == sum(len(server.files[name]) for name in FILES)
    assert server.tokens == {None}
    download_checkpoint(REPOSITORY, token=True)  # as with --hub-token
    assert server.tokens == {None, "Bearer hf_of_the_operator"}


def test_a_file_that_is_larger_than_declared_is_cut_off(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_fetch, "MOST_BYTES", 200_000)
    server.files["latents.safetensors"] = bytes(300_000)
    server.sizes["latents.safetensors"] = 10
    assert fault_of(tmp_path / "model") == f"{REPOSITORY} is more than the 0 MB that are allowed."


@pytest.mark.parametrize("pause", [0.02, 5.0])
def test_a_slow_hub_is_given_up(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: float) -> None:
    monkeypatch.setattr(hub_fetch, "TIMEOUT", 0.3)
    server.pause = pause
    server.files["config.json"] = bytes(10_000)
    assert "try again later" in fault_of(tmp_path / "model")


def test_what_nobody_waits_for_is_not_fetched(server: Hub, tmp_path: Path) -> None:
    assert fault_of(tmp_path / "model", is_wanted=lambda: False) == "This visit has ended; reload the page."
    assert server.fetched == set()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"failure": (429, "")}, "The Hub refused someone/small-dg-vae (status 429); try again later"),
        ({"page": b"<html>log in"}, "The answer did not come from the Hub"),
        ({"page": b"[1]"}, "The answer did not come from the Hub"),
        ({"branches": {}}, "The Hub has no model repository someone/small-dg-vae, or it is private."),
        ({"files": {}}, "someone/small-dg-vae is not a checkpoint of this project: it has no config.json."),
    ],
)
def test_what_goes_wrong_is_said(server: Hub, tmp_path: Path, wrong: dict, sentence: str) -> None:
    for name, value in wrong.items():
        setattr(server, name, value)
    assert fault_of(tmp_path / "model").startswith(sentence)


# ---- whose they are


def test_a_fetched_model_is_its_visitors_alone(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files = read_publication(BUNDLED / "short-yelp" / "vae", REPOSITORY).files
    stand = Shelf(BUNDLED)
    monkeypatch.setattr(shelf, "visitor_here", lambda: "one")
    assert stand.add_from_hub(REPOSITORY) == REPOSITORY
    assert REPOSITORY in [name for _, name in stand.choices()]
    monkeypatch.setattr(shelf, "visitor_here", lambda: "other")
    assert REPOSITORY not in [name for _, name in stand.choices()]
    stand.leave("one")
    server.stop()
    stand.revisit([REPOSITORY, None, "someone/else"])  # by a link
    assert [name for _, name in stand.choices()].count(REPOSITORY) == 1


def test_a_fetched_models_sentences_and_code_are_shown(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files = read_publication(BUNDLED / "short-yelp" / "vae", REPOSITORY).files
    stand = Shelf(BUNDLED)
    monkeypatch.setattr(shelf, "visitor_here", lambda: "one")
    name = stand.add_from_hub(f"{REPOSITORY}@v1")
    assert stand.sentence(name, 0) is None  # the corpus is not at hand
    assert nearest_sentences(stand, name, torch.zeros(1, 32))[0].startswith("nearest sentence, reconstructed: ")
    assert text_at(stand, name, name, Point(0, is_draw=False))
    assert stand.source(name) == f"download_checkpoint({REPOSITORY!r}, 'v1')"
    assert stand.source("short-yelp/vae") == "Path('checkpoints/short-yelp/vae')"
    assert stand.shown_folder(name) == Path(name)
    assert stand.folder(name).is_dir()
    stand.close()
    assert not stand.folder(name).parent.exists()


def with_tensors(**shapes: tuple[int, ...]) -> bytes:
    return save({name.replace("__", "."): torch.zeros(shape, dtype=torch.uint8) for name, shape in shapes.items()})


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("latents.safetensors", with_tensors(labels=(20_001,)), "20,001 encoded sentences, and 20,000 are allowed"),
        ("latents.safetensors", with_tensors(map__xy=(20_001, 2)), "20,001 points on its map"),
        ("latents.safetensors", with_tensors(mean=(10_000, 501)), "5,010,000 numbers in its latents"),
        ("model.safetensors", with_tensors(decoder__embedding=(75_000_001,)), "75,000,001 parameters"),
        ("model.safetensors", with_tensors(decoder__lstm__w=(40_000_000,)), "multiplications for each sentence"),
        ("config.json", json.dumps({"method": "vae", "vocab_size": 100_001}).encode(), "100,001 words"),
        ("config.json", json.dumps({"method": "vae", "vocab_size": 9, "latent_dim": 1025}).encode(), "1,025 latent dimensions"),
    ],
)
def test_a_model_that_costs_too_much_is_refused_before_it_is_read(
    server: Hub, monkeypatch: pytest.MonkeyPatch, file: str, content: bytes, said: str
) -> None:
    config = {"method": "vae", "vocab_size": 50, "max_length": 300}
    server.files |= {"config.json": json.dumps(config).encode(), file: content}
    monkeypatch.setattr(checkpoints, "load_checkpoint", lambda folder: pytest.fail("it was read"))
    stand = Shelf(BUNDLED)
    with pytest.raises(UserError, match="This checkpoint is too large to fetch here: .*" + said):
        stand.add_from_hub(REPOSITORY)
    assert stand._fetched._root
    assert not [*stand._fetched._root.iterdir()]


def test_a_model_that_is_broken_is_refused_and_deleted(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Shelf(BUNDLED)
    with pytest.raises(UserError):
        stand.add_from_hub(REPOSITORY)
    assert stand._fetched._root
    assert not [*stand._fetched._root.iterdir()]


def test_models_are_few_for_a_visitor_and_few_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "MOST_OF_VISITOR", 2)
    monkeypatch.setattr(brought, "MOST_BYTES", 30)
    forgotten: list[str] = []
    models = BroughtModels(forgotten.append)

    def add(name: str, visitor: str) -> Path:
        folder = models.new_folder(visitor)
        folder.mkdir()
        models.add(name, folder, 10, visitor)
        return folder

    first = add("a", "one")
    add("b", "one")
    with pytest.raises(UserError, match="fetched 2 models"):
        models.new_folder("one")
    add("c", "two")
    with pytest.raises(UserError, match="no room"):
        add("d", "two")
    models.leave("one")
    last = add("d", "three")
    assert (forgotten, first.exists(), last.exists()) == (["a"], False, True)
    assert [models.names(visitor) for visitor in ("one", "two", "three")] == [[], ["c"], ["d"]]


def test_a_broken_checkpoint_is_read_again_only_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "vae"
    shutil.copytree(BUNDLED / "short-yelp" / "vae", folder)
    shutil.copy(BUNDLED / "short-yelp" / TOKENIZER_FILE, tmp_path)
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:1000])
    read: list[Path] = []
    load = checkpoints.load_checkpoint
    monkeypatch.setattr(checkpoints, "load_checkpoint", lambda folder: read.append(folder) or load(folder))
    stand = Shelf(tmp_path)
    for _ in range(2):
        with pytest.raises(UserError, match="is broken"):
            stand.get("vae")
    assert len(read) == 1
    (folder / "model.safetensors").write_bytes(whole)
    assert stand.get("vae").model
