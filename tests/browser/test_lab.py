"""The lab in Chromium: every control, that its pictures are the library's, and that nobody trains who does not look."""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
from PIL import Image
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as BrowserPage

from dgvae.aggregate import aggregate
from dgvae.charts.colors import FULL_PLANE_GAP
from dgvae.explore.slices import plane
from dgvae.toy.lab import Lab
from dgvae.toy.run import Frame
from dgvae.toy.setup import Settings, Setup
from dgvae.ui.lab import visitors as labs_module
from dgvae.ui.lab.tab import LabTab
from dgvae.ui.lab.visitors import TURN, Labs, _Place
from dgvae.ui.page import Page
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.shelf import Shelf
from dgvae.ui.theme import look
from tests.browser.visitor import set_number


@pytest.fixture(scope="module")
def served(checkpoints: Path) -> Iterator[tuple[str, Labs]]:
    """The page, and the labs of those who look at it."""
    shelf = Shelf(checkpoints)
    with GuardedBlocks(analytics_enabled=False) as blocks:
        lab = Page(shelf, blocks).tabs[LabTab.key]
    assert isinstance(lab, LabTab)
    shelf.warm_up()
    _, address, _ = blocks.queue().launch(prevent_thread_lock=True, quiet=True, **look(), server_name="127.0.0.1")
    yield address, lab.labs
    blocks.close()


def open_lab(page: BrowserPage, url: str, query: str = "") -> Locator:
    page.goto(f"{url}?tab=lab&{query}")
    lab = page.locator(".lab")
    expect(lab).to_have_attribute("data-step", "0")
    return lab


def press(page: BrowserPage, button: str) -> None:
    page.locator(f"[data-lab={button}]").click()


def step_of(lab: Locator) -> int:
    return int(lab.get_attribute("data-step") or -1)


def settled_step(lab: Locator) -> int:
    """The step at which it is when the picture has come that was asked for last."""
    expect(lab).to_have_attribute("data-asked", "no")
    lab.page.wait_for_timeout(100)  # until it is painted
    return step_of(lab)


def wait_for_step(page: BrowserPage, step: int) -> None:
    page.wait_for_function(f"Number(document.querySelector('.lab').dataset.step) >= {step}")


def figures(page: BrowserPage, key: str) -> list[str]:
    return page.locator(f"[data-figure={key}]").all_inner_texts()


# ---- controls


def test_play_pause_step_and_reset(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0], "methods=vae,dg-vae")
    press(page, "step")
    expect(lab).to_have_attribute("data-step", "1")
    press(page, "play")
    expect(page.locator("[data-lab=play]")).to_have_text("❚❚ Pause")
    wait_for_step(page, 11)
    press(page, "play")
    expect(lab).to_have_attribute("data-state", "paused")
    paused = settled_step(lab)
    page.wait_for_timeout(500)
    assert step_of(lab) == paused
    press(page, "reset")
    expect(lab).to_have_attribute("data-step", "0")
    press(page, "step")
    expect(lab).to_have_attribute("data-step", "1")


def test_a_reset_or_other_methods_while_it_plays_begin_anew(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0], "methods=wae,dg-vae")
    press(page, "play")
    for wanted in (10, 15, 20):
        wait_for_step(page, wanted)
        press(page, "reset")
        expect(lab).to_have_attribute("data-step", "0")
        press(page, "play")
    page.get_by_label("Play at once").check()
    page.locator("#lab-methods").get_by_role("combobox").click()
    page.get_by_role("option", name="AE", exact=True).click()
    expect(page.locator(".lab-panel figcaption")).to_have_text(["WAE", "DG-VAE", "AE"])
    wait_for_step(page, 10)
    expect(page.locator("[data-lab=fault]")).to_be_hidden()


def test_it_shows_the_librarys_run_and_settings_act_as_it_goes_on(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0], "methods=vae,dg-vae&points=ring&seed=3")
    for step in range(1, 4):
        press(page, "step")
        expect(lab).to_have_attribute("data-step", str(step))
    given = {"Weight β": "0.5", "Mini-batch": "16", "Group |b| of it": "12", "Learning rate": "0.2", "Samples": "4"}
    for label, value in given.items():
        set_number(page.get_by_label(f"number input for {label}"), value)
    page.wait_for_function("location.search.includes('samples=4')")
    for step in range(4, 7):
        press(page, "step")
        expect(lab).to_have_attribute("data-step", str(step))
    library = Lab(Setup(("vae", "dg-vae"), "ring", 3))
    library.advance(3)
    frames = library.advance(3, Settings(0.5, 16, 12, 0.2, 4))
    assert figures(page, "loss") == [shown(frame.loss) for frame in frames]
    assert figures(page, "mi") == [shown(frame.measures.mi) for frame in frames]
    assert figures(page, "gap") == [shown(frame.measures.gap) for frame in frames]


