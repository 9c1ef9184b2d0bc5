"""METHODS: one row of facts per system. The command line, the app, the tests and the documentation read it.

A row names a value per axis and the options that the method has. What a value means is code elsewhere:

    posterior       dgvae.posteriors      POSTERIORS
    head            dgvae.model.heads           HEADS
    regularizer     dgvae.regularizers    REGULARIZERS
    decoder         dgvae.model.decoder         DECODERS
    schedule        train.run.schedules       SCHEDULES
    initialization  train.run.loop            "random", or "autoencoder": trained as one first, then the decoder anew
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from dgvae.errors import UserError
from dgvae.methods.spec import Choice, Grid, Method, Number, Option, Value, show

_FREE_BITS = Number(8.0, 0.0, 10_000.0, "KL that costs nothing, nats in all dimensions together")
_KAPPA = Number(50.0, 0.1, 100_000.0, "concentration of every posterior, κ")
_KAPPAS = Grid("kappa", "κ", (13, 25, 50, 100, 200))
_AGGREGATION_SIZE = Number(32, 1, 4096, "sentences whose posteriors are aggregated, |b|; 1 is the plain KL")
_SAMPLES = Number(32, 1, 1024, "random samples per posterior, M")
_GAP_OPTIONS: dict[str, Option] = {
    "aggregation_size": _AGGREGATION_SIZE,
    "estimator": Choice(("monte-carlo", "gauss-hermite"), "of the mean over each posterior: random samples, or fixed nodes"),
    "samples": _SAMPLES,
    "nodes": Number(16, 2, 128, "Gauss–Hermite nodes per posterior, K"),
}
_MEMORY = Number(8192, 0, 1_000_000, "sentences whose posteriors are kept and aggregated with the batch, M")
_MEMORIES = Grid("memory", "M", (0, 1024, 8192, 32768), quiet=True)
_MEMORY_OPTIONS: dict[str, Option] = {
    "memory": _MEMORY,
    "aggregation_size": Number(
        128, 1, 4096, "sentences of a batch, at most, that are aggregated together with the memory, |b|"
    ),
    "samples": Number(2, 1, 1024, "random samples per posterior, S"),
}
_CRITIC_WIDTH = Number(256, 1, 8192, "width of the critic's two hidden layers")

METHODS: dict[str, Method] = {
    method.id: method
    for method in (
        Method(
            id="vae",
            title="VAE",
            summary="KL of every posterior to the prior, with linear warm-up",
            source="Kingma & Welling 2014; Bowman et al. 2016",
        ),
        Method(
            id="ae",
            title="AE",
            summary="no regularizer at all: an autoencoder with a noise that it may shrink",
            source="–",
            weight=0.0,
            schedule="constant",
        ),
        Method(
            id="beta-vae",
            title="β-VAE",
            summary="KL with a weight β below one",
            source="Higgins et al. 2017",
            weight="beta",
            options={"beta": Number(0.1, 0.0, 10.0, "weight of the KL, β")},
            grid=Grid("beta", "β", (0.1, 0.2, 0.4, 0.8)),
        ),
        Method(
            id="cyclic-vae",
            title="Cyclical VAE",
            summary="KL whose weight rises from 0 to 1 in repeated cycles",
            source="Fu et al. 2019",
            schedule="cyclic",
            options={
                "cycles": Number(4, 1, 10_000, "cycles in the whole run, M"),
                "ramp": Number(0.5, 0.001, 1.0, "share of a cycle in which the weight rises, R"),
            },
        ),
        Method(
            id="ae-pretrain",
            title="AE-pretrained VAE",
            summary="an autoencoder first; then the decoder anew, KL with free bits",
            source="Li et al. 2019",
            regularizer="free-bits",
            initialization="autoencoder",
            options={
                "pretrain_epochs": Number(3, 1, 1000, "epochs as an autoencoder, in front"),
                "free_bits": _FREE_BITS,
            },
        ),
        Method(
            id="fb-vae",
            title="FB-VAE",
            summary="KL with free bits, the same share for every dimension",
            source="Kingma et al. 2016",
            regularizer="free-bits",
            options={"free_bits": _FREE_BITS},
            grid=Grid("free_bits", "free nats", (4, 9, 16, 25, 36, 49)),
        ),
        Method(
            id="delta-vae",
            title="δ-VAE",
            summary="mean and variance bounded so that every dimension keeps a KL of δ at least",
            source="Razavi et al. 2019",
            head="delta",
            options={"delta": Number(0.15, 1e-3, 10.0, "committed rate per dimension, nats")},
            grid=Grid("delta", "δ", (0.15,)),
        ),
        Method(
            id="bn-vae",
            title="BN-VAE",
            summary="batch norm with a fixed scale γ on the posterior means, which keeps their variance at γ²",
            source="Zhu et al. 2020",
            head="bn",
            options={"gamma": Number(0.6, 1e-3, 100.0, "scale of the batch norm, γ")},
            grid=Grid("gamma", "γ", (0.6, 0.7, 0.9, 1.2, 1.5, 1.8)),
        ),
        Method(
            id="skip-vae",
            title="Skip-VAE",
            summary="KL; the latent is also joined to the decoder's output layer",
            source="Dieng et al. 2019",
            decoder="skip",
        ),
        Method(
            id="bow-vae",
            title="BoW-VAE",
            summary="KL; in training the latent also has to foretell the bag of words",
            source="Zhao et al. 2017",
            decoder="bow",
        ),
        Method(
            id="aae",
            title="AAE",
            summary="a discriminator tells q(z) from p(z), and the encoder deceives it",
            source="Makhzani et al. 2016",
            regularizer="adversarial",
            weight="weight",
            options={
                "weight": Number(1.0, 0.0, 10_000.0, "weight of the adversarial loss"),
                "critic_width": _CRITIC_WIDTH,
                "critic_steps": Number(1, 1, 100, "steps of the discriminator per step of the model"),
            },
        ),
        Method(
            id="wae",
            title="WAE",
            summary="maximum mean discrepancy between q(z) and p(z), inverse multiquadratic kernel",
            source="Tolstikhin et al. 2018",
            regularizer="mmd",
            weight="weight",
            options={"weight": Number(10.0, 0.0, 100_000.0, "weight of the discrepancy, λ")},
        ),
        Method(
            id="ivae-mi",
            title="iVAE-MI",
            summary="implicit posterior; KL(q(z) ‖ p(z)) in its dual form, by a critic",
            source="Fang et al. 2019",
            posterior="implicit",
            head="implicit",
            regularizer="dual-kl",
            options={
                "critic_width": _CRITIC_WIDTH,
                "critic_steps": Number(5, 1, 100, "steps of the critic per step of the model"),
            },
        ),
        Method(
            id="dg-vae",
            title="DG-VAE",
            summary="density gap between the aggregated posterior and the prior, a dimension at a time",
            source="Zhang et al. 2022, Eq. 11",
            regularizer="density-gap",
            options=_GAP_OPTIONS,
            grid=Grid("aggregation_size", "|b|", (1, 2, 4, 8, 16, 32), prefix="b", quiet=True),
        ),
        Method(
            id="vmf-vae",
            title="vMF-VAE",
            summary="posteriors on the unit sphere with a fixed concentration κ, and so with a fixed KL",
            source="Xu & Durrett 2018",
            posterior="vmf",
            head="vmf",
            options={"kappa": _KAPPA},
            grid=_KAPPAS,
        ),
        Method(
            id="dg-vmf-vae",
            title="DG-vMF-VAE",
            summary="posteriors on the unit sphere; density gap between the aggregated posterior and the prior, jointly",
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
            summary="density gap along the axes and along the principal axes of the aggregated posterior",
            source="this project",
            regularizer="principal-density-gap",
            options={**_GAP_OPTIONS, "rate": Number(0.02, 1e-4, 1.0, "rate of the running covariance")},
        ),
        Method(
            id="mdg-vae",
            title="MDG-VAE",
            summary="joint density gap over the batch and a memory of the last sentences, and PDG-VAE's gap beside it",
            source="this project",
            regularizer="accompanied-memory-gap",
            options={
                **_MEMORY_OPTIONS,
                "memory_weight": Number(1.0, 0.0, 1000.0, "weight of the memory gap"),
                "companion": Choice(("principal", "marginal", "rate-cap", "none"), "what keeps many dimensions in use"),
                "companion_weight": Number(1.0, 0.0, 1000.0, "weight of the companion"),
                "delay": Number(0, 0, 1_000_000_000, "sentences of training before the memory gap begins"),
                "cap": Number(0.5, 0.0, 1000.0, "KL that a dimension may have free of charge by rate-cap, nats"),
            },
            grid=_MEMORIES,
        ),
        Method(
            id="mdg-vmf-vae",
            title="MDG-vMF-VAE",
            summary="posteriors on the unit sphere; joint density gap over the batch and a memory of the last sentences",
            source="this project",
            posterior="vmf",
            head="vmf",
            regularizer="memory-density-gap",
            options={"kappa": _KAPPA, **_MEMORY_OPTIONS},
            grid=_MEMORIES,
        ),
    )
}

# The paper's option grids by the names that its tables use: {"bn-vae-1.2": ("bn-vae", {"gamma": 1.2}), …}
VARIANTS: dict[str, tuple[str, dict[str, Value]]] = {
    f"{method.id}-{method.grid.prefix}{show(value)}": (method.id, {method.grid.option: value})
    for method in METHODS.values()
    if method.grid
    for value in method.grid.values
}


def find_method(method_id: str) -> Method:
    """Return the row of `method_id`. Raises UserError that names the methods there are."""
    if method_id not in METHODS:
        raise UserError(f"There is no method {method_id!r}; choose one of {', '.join(METHODS)}.")
    return METHODS[method_id]


def method_and_options(name: str) -> tuple[str, dict[str, Value]]:
    """What a name stands for: the method's id and the options that the name sets.

    name: a method's or a variant's, and options after it: `mdg-vae+memory=1024+companion=none`. Raises UserError that names
    what is like it.
    """
    name, *pairs = name.split("+")
    if pairs:
        method, given = method_and_options(name)
        return method, METHODS[method].resolve({**given, **dict(map(read_pair, pairs))})
    if name in METHODS:
        return name, {}
    if name in VARIANTS:
        return VARIANTS[name]
    like = get_close_matches(name.lower(), [*METHODS, *VARIANTS], n=3, cutoff=0.5)
    suggestion = f" Did you mean {' or '.join(like)}?" if like else ""
    raise UserError(f"There is no method {name!r}; python -m train.fit --list names them all.{suggestion}")


def read_pair(text: str) -> tuple[str, str]:
    """An option and its value from `key=value`. Raises UserError."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"An option of a method is given as key=value, not {text!r}.")
    return name, value


def methods_table() -> str:
    """METHODS as the table of docs/methods.md, in Markdown."""
    rows = [
        f"| `{m.id}` | {m.title} | {m.summary} | {_code(f'{name} ({show(o.default)})' for name, o in m.options.items())} "
        f"| {_code(variants(m))} | {m.source} |"
        for m in METHODS.values()
    ]
    head = "| `--method` | name | what it does | options (default) | named variants | source |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def methods_list() -> str:
    """METHODS for a terminal, with what every option means."""
    blocks = []
    for m in METHODS.values():
        lines = [f"{m.id:12} {m.title}: {m.summary} [{m.source}]"]
        lines += [f"{'':14}{f'--set {name}={show(o.default)}':30} {o.describe()}" for name, o in m.options.items()]
        lines += [f"{'':14}variants: {', '.join(variants(m))}"] * bool(m.grid)
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def variants(method: Method) -> list[str]:
    """The names of a method's variants."""
    return [name for name, (method_id, _) in VARIANTS.items() if method_id == method.id]


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "–"
