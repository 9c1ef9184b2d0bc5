"""What programs may ask of the app: named endpoints, which are MCP tools too (`python app.py --mcp`).

Here a request is checked, once. Models go by their names in the list of `/models`; everything returned is plain JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import gradio as gr

from dgvae.errors import UserError
from dgvae.ui.decoding import MOST_CHARACTERS, decode_texts, encode, encode_mean, latent_path
from dgvae.ui.map.points import holes_of
from dgvae.ui.own_latents import why_no_text
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.model.generation import Decoding

P = ParamSpec("P")
T = TypeVar("T")
MOST_LATENTS, MOST_SENTENCES, MOST_STEPS, MOST_HOLES = 256, 64, 65, 20
MOST_SEED = 2**31
MOST_NUMBER = 1e12  # what is larger, or not finite, is no number of anything here


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
        density, and unknown words.

        Args:
            model: name of a model, as /models lists it
            sentences: 1 to {MOST_SENTENCES} sentences of at most {MOST_CHARACTERS} characters
        """
        checkpoint = self._checkpoint(model)
        few = isinstance(sentences, list) and 0 < len(sentences) <= MOST_SENTENCES
        _check(few, f"Send a list of 1 to {MOST_SENTENCES} sentences.")
        return [self._encoded(checkpoint, _sentence(text)) for text in sentences]

    def _encoded(self, checkpoint: Checkpoint, text: str) -> dict[str, Any]:
        posterior = encode(checkpoint, text)
        unknown = [word for word in checkpoint.tokenizer.words(text) if not checkpoint.tokenizer.is_known(word)]
        kl = _number(float(posterior.kl()[0])) if posterior.has_density else None
        found: dict[str, Any] = {"mean": _numbers(posterior.location[0]), "kl": kl, "unknown_words": unknown}
        if "log_var" in (tensors := posterior.tensors()):
            found["log_variance"] = _numbers(tensors["log_var"][0])
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
        z = checkpoint.model.prior.project(_latents(latents, checkpoint.model.config.latent_dim))
        return decode_texts(checkpoint, z, _decoding(temperature, top_p), _generator(seed))

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
        checkpoint, generator = self._checkpoint(model), _generator(seed)
        z = checkpoint.model.prior.sample(_whole(count, "count", 1, MOST_LATENTS), generator)
        return _said(checkpoint, z, decode_texts(checkpoint, z, _decoding(temperature, top_p), generator))

    @_with_limits
    def interpolate(self, model: str, start: str, end: str, steps: int = 8, path: str = "linear") -> list[dict[str, Any]]:
        """Decode a path between the posterior means of two sentences, with the density gap at every step.

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
        count = _whole(steps, "steps", 2, MOST_STEPS)
        ends = encode_mean(checkpoint, _sentence(start)), encode_mean(checkpoint, _sentence(end))
        z = latent_path(self._shelf, model, str(path), ends, count)
        return _said(checkpoint, z, decode_texts(checkpoint, z))

    @_with_limits
    def holes(self, model: str, count: int = 5) -> list[dict[str, Any]]:
        """Find holes, places where the prior has mass and the aggregated posterior has none, the deepest first.

        Args:
            model: name of a model, as /models lists it
            count: 1 to {MOST_HOLES}
        """
        import torch

        checkpoint = self._checkpoint(model)
        found = holes_of(self._shelf, model, _whole(count, "count", 1, MOST_HOLES))
        can_decode = found and not why_no_text(checkpoint)
        texts = decode_texts(checkpoint, torch.stack([hole.z for hole in found])) if can_decode else [None] * len(found)
        return [
            {
                "density_gap": hole.gap, "share_of_prior": hole.share, "nearest_sentence": hole.nearest + 1,
                "text": text, "latent": _numbers(hole.z),
            }
            for hole, text in zip(found, texts, strict=True)
        ]  # fmt: skip

    def metrics(self, model: str) -> dict[str, Any]:
        """A model's figures on its evaluation sentences, with standard errors, and the reasons for absent figures.

        Args:
            model: name of a model, as /models lists it
        """
        measured = self._checkpoint(model).metrics
        figures = {n: {"value": _number(e.value), "standard_error": _number(e.error)} for n, e in measured.figures.items()}
        return {"figures": figures, "absent": dict(measured.absent), "corpus": measured.corpus}

    def _checkpoint(self, model: str) -> Checkpoint:
        names = [name for _, name in self._shelf.choices()]
        _check(model in names, f"There is no model {str(model)[:80]!r}; there are: {', '.join(names)}.")
        return self._shelf.get(model)


def add_endpoints(shelf: Shelf) -> None:
    """Add them to the page that is being built, a `GuardedBlocks`, which makes one sentence of a UserError."""
    endpoints = Endpoints(shelf)
    for name in ("models", "encode", "decode", "sample", "interpolate", "holes", "metrics"):
        gr.api(getattr(endpoints, name), api_name=name)  # pyright: ignore[reportPrivateImportUsage]


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UserError(otherwise)


def _whole(value: Any, name: str, low: int, high: int) -> int:
    _check(_is_number(value) and value % 1 == 0, f"{name} must be a whole number, not {value!r:.40}.")
    _check(low <= value <= high, f"{name} must lie between {low} and {high}, not {value:g}.")
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST_NUMBER


def _sentence(text: Any) -> str:
    _check(isinstance(text, str), "Every sentence must be a string.")
    _check(len(text) <= MOST_CHARACTERS, f"A sentence may have {MOST_CHARACTERS:,} characters at most, not {len(text):,}.")
    return text


def _decoding(temperature: Any, top_p: Any) -> Decoding:
    from dgvae.model.generation import Decoding

    _check(_is_number(temperature) and _is_number(top_p), "temperature and top_p must be numbers.")
    return Decoding(temperature, top_p)


def _generator(seed: Any) -> torch.Generator:
    import torch

    return torch.Generator().manual_seed(_whole(seed, "seed", 0, MOST_SEED))


def _latents(rows: Any, size: int) -> Tensor:
    import torch

    _check(isinstance(rows, list) and 0 < len(rows) <= MOST_LATENTS, f"Send a list of 1 to {MOST_LATENTS} latents.")
    numbers = [x for row in rows if isinstance(row, list) and len(row) == size for x in row]
    sound = len(numbers) == size * len(rows) and all(map(_is_number, numbers))
    _check(sound, f"Every latent must be a list of {size} finite numbers.")
    return torch.tensor(numbers, dtype=torch.float32).view(-1, size)


def _said(checkpoint: Checkpoint, z: Tensor, texts: list[str]) -> list[dict[str, Any]]:
    from dgvae.evaluation.holes import density_gap_at

    known = checkpoint.aggregated.has_density
    gaps = map(_number, density_gap_at(z, checkpoint.aggregated).tolist()) if known else [None] * len(texts)
    return [{"text": text, "density_gap": gap, "latent": _numbers(row)} for text, gap, row in zip(texts, gaps, z, strict=True)]


def _numbers(z: Tensor) -> list[float]:
    _check(bool(z.isfinite().all()), "This model's numbers are not finite here: its weights are broken.")
    return [round(x, 5) for x in z.tolist()]


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