def shown(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def test_fast_takes_more_steps_a_picture_and_a_run_pauses_at_500(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0], "methods=vae")
    page.locator("[data-lab=speed]").select_option("25")
    press(page, "play")
    wait_for_step(page, 500)
    expect(lab).to_have_attribute("data-state", "paused")
    assert step_of(lab) == 500
    assert int(page.locator("[data-lab=time]").get_attribute("max") or 0) < 100
    page.locator("[data-lab=speed]").select_option("1")
    press(page, "play")
    wait_for_step(page, 503)
    press(page, "play")


def test_one_can_go_back_in_time_and_on_from_the_end(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0], "methods=ae,dg-vae")
    then = []
    for step in range(1, 4):
        press(page, "step")
        expect(lab).to_have_attribute("data-step", str(step))
        then.append(figures(page, "kl"))
    page.locator("[data-lab=time]").fill("2")
    expect(lab).to_have_attribute("data-step", "2")
    assert figures(page, "kl") == then[1] != then[2]
    expect(page.locator("[data-lab=step-now]")).to_have_text("2 of 3 steps")
    press(page, "step")
    expect(lab).to_have_attribute("data-step", "4")


def test_a_story_plays_says_what_it_shows_and_is_left_by_other_methods(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0])
    page.locator("#lab-stories").get_by_role("link", name="Collapse").click()
    expect(lab).to_have_attribute("data-state", "playing")
    expect(page.locator(".lab-panel figcaption")).to_have_text(["VAE", "AE"])
    expect(page.locator("#lab-stories p")).to_contain_text("ln 128 = 4.85")
    wait_for_step(page, 20)
    page.locator("#lab-methods").get_by_role("combobox").click()
    page.get_by_role("option", name="DG-VAE (|b| = 4)", exact=True).click()
    expect(page.locator(".lab-panel figcaption")).to_have_text(["VAE", "AE", "DG-VAE (|b| = 4)"])
    expect(page.locator("#lab-stories p")).to_have_count(0)
    wait_for_step(page, 5)


# ---- pictures


@pytest.mark.parametrize("problem", ["classes", "diagonal"])
def test_its_pictures_are_the_densities_of_the_library(page: BrowserPage, served: tuple[str, Labs], problem: str):
    lab = open_lab(page, served[0], f"methods=dg-vae&points={problem}&batch=16&size=16")
    press(page, "play")
    wait_for_step(page, 25)
    press(page, "play")
    library = Lab(Setup(("dg-vae",), problem))
    (frame,) = library.advance(settled_step(lab), Settings(batch_size=16, aggregation_size=16))
    off = gap_on_page(page) - gap_in_library(frame)
    assert off.abs().quantile(0.9) < 0.15, off.abs().quantile(torch.tensor([0.5, 0.9, 0.95], dtype=off.dtype))


def gap_on_page(page: BrowserPage) -> torch.Tensor:
    """What the gap's picture shows, in nats, at the middle of each of its 96 x 96 cells, the lowest first."""
    pixels = page.locator(".lab-pictures canvas").last.evaluate(
        """canvas => {
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            const cell = canvas.width / 96;
            return Array.from({length: 96 * 96}, (_, i) => {
                const [row, column] = [95 - Math.floor(i / 96), i % 96].map(at => Math.round((at + 0.5) * cell - 0.5));
                return [...data.slice(4 * (row * canvas.width + column), 4 * (row * canvas.width + column) + 4)];
            });
        }"""
    )
    red, _, blue, alpha = torch.tensor(pixels, dtype=torch.float64).view(96, 96, 4).unbind(-1)
    return torch.where(red > blue, 1, -1) * alpha / 255 * FULL_PLANE_GAP


def gap_in_library(frame: Frame) -> torch.Tensor:
    return (
        plane(aggregate(frame.posterior.map(torch.Tensor.double)), (0, 1), 4.0)
        .gap.nan_to_num()
        .clamp(-FULL_PLANE_GAP, FULL_PLANE_GAP)
    )


