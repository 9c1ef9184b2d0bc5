"""The toy's story in order: what goes wrong, what cures it, and what the cure does not see. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dgvae.toy.setup import POINTS, Settings, Setup

GUESSING = f"ln {POINTS} = {math.log(POINTS):.2f}"  # nats, the loss of a latent that says nothing
STEPS = 500  # after which what a story says is true


@dataclass(frozen=True)
class Story:
    """A run and what it shows; the numbers in `says` are those of its seed, after STEPS steps."""

    title: str
    setup: Setup
    settings: Settings
    says: str


STORIES = (
    Story(
        "Collapse", Setup(("vae", "ae")), Settings(),
        f"The VAE (A) pulls every posterior to the prior until z carries no information. Its loss stays at {GUESSING}, the "
        f"loss of guessing among {POINTS} points, and the mutual information falls to zero. The AE (B) has no regularizer: "
        "it separates the points, but its posteriors shrink and drift away from the prior, many of them out of the "
        "picture.",
    ),
    Story(
        "Holes", Setup(("aae", "wae")), Settings(),
        "AAE (A) and WAE (B) compare draws of q(z) with draws of p(z). The dots of AAE lie roughly where the prior has its "
        "mass. But each posterior is so narrow that nearly half of the prior lies in holes (orange): there q(z) is less "
        "than a seventh of the prior. The posteriors of WAE are wider, and reach further out than the prior. The remaining "
        "gaps are 1.5 and 0.8 nats.",
    ),
    Story(
        "Cured", Setup(("vae", "wae", "dg-vae")), Settings(),
        "DG-VAE (C) compares densities. Unlike the VAE (A), it separates points, and it fills the holes: its gap is a "
        "tenth of a nat, and the gap of WAE (B) is about nine times as large. This has a price: its loss is 0.8 nats above "
        "that of WAE.",
    ),
    Story(
        "How many at once", Setup(("dg-vae-b1", "dg-vae-b4", "dg-vae-b32")), Settings(batch_size=32),
        "The density gap compares a mixture of |b| posteriors with the prior. When the gap is closed, z can carry at most "
        "Dim · log |b| nats. With |b| = 1 (A) this is zero: the model is a collapsed VAE. With 4 (B) z carries 2.2 nats "
        f"and with 32 (C) 3.8 nats, out of {GUESSING}. The remaining gap grows with |b|.",
    ),
    Story(
        "Blind", Setup(("dg-vae", "pdg-vae"), "diagonal"), Settings(batch_size=32, aggregation_size=32, learning_rate=0.03),
        "The points lie along a diagonal. DG-VAE (A) looks at each dimension alone: both marginals match (their gap is "
        "0.01 nats), but the joint density does not (0.38 nats). PDG-VAE (B) also looks along the principal axes of q(z), "
        "where the gap is. Less than a third of the gap is left, at the same loss.",
    ),
)  # fmt: skip
