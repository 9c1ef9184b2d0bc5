"""Files of latents in the page: what needs no decoder is shown, and what needs one says so in one sentence."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError

from app import latents_file, main, make_parser
from dgvae import LatentSpace
from dgvae.errors import UserError
from dgvae.ui.address import first_value, read_value
from dgvae.ui.endpoints import add_endpoints
from dgvae.ui.gallery.tab import GalleryTab
from dgvae.ui.map.points import holes_of
from dgvae.ui.map.tab import MapTab
from dgvae.ui.page import TABS, build_page
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.edit import EditTab
from dgvae.ui.tabs.interpolate import InterpolateTab
from dgvae.ui.tabs.measure import MeasureTab
from dgvae.ui.tabs.tab import Tab

BUNDLED = Path(__file__).parents[2] / "checkpoints"
DG = "short-yelp/dg-vae"
NO_TEXT = "digits has no decoder, so there is no text to show."
COLUMNS = {"ink": [*range(299), float("nan")], "void": [float("nan")] * 300}
EVERYWHERE = "A: -99, 99, -99, 99"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Digits have posteriors with a large hole and labels; codes are points with texts."""
    folder = tmp_path_factory.mktemp("latents")
    mean = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))
    mean[:, 0] = mean[:, 0].abs()
    LatentSpace(mean, torch.full_like(mean, -3.0), [i % 10 for i in range(300)], columns=COLUMNS).save(folder / "digits.npz")
    texts = [f"code number {i}" for i in range(300)]
    LatentSpace(mean, text=texts).save(folder / "codes.safetensors")
    shelf = Shelf(BUNDLED)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dgvae.ui.own_latents.MAP_POINTS", 60)
        for file in ("digits.npz", "codes.safetensors"):
            shelf.add_latents(folder / file, Path(file).stem)
        yield shelf


def build(kind: type[Tab], shelf: Shelf) -> Any:
    with gr.Blocks():
        return kind(shelf, gr.Dropdown(), gr.Dropdown())


def values(tab: Tab, **other: Any) -> dict[str, Any]:
    return {key: other.get(key, first_value(field)) for key, field in tab.fields.items()}


