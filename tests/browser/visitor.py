"""What a visitor does, for the tests of the page."""

from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.drawings import DRAWINGS

# What is filled last on a tab.
FILLED = {
    "Gallery": "#gallery",
    "Slice": "#slice-readout",
    "Sample": "#samples",
    "Interpolate": "#interpolation",
    "Edit": "#traversal",
    "Measure": "#measure-table",
    "Lab": "#lab-screen",
}
FILLING = ":is(.sentence, tbody td, .lab-panel dd, li)"
CALM = 6  # times in a row that nothing more is drawn
FOLLOW = """query => new Promise(done => {
    const { settle } = window.dgvaeAddress;
    window.dgvaeAddress.settle = (values) => {
        window.dgvaeAddress.settle = settle;
        settle(values);
        done();
    };
    scrollTo(0, 0);
    history.pushState(null, "", query);
    dispatchEvent(new PopStateEvent("popstate"));
})"""


def open_app(page: Page, url: str, tab: str = "Map") -> None:
    """Open the page at a tab and wait until it is filled; within the page, if it is that one which is open."""
    address = url if "?" in url else f"{url}?tab={tab.lower()}"
    if urlsplit(page.url).netloc == urlsplit(url).netloc:
        follow(page, f"?{urlsplit(address).query}")
    else:
        page.goto(address)
    if tab == "Map":
        for side in "ab":
            page.wait_for_selector(f"#map-{side} .vega-place[data-state=ready] canvas")
    else:
        expect(page.locator(f"{FILLED[tab]} {FILLING}").first).to_be_visible()


def follow(page: Page, query: str) -> None:
    """Follow a link within the page, and wait until all that it changes is drawn."""
    page.mouse.move(0, 0)
    before = drawn = DRAWINGS.done
    page.evaluate(FOLLOW, query)
    calm = 0
    while calm < CALM:
        page.wait_for_timeout(50)
        calm = calm + 1 if before < drawn == DRAWINGS.done else 0
        drawn = DRAWINGS.done


def open_again(page: Page) -> None:
    """Leave a view, and come back by its link."""
    link = urlsplit(page.url).query
    follow(page, "?tab=lab")
    follow(page, f"?{link}")


def choose(page: Page, side: str, label: str) -> None:
    page.get_by_label(f"Model {side}", exact=True).click()
    page.get_by_role("option", name=label, exact=True).click()


def set_number(field: Locator, value: str) -> None:
    field.fill(value)
    field.press("Enter")
    field.blur()


def sentences(page: Page, output: str, side: str = "") -> list[str]:
    return page.locator(f"{output} {'.model-' + side if side else ''} .sentence").all_inner_texts()


def dot_on_map(page: Page, side: str, source: str) -> tuple[float, float]:
    """Where the map has a dot of the prior (orange) or of the posterior (blue)."""
    shown = page.locator(f"#map-{side} .vega-stage canvas")
    shown.scroll_into_view_if_needed()  # a pointer beyond the window is nowhere
    x, y = shown.evaluate(
        """(canvas, source) => {
            const [width, height] = [canvas.width, canvas.height];
            const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            const sourceAt = (x, y) => {
                const [r, g, b] = data.slice(4 * (y * width + x), 4 * (y * width + x) + 3);
                return b > r + 60 ? "posterior" : r > b + 60 ? "prior" : null;
            };
            const box = canvas.getBoundingClientRect();
            for (let y = Math.round(height * 0.3); y < height * 0.7; y++)
                for (let x = Math.round(width * 0.2); x < width * 0.8; x++)
                    if ([0, 1, 2].every(i => sourceAt(x + i, y + 1) === source && sourceAt(x + 1, y + i) === source))
                        return [box.x + (x + 1) * box.width / width, box.y + (y + 1) * box.height / height];
            return [0, 0];
        }""",
        source,
    )
    assert x
    return x, y
