"""What the tabs ask of a model: latents in, lines of text out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from dgvae.errors import UserError
from dgvae.ui.decoding_loop import DecodingLoop
from dgvae.ui.kept_sentences import KeptSentences
from dgvae.ui.markup.render import Line, read_as
from dgvae.ui.own_latents import latent_of_number, own_model, why_no_text
from dgvae.ui.requests.turns import waiting_here, wanted_here
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dgvae.checkpoint.checkpoint import Checkpoint
    from dgvae.model.generation import Decoding
    from dgvae.posteriors import Posterior

MOST_CHARACTERS = 2000  # of a sentence
_LOOP = DecodingLoop()
_KEPT = KeptSentences()
EXAMPLES = ("the food was delicious and the staff was so friendly .", "i waited an hour and nobody came back .")


def encode_mean(checkpoint: Checkpoint, text: str) -> Tensor:
    """The posterior mean (or mean direction) of a sentence: [D]. Raises UserError if there is none in the text.

    Of a file of latents, which has no encoder, a number stands for a point of its map.
    """
    if own_model(checkpoint):
        return latent_of_number(checkpoint, text).float().clone()
    return encode(checkpoint, text).location[0]


def encode(checkpoint: Checkpoint, text: str) -> Posterior:
    """The posterior of a sentence, a batch of one. Raises UserError if there is none in the text."""
    from dgvae.randomness import own_random_numbers

    if not text or not text.strip():
        raise UserError("Write a sentence.")
    ids = checkpoint.tokenizer.encode_text(text[:MOST_CHARACTERS], checkpoint.model.config.max_length)
    # An implicit posterior draws: the same every time, whoever else draws from the process' one generator.
    with own_random_numbers(0):
        posterior = checkpoint.model.encode_all([ids])
    return posterior.map(lambda tensor: tensor.clone())  # a normal tensor, which may be changed in place


class TypedSentence:
    """A sentence that a visitor typed. Each model encodes it once, however often a drawing asks."""

    def __init__(self, shelf: Shelf, text: str) -> None:
        self.text = text
        self._shelf = shelf
        self._encoded: dict[str | None, Posterior] = {}

    def posterior(self, name: str | None) -> Posterior:
        """A model's posterior of it, a batch of one. Raises UserError if there is no such model, or no word in the text."""
        if name not in self._encoded:
            self._encoded[name] = encode(self._shelf.get(name), self.text)
        return self._encoded[name]


def readings(shelf: Shelf, names: Iterable[str | None], *texts: str) -> str:
    """Typed sentences as A and B read them, unknown words marked; once if both read them alike.

    Args:
        shelf: has the models.
        names: of A and of B.
        texts: the sentences.

    Returns:
        HTML.
    """
    sides: dict[str, str] = {}
    for side, name in zip("AB", names, strict=True):
        try:
            reading = " → ".join(_reading(shelf.get(name), text) for text in texts)
        except UserError:
            continue
        sides[reading] = f"{sides[reading]} and {side}" if reading in sides else side
    return "".join(f"<p class='hint'>{who} read: {reading}</p>" for reading, who in sides.items())


def _reading(checkpoint: Checkpoint, text: str) -> str:
    words, unread = words_read(checkpoint, text)
    is_known = checkpoint.tokenizer.is_known
    return read_as(((word, is_known(word)) for word in words), unread=len(unread))


def words_read(checkpoint: Checkpoint, text: str) -> tuple[list[str], list[str]]:
    """The words of a typed text that the model reads, and those beyond its longest sentence, which it does not."""
    words, most = checkpoint.tokenizer.words(text[:MOST_CHARACTERS]), checkpoint.model.config.max_length
    return words[:most], words[most:]


def latent_path(shelf: Shelf, name: str | None, path: str, ends: tuple[Tensor, Tensor], steps: int) -> Tensor:
    """Latents on the way from one to another.

    Args:
        shelf: all checkpoints.
        name: of the model.
        path: of `dgvae.explore.paths`, or "dense".
        ends: the first and the last latent, [D] each.
        steps: how many, with both ends.

    Returns:
        The latents, [steps, D].

    Raises:
        UserError: there is no such model or path.
    """
    from dgvae.explore.paths import PATHS, DenseGraph

    prior = shelf.get(name).model.prior
    if path == "dense":
        graph = shelf.derived(name, "graph", lambda c: DenseGraph(c.latents.posterior.location))
        return prior.project(graph.path(*ends, steps))
    if path not in PATHS:
        raise UserError(f"Choose a path: {', '.join(PATHS)} or dense.")
    return prior.project(PATHS[path](*ends, steps))


