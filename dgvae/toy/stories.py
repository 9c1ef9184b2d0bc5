"""The toy's story in order: what goes wrong, what cures it, and what the cure does not see. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from dgvae.toy.setup import Settings, Setup

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
        "The VAE (A) pulls every posterior onto the prior until z says nothing: its loss stays at ln 128 = 4.85, what guessing "
        "among 128 points costs, and the mutual information falls to nought. Nothing pulls the AE (B): it tells the points "
        "apart, and its posteriors shrink and drift away from the prior, many out of the picture.",
    ),
    Story(
        "Holes", Setup(("aae", "wae")), Settings(),
        "AAE and WAE compare draws of q(z) with draws of p(z). The cloud of dots soon lies where the prior does, yet each "
        "posterior is narrow: between them is orange, where the prior has mass and no point ever was. The gap of the densities "
        "stays near one nat.",
    ),
    Story(
        "Cured", Setup(("vae", "wae", "dg-vae")), Settings(),
        "DG-VAE (C) compares densities. It tells points apart, unlike the VAE, and its holes are filled: a gap of a tenth of a "
        "nat, where WAE (B) has eight times as much. For that it pays: its loss is 0.8 nats above that of WAE.",
    ),
    Story(
        "How many at once", Setup(("dg-vae-b1", "dg-vae-b4", "dg-vae-b32")), Settings(),
        "The density gap compares a mixture of |b| posteriors with the prior, and so bounds what z may tell by Dim · log |b| "
        "nats. With |b| = 1 (A) that is nought: a VAE, collapsed. With 4 it tells some, with 32 most, and the gap that is left "
        "grows with it.",
    ),
    Story(
        "Blind", Setup(("dg-vae", "pdg-vae"), "diagonal"), Settings(aggregation_size=32, learning_rate=0.03),
        "The points lie along a diagonal. DG-VAE (A) looks at each dimension alone: both marginals fit (their gap is 0.01 "
        "nats), but together they do not (0.38). PDG-VAE (B) also looks along the principal axes of q(z), where the gap is: it "
        "fits four times as well, for the same loss.",
    ),
)  # fmt: skip
