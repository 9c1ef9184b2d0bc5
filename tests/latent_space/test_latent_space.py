"""LatentSpace: the figures are a checkpoint's, charts are charts, and what is saved is what is loaded."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import dgvae.latent_space.held
from dgvae import DiagonalGaussian, LatentSpace
from dgvae.aggregate import aggregate
from dgvae.aggregate.points import NO_POSTERIORS
from dgvae.errors import UserError
from dgvae.evaluation.figures import FIGURES, SUMMED
from dgvae.evaluation.record import Evaluation, Record
from dgvae.explore.slices import CELLS, plane, reach_of
from dgvae.latent_space.measuring import NO_DECODER, add_latents
from dgvae.posteriors import Points

ROOT = Path(__file__).parents[2]
PDG = ROOT / "checkpoints/short-yelp/pdg-vae"


def half_empty(examples: int = 600, **more: Any) -> LatentSpace:
    """Two dimensions; no example lies on the left."""
    mean = torch.randn(examples, 2, generator=torch.Generator().manual_seed(0))
    mean[:, 0] = mean[:, 0].abs()
    return LatentSpace(mean, torch.full_like(mean, -4.0), name="half", **more)


@pytest.mark.slow  # one draws a map
def test_the_examples_of_its_methods_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    torch.manual_seed(0)
    said: list[str] = []
    known = {"torch": torch, "LatentSpace": LatentSpace}
    examples = [test for test in doctest.DocTestFinder().find(LatentSpace, "LatentSpace", extraglobs=known) if test.examples]
    public = {name for name in vars(LatentSpace) if name in ("load", "figures", "diagnosis", "holes", "map", "slice", "save")}
    assert {test.name.rpartition(".")[2] for test in examples} >= public
    for test in examples:
        doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)


def test_its_figures_are_those_of_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four dimensions; `add_latents` measures checkpoints. 300 examples stand for 1000, but not in sums."""
    monkeypatch.setattr(dgvae.latent_space.held, "MOST_MEASURED", 300)
    kept = LatentSpace.load(PDG / "latents.safetensors")
    assert len(kept) == 10_000
    posterior = kept.posterior.map(lambda tensor: tensor[:1000, :4])
    assert isinstance(posterior, DiagonalGaussian)
    space = LatentSpace(posterior.mean, posterior.log_var)
    few, all_of_them = (Record("", "", Evaluation("", count, ""), {}, {}, {}) for count in (300, 1000))
    add_latents(few, posterior.map(lambda tensor: tensor[space.rows]))
    add_latents(all_of_them, posterior)
    for name, estimate in space.figures().items():
        assert estimate == pytest.approx((all_of_them if name in SUMMED else few).figures[name], rel=1e-6), name
    assert space.record.profile["kl"] == pytest.approx(all_of_them.profile["kl"])
    assert space.record.profile["marginal_kl"] == few.profile["marginal_kl"]
    said = space.diagnosis()[-1].text
    assert said.startswith(
        "All 1,000 examples give KL, active units, informative units, covariance gap. The other figures come"
    )
    assert "from 300 of them, drawn at random" in said
    assert set(FIGURES) == space.figures().keys() | space.absent.keys()


def test_faults_are_told_of_examples() -> None:
    space = half_empty()
    said = [finding.text for finding in space.diagnosis()]
    assert "encoded examples are rare" in " ".join(said)
    assert "sentence" not in " ".join([*said, *space.absent.values()])
    assert space.absent["bleu"] == NO_DECODER


def test_few_examples_are_told_of() -> None:
    space = LatentSpace(np.random.default_rng(0).standard_normal((30, 60)), labels=[-1] * 30)
    assert "fewer examples (30) than dimensions (60)" in space.diagnosis()[0].text


def test_swapped_axes_are_refused_before_anything_is_measured(tmp_path: Path) -> None:
    axes = r"of the shape \[3, 800\], fewer examples than dimensions: if the axes are swapped, save \w+\.T"
    swapped = np.zeros((3, 800), np.float32)
    with pytest.raises(UserError, match=f"latents has mean {axes}"):
        LatentSpace(swapped, swapped - 1)
    np.savez(tmp_path / "swapped.npz", z=swapped)
    with pytest.raises(UserError, match=f"swapped.npz has z {axes}"):
        LatentSpace.load(tmp_path / "swapped.npz")
    assert len(LatentSpace(swapped, columns={"ink": [1, 2, 3]})) == 3  # one number for each example tells the axes apart


