"""The Map tab without its page: what is drawn, and what is read out of points, regions and holes."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from dgvae.charts.maps import COLORINGS, LOOK_FOR
from dgvae.errors import UserError
from dgvae.methods.table import METHODS
from dgvae.text.corpora import corpus_files, read_split
from dgvae.ui.address import first_value
from dgvae.ui.map.drawing import marks_over
from dgvae.ui.map.neighbors import neighbors
from dgvae.ui.map.points import Point, map_of
from dgvae.ui.map.region import Region
from dgvae.ui.map.shapes import Polygon, Rectangle
from dgvae.ui.map.tab import MapTab
from dgvae.ui.shelf import Shelf

VAE, DG, SPHERE, IMPLICIT = (f"short-yelp/{method}" for method in ("vae", "dg-vae", "vmf-vae", "ivae-mi"))
EVERYWHERE = "A: -99, 99, -99, 99"


def make_tab(shelf: Shelf) -> MapTab:
    with gr.Blocks():
        return MapTab(shelf, gr.Dropdown(), gr.Dropdown())


@pytest.fixture(scope="module")
def tab(checkpoints: Path, corpus: Path) -> MapTab:
    return make_tab(Shelf(checkpoints, corpus))


def drawn(tab: MapTab, a: str, b: str, color: str = "source", dim: Any = 1, which: str = "own", **more: Any):
    """What `draw` gives, by name."""
    names = (
        "look_for", "fault_a", "chart_a", "fault_b", "chart_b", "marks", "remark", "hole", "readout", "report",
        "found", "found_list", "near", "clusters", "colors", "columns",
    )  # fmt: skip
    fields = {key: first_value(field) for key, field in tab.fields.items()}
    values = tab.draw(a, b, **{**fields, "colour": color, "dim": dim, "map": which, **more})
    assert len(values) == len(names) == len(tab.outputs)
    return SimpleNamespace(**dict(zip(names, values, strict=True)))


@pytest.mark.parametrize("color", COLORINGS)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_drawn_in_every_color(tab: MapTab, method: str, color: str):
    shown = drawn(tab, f"short-yelp/{method}", VAE, color)
    assert shown.chart_a["title"] == tab.shelf.get(f"short-yelp/{method}").model.config.title
    assert (shown.fault_a, shown.fault_b) == ("", "")
    assert LOOK_FOR[color] in shown.look_for
    assert len(shown.chart_a["datasets"]["points"].splitlines()) == 121
    assert ("No density gap here" in shown.remark) == (color == "gap" and method == "ivae-mi")


def test_points_are_linked_where_their_numbers_mean_the_same(tab: MapTab):
    def links(name: str) -> tuple[str, str]:
        meta = drawn(tab, name, VAE).chart_a["usermeta"]
        return meta["examples"], meta["draws"]

    (examples, draws), (of_sphere, sphere) = links(DG), links(SPHERE)
    assert (examples, draws) == links(VAE)
    assert of_sphere == examples
    assert sphere != draws


def test_a_model_that_is_not_there_leaves_the_other_its_map(tab: MapTab):
    shown = drawn(tab, "gone", VAE, point=-1, region="B: -99, 99, -99, 99")
    assert "There is no checkpoint &#x27;gone&#x27; here." in shown.fault_a
    assert shown.chart_a is None
    assert shown.chart_b
    assert "60 encoded sentences" in shown.report


@pytest.mark.parametrize("dim", [0, 5, None])
def test_a_dimension_that_the_latent_has_not_is_refused(tab: MapTab, dim: int | None):
    assert "Choose a dimension from 1 to 4." in drawn(tab, VAE, DG, "dimension", dim).fault_a


def test_models_without_a_common_map_are_shown_on_their_own(tab: MapTab):
    shown = drawn(tab, VAE, SPHERE, which="common", region=EVERYWHERE)
    assert "no common map: their priors are different distributions" in shown.remark
    assert shown.chart_a == drawn(tab, VAE, SPHERE).chart_a
    assert "60 encoded sentences" in shown.report


# ---- points


def test_a_sentence_is_read_with_its_text(tab: MapTab, corpus: Path):
    number = int(map_of(tab.shelf.get(VAE)).sentences[7]) + 1
    said = tab.read_number(VAE, DG, number)
    assert f"Sentence {number}" in said
    assert read_split(corpus_files("short-yelp", corpus)["test"]).sentences[number - 1] in said.replace("&#x27;", "'")
    assert said.count("class='sentence'") == 2
    assert "no such point" in tab.read_number(VAE, DG, 10_000)


def test_a_prior_draw_is_the_same_latent_in_both_unless_their_priors_differ(tab: MapTab):
    assert "The same z, decoded by both models." in tab.read_number(VAE, DG, -60)
    assert "their priors are different distributions" in tab.read_number(VAE, SPHERE, -60)
    assert tab.read_number(VAE, IMPLICIT, -3).count("class='sentence'") == 2
    assert "no such point" in tab.read_number(VAE, DG, -61)


def test_a_click_brings_the_points_number_and_what_is_read_there(tab: MapTab):
    clicked: Any = SimpleNamespace(id=-5)
    number, readout, near, over = tab.pick(VAE, DG, "euclidean", clicked)
    assert (number, readout) == (-5, tab.read_number(VAE, DG, -5))
    assert "<h3>Sentences nearest to prior draw 5</h3>" in near
    assert {*json.loads(over)["charts"]["map-a"]} == {"near"}  # the ring is there already
    nothing: Any = SimpleNamespace(id=None)
    assert tab.pick(VAE, DG, "euclidean", nothing)[0] == gr.skip()


def test_a_drag_brings_the_region_and_what_lies_in_it(tab: MapTab):
    dragged: Any = SimpleNamespace(target=SimpleNamespace(elem_id="map-b"), x=(0, 1), y=(2, 3), corners=None)
    assert tab.brush(VAE, DG, "own", "umap", 15, 0.1, dragged) == (
        "B: 0, 1, 2, 3",
        tab.read_region(VAE, DG, "B: 0, 1, 2, 3", "own", "umap"),
    )
    drawn_round: Any = SimpleNamespace(target=dragged.target, x=None, y=None, corners=((0, 1), (2.34567, 3), (4, 0)))
    assert tab.brush(VAE, DG, "own", "umap", 15, 0.1, drawn_round)[0] == "B: 0 1, 2.34567 3, 4 0"
    gone: Any = SimpleNamespace(target=dragged.target, x=None, y=None, corners=None)
    assert tab.brush(VAE, DG, "own", "umap", 15, 0.1, gone) == ("", "")


def test_a_linked_point_and_region_are_marked_on_the_maps(tab: MapTab):
    shown = json.loads(drawn(tab, VAE, DG, point=3, region="B: 1, 0, 2, 3").marks)["charts"]
    near = neighbors(tab.shelf, {"A": VAE, "B": DG}, Point.of_number(3)).mark("A")
    unmarked = {"ring": 3, "brush": None, "found": [], "names": []} | near
    assert shown == {"map-a": unmarked, "map-b": unmarked | {"brush": {"x": [0, 1], "y": [2, 3]}}}
    assert json.loads(marks_over("", Point.of_number(-4)))["charts"]["map-a"] == {"ring": -4, "brush": None}


# ---- regions


def test_a_region_is_read_back_as_it_was_written():
    region = Region.parse("B: 2, -1.5, 0.25, 12.34")
    assert region == Region("B", Rectangle((-1.5, 2), (0.25, 12.34))) == Region.parse(str(region))
    region = Region.parse("A: 0 0,2 -1e-5,  0.123456 2")
    assert region == Region("A", Polygon(((0, 0), (2, -1e-5), (0.123456, 2))))
    assert str(region) == "A: 0 0, 2 -1e-05, 0.123456 2"


@pytest.mark.parametrize(
    "text",
    [
        "C: 0, 1, 0, 1", "A: 0, 1, 0", "0, 1, 0, 1", "A: 0, 1, nan, 1", "A: 0, 1, 0, inf", "A: a, b, c, d", "A:",
        "A: 0 0, 1 1, 2", "A: 0 0 0, 1 1 1, 2 2 2", "C: 0 0, 2 0, 1 2", "A: 0 0, a 0, 1 2", "A: 0 0; 2 0; 1 2",
    ],
)  # fmt: skip
def test_what_is_no_region_is_refused_with_an_example(tab: MapTab, text: str):
    with pytest.raises(UserError, match="such as A: 0, 2, -1, 1"):
        Region.parse(text)
    assert "such as A: 0, 2, -1, 1" in tab.read_region(VAE, DG, text, "own", "umap")


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        ("0 0, 1 1", "A polygon needs at least 3 corners, such as A: 0 0, 2 0, 1 2."),
        (", ".join(["0 1"] * 41), "This polygon has 41 corners; leave some out, since it may have 40 at most."),
        ("0 0, 1 nan, 1 1", "The corners of a polygon need numbers from -1e+12 to 1e+12."),
        ("0 0, 1 1e300, 1 1", "The corners of a polygon need numbers from -1e+12 to 1e+12."),
    ],
)
def test_a_polygon_that_can_not_be_drawn_is_refused_in_a_sentence(tab: MapTab, corners: str, said: str):
    assert said in tab.read_region(VAE, DG, f"A: {corners}", "own", "umap")


def test_a_polygon_counts_and_marks_what_lies_in_it(tab: MapTab):
    stored = map_of(tab.shelf.get(DG))
    middle = float(stored.xy[:, 0].median())
    left = stored.xy[:, 0] <= middle
    text = f"B: -99 -99, {middle + 6e-4:.6f} -99, {middle + 6e-4:.6f} 99, -99 99"
    said = tab.read_region(VAE, DG, text, "own", "umap")
    assert f"<b>{left[:60].double().mean():.1%}</b> of the <span class='prior'>" in said
    assert re.findall(r"<tr><td>(\d+)</td>", said) == [str(number) for number in (stored.sentences[left[60:]] + 1).tolist()]
    corners = json.loads(drawn(tab, VAE, DG, region=text).marks)["charts"]["map-b"]["brush"]["corners"]
    assert corners[2] == [pytest.approx(middle + 6e-4, abs=1e-6), 99]


def test_a_region_counts_what_lies_in_it(tab: MapTab, corpus: Path):
    stored = map_of(tab.shelf.get(VAE))
    middle = float(stored.xy[:, 0].median())
    left = stored.xy[:, 0] <= middle
    said = tab.read_region(VAE, DG, f"A: -99, {middle + 6e-4:.6f}, -99, 99", "own", "umap")
    assert f"<b>{left[:60].double().mean():.1%}</b> of the <span class='prior'>" in said
    assert f"<b>{left[60:].double().mean():.1%}</b> of the <span class='posterior'>" in said
    numbers = [int(number) for number in re.findall(r"<tr><td>(\d+)</td>", said)]
    assert numbers == (stored.sentences[left[60:]] + 1).tolist()
    text = read_split(corpus_files("short-yelp", corpus)["test"]).sentences[numbers[0] - 1]
    assert f"<td>{text}</td>" in said
    assert said.count("<div class='head'>draw ") == 8


def test_a_long_list_is_cut_and_saved_whole(tab: MapTab):
    said = tab.read_region(VAE, DG, EVERYWHERE, "own", "umap")
    assert said.count("<tr><td>") == 50
    assert "The first 50 are shown; the CSV file has all of them." in said
    assert said[said.index("data:text/csv") :].count("%0D%0A") == 61


def test_a_region_without_points_says_so(tab: MapTab):
    assert "There is no point in this region" in tab.read_region(VAE, DG, "A: 98, 99, 98, 99", "own", "umap")
    assert tab.read_region(VAE, DG, " ", "own", "umap") == ""


def test_a_region_shows_no_other_draws_than_its_own(tab: MapTab):
    said = tab.read_region(VAE, SPHERE, EVERYWHERE, "own", "umap")
    assert "This model has other draws: their priors are different distributions." in said
    assert said.count("class='sentence'") == 8


def test_without_the_corpus_the_models_own_words_are_named_so(checkpoints: Path, tmp_path: Path):
    for name in (VAE, DG):  # without the note of the folder that the text was read from
        shutil.copytree(checkpoints / name, tmp_path / name, ignore=shutil.ignore_patterns("run.json"))
    said = make_tab(Shelf(tmp_path)).read_region(VAE, DG, EVERYWHERE, "own", "umap")
    assert "reconstructed sentence (the original text is not available)" in said
    assert said.count("<tr><td>") == 50


# ---- holes


def test_the_hole_is_a_draw_of_the_map_and_is_ringed_on_both(tab: MapTab):
    holed = "short-yelp/delta-vae"
    said, number, readout, near, marks = tab.show_hole("B", VAE, holed, "euclidean", "A: 0, 1, 2, 3")
    assert re.search(rf"Place 1 of \d in the holes of B: .* It is deepest at prior draw {-number}, where", said)
    assert "The nearest sentence is number " in said
    sent = json.loads(marks)["charts"]
    assert sent["map-a"] == sent["map-b"] | {"brush": {"x": [0, 1], "y": [2, 3]}}
    assert (sent["map-b"]["ring"], sent["map-b"]["brush"]) == (number, None)
    assert f"nearest to prior draw {-number}" in near
    assert f"Prior draw {-number}" in readout
    assert readout == tab.read_number(VAE, holed, number)


def test_asked_again_it_shows_the_next_hole_and_after_the_last_the_first(tab: MapTab):
    shown, number = [], None
    for _ in range(6):
        said, number, *_ = tab.show_hole("A", "short-yelp/delta-vae", VAE, "euclidean", "", number)
        shown.append(number)
    count = int(re.search(r"of (\d) in the holes of A", said)[1])  # pyright: ignore[reportOptionalSubscript]
    assert len(set(shown)) == count > 1
    assert shown[count] == shown[0]


def test_no_hole_to_show_is_said(tab: MapTab):
    assert "has no density to find holes with" in tab.show_hole("A", IMPLICIT, VAE, "euclidean", "")[0]
    assert "There is no checkpoint" in tab.show_hole("A", "gone", VAE, "euclidean", "")[0]


# ---- code


@pytest.mark.parametrize("method", ["ae", "vmf-vae", "ivae-mi"])
def test_the_code_for_this_view_runs(
    tab: MapTab, capsys: pytest.CaptureFixture[str], method: str, checkpoints: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(checkpoints.parent)
    exec(tab.code(f"short-yelp/{method}", VAE), {})
    printed = capsys.readouterr().out
    assert printed.startswith("tensor([[")
    assert ("of the prior, gap" in printed) == (method != "ivae-mi")
