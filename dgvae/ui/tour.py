"""The guided start: three links into the page itself, each with what there is to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode


@dataclass(frozen=True)
class Stop:
    """A view and what it shows. a, b: methods, of which the shelf's first checkpoint is taken."""

    title: str
    a: str
    b: str
    view: Mapping[str, str]
    says: str


STOPS = (
    Stop(
        "Collapse", "vae", "pdg-vae", {"tab": "edit", "sentence": "we love the tacos here !"},
        "A is a plain VAE that has collapsed: its latent carries almost no information about a sentence. It decodes the "
        "same phrase for every sentence that you type. B uses density gaps and returns most of your sentence. Type another "
        "sentence.",
    ),
    Stop(
        "Hole", "beta-vae", "pdg-vae", {"tab": "map", "map": "own", "colour": "source"},
        "A uses its latent, but some prior samples (orange) lie where there are no encoded sentences (blue). This is a "
        "hole. Press “Show me a hole in A”, or click an orange point: A mostly decodes nonsense there, and B still writes "
        "sentences.",
    ),
    Stop(
        "Both cured", "dg-vae", "pdg-vae", {"tab": "slice"},
        "Both models use their latent, and q(z) matches the prior in every single dimension. No single dimension shows "
        "collapse or a hole. Where two dimensions are correlated, A still has a hole. B also matches the prior there.",
    ),
)  # fmt: skip


def tour(names: Sequence[str], at: str | None = None) -> str:
    """The links, and what the stop `at` ("1" to "3") says. A stop whose models are not there is left out."""
    stops = [(str(i), stop, view) for i, stop in enumerate(STOPS, start=1) if (view := _view(i, stop, names))]
    if not stops:
        return ""
    links = [
        f"<a href='?{escape(view, quote=True)}'{' aria-current=step' if number == at else ''}>{number} {escape(stop.title)}</a>"
        for number, stop, view in stops
    ]
    says = next((f"<p>{escape(stop.says)}</p>" for number, stop, _ in stops if number == at), "")
    return f"<nav class='tour' aria-label='Guided start'><span>A two-minute tour:</span>{''.join(links)}{says}</nav>"


def _view(number: int, stop: Stop, names: Sequence[str]) -> str | None:
    a, b = (_first(method, names) for method in (stop.a, stop.b))
    return urlencode({"a": a, "b": b, **stop.view, "tour": str(number)}, safe="/") if a and b else None


def _first(method: str, names: Sequence[str]) -> str | None:
    """A checkpoint of a method, or of a variant of it: folders bear their names."""
    folders = {name: name.rsplit("/", 1)[-1] for name in names}
    exact = [name for name, folder in folders.items() if folder == method]
    return next(iter(exact or [name for name, folder in folders.items() if folder.startswith(f"{method}-")]), None)
