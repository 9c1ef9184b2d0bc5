"""Charts are valid, compact and say what they show."""

import csv
import json

import numpy as np
import pytest

pytest.importorskip("altair")
from dgvae.charts.map_rows import written_points
from dgvae.charts.maps import COLORINGS, latent_map


def some_points(n: int = 400) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    is_prior = np.arange(n) < n // 2
    return {
        "id": np.arange(n),
        "x": rng.normal(size=n).astype(np.float32),
        "y": rng.normal(size=n).astype(np.float32),
        "source": np.where(is_prior, "prior", "posterior"),
        "label": np.where(is_prior, -1, rng.integers(0, 2, n)),
        "length": np.where(is_prior, -1, rng.integers(3, 20, n)),
        "gap": rng.normal(size=n) * 10,
    }


def rows_of(chart: dict) -> list[list[str]]:
    return list(csv.reader(chart["datasets"]["points"].splitlines()))[1:]


@pytest.mark.parametrize("color", COLORINGS)
def test_every_coloring_gives_a_chart_with_all_points(color):
    chart = latent_map(some_points(), color, "DG-VAE")
    assert len(rows_of(chart)) == 400
    assert chart["width"] == "container"
    assert chart["title"] == "DG-VAE"
    assert COLORINGS[color] in chart["description"]


@pytest.mark.parametrize("color", COLORINGS)
def test_vega_lite_compiles_every_coloring(color):
    vl_convert = pytest.importorskip("vl_convert")
    vega = vl_convert.vegalite_to_vega(latent_map(some_points(), color, "DG-VAE"))
    assert any(data["name"] == "points" for data in vega["data"])


def test_an_unknown_coloring_is_refused_with_the_list():
    with pytest.raises(ValueError, match="source, label, length, gap"):
        latent_map(some_points(), "sentiment", "VAE")


def test_no_nan_reaches_the_page():
    points = some_points()
    points["gap"][:3] = [np.nan, np.inf, -np.inf]
    points["x"][5] = np.nan
    text = json.dumps(latent_map(points, "gap", "VAE"), allow_nan=False)
    assert "nan" not in text.lower()
    assert "inf" not in text.lower()
    assert len(rows_of(json.loads(text))) == 399


def test_the_prior_has_neither_label_nor_length():
    chart = latent_map(some_points(), "label", "VAE", classes={0: 'so, "so"'})
    for _, _, _, source, label, length, *_ in rows_of(chart):
        assert (label, length) == ("", "") if source == "prior" else label in ('so, "so"', "label 1") and length != ""


def test_the_gap_scale_is_the_same_for_every_model_and_clamped():
    points = some_points()
    usual = latent_map(points, "gap", "PDG-VAE")["encoding"]["color"]["scale"]
    points["gap"][:200] = 600  # as in an autoencoder
    scale = latent_map(points, "gap", "AE")["encoding"]["color"]["scale"]
    assert scale == usual
    assert scale["domain"] == [-10, 0, 10]
    assert scale["clamp"]


def test_a_dimensions_values_are_drawn_where_it_is_chosen():
    points = some_points() | {"value": np.linspace(-3, 3, 400)}
    values = [float(row[-1]) for row in rows_of(latent_map(points, "dimension", "VAE"))]
    assert min(values) == -3
    assert max(values) == 3
    assert {row[-1] for row in rows_of(latent_map(some_points(), "dimension", "VAE"))} == {""}


@pytest.mark.parametrize(
    ("numbers", "written"),
    [
        ([0.00001, 0.00002, np.nan], {"1e-05", "2e-05", ""}),
        ([100001.0, 100002.0, 100060.0], {"100001", "100002", "100060"}),
        ([1.5e300, -1.5e300, 0], {"1.5e+300", "-1.5e+300", "0"}),
        ([13653, 0, 99999], {"13653", "0", "99999"}),
        ([7, 7, np.inf], {"7", ""}),
    ],
)
def test_a_column_keeps_the_digits_that_tell_its_numbers_apart(numbers: list[float], written: set[str]):
    points = some_points(3)
    points["value"] = np.array(numbers)
    chart = latent_map(points, "column", "VAE", value=("price", (0.0, 1.0)))
    assert {row[-1] for row in rows_of(chart)} == written
    assert chart["usermeta"]["tooltip"]["value"] == "column price"  # `image` and `title` alone are no names for a tooltip
    found = written_points(points, {})["value"]
    assert {"" if number is None else f"{number:g}" for number in found} == {text and f"{float(text):g}" for text in written}


def test_an_example_without_a_number_is_gray():
    vl_convert = pytest.importorskip("vl_convert")
    points = some_points(40)
    points["value"] = np.where(np.arange(40) % 2 == 0, np.nan, np.linspace(1, 2, 40))
    points["source"] = np.array(["posterior"] * 40)
    drawn = vl_convert.vegalite_to_svg(latent_map(points, "column", "VAE", value=("price", (1.0, 2.0))))
    gray = next(part["value"] for part in latent_map(points, "gap", "VAE")["params"] if part["name"] == "even")
    assert drawn.count(f'fill="{gray}"') == 20


def test_no_points_at_all_is_an_empty_map():
    none = {name: column[:0] for name, column in some_points().items()}
    for color in COLORINGS:
        assert rows_of(latent_map(none, color, "VAE")) == []


def test_ten_thousand_points_stay_under_half_a_megabyte():
    assert len(json.dumps(latent_map(some_points(10_000), "source", "VAE"))) < 500_000


def test_two_maps_may_share_their_extents():
    chart = latent_map(some_points(), "source", "VAE", domain=((-9, 9), (-8, 8)))
    assert chart["encoding"]["x"]["scale"]["domain"] == [-9, 9]
    assert chart["encoding"]["y"]["scale"]["domain"] == [-8, 8]