def test_a_posterior_without_a_density_says_so_and_shows_draws(page: BrowserPage, served: tuple[str, Labs]):
    open_lab(page, served[0], "methods=ivae-mi,dg-vmf-vae")
    press(page, "step")
    expect(page.locator(".lab")).to_have_attribute("data-step", "1")
    assert figures(page, "gap")[0] == "–"
    assert figures(page, "marginal_gap") == ["–", "–"]
    canvases = page.locator(".lab-pictures canvas")
    expect(canvases.first).to_have_attribute("aria-label", "iVAE-MI: draws of the posteriors, which have no density, at step 1")
    said = f"DG-vMF-VAE: density gap at step 1, {figures(page, 'gap')[1]} nats in all"
    expect(canvases.last).to_have_attribute("aria-label", said)


# ---- points of one's own


def test_points_are_drawn_or_typed_and_kept_in_the_address(page: BrowserPage, served: tuple[str, Labs]):
    open_lab(page, served[0], "methods=vae")
    page.get_by_role("button", name="Points of your own").click()
    pad = page.locator("#lab-pad canvas")
    pad.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    box = pad.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*middle)
    text = page.locator("#lab-drawn textarea")
    expect(text).to_have_value("0 0")
    expect(page.locator("[data-lab=fault]")).to_have_text("Draw from 2 to 180 points; there are 1.")
    page.mouse.move(middle[0] + 55, middle[1] - 55)
    page.mouse.down()
    page.mouse.move(middle[0] + 80, middle[1] - 55, steps=4)
    page.mouse.up()
    expect(text).not_to_have_value("0 0")
    assert text.input_value().startswith("0 0, 2 2, ")
    expect(page.locator("[data-lab=fault]")).to_be_hidden()
    press(page, "step")
    expect(page.locator(".lab")).to_have_attribute("data-step", "1")
    page.wait_for_function("location.search.includes('drawn=')")
    page.locator("[data-undo]").click()
    page.locator("[data-clear]").click()
    expect(text).to_have_value("")
    text.fill("1 1, two")
    text.blur()
    expect(page.locator("[data-lab=fault]")).to_contain_text("not 'two'")
    text.fill("1 1, 2 -2, 0 3")
    text.blur()
    expect(page.locator(".lab")).to_have_attribute("data-step", "0")
    expect(page.locator("[data-lab=fault]")).to_be_hidden()


# ---- leaving


def test_who_opens_another_tab_trains_no_more_and_goes_on_when_back(page: BrowserPage, served: tuple[str, Labs]):
    url, labs = served
    known = set(labs._places)
    lab = open_lab(page, url, "methods=vae,dg-vae")
    (session,) = set(labs._places) - known
    press(page, "play")
    wait_for_step(page, 10)
    page.get_by_role("tab", name="Measure").click()
    page.wait_for_timeout(500)
    left = labs.of(session).step
    page.wait_for_timeout(1500)
    assert labs.of(session).step == left
    page.get_by_role("tab", name="Lab").click()
    wait_for_step(page, left + 10)
    expect(lab).to_have_attribute("data-state", "playing")


def test_who_closes_the_page_frees_the_lab(page: BrowserPage, served: tuple[str, Labs]):
    url, labs = served
    known = set(labs._places)
    other = page.context.new_page()
    open_lab(other, url, "methods=vae")
    (session,) = set(labs._places) - known
    other.close()
    for _ in range(100):
        page.wait_for_timeout(100)
        if session not in labs._places:
            break
    assert session not in labs._places


def test_a_run_that_the_app_forgot_begins_anew_and_says_so(page: BrowserPage, served: tuple[str, Labs]):
    url, labs = served
    known = set(labs._places)
    lab = open_lab(page, url, "methods=vae")
    for step in (1, 2):
        press(page, "step")
        expect(lab).to_have_attribute("data-step", str(step))
    (session,) = set(labs._places) - known
    labs.leave(session)
    press(page, "step")
    expect(lab).to_have_attribute("data-step", "1")
    expect(page.locator("[data-lab=fault]")).to_have_text("The app no longer had this run and started it again.")


# ---- taking it away, and sets against densities


