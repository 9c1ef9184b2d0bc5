"""What the tabs ask of a model: latents in, lines of text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dgvae.errors import UserError
from dgvae.ui.render import Column, Line
from dgvae.ui.shelf import Shelf

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dgvae.checkpoints import Checkpoint
    from dgvae.generation import Decoding


def sample_column(shelf: Shelf, name: str | None, count: int, seed: int, decoding: Decoding) -> Column:
    """Decode `count` prior draws. One seed gives every model of the same latent size the same draws."""
    import torch

    try:
        checkpoint = shelf.get(name)
    except UserError as error:
        return Column(name or "no model", fault=str(error))
    generator = torch.Generator().manual_seed(seed)
    z = checkpoint.model.prior.sample(count, generator)
    return Column(checkpoint.model.config.title, decode_lines(checkpoint, z, decoding, generator))


def path_column(shelf: Shelf, name: str | None, texts: tuple[str, str], steps: int, path: str) -> Column:
    """Decode latents from the posterior mean (or mean direction) of one sentence to that of the other."""
    import torch

    from dgvae.generation import GREEDY, PATHS

    try:
        checkpoint = shelf.get(name)
    except UserError as error:
        return Column(name or "no model", fault=str(error))
    limit = checkpoint.model.config.max_length
    ids = [checkpoint.tokenizer.encode_text(text, limit) for text in texts]
    with torch.random.fork_rng(devices=[]):  # an implicit posterior draws: the same every time
        torch.manual_seed(0)
        start, end = checkpoint.model.encode_all(ids).location
    z = checkpoint.model.prior.project(PATHS[path](start, end, steps))
    return Column(checkpoint.model.config.title, decode_lines(checkpoint, z, GREEDY))


def decode_lines(
    checkpoint: Checkpoint,
    z: Tensor,
    decoding: Decoding,
    generator: torch.Generator | None = None,
    gap: Tensor | None = None,
) -> list[Line]:
    """Decode latents [B, D] as one batch, each with its density gap [B], which is computed if it is not given and exists."""
    from dgvae.generation import decode_latents
    from dgvae.holes import density_gap_at

    sentences = decode_latents(checkpoint.model, z, decoding, generator)
    if gap is None and "density_gap" not in checkpoint.aggregated.absent:
        gap = density_gap_at(z, checkpoint.aggregated)
    gaps = [None] * len(sentences) if gap is None else gap.tolist()
    return [Line(checkpoint.tokenizer.decode(ids), gap) for ids, gap in zip(sentences, gaps, strict=True)]
