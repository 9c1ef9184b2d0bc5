"""What the figures say of latent spaces whose aggregated posterior is exactly the prior, and which are informative.

    python -m tests.benchmarks.matched [--sentences 10000] [--dimensions 32]

Means μ ~ N(0, 1 − v) and posteriors N(μ, v) in some dimensions, and the prior itself in the others: q(z) = p(z), and
KL(q(z|x) ‖ p(z)) is R = −½ n log v on average, with n dimensions in use. On the sphere, von Mises–Fisher posteriors with
directions drawn from the prior. All of KL is mutual information in the population. But MI is measured by N sentences' own
mixture, so it cannot exceed log N, and it is below KL even before that. So KL − MI of N sentences is not zero where there are
no holes. Prints Markdown; one minute on one core.
"""

from __future__ import annotations

import argparse

import torch

from dgvae.checkpoint.latents import PRIOR_SEED
from dgvae.evaluation.estimates import prior_count
from dgvae.evaluation.latent_figures import LatentMeasures, measure_latents
from dgvae.posteriors import DiagonalGaussian, Posterior, VonMisesFisher
from tests.benchmarks.results import record

SETTINGS = ((6.5, 8), (8.0, 9), (8.5, 9), (9.0, 9), (9.0, 16), (9.0, 32), (10.0, 16))  # R in nats, dimensions in use
KAPPAS = (25.0, 50.0)  # on the sphere
UNITS = {"kl": "nats", "mi": "nats", "smoothed_gap": "nats", "hole_mass": "", "auc": ""}  # of the figures that are shown


def matched(rate: float, used: int, sentences: int, dim: int, generator: torch.Generator) -> DiagonalGaussian:
    """Posteriors of sentences with `rate` nats of KL in `used` of `dim` dimensions, and q(z) = p(z)."""
    log_var = torch.zeros(sentences, dim)
    log_var[:, :used] = -2 * rate / used
    mean = (-torch.expm1(log_var)).sqrt() * torch.randn(sentences, dim, generator=generator)
    return DiagonalGaussian(mean, log_var)


def on_the_sphere(kappa: float, sentences: int, dim: int, generator: torch.Generator) -> VonMisesFisher:
    """Posteriors whose directions are spread evenly."""
    prior = VonMisesFisher.prior(dim)
    return VonMisesFisher(prior.from_normal(torch.randn(sentences, dim, generator=generator)), kappa)


def measured(posterior: Posterior, generator: torch.Generator) -> LatentMeasures:
    """Their figures, as those of a model."""
    sentences, dim = posterior.location.shape
    noise = torch.randn(prior_count(sentences), dim, generator=torch.Generator().manual_seed(PRIOR_SEED))
    return measure_latents(posterior, posterior.prior(dim).from_normal(noise), generator)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--dimensions", type=int, default=32)
    options = parser.parse_args()
    print("| R | dimensions in use | KL | MI | KL − MI | joint gap ≥ | hole mass | AUC |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    sentences, dim = options.sentences, options.dimensions
    for rate, used in SETTINGS:
        if used <= dim:
            generator = torch.Generator().manual_seed(0)
            print_row(f"{rate:g}", used, matched(rate, used, sentences, dim, generator), generator)
    for kappa in KAPPAS:
        generator = torch.Generator().manual_seed(0)
        print_row(f"sphere, κ = {kappa:g}", dim, on_the_sphere(kappa, sentences, dim, generator), generator)


def print_row(setting: str, used: int, posterior: Posterior, generator: torch.Generator) -> None:
    """Measure and print one."""
    sentences, dim = posterior.location.shape
    figures = measured(posterior, generator).figures
    kl, mi, gap, holes, auc = (figures[name].value for name in UNITS)
    for name, unit in UNITS.items():
        record("matched", f"{name}, R {setting}, {used} of {dim} dimensions, {sentences} sentences", figures[name].value, unit)
    print(f"| {setting} | {used} | {kl:.2f} | {mi:.2f} | {kl - mi:.2f} | {gap:.3f} | {holes:.1%} | {auc:.3f} |", flush=True)


if __name__ == "__main__":
    main()
