"""The Lab tab: two to four methods train side by side on a toy of two dimensions, and one watches what becomes of q(z)."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from dgvae.charts.colors import FULL_PLANE_GAP
from dgvae.errors import UserError
from dgvae.toy.setup import DRAWN, MOST_METHODS, MOST_SEED, POINTS, PROBLEMS, RANGES, TOY_METHODS, TOY_VARIANTS, Settings, Setup
from dgvae.toy.stories import STEPS, STORIES, Story
from dgvae.ui.decoding import MOST_CHARACTERS
from dgvae.ui.lab.screen import LabCurves, LabScreen, PointPad, message, no_setup, title_of
from dgvae.ui.lab.sets import SetsSection
from dgvae.ui.lab.visitors import Labs, NoPlaceError
from dgvae.ui.markup.export import gif_link
from dgvae.ui.markup.render import hint, notice
from dgvae.ui.requests.events import Drew, Ticked
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.tab import EACH, QUIET, Number, Slider, Tab

FILM_SIDE = 160  # of each method's picture in a film, in pixels
SHOWN_METHODS = [*TOY_METHODS, *(name for name in TOY_VARIANTS if name.startswith("dg-vae-"))]


class LabTab(Tab):
    """See `Tab`. What the models are does not matter here."""

    key = "lab"
    title = "Lab"

    def __init__(self, shelf: Shelf, model_a: gr.Dropdown, model_b: gr.Dropdown) -> None:
        super().__init__(shelf, model_a, model_b)
        self.labs = Labs()
        gr.Markdown(
            "Watch models train in two dimensions, with the regularizers of the text models. (Models A and B of the "
            f"sidebar are not used here.) Each of the {POINTS} points x has a posterior over z: a dot and an ellipse. First "
            "picture: the aggregated posterior q(z), with circles for the prior. Second picture: the density gap. Orange "
            f"is a hole; blue is where q(z) is denser than the prior. Both colors are full from {FULL_PLANE_GAP:g} nats.",
            elem_classes="hint",
        )
        stories = gr.HTML(elem_id="lab-stories")
        with gr.Row():
            methods = gr.Dropdown(
                [(title_of(name), name) for name in SHOWN_METHODS], value=list(STORIES[0].setup.methods), multiselect=True,
                max_choices=MOST_METHODS, label=f"Methods, one to {MOST_METHODS}", elem_id="lab-methods", min_width=300,
                scale=2,
            )  # fmt: skip
            problems = [(says, name) for name, says in PROBLEMS.items()]
            problem = gr.Dropdown(
                [*problems, ("points of your own, drawn below", DRAWN)], value="classes", label="Points", elem_id="lab-problem",
                min_width=260,
            )  # fmt: skip
            seed = Number(0, minimum=0, maximum=MOST_SEED, precision=0, label="Seed", elem_id="lab-seed", min_width=90, scale=0)
            play = gr.Checkbox(False, label="Play at once", elem_id="lab-play", min_width=120, scale=0)
        with gr.Accordion("Points of your own", open=False) as own:  # noqa: SIM117 — nested as it is shown
            with gr.Row():
                with gr.Column(min_width=220, scale=0):
                    gr.HTML(hint("Click or drag to add points x. The pictures show their z."))
                    pad = PointPad(elem_id="lab-pad")
                drawn = gr.Textbox(
                    "", label="The same as text: x y, x y, … from −4 to 4", lines=4, max_length=MOST_CHARACTERS, min_width=260,
                    elem_id="lab-drawn",
                )  # fmt: skip
        screen = LabScreen(elem_id="lab-screen")
        with gr.Row():
            beta = _slider("beta", 0, 10, 0.1, "Weight β")
            batch = _slider("batch_size", 2, POINTS, 1, "Mini-batch")
            size = _slider("aggregation_size", 1, POINTS, 1, "Group |b| of it")
            rate = _slider("learning_rate", 0.005, 0.3, 0.005, "Learning rate")
            samples = _slider("samples", 1, 64, 1, "Samples")
        LabCurves(elem_id="lab-curves")
        with gr.Row():
            make_film = gr.Button("Make a film of it (GIF)", min_width=220, scale=0, elem_id="lab-film")
            film_link = gr.HTML(elem_id="lab-film-link")
        self.sets = SetsSection(self.labs)
        run = {
            "methods": methods, "points": problem, "seed": seed, "drawn": drawn, "beta": beta, "batch": batch,
            "size": size, "rate": rate, "samples": samples, "play": play,
        }  # fmt: skip
        self.fields = {**run, **self.sets.fields}
        drew = gr.Number(0, visible=False)  # times: the text changes with each key, too
        self.triggers = [field.change for field in (methods, problem, seed, beta, batch, size, rate, samples, play, drew)]
        self.triggers += [drawn.submit, drawn.blur]
        self.outputs = [stories, screen, film_link]
        screen.tick(self.tick, None, screen, inputs_kwargs=run, **EACH, concurrency_limit=32)
        pad.draws(_drawn, drew, [drawn, problem, drew], **QUIET)
        problem.change(lambda chosen: gr.update(open=chosen == DRAWN), problem, own, **QUIET)
        drawn.change(None, drawn, pad, js="(text) => text", api_visibility="private")
        make_film.click(self.film, None, film_link, concurrency_limit=1, api_visibility="private")

    def draw(self, name_a: str | None, name_b: str | None, **fields: Any) -> tuple[str, str, str]:
        """The stories; what the screen is to show, which knows whether that is new; and no film of what was before."""
        try:
            setup, settings = _setup(fields), _settings(fields)
        except UserError as error:
            return _stories(None, None, (name_a, name_b)), no_setup(str(error)), ""
        return _stories(setup, settings, (name_a, name_b)), message(setup, bool(fields["play"])), ""

    async def tick(self, event: Ticked, request: gr.Request, **fields: Any) -> str:
        """Take some more steps with a visitor's lab.

        Args:
            event: how many steps the screen asks for, and its number.
            request: says whose lab it is.
            fields: the values of the tab's fields, by their keys.

        Returns:
            The picture then, as `message` has it.
        """
        try:
            setup = _setup(fields)
        except UserError as error:
            return no_setup(str(error))
        asked, steps = {"run": event.run, "number": event.number}, max(0, min(int(event.steps), 100))
        frames, fault, wait = [], "", 0
        try:
            settings = _settings(fields)
            frames = await self.labs.advance(str(request.session_hash), asked["run"], setup, settings, steps)
        except UserError as error:
            fault, wait = str(error), error.seconds if isinstance(error, NoPlaceError) else 0
        return message(setup, bool(fields["play"]), asked, frames, fault, wait)

    def leave(self, request: gr.Request) -> None:
        """Forget the lab of a visitor who is gone."""
        self.labs.leave(request.session_hash, gone=True)

    def film(self, request: gr.Request) -> str:
        """A link that saves what the visitor's lab remembers."""
        try:
            lab = self.labs.of(request.session_hash)
        except UserError as error:
            return notice(str(error))
        from dgvae.toy.picture import film

        file = io.BytesIO()
        film([title_of(name) for name in lab.setup.methods], [*lab.moments], file, side=FILM_SIDE)
        return gif_link("lab.gif", file.getvalue())

    def code(self, name_a: str | None, name_b: str | None, **fields: Any) -> str:
        """See `Tab`."""
        setup, settings = _setup(fields), _settings(fields)
        return (
            "from dgvae.toy.lab import Lab\n"
            "from dgvae.toy.setup import Settings, Setup\n\n"
            f"lab = Lab({setup})\n"
            f"for name, frame in zip(lab.setup.methods, lab.advance({STEPS}, {settings})):\n"
            "    print(name, frame.loss, frame.measures)\n"
        )