def decode_texts(
    checkpoint: Checkpoint, z: Tensor, decoding: Decoding | None = None, generator: torch.Generator | None = None
) -> list[str]:
    """Decode latents together with what other visitors ask of the model.

    Args:
        checkpoint: its model writes.
        z: [B, D].
        decoding: how words are chosen; greedily by default.
        generator: draws the words where they are drawn.

    Returns:
        A sentence per latent; of the operator's own decoder, a text or a `Picture`.

    Raises:
        UserError: the checkpoint has no decoder, or the operator's fails.
    """
    from dgvae.model.generation import GREEDY

    if why := why_no_text(checkpoint):
        raise UserError(why)
    if (own := own_model(checkpoint)) and own.decoder:
        return own.decoder.decode(z)
    model, is_wanted = checkpoint.model, wanted_here()
    decoding = decoding or GREEDY

    def decode(z: Tensor) -> list[str]:
        found = _LOOP.decode(model, z, decoding, generator, is_wanted)
        return [checkpoint.tokenizer.decode(ids) for ids in found]

    with waiting_here():  # for the one decoding loop
        return _KEPT.decode(model, z, decode) if decoding == GREEDY else decode(z)


def is_decoding() -> bool:
    """Whether anybody decodes or waits for it."""
    return _LOOP.is_busy()


def decode_lines(
    checkpoint: Checkpoint,
    z: Tensor,
    decoding: Decoding | None = None,
    generator: torch.Generator | None = None,
    gap: Tensor | None = None,
) -> list[Line]:
    """Decode latents, each with its density gap.

    Args:
        checkpoint: its model writes.
        z: [B, D].
        decoding: how words are chosen; greedily by default.
        generator: draws the words where they are drawn.
        gap: [B], nats; by default it is computed if the posteriors have a density.

    Returns:
        A line per latent. Without a decoder its text says that there is none; if the operator's fails, it says why.
    """
    from dgvae.evaluation.holes import density_gap_at

    texts = _decoded(checkpoint, z, decoding, generator)
    if gap is None and checkpoint.aggregated.has_density:
        gap = density_gap_at(z, checkpoint.aggregated)
    gaps = [None] * len(texts) if gap is None else gap.tolist()
    return [Line(text, gap) for text, gap in zip(texts, gaps, strict=True)]


def _decoded(
    checkpoint: Checkpoint, z: Tensor, decoding: Decoding | None = None, generator: torch.Generator | None = None
) -> list[str]:
    """The same as `decode_texts`, but where a file of latents has no decoder, or the operator's fails, each text says why."""
    try:
        return decode_texts(checkpoint, z, decoding, generator)
    except UserError as error:
        if not own_model(checkpoint):
            raise
        return [str(error)] * len(z)


def nearest_sentences(shelf: Shelf, name: str | None, z: Tensor) -> list[str]:
    """The encoded sentence whose posterior mean lies nearest to each latent.

    Args:
        shelf: has the models.
        name: of the model.
        z: [B, D].

    Returns:
        A text per latent; it says whether the sentence is the original or its reconstruction.
    """
    from dgvae.explore.neighbors import nearest

    checkpoint = shelf.get(name)
    found = nearest(z.float(), checkpoint.latents.posterior.location, 1)[1][:, 0].tolist()
    texts, are = written(shelf, name, found)
    if are != "originals" and own_model(checkpoint):
        return [f"nearest: example {i + 1}" for i in found]
    said = shelf.given.said("nearest sentence", name) + ("" if are == "originals" else ", reconstructed")
    return [f"{said}: {text}" for text in texts]


def written(
    shelf: Shelf, name: str | None, sentences: Sequence[int]
) -> tuple[list[str], Literal["originals", "reconstructions", "lacking"]]:
    """Encoded sentences as text.

    Args:
        shelf: has the model.
        name: of the model.
        sentences: their indices from 0.

    Returns:
        A text for each, and what the texts are: empty ones, where there is no decoder either.
    """
    texts = [shelf.sentence(str(name), i) for i in sentences]
    if None not in texts:
        return [text or "" for text in texts], "originals"
    checkpoint = shelf.get(name)
    if why_no_text(checkpoint):
        return [""] * len(texts), "lacking"
    return _decoded(checkpoint, checkpoint.latents.posterior.location[[*sentences]]), "reconstructions"
