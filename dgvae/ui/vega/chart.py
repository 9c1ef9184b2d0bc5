"""VegaChart: a Vega-Lite chart in Gradio whose clicks and hovers reach Python.

Why not `gr.Plot`: it has no event but `change`, collapses at `width="container"` and stays white in dark mode. A
`gr.HTML` subclass needs no front-end build. Choices made:

- The value travels as a JSON *string*: as a dict, Gradio's front end wraps every row and a click takes over a second.
- Never list a chart in `inputs=`, since each event would upload it. Events carry ids and coordinates instead.
- Vega is one script which `vl-convert-python` makes offline. It stays in the user's cache folder and is served from
  there (`script_route`), so the page asks nobody outside for anything and no third-party code is committed.
- Colors follow the page: a top-level parameter `prior` of a chart takes the CSS variable `--chart-prior`, if any.

What a chart may hold for the page to find points in it:

    datasets.points            rows with an `id`
    usermeta.fields            {"x": ..., "y": ...}, the columns on the axes (by default "x" and "y")
    usermeta.tooltip           {column: what the visitor reads}
    usermeta.nearest           "x" if the pointer's height does not matter, as over bars
    usermeta.brush             true if dragging marks a rectangle or a lasso, whose points are lit in the group's other charts
    usermeta.drag              true if dragging moves a cross-hair, in all charts of the group
    usermeta.marker            {"x": ..., "y": ...}, where the cross-hair is at first
    usermeta.zoom              true if it can be zoomed into: the domains of x and y are then lists
    usermeta.detail            true if Python sends more of a view (see `marks`), into datasets.points and datasets.picture
"""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
from gradio.events import EventListener
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from dgvae.ui.newest import NEWEST
from dgvae.ui.requests.events import MOST_CORNERS
from dgvae.ui.requests.plain import plain, plain_text

