"""Nobody trains in the lab who does not look at it."""

import os
import re

import pytest

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect

from dgvae.toy.lab import Lab
from dgvae.toy.setup import Setup
from dgvae.ui.lab import visitors as labs_module
from dgvae.ui.lab.visitors import TURN, Labs, _Place
from tests.awaited import until
from tests.browser.lab.screen import open_lab, press, wait_for_step


def test_who_opens_another_tab_trains_no_more_and_goes_on_when_back(fresh_page: BrowserPage, served: tuple[str, Labs]):
    url, labs = served
    known = set(labs._places)
    lab = open_lab(fresh_page, url, "methods=vae,dg-vae")
    (session,) = set(labs._places) - known
    press(fresh_page, "play")
    wait_for_step(fresh_page, 10)
    fresh_page.get_by_role("tab", name="Measure").click()
    fresh_page.wait_for_timeout(500)
    left = labs.of(session).step
    fresh_page.wait_for_timeout(1500)
    assert labs.of(session).step == left
    fresh_page.get_by_role("tab", name="Lab").click()
    wait_for_step(fresh_page, left + 10)
    expect(lab).to_have_attribute("data-state", "playing")


def test_who_closes_the_page_frees_the_lab(fresh_page: BrowserPage, served: tuple[str, Labs]):
    url, labs = served
    known = set(labs._places)
    other = fresh_page.context.new_page()
    open_lab(other, url, "methods=vae")
    (session,) = set(labs._places) - known
    other.close()
    until(lambda: session not in labs._places, lambda seconds: fresh_page.wait_for_timeout(1000 * seconds))


def test_a_run_that_the_app_forgot_begins_anew_and_says_so(fresh_page: BrowserPage, served: tuple[str, Labs]):
    url, labs = served
    known = set(labs._places)
    lab = open_lab(fresh_page, url, "methods=vae")
    for step in (1, 2):
        press(fresh_page, "step")
        expect(lab).to_have_attribute("data-step", str(step))
    (session,) = set(labs._places) - known
    labs.leave(session)
    press(fresh_page, "step")
    expect(lab).to_have_attribute("data-step", "1")
    expect(fresh_page.locator("[data-lab=fault]")).to_have_text("The app no longer had this run and started it again.")


def test_who_finds_no_place_reads_how_long_it_takes_and_goes_on_by_itself(
    fresh_page: BrowserPage, served: tuple[str, Labs], monkeypatch: pytest.MonkeyPatch
):
    labs = served[1]
    monkeypatch.setattr(labs_module, "MOST_LABS", 1)
    monkeypatch.setattr(labs, "_places", {"other": _Place(1, Lab(Setup(("vae",))))})
    labs._places["other"].asked += 600  # who trains all the time
    fresh_page.goto(f"{served[0]}?tab=lab&methods=vae&play=true")
    fault = fresh_page.locator("[data-lab=fault]")
    expect(fault).to_contain_text(re.compile(r"one becomes free in at most (300|29\d) s\. This page goes on by itself then\."))
    labs._places["other"].since -= TURN - 60
    expect(fault).to_contain_text(re.compile(r"at most [45]\d s"))
    labs.leave("other")
    expect(fault).to_be_hidden()
    wait_for_step(fresh_page, 5)
