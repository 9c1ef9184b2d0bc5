"""The cards of the gallery, as HTML: a small map of each model, its name and figures, and what chooses it as A or B."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from dgvae.charts.labels import without_common_end
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.measured import Measured
from dgvae.latent_space.wording import of_examples
from dgvae.methods.table import METHODS
from dgvae.text.corpora import CORPORA
from dgvae.ui.markup.render import with_error

POINTS = 300  # of each kind on a card
_SIDE = 200  # of a map, in the units of its picture
_MARGIN = 6
SHOWN = ("mi", "hole_mass")  # on every card


def cards(models: Sequence[tuple[Measured, str]], order: str | None, a: str | None, b: str | None) -> str:
    """A group of cards for each corpus.

    Args:
        models: the models with the pictures of their maps, see `picture`.
        order: the figure by which they are ordered, the best first; None orders them by method.
        a: the name of the checkpoint that is model A.
        b: of model B.
    """
    groups: dict[str, list[tuple[Measured, str]]] = {}
    for model, drawn in models:
        groups.setdefault(model.record.corpus, []).append((model, drawn))
    return "".join(
        f"<section><h2>{escape(_corpus_title(corpus))}</h2><ul class='gallery'>{_group(group, order, a, b)}</ul></section>"
        for corpus, group in groups.items()
    )


def _group(group: Sequence[tuple[Measured, str]], order: str | None, a: str | None, b: str | None) -> str:
    ordered = _ordered(group, order)
    titles = without_common_end([model.title for model, _ in ordered])
    return "".join(_card(*pair, title, order, a, b) for pair, title in zip(ordered, titles, strict=True))


def _corpus_title(corpus: str) -> str:
    return CORPORA[corpus].title if corpus in CORPORA else corpus


def _ordered(group: Sequence[tuple[Measured, str]], order: str | None) -> list[tuple[Measured, str]]:
    """What lacks the figure comes last."""
    if order is None:
        rank = {method: i for i, method in enumerate(METHODS)}  # a file of latents has no method, and comes first
        return sorted(group, key=lambda pair: (rank.get(pair[0].method, -1), pair[0].option or 0, pair[0].name))
    sign = -1 if FIGURES[order].better == "higher" else 1
    return sorted(group, key=lambda pair: (not pair[0].has(order), sign * _value(pair[0], order), pair[0].name))


def _value(model: Measured, figure: str) -> float:
    return FIGURES[figure].judged(model.record.figures[figure].value) if model.has(figure) else 0.0


def _card(model: Measured, drawn: str, title: str, order: str | None, a: str | None, b: str | None) -> str:
    title = escape(title, quote=True)
    sides = " ".join(f"model-{side}" for side, name in (("b", b), ("a", a)) if name == model.name)
    names: list[str] = [*SHOWN, *([order] if order and order not in SHOWN else [])]
    figures = "".join(
        f"<dt title='{escape(_meaning(model, name), quote=True)}'>{escape(FIGURES[name].name)}</dt>"
        f"<dd>{escape(with_error(model.record, name))}</dd>"
        for name in names
    )
    choices = "".join(
        f"<button type='button' data-side='{side}' aria-pressed='{'true' if name == model.name else 'false'}' "
        f"aria-label='{title} as model {side.upper()}'>{side.upper()}</button>"
        for side, name in (("a", a), ("b", b))
    )
    return (
        f"<li class='{sides}' data-name='{escape(model.name, quote=True)}'>{drawn}<h3>{title}</h3>"
        f"<dl>{figures}</dl><div role='group' aria-label='Choose {title}'>{choices}</div></li>"
    )


def _meaning(model: Measured, figure: str) -> str:
    """What a figure means, or why it is not there."""
    said = model.record.absent.get(figure, FIGURES[figure].meaning)
    return said if model.method else of_examples(said)


def picture(coordinates: tuple[np.ndarray, np.ndarray] | None) -> str:
    """A map as a small picture: at most POINTS prior samples and as many sentences, evenly taken. In the colors of the page."""
    if coordinates is None:
        return "<p class='no-map'>no map yet</p>"
    low, high = (edge(np.concatenate(coordinates), 0) for edge in (np.min, np.max))
    scale = (_SIDE - 2 * _MARGIN) / max(float((high - low).max()), 1e-9) * np.array([1, -1])  # a picture's y points down
    places = (_SIDE / 2 + (_thinned(xy) - (low + high) / 2) * scale for xy in coordinates)
    paths = (
        f"<path class='{kind}' d='{_dots(place.round().astype(int))}'/>"
        for kind, place in zip(("prior-dots", "sentence-dots"), places, strict=True)
    )
    return f"<svg viewBox='0 0 {_SIDE} {_SIDE}' aria-hidden='true'>{''.join(paths)}</svg>"


def _thinned(xy: np.ndarray) -> np.ndarray:
    return xy[np.linspace(0, len(xy) - 1, min(POINTS, len(xy))).round().astype(int)]


def _dots(points: np.ndarray) -> str:
    """A path of dots, each from where the last one was, which takes fewer characters. points: [N, 2], whole numbers."""
    ordered = points[np.lexsort(points.T)]
    steps = np.diff(ordered, axis=0, prepend=0)
    return "".join(f"m{x}{'' if y < 0 else ' '}{y}h0" for x, y in steps.tolist())
