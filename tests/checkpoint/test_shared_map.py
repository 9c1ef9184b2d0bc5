"""One map for several models: what it holds, who may share one, and that a new model joins it without moving the others."""

import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.checkpoint.latents import LatentMap
from dgvae.checkpoint.shared_map import COMMON_MAP_FILE, CommonMap, fit, member_key, why_not_common
from dgvae.errors import UserError
from dgvae.ui.map.fittings import Fitting
from dgvae.ui.map.shared import CommonMaps
from dgvae.ui.shelf import Shelf
from train.common_map import main


@pytest.fixture(scope="module")
def folder(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three Gaussian models, one on the sphere, and the common map that the command makes of them."""
    folder = tmp_path_factory.mktemp("mapped") / "short-yelp"
    for method in ("vae", "beta-vae", "vmf-vae"):
        shutil.copytree(checkpoints / "short-yelp" / method, folder / method)
    assert main([str(folder)]) == 0
    shutil.copytree(checkpoints / "short-yelp" / "dg-vae", folder / "dg-vae")
    return folder


def own_map(folder: Path) -> LatentMap:
    stored = load_checkpoint(folder).latents.map
    assert stored
    return stored


def test_the_command_maps_all_models_that_share_a_prior(folder: Path):
    common = CommonMap.load(folder / COMMON_MAP_FILE)
    assert set(common.members) == {member_key(folder / method) for method in ("vae", "beta-vae")}
    vae, beta = (common.of(member_key(folder / method), own_map(folder / method)) for method in ("vae", "beta-vae"))
    assert vae is not None
    assert beta is not None
    assert vae.shape == beta.shape == (120, 2)
    assert torch.equal(vae[:60], beta[:60])  # the prior's
    assert not torch.equal(vae[60:], beta[60:])


def test_the_command_says_what_it_cannot_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path)]) == 2
    assert "There is no checkpoint in" in capsys.readouterr().err


def test_one_without_a_map_is_left_out_wherever_it_stands(checkpoints: Path, tmp_path: Path, capsys):
    for name in ("a", "vae"):
        shutil.copytree(checkpoints / "short-yelp" / "vae", tmp_path / name)
    latents = load_checkpoint(tmp_path / "a").latents
    replace(latents, map=None).save(tmp_path / "a")
    assert main([str(tmp_path)]) == 0
    assert f"Left out: {tmp_path / 'a'} (it has no map yet; to make it: python -m train.map" in capsys.readouterr().out
    assert set(CommonMap.load(tmp_path / COMMON_MAP_FILE).members) == {member_key(tmp_path / "vae")}
    shutil.rmtree(tmp_path / "vae")
    assert main([str(tmp_path)]) == 2
    assert "has a map yet" in capsys.readouterr().err


def test_a_map_is_read_anew_when_its_file_changes_and_stays_when_it_is_deleted(folder: Path, tmp_path: Path):
    root = tmp_path / "short-yelp"
    shutil.copytree(folder, root)
    maps = CommonMaps(Shelf(root))
    before = maps.coordinates("vae", "beta-vae")
    assert before
    common = CommonMap.load(root / COMMON_MAP_FILE)
    CommonMap(common.prior + 1, {key: xy + 1 for key, xy in common.members.items()}).save(root / COMMON_MAP_FILE)
    after = maps.coordinates("vae", "beta-vae")
    assert after
    torch.testing.assert_close(after[0], before[0] + 1, atol=0.1, rtol=0)
    (root / COMMON_MAP_FILE).unlink()
    assert maps.coordinates("vae", "beta-vae")


def test_a_model_trained_anew_is_no_member_any_more(folder: Path, tmp_path: Path):
    shutil.copytree(folder / "dg-vae", tmp_path / "vae")
    assert CommonMap.load(folder / COMMON_MAP_FILE).of(member_key(tmp_path / "vae"), own_map(tmp_path / "vae")) is None


def test_a_broken_map_is_refused(tmp_path: Path):
    path = tmp_path / COMMON_MAP_FILE
    CommonMap(torch.zeros(3, 2), {"a": torch.full((3, 2), torch.nan)}).save(path)
    with pytest.raises(UserError, match=r"common-map\.safetensors is broken; make it again"):
        CommonMap.load(path)


def test_models_with_another_prior_or_size_share_no_map(folder: Path):
    vae, beta, sphere = (load_checkpoint(folder / method).latents for method in ("vae", "beta-vae", "vmf-vae"))
    assert why_not_common(vae, beta) is None
    assert why_not_common(vae, sphere) == "their priors are different distributions"
    with pytest.raises(UserError, match="no common map: their priors are different"):
        CommonMaps(Shelf(folder)).coordinates("vae", "vmf-vae")


def test_known_points_stay_near_where_they_were():
    generator = torch.Generator().manual_seed(0)

    def member(shift: float) -> LatentMap:
        drawn = torch.randn(150, 4, generator=generator) * 0.3 + shift
        return LatentMap(torch.arange(150), torch.cat([prior, drawn]), torch.zeros(300, 2))

    prior = torch.randn(150, 4, generator=generator)
    old, new = {"a": member(2), "b": member(-2)}, {"c": member(4)}
    before = fit(old)
    shares: list[float] = []
    after = fit(old | new, before, shares.append)
    width = before.prior.std()
    assert (after.prior - before.prior).norm(dim=1).median() < width
    assert (after.members["a"] - before.members["a"]).norm(dim=1).median() < width
    assert shares[-1] == 1


def test_a_model_that_joins_is_fitted_once_in_the_background(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (folder / "no-latents").mkdir(exist_ok=True)
    shutil.copy(folder / "vae" / "config.json", folder / "no-latents")
    maps = CommonMaps(Shelf(folder))
    assert maps.coordinates("vae", "beta-vae") is not None
    assert maps.coordinates("vae", "dg-vae") is None
    fitting = maps.fit("vae", "dg-vae")
    assert maps.fit("dg-vae", "vae") is fitting
    deadline = time.monotonic() + 300
    while not fitting.done and time.monotonic() < deadline:
        assert maps._fittings.follow(fitting, None)
        time.sleep(0.1)
    assert (fitting.done, fitting.fault, fitting.share) == (True, None, 1)
    (path,) = (tmp_path / "dgvae").glob("common-map-*")
    assert len(CommonMap.load(path).members) == 3  # with the one that shares the bundled map
    for later in (maps, CommonMaps(Shelf(folder))):
        assert later.coordinates("dg-vae", "vae") is not None


def fitted(maps: CommonMaps) -> Fitting:
    fitting = maps.fit("vae", "dg-vae")
    deadline = time.monotonic() + 60
    while not fitting.done and time.monotonic() < deadline:
        time.sleep(0.05)
    return fitting


def test_a_fit_that_fails_says_why_and_may_be_tried_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "dgvae").write_text("a file where the cache's folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    maps = CommonMaps(Shelf(folder))
    first, again = fitted(maps), fitted(maps)
    assert first is not again
    for fitting in (first, again):
        assert (fitting.fault or "").startswith("The map could not be fitted: ")


def test_who_chooses_another_pair_no_longer_follows_the_first(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    go, fitted = threading.Event(), []

    def fit_aside(_: CommonMaps, __: object, *names: str) -> str:
        fitted.append(names)
        go.wait(60)
        return "not today"

    monkeypatch.setattr(CommonMaps, "_fit_aside", fit_aside)
    maps = CommonMaps(Shelf(folder))
    first = maps.follow("vae", "dg-vae")
    assert next(first)[1] is False
    while not fitted:
        time.sleep(0.01)
    second = maps.follow("beta-vae", "dg-vae")
    assert "Waiting until other maps are fitted" in next(second)[0]
    assert [*first] == [("", False)]
    third = maps.follow("vae", "beta-vae")  # which is there
    assert [*third] == [("", False)]
    assert [*second] == [("", False)]
    go.set()
    last = [*maps.follow("beta-vae", "dg-vae")]
    assert last[-1] == ("The map could not be fitted: not today", True)
    assert fitted == [("vae", "dg-vae"), ("beta-vae", "dg-vae")]
