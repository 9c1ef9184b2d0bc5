"""Publishing a checkpoint, end to end through huggingface_hub, against the stand-in of the Hub."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from dgvae.checkpoint.checkpoint import FILES, load_checkpoint
from dgvae.checkpoint.hub import download_checkpoint
from dgvae.ui.shelf import Shelf
from tests.hub_stand_in import REPOSITORY, TOKEN, Hub, served
from train.publish import main as publish


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub without the repository, and a user who is logged in."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no token"))
    with served(Hub({}, branches={}), tmp_path / "cache", monkeypatch) as hub:
        yield hub


@pytest.fixture
def run(checkpoints: Path, tmp_path: Path) -> Path:
    """A finished run's folder, with the state, the options and the log that training leaves there."""
    return Path(shutil.copytree(checkpoints / "short-yelp" / "dg-vae", tmp_path / "dg-vae"))


def said(capsys: pytest.CaptureFixture[str], run: Path, *more: str, repository: str = REPOSITORY) -> str:
    """What the command prints."""
    assert publish([str(run), "--repo", repository, *more]) == 0
    return capsys.readouterr().out


def fault_of(capsys: pytest.CaptureFixture[str], run: Path, *more: str, repository: str = REPOSITORY) -> str:
    """The sentence with which the command fails."""
    assert publish([str(run), "--repo", repository, *more]) == 2
    sentence = capsys.readouterr().err.strip()
    assert sentence.startswith("train.publish: ")
    assert "\n" not in sentence
    return sentence.removeprefix("train.publish: ")


def test_what_was_published_is_downloaded_and_loads_as_it_was(server: Hub, run: Path, capsys: pytest.CaptureFixture[str]):
    assert f"Published: {constants.ENDPOINT}/{REPOSITORY}\n" in said(capsys, run, "--message", "The first")
    assert server.commits == [("The first", set(FILES))]
    assert set(server.files) == set(FILES)
    original, published = load_checkpoint(run), load_checkpoint(download_checkpoint(REPOSITORY))
    assert published.metrics == original.metrics
    weights = published.model.state_dict()
    assert all(torch.equal(weights[name], tensor) for name, tensor in original.model.state_dict().items())


def test_the_app_opens_it_by_its_id(server: Hub, run: Path, tmp_path: Path):
    assert publish([str(run), "--repo", f"https://huggingface.co/{REPOSITORY}"]) == 0
    shelf = Shelf(tmp_path / "nothing here")
    name = shelf.add_from_hub(REPOSITORY)
    assert shelf.get(name).model.config.method == "dg-vae"


def test_the_same_again_makes_no_commit_and_a_change_makes_one_of_what_changed(
    server: Hub, run: Path, capsys: pytest.CaptureFixture[str]
):
    said(capsys, run)
    assert "Nothing changed" in said(capsys, run)
    assert len(server.commits) == 1
    measured = load_checkpoint(run).metrics
    replace(measured, reference={"bleu": 1.5}).save(run)
    assert "Published" in said(capsys, run)
    assert server.commits[1:] == [("DG-VAE on short-yelp", {"metrics.json"})]


def test_a_private_repository_is_made_so_and_a_public_one_is_not_taken_for_it(
    server: Hub, run: Path, capsys: pytest.CaptureFixture[str]
):
    said(capsys, run, "--private")
    assert server.private
    server.private = False
    assert "exists and is public" in fault_of(capsys, run, "--private")
    assert len(server.commits) == 1


def test_a_dry_run_asks_nobody_anything(server: Hub, run: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    shown = said(capsys, run, "--dry-run")
    assert server.asked == []
    assert f'download_checkpoint("{REPOSITORY}")' in shown
    for name in FILES:
        assert name in shown
    assert f"{(run / 'model.safetensors').stat().st_size:,} bytes" in shown
    assert f"this would go to {constants.ENDPOINT}/{REPOSITORY}, created public" in shown


def test_without_a_token(server: Hub, run: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    assert "`hf auth login`" in fault_of(capsys, run)
    assert server.asked == []


@pytest.mark.parametrize(
    ("repository", "failure", "sentence"),
    [
        ("someone-else/model", None, "Your token can't write to someone-else/model"),
        (REPOSITORY, (401, ""), "The Hub does not accept your token"),
        (REPOSITORY, (403, ""), f"Your token can't write to {REPOSITORY}"),
        (REPOSITORY, (404, "RepoNotFound"), f"Your token can't see {REPOSITORY}"),
        (REPOSITORY, (500, ""), f"The Hub refused {REPOSITORY} (status 500"),
        ("name", None, "A Hub repository is written owner/name"),
        (f"{REPOSITORY}@v1", None, "A checkpoint is published on the main branch"),
    ],
)
def test_what_the_hub_refuses(server: Hub, run: Path, capsys, repository: str, failure: tuple[int, str] | None, sentence: str):
    server.failure = failure
    assert fault_of(capsys, run, repository=repository).startswith(sentence)
    assert server.commits == []


def test_a_token_that_may_only_read_the_repository(server: Hub, run: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    said(capsys, run)
    monkeypatch.setenv("HF_TOKEN", "hf_of_another")
    assert fault_of(capsys, run).startswith(f"Your token can't write to {REPOSITORY}")
    assert len(server.commits) == 1


def test_an_unreachable_hub(server: Hub, run: Path, capsys):
    server.stop()
    assert fault_of(capsys, run).startswith("The Hub can't be reached (ConnectError)")


def test_a_log_in_page_in_place_of_the_hub(server: Hub, run: Path, capsys):
    server.page = b"<html>Welcome to the hotel</html>"
    assert "did not come from the Hub" in fault_of(capsys, run)


def test_a_run_that_is_not_whole_is_refused(server: Hub, run: Path, tmp_path: Path, capsys):
    assert fault_of(capsys, tmp_path / "nowhere").startswith("There is no checkpoint folder")
    weights = (run / "model.safetensors").read_bytes()
    (run / "model.safetensors").write_bytes(weights[:-2] + b"\0\0")
    assert "newer weights than its latents" in fault_of(capsys, run)
    (run / "metrics.json").unlink()
    assert "is still training, or was cut off" in fault_of(capsys, run)
    assert server.asked == []