def test_the_constructor_takes_arrays_tensors_and_lists() -> None:
    mean = np.random.default_rng(0).standard_normal((30, 2))
    spaces = [
        LatentSpace(mean.astype(np.float16), np.zeros((30, 2), np.float16)),
        LatentSpace(torch.from_numpy(mean), torch.zeros(30, 2)),
        LatentSpace(mean.tolist(), np.zeros((30, 2)).tolist()),
    ]
    for space in spaces:
        np.testing.assert_allclose(space.posterior.location, mean, atol=2e-3)
    with pytest.raises(UserError, match="mean of the shape"):
        LatentSpace(mean, np.zeros((30, 3)))


def test_holes_lie_where_there_is_no_example_and_name_the_examples_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dgvae.latent_space.held, "MOST_MEASURED", 500)
    space = half_empty(1000)
    holes = space.holes(3)
    assert len(holes) == 3
    for hole in holes:
        assert float(hole.z[0]) < 0
        nearest = space.posterior.location[space.rows]
        distance = (nearest - hole.z).norm(dim=1)
        assert hole.nearest == int(space.rows[distance.argmin()])


@pytest.mark.parametrize("suffix", ["safetensors", "npz", "parquet"])
@pytest.mark.parametrize("labels", [None, ["a", "b", "", "a"], [3, 0, -1, 2]])
@pytest.mark.parametrize("spread", [True, False])
def test_what_is_saved_is_what_is_loaded(suffix: str, labels: Any, spread: bool, tmp_path: Path) -> None:
    mean = torch.randn(4, 2, dtype=torch.float64)
    log_var = torch.full_like(mean, -2.0) if spread else None
    space = LatentSpace(mean, log_var, labels, ["one", "é", "", "four"], {"ink": [1.5, 2, 3, float("nan")]}, "four")
    path = tmp_path / f"four.{suffix}"
    space.save(path)
    again = LatentSpace.load(path)
    assert repr(again) == "LatentSpace('four', 4 examples, 2 dimensions)"
    assert type(again.posterior) is type(space.posterior)
    for name, tensor in space.posterior.tensors().items():
        torch.testing.assert_close(again.posterior.tensors()[name], tensor, rtol=0, atol=0)
    assert (again.labels.tolist(), again.classes) == (space.labels.tolist(), space.classes)
    assert again.text == space.text
    np.testing.assert_array_equal(again.columns["ink"], space.columns["ink"])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("suffix", ["safetensors", "npz", "parquet"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "uint32", "float16"])
def test_columns_of_every_type_are_loaded_again(suffix: str, dtype: str, tmp_path: Path) -> None:
    column = np.array([0, 1, 1], dtype=dtype)
    column.flags.writeable = False  # as pyarrow's are
    LatentSpace(torch.randn(3, 2), columns={"odd": column}).save(path := tmp_path / f"three.{suffix}")
    np.testing.assert_array_equal(LatentSpace.load(path).columns["odd"], column)


@pytest.mark.parametrize("odd", ["long" * 2_000_000, "ends in zero\0"])
def test_texts_of_every_length_are_loaded_again(odd: str, tmp_path: Path) -> None:
    texts = [odd, *(["short"] * 9)]
    LatentSpace(torch.randn(10, 2), text=texts).save(path := tmp_path / "texts.npz")
    assert path.stat().st_size < 2 * len(odd) + 10_000
    assert LatentSpace.load(path).text == texts


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"must end with \.safetensors, \.npz or \.parquet"):
        half_empty().save(tmp_path / "half.pt")


def test_maps_are_colored_by_what_there_is() -> None:
    space = half_empty(60, labels=["a", "b"] * 30, text=["one two"] * 60, columns={"ink": range(60)})
    for color in ("source", "label", "length", "gap", "dimension", "ink"):
        spec = space.map(color, points=20).to_dict()
        rows = spec["datasets"]["points"].splitlines()
        assert len(rows) == 1 + 20 + 20
    *_, missing = (conditions := spec["encoding"]["color"])["condition"]
    assert (conditions["legend"]["title"], conditions["scale"]["domain"]) == ("ink", [0.0, 59.0])
    assert missing["test"] == "!isValid(datum.value)"


