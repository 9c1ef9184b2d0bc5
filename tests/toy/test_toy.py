"""The toy: what it shows, by number; that a seed decides all; and what its command says."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dgvae.errors import UserError
from dgvae.posteriors import DiagonalGaussian, VonMisesFisher
from dgvae.toy.__main__ import main
from dgvae.toy.lab import Lab
from dgvae.toy.measures import joint_gap, measure
from dgvae.toy.picture import film
from dgvae.toy.problems import READERS
from dgvae.toy.run import Frame, ToyRun
from dgvae.toy.sets import compare, grains
from dgvae.toy.setup import MOST_MOMENTS, PROBLEMS, TOY_METHODS, Settings, Setup

COLLAPSED = math.log(128)


def trained(name: str, problem: str = "classes", settings: Settings | None = None, steps: int = 500) -> Frame:
    run = ToyRun(name, problem, settings=settings)
    for _ in run.train(steps):
        pass
    return run.frame()


@pytest.fixture(scope="module")
def frames() -> dict[str, Frame]:
    return {name: trained(name) for name in ("vae", "ae", "aae", "wae", "dg-vae")}


@pytest.mark.slow
def test_the_papers_toy(frames: dict[str, Frame]) -> None:
    """A VAE collapses; the others read the points, and among them DG-VAE has by far the smallest gap."""
    assert frames["vae"].loss == pytest.approx(COLLAPSED, abs=0.05)
    assert frames["vae"].measures.kl < 0.1
    for name in ("ae", "aae", "wae", "dg-vae"):
        assert frames[name].loss < COLLAPSED - 0.8
    assert 4 * frames["dg-vae"].measures.gap < min(frames[name].measures.gap for name in ("ae", "aae", "wae"))


def test_marginals_are_blind_to_a_correlation_which_principal_axes_see() -> None:
    settings = Settings(learning_rate=0.03, batch_size=32, aggregation_size=32)
    dg, pdg = (trained(name, "diagonal", settings).measures for name in ("dg-vae", "pdg-vae"))
    assert dg.marginal_gap < 0.05 < 0.25 < dg.principal_gap
    assert pdg.principal_gap < 0.1
    assert pdg.gap < 0.5 * dg.gap


def test_on_the_circle_the_density_gap_closes_holes() -> None:
    vmf, dg_vmf = trained("vmf-vae").measures, trained("dg-vmf-vae").measures
    assert vmf.kl == pytest.approx(dg_vmf.kl)  # κ decides it
    assert 2 * dg_vmf.gap < vmf.gap


@pytest.mark.parametrize("method", TOY_METHODS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_seed_decides_all_whatever_else_is_drawn(method: str, problem: str) -> None:
    runs = [ToyRun(method, problem, seed=3) for _ in range(2)]
    for _ in zip(runs[0].train(6), runs[1].train(6), strict=True):
        torch.randn(5)
    one, other = (run.frame(nodes=4) for run in runs)
    assert (one.step, one.loss) == (6, other.loss)
    for name, tensor in one.posterior.tensors().items():
        assert torch.equal(tensor, other.posterior.tensors()[name])


@pytest.mark.parametrize(("batch_size", "aggregation_size"), [(48, 48), (8, 32), (100, 7)])
def test_a_group_never_holds_a_point_twice(batch_size: int, aggregation_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ToyRun("dg-vae", settings=Settings(batch_size=batch_size, aggregation_size=aggregation_size))
    seen: list[torch.Tensor] = []
    monkeypatch.setattr(run.model, "encode", lambda points, encode=run.model.encode: (seen.append(points), encode(points))[1])
    for _ in run.train(8):
        size = int(run.regularizer.aggregation_size)  # pyright: ignore[reportArgumentType]
        assert size == min(aggregation_size, len(seen[-1].unique()))
        assert all(len(group.unique()) == len(group) for group in seen[-1].split(size))


def test_settings_act_on_a_run_that_goes_on() -> None:
    lab = Lab(Setup(("vae", "dg-vae")))
    lab.advance(3)
    before = lab.moments[-1]
    lab.advance(3, Settings(beta=0, learning_rate=0.05, aggregation_size=16, samples=2))
    assert lab.step == 6
    assert [frame.step for frame in before] == [3, 3]  # what happened stays
    assert not torch.equal(before[0].posterior.location, lab.moments[-1][0].posterior.location)


def test_a_variant_keeps_its_group_size_whatever_the_settings_say() -> None:
    lab = Lab(Setup(("dg-vae", "dg-vae-b4")), Settings(aggregation_size=32))
    lab.advance(1, Settings(aggregation_size=64))
    assert [run.settings.aggregation_size for run in lab.runs] == [64, 4]


def test_a_lab_stops_in_time_and_forgets_the_oldest_but_the_first() -> None:
    lab = Lab(Setup(("vae",)))
    assert lab.advance(1000, seconds=0)[0].step == 1
    lab.moments = (lab.moments * MOST_MOMENTS)[:MOST_MOMENTS]
    lab.advance(1)
    assert len(lab.moments) < MOST_MOMENTS
    assert (lab.moments[0][0].step, lab.moments[-1][0].step) == (0, 2)


def test_the_joint_gap_of_one_posterior_is_its_kl_and_of_points_far_apart_log_n_less() -> None:
    one = DiagonalGaussian(torch.tensor([[0.5, -1.0]]), torch.tensor([[-1.0, 0.3]]))
    assert joint_gap(one) == pytest.approx(float(one.kl()), abs=1e-6)
    apart = DiagonalGaussian(torch.tensor([[5.0, 0.0], [-5.0, 0.0], [0.0, 5.0]]), torch.full((3, 2), -12.0))
    found = measure(apart)
    assert found.mi == pytest.approx(math.log(3), abs=1e-5)
    assert measure(one).marginal_gap == pytest.approx(float(one.kl()), abs=1e-6)
    circle = VonMisesFisher(torch.tensor([[1.0, 0.0]]), 20.0)
    assert joint_gap(circle) == pytest.approx(float(circle.kl()), abs=1e-6)


def test_sets_look_alike_where_densities_differ_and_nothing_is_noticed_where_they_do_not() -> None:
    differ = {(v.test, v.size): v.noticed for v in compare(grains(0.05), trials=4)}
    same = [v.noticed for v in compare(grains(1.0), trials=4)]
    assert all(differ["density gap", size] == 4 for size in (16, 64, 256))
    assert all(differ[test, 256] <= 1 for test in ("MMD", "discriminator"))
    assert differ["neighbors", 16] <= 1 < 3 <= differ["neighbors", 256]
    assert max(same) <= 2


def test_the_command_prints_a_table_and_draws_the_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "toy.png"
    assert main(["--methods", "vae, dg-vmf-vae,ivae-mi", "--steps", "10", "--seeds", "2", "--out", str(file)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[1:4]] == ["vae", "dg-vmf-vae", "ivae-mi"]
    assert len(np.unique(np.asarray(Image.open(file)))) > 50


def test_a_group_larger_than_the_mini_batch_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--methods", "dg-vae", "--steps", "2", "--batch-size", "7", "--aggregation-size", "32"]) == 0
    assert "|b| is 7, the whole mini-batch, and not 32." in capsys.readouterr().out


def test_the_command_compares_sets_and_makes_a_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sets", "0.1"]) == 0
    assert capsys.readouterr().out.count("density gap") == 3
    assert main(["--methods", "vae,vmf-vae", "--steps", "10", "--film", str(tmp_path / "toy.gif")]) == 0
    with Image.open(tmp_path / "toy.gif") as gif:
        assert gif.width == 2 * 236


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--methods", "bn-vae"], "choose from vae, ae, beta-vae"),
        (["--methods", "none"], "There is no method 'none'"),
        (["--methods", ","], "Name at least one method"),
        (["--steps", "0"], "Give from 1 to 100,000 steps"),
        (["--beta", "-1"], "Option beta must be a number from 0 to 100"),
        (["--sets", "2"], "The width must lie between 0.001 and 1"),
        (["--methods", "vae,ae,aae,wae,fb-vae", "--film", "toy.gif"], "Choose from one to 4 methods; there are 5"),
        (["--film", "toy.gif", "--steps", "5001"], "A film shows at most 5,000 steps"),
        (["--film", "toy.gif", "--out", "toy.png"], "Give either --out or --film"),
        (["--out", "toy.gif"], "--out is the name of a PNG picture"),
        (["--out", "nowhere/toy.png"], "There is no folder nowhere"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dgvae.toy: ")
    assert sentence in line


def test_a_run_that_diverges_says_so() -> None:
    run = ToyRun("vae")
    with torch.no_grad():
        run.model.get_parameter("mean").fill_(math.nan)
    with pytest.raises(UserError, match="VAE diverged at step 1; start again with a lower learning rate"):
        list(run.train(1))


@pytest.mark.parametrize("drawn", [(), ((0.0, 0.0),), ((0.0, 0.0),) * 181])
def test_too_few_or_too_many_points_of_ones_own_are_refused(drawn: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(UserError, match="Draw from 2 to 180 points"):
        Setup(("vae",), "drawn", drawn=drawn)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"methods": ()}, "Choose from one to 4 methods; there are 0"),
        ({"methods": ("vae", "none")}, "There is no method 'none'"),
        ({"methods": ("vae", "vae")}, "Choose different methods"),
        ({"methods": ("skip-vae",)}, "which the toy does not have"),
        ({"methods": ("vae",), "problem": "<b>"}, "There is no toy problem '<b>'"),
        ({"methods": ("vae",), "seed": -1}, "A seed is a whole number from 0"),
    ],
)
def test_what_cannot_be_run_is_refused_where_it_enters(given, sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        Setup(**given)


def test_every_problem_that_is_offered_can_be_read() -> None:
    assert set(READERS) == set(PROBLEMS)


def test_what_happened_is_a_film(tmp_path: Path) -> None:
    lab = Lab(Setup(("vae", "vmf-vae"), "drawn", drawn=((0.0, 0.0), (1.0, 1.0), (9.0, -2.0))))
    for _ in range(3):
        lab.advance(2)
    film(lab.setup.methods, lab.moments, tmp_path / "run.gif")
    with Image.open(tmp_path / "run.gif") as gif:
        assert gif.n_frames == 4  # pyright: ignore[reportAttributeAccessIssue]
