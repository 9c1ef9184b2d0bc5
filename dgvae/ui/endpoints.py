"""What programs may ask of the app: named endpoints, which are MCP tools too (`python app.py --mcp`).

Here a request is checked, once. Models go by their names in the list of `/models`; everything returned is plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import gradio as gr

from dgvae.ui.decoding import MOST_CHARACTERS, decode_texts, encode, encode_mean, latent_path, words_read
from dgvae.ui.endpoint_values import (
    MOST_LATENTS,
    check,
    decoding,
    latent_rows,
    number,
    numbers,
    seeded,
    sentence,
    whole,
)
from dgvae.ui.map.clusters import clusters_of
from dgvae.ui.map.points import holes_of, map_of
from dgvae.ui.own_latents import why_no_text
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint

P = ParamSpec("P")
T = TypeVar("T")
MOST_SENTENCES, MOST_STEPS, MOST_HOLES = 64, 65, 20


LIMITS = {
    "MOST_LATENTS": MOST_LATENTS, "MOST_SENTENCES": MOST_SENTENCES, "MOST_STEPS": MOST_STEPS, "MOST_HOLES": MOST_HOLES,
    "MOST_CHARACTERS": f"{MOST_CHARACTERS:,}",
}  # fmt: skip


def _with_limits(endpoint: Callable[P, T]) -> Callable[P, T]:
    """The same, with the limits in its docstring."""
    endpoint.__doc__ = (endpoint.__doc__ or "").format(**LIMITS)
    return endpoint


class Endpoints:
    """The functions, whose types and docstrings are what a client reads."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def models(self) -> list[dict[str, str]]:
        """List the available models: their names, which the other endpoints take, and their titles."""
        return [{"name": name, "title": title} for title, name in self._shelf.choices()]

    @_with_limits
    def encode(self, model: str, sentences: list[str]) -> list[dict[str, Any]]:
        """Encode sentences to their posteriors q(z|x): mean, log variance if it has one, KL to the prior in nats if it has a
        density, unknown words, and unread words if there are more than the model's longest sentence has.

        Args:
            model: name of a model, as /models lists it
            sentences: 1 to {MOST_SENTENCES} sentences of at most {MOST_CHARACTERS} characters
        """
        checkpoint = self._checkpoint(model)
        few = isinstance(sentences, list) and 0 < len(sentences) <= MOST_SENTENCES
        check(few, f"Send a list of 1 to {MOST_SENTENCES} sentences.")
        return [self._encoded(checkpoint, sentence(text)) for text in sentences]

    def _encoded(self, checkpoint: Checkpoint, text: str) -> dict[str, Any]:
        posterior = encode(checkpoint, text)
        kl = number(float(posterior.kl()[0])) if posterior.has_density else None
        found: dict[str, Any] = {"mean": numbers(posterior.location[0]), "kl": kl, **_as_read(checkpoint, text)}
        if "log_var" in (tensors := posterior.tensors()):
            found["log_variance"] = numbers(tensors["log_var"][0])
        return found

    @_with_limits
    def decode(
        self, model: str, latents: list[list[float]], temperature: float = 0.0, top_p: float = 1.0, seed: int = 0
    ) -> list[str]:
        """Decode latents to sentences, greedily at temperature 0.

        Args:
            model: name of a model, as /models lists it
            latents: 1 to {MOST_LATENTS} lists of a number per dimension; projected to the unit sphere if the prior is on it
            temperature: 0 to 10
            top_p: above 0, at most 1
            seed: for the words that are sampled

        Returns:
            a sentence per latent
        """
        checkpoint = self._checkpoint(model)
        z = checkpoint.model.prior.project(latent_rows(latents, checkpoint.model.config.latent_dim))
        return decode_texts(checkpoint, z, decoding(temperature, top_p), seeded(seed))

    @_with_limits
    def sample(
        self, model: str, count: int = 8, seed: int = 0, temperature: float = 0.0, top_p: float = 1.0
    ) -> list[dict[str, Any]]:
        """Draw latents from the prior and decode them, each with its density gap log p(z) − log q(z) in nats.

        Args:
            model: name of a model, as /models lists it
            count: 1 to {MOST_LATENTS}
            seed: models with the same latent size get the same latents for the same seed
            temperature: 0 (greedy) to 10
            top_p: above 0, at most 1

        Returns:
            a text, a latent and a density gap per draw
        """
        checkpoint, generator = self._checkpoint(model), seeded(seed)
        z = checkpoint.model.prior.sample(whole(count, "count", 1, MOST_LATENTS), generator)
        return _said(checkpoint, z, decode_texts(checkpoint, z, decoding(temperature, top_p), generator))

    @_with_limits
    def interpolate(self, model: str, start: str, end: str, steps: int = 8, path: str = "linear") -> list[dict[str, Any]]:
        """Decode a path between the posterior means of two sentences, with the density gap at every step. The first and the
        last step also tell the unknown words of their sentence, and its unread words, as /encode does.

        Args:
            model: name of a model, as /models lists it
            start: a sentence
            end: a sentence
            steps: 2 to {MOST_STEPS}
            path: linear, spherical, or dense (from sentence to sentence, around holes)

        Returns:
            a text, a latent and a density gap per step
        """
        checkpoint = self._checkpoint(model)
        count = whole(steps, "steps", 2, MOST_STEPS)
        ends = encode_mean(checkpoint, sentence(start)), encode_mean(checkpoint, sentence(end))
        z = latent_path(self._shelf, model, str(path), ends, count)
        found = _said(checkpoint, z, decode_texts(checkpoint, z))
        found[0] |= _as_read(checkpoint, start)
        found[-1] |= _as_read(checkpoint, end)
        return found

    @_with_limits
    def holes(self, model: str, count: int = 5) -> list[dict[str, Any]]:
        """Find places in holes, where the prior has mass and the aggregated posterior has little, the one with the most mass
        first. Any model has some: the shares add up to about the hole mass at most, for which 1% is a match.

        Args:
            model: name of a model, as /models lists it
            count: 1 to {MOST_HOLES}
        """
        import torch

        checkpoint = self._checkpoint(model)
        found = holes_of(self._shelf, model, whole(count, "count", 1, MOST_HOLES))
        can_decode = found and not why_no_text(checkpoint)
        texts = decode_texts(checkpoint, torch.stack([hole.z for hole in found])) if can_decode else [None] * len(found)
        return [
            {
                "density_gap": hole.gap, "share_of_prior": hole.share, "nearest_sentence": hole.nearest + 1,
                "text": text, "latent": numbers(hole.z),
            }
            for hole, text in zip(found, texts, strict=True)
        ]  # fmt: skip

    def clusters(self, model: str) -> list[dict[str, Any]]:
        """Find clusters of the sentences on a model's map (HDBSCAN of its UMAP), named by their most telling words, the largest
        first.

        Args:
            model: name of a model, as /models lists it

        Returns:
            name, words, place on the map, share of the map's sentences, and the numbers of the cluster's sentences
        """
        stored = map_of(self._checkpoint(model))
        total, xy = len(stored.sentences), stored.xy[stored.priors :]
        return [
            {
                "name": cluster.name, "words": [*cluster.words], "share": len(rows) / total,
                "place": numbers(xy[rows].median(0).values), "sentences": (stored.sentences[rows] + 1).tolist(),
            }
            for cluster in clusters_of(self._shelf, model)
            for rows in [cluster.members.tolist()]
        ]  # fmt: skip

    def metrics(self, model: str) -> dict[str, Any]:
        """A model's figures on its evaluation sentences, with standard errors, and the reasons for absent figures.

        Args:
            model: name of a model, as /models lists it
        """
        measured = self._checkpoint(model).metrics
        figures = {n: {"value": number(e.value), "standard_error": number(e.error)} for n, e in measured.figures.items()}
        return {"figures": figures, "absent": dict(measured.absent), "corpus": measured.corpus}

    def _checkpoint(self, model: str) -> Checkpoint:
        names = [name for _, name in self._shelf.choices()]
        check(model in names, f"There is no model {str(model)[:80]!r}; there are: {', '.join(names)}.")
        return self._shelf.get(model)