@pytest.mark.parametrize("names", [("digits", "codes"), ("codes", DG), (DG, "digits")])
@pytest.mark.parametrize("kind", TABS, ids=lambda kind: kind.key)
def test_every_tab_draws_it(kind: type[Tab], names: tuple[str, str], shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgvae.ui.tabs.reconstructions.MOST_LOADED", 3)
    tab = build(kind, shelf)
    for changed in ({}, {"colour": "gap", "nearest": True, "region": EVERYWHERE, "point": 5, "base": "sentence"}):
        drawn = tab.draw(*names, **values(tab, **changed))
        assert len(drawn) == len(tab.outputs)
        assert any(drawn)


def test_every_tab_says_examples_where_a_model_has_no_sentences(shelf: Shelf) -> None:
    for kind in TABS:
        tab = build(kind, shelf)
        for component, update in tab.worded:
            plain = str(update(lambda text: shelf.given.said(text, DG, DG)))
            said = str(update(lambda text: shelf.given.said(text, DG, "digits"))).replace("'sentence')", "")  # a key
            assert "sentence" in plain.lower(), component
            assert "sentence" not in said.lower(), component
    assert {kind.key for kind in TABS if build(kind, shelf).worded} >= {"gallery", "map", "slice", "sample"}


def test_the_page_says_examples_before_a_model_is_chosen(shelf: Shelf) -> None:
    config = build_page(shelf).get_config_file()
    worded = {c["props"].get("elem_id"): c["props"] for c in config["components"] if c["props"].get("elem_id")}
    assert "What is between the examples?" in worded["title"]["value"]
    assert worded["map-point"]["label"].startswith("Point: an example from 1")
    assert all("sentence" not in str(says).lower() for says, _ in worded["map-color"]["choices"])


def test_they_come_first(shelf: Shelf) -> None:
    assert shelf.defaults() == ("digits", "codes")
    assert [name for _, name in shelf.choices()][:2] == ["digits", "codes"]
    assert shelf.title("digits") == "digits"


def test_the_gallery_shows_its_map_and_figures(shelf: Shelf) -> None:
    tab = build(GalleryTab, shelf)
    drawn = tab.draw("digits", DG, **values(tab))[0]
    card = drawn[drawn.index("data-name='digits'") :].partition("</li>")[0]
    assert "<svg" in card
    assert shelf.get("digits").metrics.text("hole_mass") in card


def test_the_map_says_that_there_is_no_decoder_and_shows_the_gap(shelf: Shelf) -> None:
    tab = build(MapTab, shelf)
    stored = shelf.get("digits").latents.map
    assert stored
    shown = int(stored.sentences[1])
    read = tab.read_number("digits", DG, shown + 1)
    assert NO_TEXT in read
    assert "class='gap " in read
    said, number, *_ = tab.show_hole("A", "digits", DG, "euclidean", "")
    assert NO_TEXT in said
    assert number < 0
    assert f"code number {shown}" in tab.read_number("codes", DG, shown + 1)
    assert "code number" in tab.read_region("codes", DG, EVERYWHERE, "own", "umap")
    assert tab.carry("digits", "codes", -1) == "-1"
    assert tab.carry("codes", "codes", shown + 1) == str(shown + 1)  # no encoder could read its text
    assert "a file of latents has only a map of its own" in tab.draw("digits", "codes", **values(tab, map="common"))[6]


def test_a_map_is_colored_by_the_numbers_of_a_file(shelf: Shelf) -> None:
    tab = build(MapTab, shelf)

    def colored(a: str, b: str, column: str | None = "") -> tuple[Any, ...]:
        return tab.draw(a, b, **values(tab, colour="column", column=column))

    *drawn, colors, columns = colored("digits", "codes")
    assert ("a column of the file", "column") in colors["choices"]
    assert columns["choices"] == ["ink", "void"]
    assert "codes has no columns of numbers" in drawn[6]
    rows = list(csv.DictReader(drawn[2]["datasets"]["points"].splitlines()))
    assert {row["value"] for row in rows if row["source"] == "prior"} == {""}
    examples = [row for row in rows if row["source"] == "posterior"]
    assert len(examples) == 60
    assert all(row["value"] == ("" if row["id"] == "300" else str(int(row["id"]) - 1)) for row in examples)
    assert drawn[2]["encoding"]["color"]["legend"]["title"] == "ink"
    assert colored("digits", "codes", None)[2] == drawn[2]
    assert "no column &#x27;5&#x27;" in colored("digits", "codes", 5)[6]  # pyright: ignore[reportArgumentType]  # which is forged
    for column, said in {"void": "no finite number in its column", "<b>price": "no column &#x27;&lt;b&gt;price"}.items():
        *refused, _, _ = colored("digits", "codes", column)
        assert said in refused[6]
        assert str(refused[2]["description"]).endswith("colored by prior or posterior.")


def test_no_column_is_offered_where_no_model_has_one(shelf: Shelf) -> None:
    tab = build(MapTab, shelf)
    *_, colors, columns = tab.draw("codes", DG, **values(tab))
    assert "column" not in [key for _, key in colors["choices"]]
    assert columns["choices"] == []
    color = tab.fields["colour"]
    assert (read_value(color, "column"), color.preprocess("column")) == ("column", "column")
    with pytest.raises(UserError, match="is not one of the choices here"):
        read_value(color, "columns")
    with pytest.raises(gr.Error):
        color.preprocess("columns")


def test_a_column_without_a_name_is_called_unnamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgvae.ui.own_latents.MAP_POINTS", 60)
    columns = {"unnamed": np.zeros(60), "": np.arange(60.0), "z": np.random.default_rng(0).standard_normal((60, 2))}
    np.savez(tmp_path / "mine.npz", **columns)  # pyright: ignore[reportArgumentType]
    (shelf := Shelf(BUNDLED)).add_latents(tmp_path / "mine.npz", "mine")
    tab = build(MapTab, shelf)
    *drawn, _, offered = tab.draw("mine", "mine", **values(tab, colour="column"))
    assert offered["choices"] == ["without a name", "unnamed"]
    legend = drawn[2]["encoding"]["color"]
    assert (legend["legend"]["title"], legend["scale"]["domain"]) == ("without a name", [0.0, 59.0])


@pytest.mark.parametrize(("color", "said"), [("label", "codes has no labels"), ("length", "digits has no texts")])
def test_a_map_that_can_not_be_colored_so_says_why_and_shows_its_points(shelf: Shelf, color: str, said: str) -> None:
    tab = build(MapTab, shelf)
    shown = tab.draw("codes", "digits", **values(tab, colour=color))
    assert said in shown[6]
    lacking, other = (shown[2], shown[4]) if color == "label" else (shown[4], shown[2])
    assert str(lacking["description"]).endswith("colored by prior or posterior.")
    assert not str(other["description"]).endswith("colored by prior or posterior.")


def test_its_findings_are_of_examples(shelf: Shelf) -> None:
    drawn = build(MeasureTab, shelf)
    of_a, of_b, *_ = drawn.draw("digits", DG, **values(drawn))
    assert "encoded examples are rare" in of_a
    assert "encoded sentences are rare" in of_b


def test_what_needs_an_encoder_says_so(shelf: Shelf) -> None:
    tab = build(EditTab, shelf)
    drawn = "".join(part for part in tab.draw("digits", "codes", **values(tab)) if isinstance(part, str))
    for name in ("digits", "codes"):
        assert f"{name} has no encoder and no decoder, so it reads and writes no text." in drawn


def test_an_interpolation_is_between_numbers_of_points(shelf: Shelf) -> None:
    tab = build(InterpolateTab, shelf)
    said, chart = tab.draw("digits", "codes", **values(tab))
    assert "digits has no encoder, so it reads no text: write the number of an example, 1 to 300, or of a prior draw" in said
    assert chart is None
    said, chart = tab.draw("digits", "codes", **values(tab, **{"from": "12", "to": "-3", "path": "dense"}))
    assert said.count(NO_TEXT) == 8
    assert chart
    first, second, _ = tab.pick_pair("digits", DG)
    assert 1 <= int(first) != int(second) <= 300


def test_its_code_and_folder_are_refused_in_one_sentence(shelf: Shelf) -> None:
    for ask in (shelf.source, shelf.folder):
        with pytest.raises(UserError, match=r"digits is a file of latents; in Python, dgvae\.LatentSpace\.load reads it\."):
            ask("digits")


def test_copies_have_no_holes_to_show(shelf: Shelf, tmp_path: Path) -> None:
    LatentSpace(torch.randn(100, 3, generator=torch.Generator().manual_seed(0)).repeat(3, 1)).save(tmp_path / "thrice.npz")
    shelf.add_latents(tmp_path / "thrice.npz", "thrice")
    said = unescape(build(MapTab, shelf).show_hole("A", "thrice", DG, "euclidean", "")[0])
    why = "Holes of thrice can't be told: 200 of 300 encoded examples are copies of others, or as near"
    assert why in said
    with pytest.raises(UserError, match=why):
        holes_of(shelf, "thrice")  # as the endpoint asks
    assert ("thrice", "thrice") in shelf.choices()
    os.utime(tmp_path / "thrice.npz", (0, 0))
    assert ("thrice (before its file changed)", "thrice") in shelf.choices()


def test_a_name_that_is_taken_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There are two models called digits; give another name"):
        shelf.add_latents(tmp_path / "digits.npz", "digits")


def test_programs_get_figures_and_holes_and_no_text(shelf: Shelf) -> None:
    with GuardedBlocks(analytics_enabled=False) as demo:
        add_endpoints(shelf)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    client = Client(url, verbose=False)
    assert client.predict("digits", api_name="/metrics")["figures"]["hole_mass"]["value"] > 0.3
    hole = client.predict("digits", 1, api_name="/holes")[0]
    assert (hole["text"], len(hole["latent"])) == (None, 3)
    with pytest.raises(AppError, match=NO_TEXT):
        client.predict("digits", 1, api_name="/sample")
    with pytest.raises(AppError, match="digits has no encoder"):
        client.predict("digits", ["three"], api_name="/encode")
    demo.close()


def test_a_file_has_its_stem_or_another_name(tmp_path: Path) -> None:
    assert latents_file("runs/digits.npz") == (Path("runs/digits.npz"), "digits")
    assert latents_file("runs/digits.npz=ten") == (Path("runs/digits.npz"), "ten")
    (tmp_path / "a=b.npz").touch()
    assert latents_file(str(tmp_path / "a=b.npz")) == (tmp_path / "a=b.npz", "a=b")
    for given in (["--latents", "x.npz", "y.npz=z"], ["--latents", "x.npz", "--latents", "y.npz=z"]):
        assert make_parser().parse_args(given).latents == [(Path("x.npz"), "x"), (Path("y.npz"), "z")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["here.npz", "here.npz=b", "./here.npz"], "Two files of --latents are called here; give one another name"),
        (["here.npz", "gone.npz=b"], "There is no file gone.npz; --latents takes"),
        (["here.npz", "here.npz="], "There is no file here.npz=; --latents takes"),
    ],
)
def test_all_files_are_looked_at_before_the_first_is_measured(
    given: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here.npz").touch()
    assert main(["--latents", *given]) == 2
    assert said in capsys.readouterr().err
