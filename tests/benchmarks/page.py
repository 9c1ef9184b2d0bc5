"""How fast the page answers, in Chromium, over the bundled checkpoints.

    python -m tests.benchmarks.page [--times 20] [--data DIR]

Times begin with the browser's own event (a press, a move) and end when the page has changed, both by the page's clock: medians,
and in brackets the least and the most. Ten visitors at once are ten clients that speak the page's own protocol and click on a
dot of the map every second.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.results import record
from tests.benchmarks.visitor import Visitor, at_once, click_on_map
from tests.browser.conftest import BROWSERS, FLAGS
from tests.running import free_port

APP = Path(__file__).parents[2] / "app.py"
VISITORS, SECONDS = 10, 20
MODELS = ("DG-VAE · short-yelp", "PDG-VAE · short-yelp")

WATCH = """() => {
    for (const kind of ["pointerdown", "pointerup", "click", "change"])
        window.addEventListener(kind, () => { window.acted = performance.now(); }, {capture: true});
}"""
# Waits for an element to match after the last event, and says how long that took.
ARM = """([selector, text]) => { window.answered = new Promise(resolve => {
    const seen = new MutationObserver(() => {
        const place = document.querySelector(selector);
        if (!place || (text && !place.textContent.includes(text))) return;
        seen.disconnect();
        resolve(performance.now() - window.acted);
    });
    seen.observe(document.body, {childList: true, subtree: true, characterData: true, attributes: true});
}); }"""
CHANGED = """selector => { window.answered = new Promise(resolve => {
    const seen = new MutationObserver(() => { seen.disconnect(); resolve(performance.now() - window.acted); });
    seen.observe(document.querySelector(selector), {childList: true, subtree: true, characterData: true});
}); }"""
COUNT_CHANGES = """selector => { window.changes = 0;
    let before = document.querySelector(selector).textContent;
    const look = () => {
        const now = document.querySelector(selector).textContent;
        if (now !== before) window.changes += 1;
        before = now;
        requestAnimationFrame(look);
    };
    look();
}"""
FRAMES = """() => { window.frames_seen = [];
    const frame = now => { window.frames_seen.push(now); requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    executable = next(path for name in BROWSERS if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        starts = []
        for _ in range(3):
            with app(options.data) as (url, started, _):
                page = browser.new_page(viewport={"width": 1280, "height": 1000})
                page.goto(f"{url}?tab=map")
                drawn(page)
                starts.append(time.monotonic() - started)
                page.close()
        say("usable after the start", starts, "s", "8 s", digits=1)
        with app(options.data) as (url, _, _):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.goto(f"{url}?tab=map")
            drawn(page)
            page.evaluate(WATCH)
            map_probes(page, options.times)
            slice_probe(page)
            sample_probe(page, options.times)
            page.close()
            visitors(url)
        browser.close()


@contextmanager
def app(data: Path | None) -> Iterator[tuple[str, float, int]]:
    """A running app: its address, when it was started, and the number of its process."""
    port = free_port()
    command = [sys.executable, str(APP), "--port", str(port), *(["--data", str(data)] if data else [])]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        while f":{port}" not in process.stdout.readline():
            pass
        yield f"http://127.0.0.1:{port}", started, process.pid
    finally:
        process.terminate()
        process.wait()


def map_probes(page: Page, times: int) -> None:
    """Switching a model, its data on the wire, hover, click, brush."""
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    received = [0]
    wire.on("Network.dataReceived", lambda event: received.__setitem__(0, received[0] + event["dataLength"]))
    switches, sizes = [], []
    for i in range(times + 2):  # the first two load the models' files
        received[0] = 0
        title = MODELS[i % 2]
        page.get_by_label("Model A", exact=True).click()
        page.evaluate(ARM, [f"#map-a [aria-label^='{title.split(' ')[0]}: a map of']", ""])
        page.get_by_role("option", name=title, exact=True).click()
        took = page.evaluate("window.answered")
        page.wait_for_timeout(700)
        if i > 1:
            switches.append(took)
            sizes.append(received[0] / 1e6)
    say("switching a model", switches, "ms", "1000 ms")
    say("data of two models", [statistics.median(sizes)], "MB", "1.5 MB", digits=2)

    canvas = page.locator("#map-a .vega-stage canvas")
    canvas.scroll_into_view_if_needed()  # a pointer beyond the window is nowhere
    box = canvas.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(FRAMES)
    for step in range(120):
        page.mouse.move(x - 120 + 2 * step, y - 40 + step % 80)
    frames = page.evaluate("window.frames_seen")
    say("hover frame", [b - a for a, b in pairwise(frames[5:])], "ms", "20 ms")

    page.wait_for_timeout(800)
    clicks, brushes = [], []
    for i in range(times):
        at = x - 100 + 10 * i, y - 50 + 5 * i
        page.mouse.move(*at)
        page.wait_for_timeout(500)  # what the hover reads out has come, so that the click brings the nearest sentences alone
        page.evaluate(CHANGED, "#map-neighbors")
        page.mouse.click(*at)
        clicks.append(answer(page))
    say("click to the nearest sentences", clicks, "ms", "200 ms")
    for i in range(times):
        page.mouse.move(x - 80, y - 80)
        page.mouse.down()
        page.mouse.move(x, y)
        page.mouse.move(x + 20 + 3 * i, y + 20)
        page.wait_for_timeout(300)
        page.evaluate(CHANGED, "#map-region")
        page.mouse.up()
        brushes.append(answer(page))
    say("brush to table", brushes, "ms", "400 ms")


def slice_probe(page: Page) -> None:
    """How often the text changes while the cross-hair is dragged, and how long after a move."""
    page.get_by_role("tab", name="Slice").click()
    page.wait_for_selector("#slice-a-gap .vega-place[data-state=ready] canvas")
    page.wait_for_timeout(1500)
    canvas = page.locator("#slice-a-gap .vega-stage canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(COUNT_CHANGES, "#slice-readout")
    page.mouse.move(x, y)
    page.mouse.down()
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < 5:
        page.mouse.move(x - 50 + 20 * elapsed, y - 30 + 12 * elapsed)
        page.wait_for_timeout(16)
    page.mouse.up()
    say("slice, updates a second", [page.evaluate("window.changes") / elapsed], "", "6", digits=1)


def sample_probe(page: Page, times: int) -> None:
    """64 samples of two models."""
    page.get_by_role("tab", name="Sample").click()
    page.wait_for_selector("#samples .sentence")
    draws = page.get_by_label("number input for Draws")
    draws.fill("64")
    draws.press("Enter")
    draws.blur()
    page.wait_for_timeout(2000)
    seed, took = page.get_by_label("Seed", exact=True), []
    for i in range(times):
        page.evaluate(CHANGED, "#samples")
        seed.fill(str(100 + i))
        page.evaluate("window.acted = performance.now()")
        seed.press("Enter")
        took.append(answer(page))
        page.wait_for_timeout(300)
    say("64 samples of two models", took, "ms", "1000 ms")


def visitors(url: str) -> None:
    """Ten clients that click on a dot of the map every second."""
    waits: list[float] = []

    def visit(number: int) -> None:
        with Visitor(url, f"visitor{number}") as visitor:
            for click in range(SECONDS):
                begun = time.monotonic()
                waits.append(1000 * click_on_map(visitor, -1 - 37 * number - click))
                time.sleep(max(0.0, begun + 1 - time.monotonic()))

    at_once(VISITORS, visit)
    waits.sort()
    say(f"{VISITORS} visitors, click to text, 95th percentile", [waits[int(0.95 * len(waits))]], "ms", "1000 ms")


def drawn(page: Page) -> None:
    """Both maps are there."""
    for side in "ab":
        page.wait_for_selector(f"#map-{side} .vega-place[data-state=ready] canvas", timeout=60_000)


def answer(page: Page) -> float:
    """Milliseconds from the last event to the change that is waited for."""
    return page.evaluate(
        "Promise.race([window.answered, new Promise((_, no) => setTimeout(() => no(new Error('no answer')), 10000))])"
    )


def say(name: str, values: list[float], unit: str, asked: str, digits: int = 0) -> None:
    """A line of the table, and its median in the results."""
    spread = f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else ""
    print(f"{name:<45} {statistics.median(values):.{digits}f} {unit}{spread}, asked: {asked}", flush=True)
    record(Path(sys.argv[0]).stem, name, statistics.median(values), unit)  # page or lab


if __name__ == "__main__":
    main()