def add_endpoints(shelf: Shelf) -> None:
    """Add them to the page that is being built, a `GuardedBlocks`, which makes one sentence of a UserError."""
    endpoints = Endpoints(shelf)
    for name in ("models", "encode", "decode", "sample", "interpolate", "holes", "clusters", "metrics"):
        gr.api(getattr(endpoints, name), api_name=name)  # pyright: ignore[reportPrivateImportUsage]


def _as_read(checkpoint: Checkpoint, text: str) -> dict[str, list[str]]:
    """What of a sentence a model doesn't know, and what is beyond the longest that it reads, if anything."""
    words, unread = words_read(checkpoint, text)
    unknown = [word for word in words if not checkpoint.tokenizer.is_known(word)]
    return {"unknown_words": unknown} | ({"unread_words": unread} if unread else {})


def _said(checkpoint: Checkpoint, z: Tensor, texts: list[str]) -> list[dict[str, Any]]:
    from dgvae.evaluation.holes import density_gap_at

    known = checkpoint.aggregated.has_density
    gaps = map(number, density_gap_at(z, checkpoint.aggregated).tolist()) if known else [None] * len(texts)
    return [{"text": text, "density_gap": gap, "latent": numbers(row)} for text, gap, row in zip(texts, gaps, z, strict=True)]