def test_a_column_that_is_called_as_a_color_is_what_its_name_says() -> None:
    columns = {name: [*range(60)] for name in ("length", "gap", "source", "dimension")}
    for name in columns:
        spec = half_empty(60, text=["one two"] * 60, columns=columns).map(name, points=20).to_dict()
        assert spec["encoding"]["color"]["legend"]["title"] == name


def test_a_table_or_nothing_else_holds_columns(tmp_path: Path) -> None:
    space = half_empty(60, columns=pd.DataFrame({"ink": range(60), "file": np.longdouble(0.5) * np.ones(60)}))
    for suffix in ("npz", "parquet", "safetensors"):
        space.save(path := tmp_path / f"mine.{suffix}")
        assert LatentSpace.load(path).columns["file"].tolist() == [0.5] * 60
    with pytest.raises(UserError, match="columns must be a dict or a table"):
        half_empty(60, columns=[1, 2])


@pytest.mark.parametrize(
    ("color", "dimension", "said"),
    [
        ("label", 0, "half has no labels"),
        ("length", 0, "half has no text"),
        ("dimension", 2, "from 0 to 1"),
        ("ink", 0, "There is no color 'ink'; choose one of source, label, length, gap, dimension."),
        ("column", 0, "There is no color 'column'"),
    ],
)
def test_a_color_that_is_not_there_is_said(color: str, dimension: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        half_empty(20).map(color, dimension)


def test_a_slice_shows_both_densities_and_their_gap_of_points_too() -> None:
    for space in (half_empty(60), LatentSpace(torch.randn(50, 3))):
        titles = [part["title"] for part in space.slice(0, 1).to_dict()["hconcat"]]
        assert titles == ["aggregated posterior q", "prior p", "density gap log p − log q"]
        with pytest.raises(UserError, match="two different dimensions"):
            space.slice(1, 1)
        with pytest.raises(UserError, match="Choose whole dimensions from 0"):
            space.slice(0, 3)
        with pytest.raises(UserError, match="Choose whole dimensions"):
            space.slice(0.5, 1)  # pyright: ignore[reportArgumentType]
        with pytest.raises(UserError, match="at least one hole, not 0"):
            space.holes(0)
    with pytest.raises(UserError, match="takes 2 dimensions, and the latent has 1"):
        LatentSpace(torch.randn(50, 1)).slice(0, 0)


@pytest.mark.parametrize("scale", [1, 5, 300])
def test_a_slice_holds_codes_wherever_they_lie(scale: float) -> None:
    z = scale * torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    aggregated = aggregate(Points(z))
    shown = plane(aggregated, (0, 1), reach_of(aggregated, (0, 1)))
    assert float(shown.q.sum()) * (2 * shown.reach / CELLS) ** 2 == pytest.approx(1, abs=0.03)


def test_points_say_why_they_have_no_more() -> None:
    assert LatentSpace(torch.randn(100, 2)).absent["kl"] == NO_POSTERIORS


@pytest.mark.parametrize(
    "columns", [{"ink": [1, 2]}, {"ink": ["a"] * 60}, {"std": np.ones((60, 2)), "mean": np.ones((60, 2))}, {"text": ["a"] * 60}]
)
def test_a_column_that_would_be_lost_is_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="columns can't have"):
        LatentSpace(np.eye(60)[:, :2], columns=columns)


@pytest.mark.parametrize(
    ("scale", "shift", "said"),
    [
        (2.5, 0.0, "Dimension 1 differs from N(0, 1), by at least 1."),
        (1.0, 0.5, "Dimension 1 differs from N(0, 1), by at least 0.1"),
        (0.5, 0.0, "it is too narrow (variance 0.2"),
        (4.0, 0.7, "it is too wide (variance 1"),
    ],
)
def test_points_whose_marginals_differ_are_said_to(scale: float, shift: float, said: str) -> None:
    z = torch.randn(3000, 3, generator=torch.Generator().manual_seed(0))
    assert [finding.severity for finding in LatentSpace(z).diagnosis()] == ["note", "good"]
    z[:, 0] = scale * z[:, 0] + shift
    assert any(said in finding.text for finding in LatentSpace(z).diagnosis() if finding.severity == "fault")
