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
        f"The VAE (A) pulls every posterior onto the prior until z says nothing: its loss stays at {GUESSING}, what guessing "
        f"among {POINTS} points costs, and the mutual information falls to zero. Nothing pulls the AE (B): it tells the points "
        "apart, and its posteriors shrink and drift away from the prior, many out of the picture.",
    ),
    Story(
        "Holes", Setup(("aae", "wae")), Settings(),
        "AAE (A) and WAE (B) compare draws of q(z) with draws of p(z). AAE's dots lie about where the prior does, but each "
        "posterior is so narrow that nearly half of the prior lies in holes, orange: q(z) is less than a seventh of it there. "
        "WAE's posteriors are wider, and reach further out than the prior. Gaps of 1.5 and 0.8 nats are left.",
    ),
    Story(
        "Cured", Setup(("vae", "wae", "dg-vae")), Settings(),
        "DG-VAE (C) compares densities. It tells points apart, unlike the VAE (A), and its holes are filled: a gap of a tenth "
        "of a nat, where WAE (B) has some nine times as much. For that it pays: its loss is 0.8 nats above that of WAE.",
    ),
    Story(
        "How many at once", Setup(("dg-vae-b1", "dg-vae-b4", "dg-vae-b32")), Settings(batch_size=32),
        "The density gap compares a mixture of |b| posteriors with the prior. Once it is closed, z can tell Dim · log |b| nats "
        "at most. With |b| = 1 (A) that is none: a VAE, collapsed. With 4 (B) z tells 2.2 nats and with 32 (C) 3.8, of the "
        f"{GUESSING} that there are, and the gap that is left grows with it.",
    ),
    Story(
        "Blind", Setup(("dg-vae", "pdg-vae"), "diagonal"), Settings(batch_size=32, aggregation_size=32, learning_rate=0.03),
        "The points lie along a diagonal. DG-VAE (A) looks at each dimension alone: both marginals fit (their gap is 0.01 "
        "nats), but together they do not (0.38). PDG-VAE (B) also looks along the principal axes of q(z), where the gap is: "
        "less than a third of it is left, for the same loss.",
    ),
)  # fmt: skip
