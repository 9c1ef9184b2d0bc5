"""How fast the lab is: alone, live in Chromium, and with eight visitors at once.

    python -m tests.benchmarks.lab [--seconds 15]

Runs alone are of 500 steps on one core. Live are four methods in one page, whose pictures are counted as they are shown.
Eight visitors are clients that speak the page's own protocol, each with four methods; one more clicks on a dot of the map
every second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from itertools import pairwise

from playwright.sync_api import Page, sync_playwright

from dgvae.toy.setup import TOY_METHODS, Settings
from tests.benchmarks.page import app, say
from tests.benchmarks.visitor import Visitor, at_once, click_on_map
from tests.browser.conftest import BROWSERS, FLAGS

METHODS = ("vae", "aae", "dg-vae", "pdg-vae")
VISITORS = 8
STEPS = 500
FIELDS = [list(METHODS), "classes", 0, "", 1, 8, 8, 0.1, 8, False]  # of LabTab, in its order


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    alone()
    executable = next(path for name in BROWSERS if (path := shutil.which(name)))
    with app(None) as (url, _, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        live(browser.new_page(viewport={"width": 1280, "height": 1000}), url, options.seconds)
        browser.close()
        visitors(url, options.seconds)


def alone() -> None:
    """A run of every method."""
    import torch

    from dgvae.toy.run import ToyRun

    torch.set_num_threads(1)
    for method in TOY_METHODS:
        took = []
        for _ in range(3):
            begun = time.monotonic()
            for _ in (run := ToyRun(method, settings=Settings())).train(STEPS):
                pass
            run.frame()
            took.append(time.monotonic() - begun)
        say(f"{STEPS} steps of {method}", took, "s", "3 s", digits=2)


def live(page: Page, url: str, seconds: float) -> None:
    """Pictures a second, and how soon nothing is asked for any more when the visitor goes to another tab."""
    page.goto(f"{url}?tab=lab&methods={','.join(METHODS)}")
    page.wait_for_function("document.querySelector('.lab')?.dataset.step === '0'")
    page.wait_for_timeout(3000)  # until the models are loaded, too
    waits: list[float] = []
    for _ in range(max(1, round(seconds / 8))):
        page.evaluate("""() => { window.shown = [];
            new MutationObserver(() => window.shown.push(performance.now()))
                .observe(document.querySelector('.lab'), {attributes: true, attributeFilter: ['data-step']}); }""")
        page.locator("[data-lab=play]").click()
        page.wait_for_timeout(8000)
        waits += [b - a for a, b in pairwise(page.evaluate("window.shown"))]
        page.locator("[data-lab=reset]").click()
        page.wait_for_timeout(500)
    say(f"{len(METHODS)} methods live, from picture to picture", waits, "ms", "200 ms")

    page.locator("[data-lab=play]").click()
    page.wait_for_timeout(1000)
    asked: list[float] = []
    page.on("request", lambda request: asked.append(time.monotonic()) if "queue/join" in request.url else None)
    page.get_by_role("tab", name="Measure").click()
    left = time.monotonic()
    page.wait_for_timeout(4000)
    ticks = [at - left for at in asked]
    say("last request after leaving the tab", [max(ticks, default=0.0)], "s", "2 s", digits=2)


def visitors(url: str, seconds: float) -> None:
    """Pictures a second of each of eight, and what one waits who uses the rest of the app."""
    rates: list[float] = []
    waits: list[float] = []
    over = time.monotonic() + seconds

    def visit(number: int) -> None:
        with Visitor(url, f"lab{number}") as visitor:
            if number == VISITORS:
                while time.monotonic() < over:
                    begun = time.monotonic()
                    waits.append(1000 * click_on_map(visitor, -1 - len(waits)))
                    time.sleep(max(0.0, begun + 1 - time.monotonic()))
                return
            pictures, step, begun = 0, 0, time.monotonic()
            while time.monotonic() < over:
                event = {"run": 1, "steps": 5, "number": 1}
                said = json.loads(visitor.ask("lab-screen", "tick", "lab-screen", FIELDS, event))
                assert said["moment"]["step"] > step, said.get("fault")
                step, pictures = said["moment"]["step"], pictures + 1
            rates.append(pictures / (time.monotonic() - begun))

    at_once(VISITORS + 1, visit)
    say(f"{VISITORS} visitors, pictures a second of the slowest", [min(rates)], "", "1", digits=1)
    say("the rest of the app then, click to text", waits, "ms", "it answers")


if __name__ == "__main__":
    main()
