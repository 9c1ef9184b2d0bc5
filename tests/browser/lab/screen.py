"""What the tests of the lab do with its screen."""

from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as BrowserPage

from tests.browser.visitor import open_app


def open_lab(page: BrowserPage, url: str, query: str = "") -> Locator:
    """The lab at step 0 of a run that waits."""
    open_app(page, f"{url}?tab=lab&{query}", "Lab")
    lab = page.locator(".lab")
    if lab.get_attribute("data-state") == "playing":
        press(page, "play")
    if lab.get_attribute("data-step") != "0":
        press(page, "reset")
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
