"""The lab's screen and the pad to draw points on: what the page draws itself, from numbers that Python sends.

Choices made: a picture travels as the parameters of its posteriors, some kilobytes, and the page makes densities of them;
the page asks for one picture after another, so that a visitor who leaves or looks elsewhere trains nothing; and it keeps what
it was shown, so that going back in time needs no answer.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import gradio as gr
from gradio.events import EventListener

from dgvae.charts.colors import FULL_PLANE_GAP
from dgvae.methods.spec import show
from dgvae.methods.table import METHODS, method_and_options
from dgvae.toy.look import CIRCLE_REACH, MOST_DENSITY, REACH, RING
from dgvae.toy.setup import MOST_DRAWN, MOST_MOMENTS, Setup
from dgvae.toy.stories import STEPS
from dgvae.ui.newest import NEWEST

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.posteriors import Posterior
    from dgvae.toy.run import Frame

FIGURES = {  # of a Frame's measures, and its loss
    "loss": ("Loss", "mean of −log p(x|z), nats per point: the reconstruction loss"),
    "kl": ("KL", "mean KL(q(z|x) ‖ p(z)), nats per point"),
    "mi": ("MI", "mutual information of x and z, nats: KL minus the gap; 0 means collapse"),
    "gap": ("Gap", "KL(q(z) ‖ p(z)), nats; 0 means that q(z) matches the prior"),
    "marginal_gap": ("… of marginals", "sum over both dimensions of KL(q(z_i) ‖ p(z_i)), nats: the gap that DG-VAE measures"),
    "principal_gap": ("… of axes", "the same along the principal axes of q(z), nats: the gap that PDG-VAE also measures"),
}
# Figure, what is written over its curve, and whether that is drawn on a logarithmic scale.
CURVES = (
    ("loss", "Reconstruction loss, nats", False),
    ("kl", "KL of posteriors, nats", False),
    ("mi", "Mutual information, nats", False),
    ("gap", "Density gap KL(q(z) ‖ p(z)), nats", True),
)
SAYS = {
    "gaussian": "aggregated posterior, with each point's mean and standard deviation,",
    "vmf": "aggregated posterior on the circle, with each point's mean direction,",
    "implicit": "draws of the posteriors, which have no density,",
}


CONSTANTS = {
    "reach": {"plane": REACH, "vmf": CIRCLE_REACH},
    "ring": RING,
    "most": MOST_DENSITY,
    "most_gap": FULL_PLANE_GAP,
    "most_moments": MOST_MOMENTS,
    "until": STEPS,
    "figures": [[key, *words] for key, words in FIGURES.items()],
    "curves": CURVES,
    "says": SAYS,
}


class LabScreen(gr.HTML):
    """Its value is made by `message`. `tick` asks for the next: `run`, the page's number of the run, and `steps` to take."""

    EVENTS: ClassVar[list] = [EventListener("tick", doc="The page wants a picture: `run` and `steps`.")]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=_read("screen.html"),
            css_template=_read("screen.css"),
            js_on_load=_read("screen.js", "picture.js", "curves.js"),
            apply_default_css=False,
            constants=json.dumps(CONSTANTS, ensure_ascii=False),
            **kwargs,
        )


class LabCurves(gr.HTML):
    """The place of the screen's curves, so that something may stand between them and the pictures."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template="<div class='lab-curves'></div>",
            css_template=_read("curves.css"),
            js_on_load="",
            apply_default_css=False,
            **kwargs,
        )


class PointPad(gr.HTML):
    """A square to draw points on. Its value is their text, "x y, x y"; `draws` says what it has become."""

    EVENTS: ClassVar[list] = [EventListener("draws", doc="The visitor drew: `text`, all points.")]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            html_template=_read("point_pad.html"),
            css_template=_read("point_pad.css"),
            js_on_load=NEWEST + _read("point_pad.js"),
            apply_default_css=False,
            most=MOST_DRAWN,
            reach=REACH,
            **kwargs,
        )


def _read(*names: str) -> str:
    return "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)


def message(
    setup: Setup,
    play: bool,
    asked: Mapping[str, float] | None = None,
    frames: Sequence[Frame] = (),
    fault: str = "",
    wait: float = 0,
) -> str:
    """What the screen is told: what is to be trained, and, if it asked, the moment, or why there is none.

    asked: the page's numbers for its `run` and for this answer. wait: seconds in which the fault will be gone by itself.
    """
    titles = [title_of(name) for name in setup.methods]
    said: dict[str, Any] = {"key": key_of(setup), "titles": titles, "play": play, "run": None, **(asked or {})}
    if frames:
        said["moment"] = {"step": frames[0].step, "methods": [_method(frame) for frame in frames]}
    if fault:
        said["fault"] = {"says": fault} | ({"wait": wait} if wait else {})
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def no_setup(fault: str) -> str:
    """What the screen is told if what is to be trained can't be."""
    return json.dumps({"run": None, "fault": {"says": fault, "setup": True}}, ensure_ascii=False)


def key_of(setup: Setup) -> str:
    """The same for equal setups, and short."""
    return hashlib.sha256(repr(setup).encode()).hexdigest()[:16]


def title_of(name: str) -> str:
    """What a method is called, and a variant with the value that it keeps whatever the sliders say."""
    method, options = method_and_options(name)
    row = METHODS[method]
    return f"{row.title} ({row.grid.symbol} = {show(options[row.grid.option])})" if row.grid and options else row.title


def _method(frame: Frame) -> dict[str, Any]:
    figures = {"loss": frame.loss, **vars(frame.measures)}
    return {
        "figures": {key: None if math.isnan(figures[key]) else round(figures[key], 4) for key in FIGURES},
        "shape": shape(frame.posterior),
    }


def shape(posterior: Posterior) -> dict[str, Any]:
    """What the page needs to draw posteriors: kind, and places as x, y, x, y, …; widths likewise, or what a circle has."""
    from dgvae.posteriors import DiagonalGaussian, VonMisesFisher

    match posterior:
        case DiagonalGaussian():
            return {
                "kind": "gaussian",
                "places": _flat(posterior.mean, 3),
                "widths": _flat((0.5 * posterior.log_var).exp(), 4),
            }
        case VonMisesFisher():
            top = float(posterior.log_prob(posterior.direction)[0])
            return {"kind": "vmf", "places": _flat(posterior.direction, 4), "kappa": posterior.kappa, "log_top": top}
        case _:
            return {"kind": "implicit", "places": _flat(posterior.tensors()["draws"], 3)}


def _flat(tensor: Tensor, digits: int) -> list[float]:
    return [round(value, digits) for value in tensor.flatten().tolist()]
