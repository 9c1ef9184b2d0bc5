"""The Measure tab in a real browser: diagnosis, table, trade-off and profile of every method's small checkpoint."""

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from dgvae.methods.table import METHODS

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
from playwright.sync_api import Locator, Page, expect

from tests.awaited import until
from tests.browser.visitor import choose, open_app
from tests.running import served


def column(page: Page, head: str) -> tuple[Locator, list[str]]:
    """The head of a column, and its cells from top to bottom."""
    heads = page.locator("#measure-table thead th")
    index = heads.all_inner_texts().index(head)
    cells = page.locator("#measure-table tbody tr").evaluate_all("(rows, i) => rows.map(row => row.cells[i].innerText)", index)
    return heads.nth(index), cells


def numbers(cells: list[str]) -> list[float]:
    found = (re.match(r"●?\s*(-?[\d.]+)", cell) for cell in cells)
    return [float(match[1]) for match in found if match]


def test_every_checkpoint_has_a_row_and_a_broken_one_a_sentence(page: Page, url: str):
    open_app(page, url, "Measure")
    rows = page.locator("#measure-table tbody tr")
    # Two of the broken ones have sound figures; and another test may have fetched a model from the Hub.
    expect(rows.filter(has_text="short-yelp")).to_have_count(len(METHODS) + 2)
    for side, title in (("a", "AE · short-yelp"), ("b", "MDG-VAE · short-yelp")):
        expect(page.locator(f"#measure-table tr.model-{side} th")).to_have_text(title)
        expect(page.locator(f"#findings-{side} h3")).to_have_text(title)
        assert page.locator(f"#findings-{side} li").count() > 0
    notices = page.locator("#measure-table .notice")
    expect(notices).to_have_count(2)
    expect(notices.filter(has_text="measure again with: python -m train.evaluate")).to_have_count(1)
    expect(notices.filter(has_text="Config field latent_dim must be a whole number")).to_have_count(1)


def test_a_column_is_sorted_both_ways_and_what_is_absent_comes_last(page: Page, url: str):
    open_app(page, url, "Measure")
    head, before = column(page, "AUC")
    head.get_by_role("button").click()  # the lower, the better: that is on top
    expect(head).to_have_attribute("aria-sort", "ascending")
    _, up = column(page, "AUC")
    assert sorted(up) == sorted(before)
    assert numbers(up) == sorted(numbers(before))
    assert up[-1] == "n/a"  # of the implicit posterior
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    _, down = column(page, "AUC")
    assert numbers(down) == sorted(numbers(before), reverse=True)
    assert down[-1] == "n/a"
    choose(page, "A", "VAE · short-yelp")  # the table comes anew, and stays sorted
    expect(page.locator("#measure-table tr.model-a th")).to_have_text("VAE · short-yelp")
    expect(column(page, "AUC")[0]).to_have_attribute("aria-sort", "descending")


def test_the_best_of_a_column_is_marked(page: Page, url: str):
    open_app(page, url, "Measure")
    _, cells = column(page, "hole mass")
    marked = [cell for cell in cells if "●" in cell]
    assert marked
    best = max(1.0, min(numbers(cells)))  # nothing is better than a match
    assert sorted(numbers(marked)) == sorted(number for number in numbers(cells) if number <= best)
    _, neither = column(page, "leave-one-out gap")
    assert not any("●" in cell for cell in neither)


def test_a_head_says_what_its_column_means(page: Page, url: str):
    open_app(page, url, "Measure")
    definition = page.locator("#measure-table .definition")
    expect(definition).to_contain_text("Point at a column header")
    page.get_by_role("button", name="hole mass").hover()
    expect(definition).to_contain_text("Share of prior samples where")
    expect(definition).to_contain_text("Lower is better.")
    page.get_by_role("button", name="covariance gap").focus()  # by keyboard
    expect(definition).to_contain_text("KL to the prior of the Gaussian")


def test_groups_of_figures(page: Page, url: str):
    open_app(page, url, "Measure")
    page.get_by_label("What z says").check()
    expect(page.locator("#measure-table thead")).to_contain_text("reconstruction")
    _, cells = column(page, "priorLL")
    assert set(cells) == {"–", "n/a"}  # nothing of this was measured here
    unmeasured = page.locator("#measure-table td[title^='not measured: python -m train.evaluate ']:not([title*=' /'])").first
    expect(unmeasured).to_have_text("–")
    page.get_by_label("Text", exact=True).check()
    expect(page.locator("#measure-table thead")).to_contain_text("distinct-2")


def test_a_trade_off_is_drawn_or_its_absence_explained(page: Page, url: str):
    open_app(page, url, "Measure")
    axes = page.locator("#trade-off-axes input")
    expect(axes).to_have_value("joint gap against MI")  # the first of which there is something to draw
    expect(page.locator("#trade-off .vega-place[data-state=ready] canvas")).to_be_visible()
    expect(page.locator("#trade-off-absent")).to_have_text("")
    assert tooltip(page, "#trade-off").keys() == {"checkpoint", "MI", "joint gap ≥"}
    axes.click()
    page.get_by_role("option", name="priorLL against postLL").click()
    expect(page.locator("#trade-off-absent")).to_contain_text("No checkpoint has both postLL and priorLL yet")
    expect(page.locator("#trade-off canvas")).to_have_count(0)