def test_a_run_is_saved_as_table_as_data_and_as_film(page: BrowserPage, served: tuple[str, Labs], tmp_path: Path):
    lab = open_lab(page, served[0], "methods=ae,vmf-vae")
    for step in (1, 2):
        press(page, "step")
        expect(lab).to_have_attribute("data-step", str(step))
    for button in ("csv", "json", "png"):
        with page.expect_download() as download:
            press(page, button)
        download.value.save_as(tmp_path / download.value.suggested_filename)
    with open(tmp_path / "lab.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["method"]) for row in rows] == [(str(s), m) for s in range(3) for m in ("AE", "vMF-VAE")]
    saved = json.loads((tmp_path / "lab.json").read_text())
    assert [moment["step"] for moment in saved["moments"]] == [0, 1, 2]
    assert len(saved["moments"][2]["methods"][0]["shape"]["places"]) == 256
    assert saved["link"] == page.url
    with Image.open(tmp_path / "lab.png") as picture:
        assert picture.width > 1.9 * picture.height / 2.4
        assert len(set(picture.convert("RGB").resize((80, 80)).getdata())) > 20  # pyright: ignore[reportArgumentType]
    page.get_by_role("button", name="Make a film of it").click()
    link = page.locator("#lab-film-link a")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "lab.gif"


def test_sets_are_drawn_and_the_density_gap_notices(page: BrowserPage, served: tuple[str, Labs]):
    open_lab(page, served[0])
    page.get_by_role("button", name="Draw and test").click()
    rows = page.locator("#sets-table tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.last).to_contain_text("noticed in 10 of 10")
    for name in ("density", 16, 64, 256):
        page.wait_for_selector(f"#sets-{name} .vega-place[data-state=ready] canvas")
    page.locator("#sets-seed input").fill("")
    page.get_by_role("button", name="Draw and test").click()
    expect(page.locator("#sets-table .notice")).to_have_text("Give a seed: a whole number such as 1.")


def test_clicks_that_come_quickly_are_all_counted(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0], "methods=vae")
    for _ in range(4):
        press(page, "step")
    expect(lab).to_have_attribute("data-step", "4")
    page.get_by_role("button", name="Points of your own").click()
    page.wait_for_timeout(400)
    page.locator("#lab-pad canvas").scroll_into_view_if_needed()
    box = page.locator("#lab-pad canvas").bounding_box()
    assert box
    for i in range(8):
        page.mouse.click(box["x"] + 20 + 22 * i, box["y"] + 40)
        page.wait_for_timeout(60)
    text = page.locator("#lab-drawn textarea")
    page.wait_for_function("document.querySelector('#lab-drawn textarea').value.split(',').length === 8")
    page.wait_for_timeout(500)
    assert text.input_value().count(",") == 7


def test_a_storys_link_begins_it_anew_whatever_is_shown(page: BrowserPage, served: tuple[str, Labs]):
    lab = open_lab(page, served[0], "methods=vae,wae,dg-vae")
    cured = page.locator("#lab-stories").get_by_role("link", name="Cured")
    cured.click()  # its setup is what is shown
    wait_for_step(page, 15)
    set_number(page.get_by_label("number input for Weight β"), "5")
    expect(page.locator("#lab-stories p")).to_contain_text("You have changed the settings")
    wait_for_step(page, 40)
    cured.click()
    expect(page.locator("#lab-stories p")).not_to_contain_text("You have changed the settings")
    page.wait_for_function("Number(document.querySelector('.lab').dataset.step) < 30")
    expect(lab).to_have_attribute("data-state", "playing")


def test_a_figure_without_bounds_has_few_ticks(page: BrowserPage, served: tuple[str, Labs]):
    open_lab(page, served[0], "methods=ae&rate=0.3")
    page.locator("[data-lab=speed]").select_option("25")
    press(page, "play")
    wait_for_step(page, 500)
    assert float(figures(page, "kl")[0]) > 1000
    for chart in page.locator(".lab-curves svg").all():
        assert 2 <= chart.locator(".grid").count() <= 12


def test_who_finds_no_place_reads_how_long_it_takes_and_goes_on_by_itself(
    page: BrowserPage, served: tuple[str, Labs], monkeypatch: pytest.MonkeyPatch
):
    labs = served[1]
    monkeypatch.setattr(labs_module, "MOST_LABS", 1)
    monkeypatch.setattr(labs, "_places", {"other": _Place(1, Lab(Setup(("vae",))))})
    labs._places["other"].asked += 600  # who trains all the time
    page.goto(f"{served[0]}?tab=lab&methods=vae&play=1")
    fault = page.locator("[data-lab=fault]")
    expect(fault).to_contain_text(re.compile(r"one becomes free in at most (300|29\d) s\. This page goes on by itself then\."))
    labs._places["other"].since -= TURN - 60
    expect(fault).to_contain_text(re.compile(r"at most [45]\d s"))
    labs.leave("other")
    expect(fault).to_be_hidden()
    wait_for_step(page, 5)
