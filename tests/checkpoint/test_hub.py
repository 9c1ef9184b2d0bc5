"""Checkpoints from the Hub, end to end through huggingface_hub, against the stand-in of the Hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from dgvae.checkpoint import hub
from dgvae.checkpoint.checkpoint import FILES, load_checkpoint
from dgvae.checkpoint.hub import download_checkpoint, parse_repository
from dgvae.errors import UserError
from tests.hub_stand_in import COMMIT, OLDER, REPOSITORY, Hub, served

PICKLE = "pytorch_model.bin"


@pytest.fixture
def server(checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with a checkpoint, and a pickle beside it."""
    folder = checkpoints / "short-yelp" / "dg-vae"
    files = {name: (folder / name).read_bytes() for name in FILES} | {PICKLE: b"never to be read"}
    with served(Hub(files), tmp_path / "cache", monkeypatch) as hub:
        yield hub


def fault_of(repository: str = REPOSITORY, revision: str | None = None) -> str:
    """The sentence that the user reads when the download fails."""
    with pytest.raises(UserError) as caught:
        download_checkpoint(repository, revision)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_checkpoint_is_downloaded_and_loads(server: Hub, checkpoints: Path):
    downloaded = load_checkpoint(download_checkpoint(REPOSITORY))
    original = load_checkpoint(checkpoints / "short-yelp" / "dg-vae")
    assert downloaded.metrics == original.metrics
    assert (downloaded.latents.posterior.location == original.latents.posterior.location).all()


def test_a_branch_is_pinned_to_its_commit(server: Hub):
    assert download_checkpoint(REPOSITORY).name == COMMIT
    assert download_checkpoint(REPOSITORY, "v1").name == OLDER
    assert download_checkpoint(REPOSITORY, OLDER).name == OLDER
    assert all("/main/" not in path for path in server.asked if "/resolve/" in path or "/tree/" in path)


def test_a_moved_branch_is_followed(server: Hub):
    download_checkpoint(REPOSITORY)
    server.branches["main"] = OLDER
    assert download_checkpoint(REPOSITORY).name == OLDER


def test_only_the_files_of_a_checkpoint_are_fetched(server: Hub):
    folder = download_checkpoint(REPOSITORY)
    assert server.fetched == set(FILES) == {path.name for path in folder.iterdir()}


def test_nothing_is_fetched_twice(server: Hub):
    first = download_checkpoint(REPOSITORY)
    server.asked.clear()
    assert download_checkpoint(REPOSITORY) == first
    assert server.fetched == set()


@pytest.mark.parametrize("revision", [None, "main", "v1", OLDER])
def test_without_the_hub_the_cache_is_used(server: Hub, revision: str | None):
    first = download_checkpoint(REPOSITORY, revision)
    server.stop()
    assert download_checkpoint(REPOSITORY, revision) == first


def test_when_the_hub_fails_the_cache_is_used(server: Hub):
    first = download_checkpoint(REPOSITORY)
    server.failure = 503, ""
    assert download_checkpoint(REPOSITORY) == first


def test_offline_mode_uses_the_cache(server: Hub, monkeypatch: pytest.MonkeyPatch):
    first = download_checkpoint(REPOSITORY)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert download_checkpoint(REPOSITORY) == first
    said = fault_of(revision="v1")
    assert "can't be reached (HF_HUB_OFFLINE is set) and it is not in this machine's cache; unset it, or use" in said


def test_an_address_of_the_hub_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "ENDPOINT", "nonsense")
    assert "(HF_ENDPOINT is 'nonsense') and it is not in this machine's cache; correct it, or unset it, or use" in fault_of()


def test_half_a_download_does_not_count_as_cached(server: Hub):
    folder = download_checkpoint(REPOSITORY)
    (folder / "model.safetensors").unlink()
    server.stop()
    assert "not in this machine's cache" in fault_of()


def test_an_unknown_repository(server: Hub):
    assert fault_of("someone/else").startswith("The Hub has no model repository someone/else")


def test_an_unknown_revision(server: Hub):
    assert fault_of(revision="v9") == f"{REPOSITORY} has no revision v9."
    assert fault_of(revision="f" * 40) == f"{REPOSITORY} has no revision {'f' * 40}."


@pytest.mark.parametrize("file", FILES)
def test_a_repository_that_is_no_checkpoint(server: Hub, file: str):
    del server.files[file]
    assert fault_of() == f"{REPOSITORY} is not a checkpoint of this project: it has no {file}."
    assert server.fetched == set()


def test_a_repository_that_is_too_large(server: Hub):
    server.sizes = {"model.safetensors": hub.MAX_BYTES + 1_000_000, PICKLE: 10**12}
    assert fault_of().startswith(f"{REPOSITORY} is 501 MB, more than the 500 MB that are allowed")
    assert server.fetched == set()


def test_a_gated_repository(server: Hub):
    server.failure = 403, "GatedRepo"
    assert "is gated" in fault_of()


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_hub_that_refuses(server: Hub, status: int):
    server.failure = status, ""
    assert fault_of().startswith(f"The Hub refused {REPOSITORY} (status {status})")


def test_an_unreachable_hub(server: Hub):
    server.stop()
    assert fault_of().startswith("The Hub can't be reached (ConnectError)")
    assert fault_of(revision=COMMIT).startswith("The Hub can't be reached (ConnectError)")


def test_a_log_in_page_in_place_of_the_hub(server: Hub):
    server.page = b"<html>Welcome to the hotel</html>"
    assert "did not come from the Hub" in fault_of()


def test_a_cache_that_cannot_be_written(server: Hub, tmp_path: Path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert "could not be stored" in fault_of()


def test_a_broken_checkpoint_on_the_hub_is_named_by_its_file(server: Hub):
    server.files["model.safetensors"] = server.files["model.safetensors"][:1000]
    folder = download_checkpoint(REPOSITORY)
    with pytest.raises(UserError, match=r"model\.safetensors is broken"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("text", "repository", "revision"),
    [
        ("owner/name", "owner/name", None),
        ("  owner/name\n", "owner/name", None),
        ("owner/name/", "owner/name", None),
        ("some-one/dg_vae.v2", "some-one/dg_vae.v2", None),
        ("owner/name@main", "owner/name", "main"),
        ("owner/name@refs/pr/4", "owner/name", "refs/pr/4"),
        (f"owner/name@{COMMIT}", "owner/name", COMMIT),
        ("https://huggingface.co/owner/name", "owner/name", None),
        ("https://huggingface.co/owner/name/", "owner/name", None),
        ("https://huggingface.co/owner/name/tree/v1.0", "owner/name", "v1.0"),
    ],
)
def test_forms_of_a_repository(text: str, repository: str, revision: str | None):
    assert parse_repository(text) == (repository, revision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "owner/",
        "/name",
        "owner/name/more",
        "owner/name@",
        "owner name",
        "../etc/passwd",
        "../passwd",
        "owner/..",
        "owner/a--b",
        "owner/name.git",
        "-owner/name",
        "owner/name-",
        "öwner/name",
        f"owner/{'a' * 97}",
        "owner/name@../../main",
        "https://example.com/owner/name",
        "https://huggingface.co/datasets/owner/name",
        "owner/<b>name</b>",
    ],
)
def test_what_is_no_repository(text: str):
    with pytest.raises(UserError, match=r"^A Hub repository is written owner/name"):
        parse_repository(text)