PARTS = ("chart", "marks", "lasso", "lights", "pointer", "saved", "zoom", "zoom_gestures")  # of the script, in one scope
_PAGE_SCRIPT = "\n".join([NEWEST, *(Path(__file__).with_name(f"{part}.js").read_text(encoding="utf-8") for part in PARTS)])
_TOOLS = """<div class="vega-tools">
  <button type="button" class="touch" data-touch aria-pressed="false">Mark by touch</button>
  <button type="button" class="lasso" data-lasso aria-pressed="false" aria-label="Mark with a lasso on ${label}">Lasso</button>
  <button type="button" class="zoom" data-move aria-pressed="false"
    title="Drag to move what is shown, and zoom by the wheel or by two fingers">Move</button>
  <button type="button" class="zoom" data-zoom="out" aria-label="Zoom out of ${label}">−</button>
  <button type="button" class="zoom" data-zoom="in" aria-label="Zoom into ${label}"
    title="Also by Ctrl or ⌘ and the wheel; the arrow keys move">+</button>
  <button type="button" class="zoom" data-zoom="whole" aria-label="Show all of ${label}"
    title="Also by a double click">whole</button>
  <button type="button" data-format="png" aria-label="Save ${label} as PNG">PNG</button>
  <button type="button" data-format="svg" aria-label="Save ${label} as SVG">SVG</button>
</div>"""
_STYLE = """
.vega-place { position: relative; width: 100%; }
.vega-place.square { aspect-ratio: 0.92; min-height: 0 !important; max-height: 620px; }
.vega-place.square > .vega-stage { position: absolute; inset: 0; }
.vega-stage { display: block; width: 100%; padding: 0; overflow: hidden; }
.vega-stage.incoming { position: absolute; inset: 0; visibility: hidden; }
.vega-stage canvas { display: block; touch-action: manipulation; }
.vega-place.held canvas { touch-action: none; }
.vega-place:is([data-gestures="drag"], [data-tool="lasso"]) canvas { cursor: crosshair; }
.vega-place[data-zoom].moving canvas { cursor: move; touch-action: none; }
.vega-place:not([data-zoom]) + .vega-tools .zoom { display: none; }
.vega-place:not(.zoomed) + .vega-tools [data-zoom="whole"] { visibility: hidden; }
.vega-still { position: absolute; pointer-events: none; background: var(--block-background-fill); }
.vega-place[data-state="loading"]:not(:has(.vega-stage:not(.incoming)))::before {
  content: "Drawing the chart …"; position: absolute; inset: 0; display: grid; place-items: center;
  color: var(--body-text-color-subdued); font-size: var(--text-sm); }
.vega-place[data-state="failed"] { display: grid; place-items: center; padding: 16px; text-align: center;
  color: var(--body-text-color-subdued); font-size: var(--text-sm); }
.vega-ring, .vega-brush, .vega-lasso, .vega-cross, .vega-lights {
  position: absolute; box-sizing: border-box; pointer-events: none; }
.vega-ring, .vega-brush, .vega-lasso, .vega-cross { display: none; }
.vega-ring { left: -9px; top: -9px; width: 18px; height: 18px;
  border: 2px solid var(--body-text-color); border-radius: 50%;
  box-shadow: 0 0 0 1.5px var(--background-fill-primary), inset 0 0 0 1px var(--background-fill-primary); }
.vega-brush { left: 0; top: 0; border: 1.5px solid var(--body-text-color); background: rgb(128 128 128 / 0.12); }
.vega-lasso { fill: rgb(128 128 128 / 0.12); fill-rule: evenodd; stroke: var(--body-text-color); stroke-width: 1.5px;
  stroke-linejoin: round; }
.vega-lights, .vega-lasso { inset: 0; width: 100%; height: 100%; }
.vega-cross { left: -11px; top: -11px; width: 22px; height: 22px; border: 2px solid var(--body-text-color);
  border-radius: 50%;
  box-shadow: 0 0 0 1.5px var(--background-fill-primary), inset 0 0 0 1.5px var(--background-fill-primary); }
.vega-cross::before, .vega-cross::after { content: ""; position: absolute; background: var(--body-text-color); }
.vega-cross::before { left: 8px; top: 4px; width: 2px; height: 10px; }
.vega-cross::after { left: 4px; top: 8px; width: 10px; height: 2px; }
.vega-tools { display: flex; justify-content: flex-end; gap: 10px; height: 20px; }
.vega-place:not([data-state="ready"]) + .vega-tools { visibility: hidden; }
.vega-tools button { padding: 0 2px; border: 0; background: none; color: var(--body-text-color-subdued);
  font: 11px/20px var(--font-mono); cursor: pointer; }
.vega-tools button:hover { color: var(--body-text-color); text-decoration: underline; }
.vega-tools .touch { display: none; margin-right: auto; }
.vega-tools .lasso { display: none; }
.vega-place[data-gestures="brush"] + .vega-tools .lasso { display: block; }
.vega-tools [aria-pressed="true"] { color: var(--body-text-color); font-weight: 700; }
@media (any-pointer: coarse) {
  .vega-place:is([data-gestures="brush"], [data-gestures="drag"]) + .vega-tools .touch { display: block; } }
"""

_making = threading.Lock()


def bundle_path() -> Path:
    """Where the Vega script of the installed vl-convert lies, or will lie."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (cache / "dgvae" / f"vega-{_version()}.js").resolve()


@cache  # to find it out takes milliseconds, and each chart asks
def _version() -> str:
    return version("vl-convert-python")


@cache  # where it can't be stored, each chart would make it again
def _script() -> str:
    import vl_convert

    return vl_convert.javascript_bundle()  # pyright: ignore[reportCallIssue]  # its stub asks for a default


def vega_bundle() -> Path:
    """Make the Vega script if it is not there yet (seconds, once per vl-convert version) and say where it lies.

    It is written under another name and renamed, so that neither a second process nor the page meets half a script.
    Raises gr.Error, in a visitor's words, if it can't be stored.
    """
    path = bundle_path()
    with _making:
        if not path.exists():
            unfinished = path.with_suffix(f".{os.getpid()}.tmp")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                unfinished.write_text(_script(), encoding="utf-8")
                unfinished.replace(path)
            except OSError as error:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)
                reason = error.strerror or type(error).__name__
                print(f"The charts' script could not be stored as {path} ({reason}).", file=sys.stderr)
                raise gr.Error(
                    f"The charts can't be shown because their script could not be stored on the app's machine ({reason}). "
                    "The operator of the app can free some space, or set $XDG_CACHE_HOME to another folder.",
                    print_exception=False,
                ) from None
    return path


def script_route() -> Route:
    """Where a page serves the script: every page with charts needs it among the routes of its app.

    Gradio's own address for a file would tell visitors where it lies on this machine.
    """
    return Route(f"/gradio_api/{bundle_path().name}", _serve_script)


def _serve_script(_: Request) -> Response:
    """The version is in the script's name, so a browser asks for it once."""
    if not bundle_path().exists():
        return PlainTextResponse("The charts' script is made with the first chart.", 404, {"Cache-Control": "no-store"})
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(bundle_path(), media_type="text/javascript", headers=kept)


