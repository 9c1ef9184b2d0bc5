"""Files that visitors give: each is a model for who gave it, for as long as they stay; what is wrong is one sentence."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgvae.errors import UserError
from dgvae.ui import brought, given
from dgvae.ui.given import GivenFiles, _label, label_of, not_here
from dgvae.ui.shelf import Shelf

BUNDLED = Path(__file__).parents[2] / "checkpoints"


class Visitors:
    """Whose turn it is to ask: `me`."""

    me = "one"


@pytest.fixture
def visitors(monkeypatch: pytest.MonkeyPatch) -> Visitors:
    visitors = Visitors()
    for module in ("given", "shelf"):
        monkeypatch.setattr(f"dgvae.ui.{module}.visitor_here", lambda: visitors.me)
    monkeypatch.setattr("dgvae.ui.own_latents.MAP_POINTS", 40)
    return visitors


@pytest.fixture
def shelf(visitors: Visitors) -> Shelf:
    return Shelf(BUNDLED)


def sent(files: GivenFiles, path: Path) -> str:
    """The ticket of a file that has arrived."""
    files.uploads._files["ticket"] = path, 0.0
    return "ticket"


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def z(examples: int = 120, dim: int = 3) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((examples, dim)).astype(np.float32)


def give(files: GivenFiles, path: Path, file: str = "digits.npz") -> str:
    *_, (_, name) = files.give(sent(files, path), file)
    assert name
    return name


def refused(files: GivenFiles, path: Path) -> str:
    with pytest.raises(UserError) as caught:
        give(files, path)
    assert not path.exists()
    assert files.labels() == {}
    said = str(caught.value)
    assert str(path.parent) not in said
    assert "\n" not in said
    return said


def test_who_gave_a_file_sees_it_and_nobody_else(shelf: Shelf, visitors: Visitors, tmp_path: Path) -> None:
    path = saved(tmp_path / "a", mean=z(), log_var=z() - 4, label=np.arange(120) % 3)
    path = path.with_suffix(".npz")
    name = give(shelf.given, path)
    assert not path.exists()
    assert ("digits", name) in shelf.choices()
    assert shelf.title(name) == "digits"
    assert shelf.get(name).latents.map
    assert name in [model.name for model in shelf.measured()[0]]
    assert str(shelf.shown_folder(name)) == "digits"
    assert shelf.given.said("2 sentences", name) == "2 examples"
    visitors.me = "two"
    shelf.revisit([name])  # by a link
    assert name not in [each for _, each in shelf.choices()]
    assert name not in [model.name for model in shelf.measured()[0]]
    assert shelf.own(name) is None
    with pytest.raises(UserError, match=r"There is no checkpoint 'digits' here\."):
        shelf.get(name)


def test_it_is_forgotten_when_they_leave(shelf: Shelf, tmp_path: Path) -> None:
    name = give(shelf.given, saved(tmp_path / "a.npz", z=z()))
    assert shelf.derived(name, "kept", lambda _: "of it") == "of it"
    shelf.leave("two")
    assert shelf.own(name)
    shelf.leave("one")
    assert shelf.own(name) is None
    assert not shelf.given._of_visitors
    assert name not in shelf._derived._kept
    assert "'digits' was forgotten when you left the page" in not_here("B", name, "vae")


def test_a_visit_holds_few_files(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "MOST_OF_VISITOR", 1)
    give(shelf.given, saved(tmp_path / "a.npz", z=z()))
    with pytest.raises(UserError, match="You have given 1 models, as many as a visit may hold"):
        give(shelf.given, saved(tmp_path / "b.npz", z=z()))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"z": np.array([{"a": 1}] * 3, dtype=object)}, "digits holds z as Python objects, which are never read"),
        ({"z": np.full((9, 2), np.nan)}, "digits has NaN in z"),
        ({"mean": np.zeros((9, 2))}, "rename mean to z"),
        ({"z": np.zeros((100_001, 1))}, "digits has 100,001 examples, and 100,000 are the maximum"),
        ({"z": np.zeros((300, 257))}, "257 dimensions, and 256 are the maximum"),
        ({"z": np.zeros((3, 200))}, "fewer examples than dimensions"),
        ({"z": np.zeros((3, 1)), "text": np.array(["a" * 3_000_000, "b", "c"])}, "digits has 36 MB of text in a column"),
    ],
)
def test_what_is_wrong_is_one_sentence(arrays: dict[str, Any], said: str, visitors: Visitors, tmp_path: Path) -> None:
    assert said in refused(GivenFiles(lambda _: None), saved(tmp_path / "a.npz", **arrays))


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"PAR1PAR1", pickle.dumps({"z": 1}), b"\xff" * 99, b"\x09" + bytes(7) + b"{}"]
)
def test_what_is_no_file_of_latents_is_refused(data: bytes, visitors: Visitors, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    assert refused(GivenFiles(lambda _: None), path).startswith("digits ")


def test_what_takes_too_long_or_is_wanted_no_more_ends(
    visitors: Visitors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(given, "MOST_SECONDS", 0.0)
        assert "takes longer than" in refused(GivenFiles(lambda _: None), saved(tmp_path / "a.npz", z=z()))
    monkeypatch.setattr(given, "wanted_here", lambda: lambda: False)
    assert "This visit has ended" in refused(GivenFiles(lambda _: None), saved(tmp_path / "a.npz", z=z()))


def test_one_file_of_a_visitor_is_measured_at_a_time(visitors: Visitors, tmp_path: Path) -> None:
    files = GivenFiles(lambda _: None)
    with files._turn:  # another's file is being measured
        first = files.give(sent(files, saved(tmp_path / "a.npz", z=z())), "first.npz")
        assert next(first)[0].startswith("Waiting until other files have been measured")
        with pytest.raises(UserError, match="is not measured, since your other file still is; give it again"):
            next(files.give(sent(files, saved(tmp_path / "b.npz", z=z())), "second.npz"))
    *_, (_, name) = first
    assert label_of(str(name)) == "first"
    with pytest.raises(UserError, match="choose it again"):
        next(files.give("ticket", "first.npz"))  # it has been taken


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("digits.npz", "digits"),
        ("../../etc/passwd", "passwd"),
        ("C:\\runs\\a.b.parquet", "a.b"),
        ("<b>\x00\ud800.npz", "<b> �"),
        ("x" * 99 + ".npz", "x" * 60),
        (".npz", ".npz"),
        ("", "latents"),
    ],
)
def test_a_model_is_called_as_its_file(file: str, label: str) -> None:
    assert _label(file) == label
