"""A file of more examples than a map has dots: numbers are those of the file, and a view holds all its points."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
import torch

from dgvae import LatentSpace
from dgvae.checkpoint.umap import UmapOptions
from dgvae.errors import UserError
from dgvae.evaluation.holes import density_gap_at
from dgvae.ui.address import first_value
from dgvae.ui.map.coloring import Coloring
from dgvae.ui.map.detail import detail_of
from dgvae.ui.map.drawing import Layout, Place, draw_map, remarks
from dgvae.ui.map.points import Point, extents, gap_of, latent_of, map_of
from dgvae.ui.map.tab import MapTab
from dgvae.ui.own_latents import latent_of_number, places_of
from dgvae.ui.shelf import Shelf

COUNT, STAND_INS, DOTS = 1500, 200, 60


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MapTab]:
    """`many` has texts, labels and a large hole."""
    mean = torch.randn(COUNT, 3, generator=torch.Generator().manual_seed(0))
    mean[:, 0] = mean[:, 0].abs()
    texts = [f"example {i}" for i in range(1, COUNT + 1)]
    space = LatentSpace(
        mean, torch.full_like(mean, -3.0), [i % 3 for i in range(COUNT)], texts, {"ink": range(1, COUNT + 1)}, name="many"
    )
    shelf = Shelf(tmp_path_factory.mktemp("none"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dgvae.ui.prepared.bundle_path", lambda: tmp_path_factory.mktemp("cache") / "vega.js")
        patched.setattr("dgvae.ui.own_latents.MAP_POINTS", DOTS)
        patched.setattr("dgvae.latent_space.held.MOST_MEASURED", STAND_INS)
        patched.setattr("dgvae.ui.map.density.MOST_POINTS", 900)
        shelf.given.add_space(space)
        with gr.Blocks():
            yield MapTab(shelf, gr.Dropdown(), gr.Dropdown())


def drawn(tab: MapTab, **changed: Any) -> tuple[Any, ...]:
    return tab.draw("many", "many", **{key: first_value(field) for key, field in tab.fields.items()} | changed)


@pytest.mark.parametrize("projection", ["umap", "pca"])
@pytest.mark.parametrize("color", ["source", "label", "gap", "dimension", "column"])
def test_the_map_has_dots_over_a_picture_and_a_view_has_its_points(tab: MapTab, color: str, projection: str) -> None:
    shown = drawn(tab, colour=color, proj=projection)[2]
    assert len(shown["datasets"]["points"].splitlines()) == 1 + 2 * DOTS
    (picture,) = shown["datasets"]["picture"]
    assert picture["url"].startswith("data:image/png")
    layout = Layout.find(tab.common, ("own", projection), ("many", "many"))
    whole = (picture["x"], picture["right"]), (picture["y"], picture["top"])
    coarse = detail_of(tab.shelf, "many", "A", Coloring(color, 1), layout, whole)
    assert coarse
    assert coarse["points"] is None
    assert coarse["picture"] == picture
    (x0, x1), ends = whole
    fine = detail_of(tab.shelf, "many", "A", Coloring(color, 1), layout, ((x0, x0 + 0.3 * (x1 - x0)), ends))
    assert fine
    columns = fine["points"]
    assert fine["picture"] is None
    assert {len(values) for values in columns.values()} == {len(columns["id"])}
    places = places_of(tab.shelf.get("many"))
    assert places
    xy = places.plane if projection == "pca" else places.umap
    inside = ((xy >= torch.tensor([x0, ends[0]])) & (xy < torch.tensor([x0 + 0.3 * (x1 - x0), ends[1]]))).all(1)
    assert len(columns["id"]) == int(inside.sum()) > 5
    assert all((gap is not None) == (color == "gap") for gap in columns["gap"])
    if color == "column":
        assert columns["value"] == [number if number > 0 else None for number in columns["id"]]
    for number, label in zip(columns["id"], columns["label"], strict=True):
        assert label == ("" if number < 0 else str((number - 1) % 3)) or str((number - 1) % 3) in label


def test_a_map_that_is_fitted_anew_shows_its_dots_alone(tab: MapTab) -> None:
    """The other points have no places on it."""
    checkpoint = tab.shelf.get("many")
    xy = map_of(checkpoint).xy
    layout = Layout({"A": Place(xy, extents(xy))}, options=UmapOptions(5, 0.1))
    assert not draw_map(tab.shelf, "many", "A", Coloring("source"), layout)["datasets"].get("picture")
    assert detail_of(tab.shelf, "many", "A", Coloring("source"), layout, ((0, 1), (0, 1))) is None
    assert "The picture counts" not in remarks(tab.shelf, ["many"], Coloring("source"), layout)
    assert "The picture counts" in remarks(tab.shelf, ["many"], Coloring("source"), Layout())


def test_every_number_of_the_file_and_as_many_draws_are_read_out(tab: MapTab) -> None:
    for number in (1, 700, COUNT):
        assert f"example {number}<" in tab.read_number("many", "many", number) + "<"
    assert "no such point" not in tab.read_number("many", "many", -COUNT)
    assert "no such point" in tab.read_number("many", "many", -COUNT - 1)
    assert "no such point" in tab.read_number("many", "many", COUNT + 1)
    checkpoint = tab.shelf.get("many")
    assert len(latent_of_number(checkpoint, f"-{COUNT}")) == 3
    with pytest.raises(UserError, match="1 to 1,500, or of a prior draw, -1 to -1,500"):
        latent_of_number(checkpoint, "1501")
    assert "not on the map" not in tab.pick("many", "many", "kl", _clicked(700))[2]


def test_a_gap_leaves_an_example_out_only_if_it_is_in_the_mixture(tab: MapTab) -> None:
    checkpoint = tab.shelf.get("many")
    latents, mixture = checkpoint.latents, checkpoint.aggregated
    assert latents.stand_ins is not None
    assert len(mixture) == STAND_INS
    within, without = int(latents.stand_ins[7]), next(i for i in range(COUNT) if i not in latents.stand_ins)
    for index, leave_out in ((within, torch.tensor([7])), (without, None)):
        point = Point(index, is_draw=False)
        z = latent_of(checkpoint, point)
        assert z is not None
        gap = gap_of(checkpoint, point, z)
        assert gap is not None
        torch.testing.assert_close(gap, density_gap_at(z, mixture, leave_out))


def test_the_example_nearest_to_a_hole_is_named_by_its_number_in_the_file(tab: MapTab) -> None:
    said, number, *_ = tab.show_hole("A", "many", "many", "euclidean", "")
    z = latent_of_number(tab.shelf.get("many"), str(number))
    stand_ins = tab.shelf.get("many").latents.stand_ins
    means = tab.shelf.get("many").latents.posterior.location
    assert stand_ins is not None
    nearest = int(stand_ins[(means[stand_ins] - z).norm(dim=1).argmin()]) + 1
    assert f"The nearest example is number {nearest}; its text: example {nearest}" in said


def test_it_is_said_what_the_map_shows(tab: MapTab) -> None:
    remark = drawn(tab)[6]
    assert "The picture counts all 1,500 examples and as many prior draws; the dots are 60 of each." in remark
    assert "UMAP is fitted on the dots" in remark
    assert "UMAP" not in drawn(tab, proj="pca")[6]


def test_a_view_is_sent_to_its_chart_alone(tab: MapTab) -> None:
    target = SimpleNamespace(elem_id="map-b")
    shown: Any = SimpleNamespace(target=target, x=(0.0, 1.0), y=(0.0, 1.0))
    sent = json.loads(tab._details.show("many", "many", "own", "umap", 15, 0.1, "source", 1, "", shown))
    assert [*sent["charts"]] == ["map-b"]
    nothing: Any = SimpleNamespace(target=target, x=(1.0, 1.0), y=(0.0, 1.0))
    assert tab._details.show("many", "many", "own", "umap", 15, 0.1, "source", 1, None, nothing) == gr.skip()
    assert tab._details.show("many", "gone", "own", "umap", 15, 0.1, "source", 1, "", shown) == gr.skip()


def _clicked(number: int) -> Any:
    return SimpleNamespace(id=number)