class VegaChart(gr.HTML):
    """A chart whose value is a Vega-Lite specification (a dict), or None for an empty place.

    Set the value in `demo.load` or in another handler, not in the constructor, where it would delay the app's start.
    With `"height": "container"` the place is square and `height` only reserves room until there is a chart.

    Args:
        value: the specification.
        group: charts of one group are linked in the browser: in all of them, the point under the pointer gets a ring, and the
            clicked one keeps it.
        height: in pixels.
        label: what the chart is called.
        kwargs: of `gr.HTML`.
    """

    EVENTS: ClassVar[list] = [
        EventListener("pick", doc="A click: `x` and `y` in data coordinates, `id` of the point nearest to it or None."),
        EventListener("hover", doc="The pointer rests: `id` of the point under it or None."),
        EventListener("brush", doc="A rectangle is marked: `x` and `y`, [low, high] each; or a lasso: `corners`. Else None."),
        EventListener("view", doc="A part of a chart with detail is shown: `x` and `y`, [low, high] each."),
        EventListener("drag", doc="The cross-hair moves: `x` and `y` in data coordinates. A `pick` ends it."),
    ]

    def __init__(
        self,
        value: dict[str, Any] | None = None,
        *,
        group: str | None = None,
        height: int = 420,
        label: str = "Chart",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            value=value,
            label=label,
            html_template='<div class="vega-place" style="min-height: ${height}px"></div>' + _TOOLS,
            css_template=_STYLE,
            js_on_load=_PAGE_SCRIPT,
            apply_default_css=False,
            group=group,
            height=height,
            library=bundle_path().name,
            most_corners=MOST_CORNERS,
            name=kwargs.get("elem_id"),
            **kwargs,
        )

    def postprocess(self, value: dict[str, Any] | str | None) -> str | None:
        """A chart on its way to the page. The script must lie ready by then, so this is where the wait is, if any."""
        if value is None or isinstance(value, str):
            return value
        vega_bundle()
        try:
            text = _json(value)
        except ValueError:  # seldom, and to look at every number takes longer than to write them
            text = _json(plain(value))
        return plain_text(text)

    def api_info(self) -> dict[str, Any]:
        """What a client of the app's API gets."""
        return {"type": "string", "description": "a Vega-Lite specification as JSON"}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class ChartMarks(gr.HTML):
    """Takes no room. Its value, made by `marks`, is put over the charts: that is quicker than to draw them anew."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template="<span hidden></span>",
            js_on_load=Path(__file__).with_name("chart_marks.js").read_text(encoding="utf-8"),
            **kwargs,
        )


def marks(**charts: Mapping[str, Any]) -> str:
    """A value of `ChartMarks`: by elem_id of a chart ("_" for "-"), what is over it. Marks of other kinds stay as they are.

    "ring": id of a point, or None. "brush": {"x": [low, high], "y": [low, high]}, {"corners": [[x, y], …]}, or None.
    "found": ids that light up. "near": {"a": ids, "b": ids}, the nearest to a point in the latent spaces of models A and B.
    "names": [{"x", "y", "text"}].
    "detail": {"x", "y", "picture", "points"}, what a view holds: a row of datasets.picture, or columns of datasets.points.
    """
    named = {name.replace("_", "-"): dict(what) for name, what in charts.items()}
    return json.dumps({"charts": named, "at": time.monotonic_ns()})  # the time: else sent twice is not sent again