def test_profiles_follow_the_models(page: Page, url: str):
    open_app(page, url, "Measure")
    for kind in ("marginal", "means", "width"):
        expect(page.locator(f"#profile-{kind} .vega-place[data-state=ready] canvas")).to_be_visible()
    expect(page.locator("#profile-absent")).to_have_text("")
    bar = tooltip(page, "#profile-means")
    assert bar["model"] in "AB"
    assert int(bar["dimension"]) in range(1, 5)
    choose(page, "B", "vMF-VAE (κ = 50) · short-yelp")
    expect(page.locator("#profile-absent")).to_contain_text("vMF-VAE (κ = 50) · short-yelp has no KL of q(z_i) to N(0, 1)")
    expect(page.locator("#profile-absent")).to_contain_text("these posteriors lie on the unit sphere")
    expect(page.locator("#findings-b h3")).to_have_text("vMF-VAE (κ = 50) · short-yelp")
    expect(page.locator("#profile-width canvas")).to_be_visible()  # A has it
    choose(page, "A", "iVAE-MI · short-yelp")
    expect(page.locator("#profile-absent")).to_contain_text("iVAE-MI · short-yelp has no")
    expect(page.locator("#profile-width canvas")).to_have_count(0)
    assert page.locator("#profile-width .vega-place").evaluate("place => place.clientHeight") == 0
    expect(page.locator("#profile-means .vega-place[data-state=ready] canvas")).to_be_visible()
    choose(page, "A", "VAE · short-yelp")
    expect(page.locator("#profile-width .vega-place[data-state=ready] canvas")).to_be_visible()


DRAWN = """canvas => {  // where it is dark, and to both sides, too; then its every tenth pixel, from below, where bars stand
    const [width, height, box] = [canvas.width, canvas.height, canvas.getBoundingClientRect()];
    const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const isDark = (x, y) => data[4 * (y * width + x)] < 180 && data[4 * (y * width + x) + 3] > 200;
    const place = (x, y) => [box.x + x * box.width / width, box.y + y * box.height / height];
    const [dark, all] = [[], []];
    for (let y = height - 40; y > 4; y--)
        for (let x = 4; x < width - 4; x++) {
            if (x % 3 === 0 && y % 3 === 0 && [-3, 0, 3].every(i => isDark(x + i, y) && isDark(x, y + i)))
                dark.push(place(x, y));
            if (x % 10 === 0 && y % 10 === 0) all.push(place(x, y));
        }
    return [...dark, ...all];
}"""


def tooltip(page: Page, chart: str) -> dict[str, str]:
    """Move the pointer over a chart until it says something; anew if the page was still moving."""
    canvas = page.locator(f"{chart} canvas")
    said = page.locator("#vg-tooltip-element.visible tr")
    found: dict[str, str] = {}

    def is_said() -> bool:
        canvas.scroll_into_view_if_needed()
        places = canvas.evaluate(DRAWN)
        for x, y in places[:100] + random.sample(places, min(50, len(places))):  # and then where the chart is by now
            page.mouse.move(x, y)
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if said.count():
                found.update(said.evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"))
                return True
        return False

    until(is_said, lambda seconds: page.wait_for_timeout(1000 * seconds))
    return found


def test_another_model_a_is_marked_and_diagnosed(page: Page, url: str):
    open_app(page, url, "Measure")
    before = page.locator("#findings-a").inner_text()
    choose(page, "A", "DG-VAE · short-yelp")
    expect(page.locator("#measure-table tr.model-a")).to_have_count(1)
    expect(page.locator("#measure-table tr.model-a th")).to_have_text("DG-VAE · short-yelp")
    expect(page.locator("#findings-a h3")).to_have_text("DG-VAE · short-yelp")
    assert page.locator("#findings-a").inner_text() != before
    for side, style in (("a", "solid"), ("b", "dashed")):
        expect(page.locator(f"#measure-table tr.model-{side} th")).to_have_css("border-left-style", style)


def test_nothing_is_drawn_before_the_tab_is_opened(fresh_page: Page, url: str):
    open_app(fresh_page, url)
    expect(fresh_page.locator("#facts-b dd")).to_have_count(6)
    assert fresh_page.locator("#measure-table table, #trade-off canvas").count() == 0


def test_a_phone_scrolls_the_table_and_not_the_page(browser, url: str):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    open_app(page, url, "Measure")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".measure-scroll")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.evaluate("box => box.scrollLeft = 200")
    name = page.locator("#measure-table tbody th").first
    assert name.bounding_box()["x"] == pytest.approx(box.bounding_box()["x"], abs=4)
    context.close()


def test_hostile_names_and_reasons_are_text(fresh_page: Page, checkpoints: Path, tmp_path: Path):
    import json

    from dgvae.ui.page import build_page
    from dgvae.ui.shelf import Shelf
    from dgvae.ui.theme import look

    evil = "<img src=x onerror=document.title='owned'>"
    folder = shutil.copytree(checkpoints / "short-yelp" / "vae", tmp_path / "a'b" / "<b>vae")
    data = json.loads((folder / "metrics.json").read_text())
    data["corpus"] = evil
    data["reference"] = {"distinct_1": 0.5}
    del data["figures"]["kl"]
    data["absent"]["kl"] = f"' onmouseover='x {evil}"
    (folder / "metrics.json").write_text(json.dumps(data))
    with served(build_page(Shelf(tmp_path)), **look()) as address:
        fresh_page.goto(address)
        fresh_page.get_by_role("tab", name="Measure").click()
        fresh_page.get_by_label("Text", exact=True).check()
        expect(fresh_page.locator("#measure-table tfoot")).to_contain_text(evil)
        fresh_page.get_by_label("What z says").check()
        absent = fresh_page.locator("#measure-table td", has_text="n/a").first
        expect(absent).to_have_attribute("title", re.compile("onmouseover"))
        assert fresh_page.title() != "owned"
        assert fresh_page.locator("#measure-table img").count() == 0
