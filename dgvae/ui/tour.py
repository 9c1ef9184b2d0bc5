"""The guided start: some links into the page itself, each with what there is to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from dgvae.ui.pairs import first_pair


@dataclass(frozen=True)
class Stop:
    """A view and what it shows. a, b: methods, of which the shelf's first checkpoints are taken."""

    title: str
    a: str
    b: str
    view: Mapping[str, str]
    says: str


STOPS = (
    Stop(
        "Collapse", "vae", "mdg-vae", {"tab": "edit", "sentence": "we love the tacos here !"},
        "A is a plain VAE that has collapsed: its latent carries almost no information about a sentence. It decodes the "
        "same phrase for every sentence that you type. B returns much of your sentence. Type another sentence.",
    ),
    Stop(
        "Hole", "ae", "mdg-vae", {"tab": "map", "map": "own", "colour": "source"},
        "A is an autoencoder. It returns much of every sentence, but prior samples (orange) lie where there are no encoded "
        "sentences (blue). This is a hole. Press “Show me a hole in A”, or click an orange point: A mostly decodes nonsense "
        "there, and B still writes sentences.",
    ),
    Stop(
        "Hidden holes", "dg-vae", "mdg-vae", {"tab": "slice"},
        "Both models use their latent, and q(z) matches the prior in nearly every single dimension. But where two dimensions "
        "are correlated, A still has a hole, and in all dimensions together most prior samples lie in one. B also matches the "
        "prior there.",
    ),
    Stop(
        "The trade-off", "vae", "mdg-vae", {"tab": "gallery"},
        "These are all models. The figure under them compares how much each latent says with how much of the prior lies in "
        "holes. Most methods pay for one with the other. The corner that says much and has few holes is at the lower right.",
    ),
)  # fmt: skip


def tour(names: Sequence[str], at: str | None = None) -> str:
    """The links, and what the stop `at` ("1", "2", …) says. A stop whose models are not there is left out."""
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
    if not (pair := first_pair(names, stop.a, stop.b)):
        return None
    a, b = pair
    return urlencode({"a": a, "b": b, **stop.view, "tour": str(number)}, safe="/")