def _slider(name: str, low: float, high: float, step: float, label: str) -> Slider:
    return Slider(low, high, value=RANGES[name].default, step=step, label=label, elem_id=f"lab-{name}", min_width=150)


def _drawn(drew: int | None, event: Drew) -> tuple[str, str, int]:
    """What the visitor drew, the problem that it makes, and how often they drew."""
    return event.text, DRAWN, (drew or 0) + 1


def _setup(fields: Mapping[str, Any]) -> Setup:
    """What the fields say. Raises UserError."""
    if fields["seed"] is None:
        raise UserError("Give a seed: a whole number such as 1.")
    problem = fields["points"]
    drawn = parse_points(fields["drawn"]) if problem == DRAWN else ()
    return Setup(tuple(fields["methods"] or ()), problem, int(fields["seed"]), drawn)


def _settings(fields: Mapping[str, Any]) -> Settings:
    return Settings(
        beta=fields["beta"],
        batch_size=int(fields["batch"]),
        aggregation_size=int(fields["size"]),
        learning_rate=fields["rate"],
        samples=int(fields["samples"]),
    )


def parse_points(text: str) -> tuple[tuple[float, float], ...]:
    """Points as "x y, x y". Raises UserError that names the first that is none, or if the text is too long."""
    if len(text) > MOST_CHARACTERS:
        raise UserError(f"The points' text is longer than {MOST_CHARACTERS:,} characters; leave some out.")
    points = []
    for part in filter(str.strip, text.replace("\n", ",").split(",")):
        try:
            x, y = map(float, part.split())
        except ValueError:
            x = y = math.nan
        if not (math.isfinite(x) and math.isfinite(y)):
            raise UserError(
                f"Write a point as two numbers, such as 0.5 -1, with a comma before the next, not {part.strip()[:40]!r}."
            )
        points.append((x, y))
    return tuple(points)


def _stories(setup: Setup | None, settings: Settings | None, models: tuple[str | None, str | None]) -> str:
    """A link for each story, and what the one says whose points and methods are shown."""
    links, says = [], ""
    for number, story in enumerate(STORIES, start=1):
        shown = story.setup == setup
        current = " aria-current=step" if shown else ""
        links.append(f"<a href='?{escape(_address(story, models), quote=True)}'{current}>{number} {escape(story.title)}</a>")
        if shown:
            changed = ""
            if story.settings != settings:
                changed = " <b>(You have changed the settings. The link starts the experiment again.)</b>"
            says = f"<p><b>Press Play. After {STEPS} steps:</b> {escape(story.says)}{changed}</p>"
    return f"<nav class='tour' aria-label='Experiments'><span>Experiments:</span>{''.join(links)}{says}</nav>"


def _address(story: Story, models: tuple[str | None, str | None] = (None, None)) -> str:
    """Of the page with a story that plays, beside the same models."""
    setup, settings = story.setup, story.settings
    view = {
        "tab": LabTab.key, "methods": ",".join(setup.methods), "points": setup.problem, "beta": f"{settings.beta:g}",
        "batch": settings.batch_size,
        "size": settings.aggregation_size, "rate": settings.learning_rate, "samples": settings.samples, "play": "true",
    }  # fmt: skip
    return urlencode({key: name for key, name in zip("ab", models, strict=True) if name} | view, safe=",/")
