"""How soon a map of very many points is seen, and how smoothly it is zoomed and moved, in Chromium.

    python -m tests.benchmarks.zoom [--examples 1000 1000000] [--dimensions 64]

A made-up file is served as by `python app.py --latents FILE`, once to prepare it, which is not measured, and once more; of at
most 10,000 examples nothing is kept. First picture: from the address until both maps are drawn. Frames: how often a second the
map is painted while the wheel or an arrow key changes it at every frame of the browser, which has at most 60. Rest: from the
last change until a finer picture, or the points of the view, are drawn.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from dgvae import LatentSpace
from tests.benchmarks.results import record
from tests.browser.conftest import BROWSERS, FLAGS

SECONDS = 3.0
# Changes the view of map A at every frame, in and out or right and left, and says how often a second it was painted.
CHANGE = """([how, seconds]) => new Promise(resolve => {
    const place = document.querySelector("#map-a .vega-place"), tools = place.parentElement.querySelector(".vega-tools");
    const canvas = place.querySelector(".vega-stage canvas"), box = canvas.getBoundingClientRect();
    const at = {clientX: box.x + box.width * 0.45, clientY: box.y + box.height * 0.45, bubbles: true, cancelable: true};
    const change = {
        wheel: in_ => canvas.dispatchEvent(new WheelEvent("wheel", {...at, deltaY: in_ ? -60 : 60, ctrlKey: true})),
        move: right => tools.dispatchEvent(new KeyboardEvent("keydown", {key: right ? "ArrowRight" : "ArrowLeft"})),
    }[how];
    const [begun, before] = [performance.now(), Number(place.dataset.frames ?? 0)];
    let turn = 0;
    const frame = now => {
        change(Math.floor(turn++ / 20) % 2 === 0);
        if (now - begun < 1000 * seconds) return requestAnimationFrame(frame);
        resolve((Number(place.dataset.frames) - before) / (performance.now() - begun) * 1000);
    };
    requestAnimationFrame(frame);
})"""


def drawn(page: Page, url: str) -> float:
    """Seconds until both maps are drawn."""
    begun = time.perf_counter()
    page.goto(f"{url}?tab=map")
    for side in "ab":
        page.wait_for_selector(f"#map-{side} .vega-place[data-state=ready] canvas", timeout=120_000)
    return time.perf_counter() - begun


def rested(page: Page, has_detail: bool) -> float:
    """Seconds from a press on + until the view is drawn anew."""
    place = page.locator("#map-a .vega-place")
    view = place.get_attribute("data-view")
    place.evaluate("place => delete place.dataset.detail")
    begun = time.perf_counter()
    page.get_by_label("Zoom into Map of model A").click()
    page.wait_for_function(
        """([view, detail]) => { const place = document.querySelector("#map-a .vega-place");
            return place.dataset.view !== view && (!detail || place.dataset.detail); }""",
        arg=[view, has_detail],
    )
    return time.perf_counter() - begun


def measure(page: Page, url: str, examples: int, has_detail: bool) -> None:
    """Print and keep what one file's map does."""
    found = {"first picture": (drawn(page, url), "s")}
    for how in ("wheel", "move"):
        found[f"frames, {how}"] = page.evaluate(CHANGE, [how, SECONDS]), "a second"
        page.wait_for_selector("#map-a .vega-still", state="detached")
    found["rest"] = statistics.median(rested(page, has_detail) for _ in range(5)), "s"
    print(f"{examples:>9,}", *(f"{what} {value:.2f} {unit} " for what, (value, unit) in found.items()), flush=True)
    for what, (value, unit) in found.items():
        record("zoom", f"{what} of {examples} examples", value, unit)


def main(arguments: list[str] | None = None) -> None:
    """Print a line for each number of examples, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, nargs="+", default=[1000, 1_000_000])
    parser.add_argument("--dimensions", type=int, default=64)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        executable = next(path for name in BROWSERS if (path := shutil.which(name)))
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for examples in options.examples:
            path = Path(folder) / "many.npz"
            mean = 0.9 * np.random.default_rng(0).standard_normal((examples, options.dimensions), dtype=np.float32)
            np.savez(path, mean=mean, log_var=np.full_like(mean, -1.6))
            space = LatentSpace.load(path)
            space.serve().close()  # prepares it
            begun = time.perf_counter()
            served = LatentSpace.load(path).serve()
            took = time.perf_counter() - begun
            print(f"{examples:>9,} served again after {took:.1f} s", flush=True)
            record("zoom", f"served again, {examples} examples", took, "s")
            measure(browser.new_page(), str(served.local_url), examples, examples > len(space.rows))
            served.close()
        browser.close()


if __name__ == "__main__":
    main()
