"""Rows of METHODS that compare the aggregated posterior with the prior, and vMF-VAE, to which two of them belong."""

from __future__ import annotations

from dgvae.methods.spec import DIVERGENCES, GAPS, SPHERES, Choice, Grid, Method, Option, Range

_KAPPA = Range(50.0, 0.1, 100_000.0, "concentration of every posterior, κ")
_KAPPAS = Grid("kappa", "κ", (13, 25, 50, 100, 200))
_AGGREGATION_SIZE = Range(32, 1, 4096, "sentences whose posteriors are aggregated, |b|; 1 is the plain KL")
_SAMPLES = Range(32, 1, 1024, "random samples per posterior, M")
_GAP_OPTIONS: dict[str, Option] = {
    "aggregation_size": _AGGREGATION_SIZE,
    "estimator": Choice(
        ("monte-carlo", "gauss-hermite"), "estimator of the mean over each posterior: random samples or fixed nodes"
    ),
    "samples": _SAMPLES,
    "nodes": Range(16, 2, 128, "Gauss–Hermite nodes per posterior, K"),
}
_MEMORY = Range(8192, 0, 1_000_000, "sentences whose posteriors are kept and aggregated with the batch, M")
_MEMORIES = Grid("memory", "M", (0, 1024, 8192, 32768), quiet=True)
_MEMORY_OPTIONS: dict[str, Option] = {
    "memory": _MEMORY,
    "aggregation_size": Range(128, 1, 4096, "most sentences of a batch that are aggregated with the memory, |b|"),
    "samples": Range(2, 1, 1024, "random samples per posterior, S"),
}
_CRITIC_WIDTH = Range(256, 1, 8192, "width of the critic's two hidden layers")

ROWS = (
    Method(
        id="aae",
        title="AAE",
        family=DIVERGENCES,
        summary="a discriminator separates q(z) from p(z), and the encoder is trained against it",
        source="Makhzani et al. 2016",
        regularizer="adversarial",
        weight="weight",
        options={
            "weight": Range(1.0, 0.0, 10_000.0, "weight of the adversarial loss"),
            "critic_width": _CRITIC_WIDTH,
            "critic_steps": Range(1, 1, 100, "steps of the discriminator per step of the model"),
        },
    ),
    Method(
        id="wae",
        title="WAE",
        family=DIVERGENCES,
        summary="maximum mean discrepancy between q(z) and p(z), inverse multiquadratic kernel",
        source="Tolstikhin et al. 2018",
        regularizer="mmd",
        weight="weight",
        options={"weight": Range(10.0, 0.0, 100_000.0, "weight of the discrepancy, λ")},
    ),
    Method(
        id="ivae-mi",
        title="iVAE-MI",
        family=DIVERGENCES,
        summary="implicit posterior; dual form of KL(q(z) ‖ p(z)), estimated by a critic",
        source="Fang et al. 2019",
        posterior="implicit",
        head="implicit",
        regularizer="dual-kl",
        options={
            "critic_width": _CRITIC_WIDTH,
            "critic_steps": Range(5, 1, 100, "steps of the critic per step of the model"),
        },
    ),
    Method(
        id="dg-vae",
        title="DG-VAE",
        family=GAPS,
        summary="density gap between the aggregated posterior and the prior, one dimension at a time",
        source="Zhang et al. 2022, Eq. 11",
        regularizer="density-gap",
        options=_GAP_OPTIONS,
        grid=Grid("aggregation_size", "|b|", (1, 2, 4, 8, 16, 32), prefix="b", quiet=True),
    ),
    Method(
        id="vmf-vae",
        title="vMF-VAE",
        family=SPHERES,
        summary="posteriors on the unit sphere with a fixed concentration κ, so the KL is fixed, too",
        source="Xu & Durrett 2018",
        posterior="vmf",
        head="vmf",
        options={"kappa": _KAPPA},
        grid=_KAPPAS,
    ),
    Method(
        id="dg-vmf-vae",
        title="DG-vMF-VAE",
        family=GAPS,
        summary="posteriors on the unit sphere; joint density gap between the aggregated posterior and the prior",
        source="Zhang et al. 2022, Eq. 9",
        posterior="vmf",
        head="vmf",
        regularizer="joint-density-gap",
        options={"kappa": _KAPPA, "aggregation_size": _AGGREGATION_SIZE, "samples": _SAMPLES},
        grid=_KAPPAS,
    ),
    Method(
        id="pdg-vae",
        title="PDG-VAE",
        family=GAPS,
        summary="density gap along the axes and along the principal axes of the aggregated posterior",
        source="this project",
        regularizer="principal-density-gap",
        options={**_GAP_OPTIONS, "rate": Range(0.02, 1e-4, 1.0, "rate of the running covariance")},
    ),
    Method(
        id="mdg-vae",
        title="MDG-VAE",
        family=GAPS,
        summary="joint density gap over the batch and a memory of recent sentences, plus PDG-VAE's gap",
        source="this project",
        regularizer="accompanied-memory-gap",
        options={
            **_MEMORY_OPTIONS,
            "memory_weight": Range(1.0, 0.0, 1000.0, "weight of the memory gap"),
            "companion": Choice(
                ("principal", "marginal", "rate-cap", "none"), "second regularizer, which keeps many dimensions in use"
            ),
            "companion_weight": Range(1.0, 0.0, 1000.0, "weight of the companion"),
            "delay": Range(0, 0, 1_000_000_000, "sentences of training before the memory gap begins"),
            "cap": Range(0.5, 0.0, 1000.0, "KL per dimension that rate-cap does not penalize, nats"),
        },
        grid=_MEMORIES,
    ),
    Method(
        id="mdg-vmf-vae",
        title="MDG-vMF-VAE",
        family=GAPS,
        summary="posteriors on the unit sphere; joint density gap over the batch and a memory of recent sentences",
        source="this project",
        posterior="vmf",
        head="vmf",
        regularizer="memory-density-gap",
        options={"kappa": _KAPPA, **_MEMORY_OPTIONS},
        grid=_MEMORIES,
    ),
)
