"""Rows of METHODS whose regularizer looks at each posterior by itself, or that have none."""

from __future__ import annotations

from dgvae.methods.spec import DECODERS, FLOORS, PLAIN, WEAKER, Grid, Method, Range

_FREE_BITS = Range(8.0, 0.0, 10_000.0, "KL without a penalty, nats summed over all dimensions")

ROWS = (
    Method(
        id="vae",
        title="VAE",
        family=PLAIN,
        summary="KL of every posterior to the prior, with linear warm-up",
        source="Kingma & Welling 2014; Bowman et al. 2016",
    ),
    Method(
        id="ae",
        title="AE",
        family=PLAIN,
        summary="no regularizer: an autoencoder whose noise can shrink",
        source="–",
        weight=0.0,
        schedule="constant",
    ),
    Method(
        id="beta-vae",
        title="β-VAE",
        family=WEAKER,
        summary="KL with a weight β below one",
        source="Higgins et al. 2017",
        weight="beta",
        options={"beta": Range(0.1, 0.0, 10.0, "weight of the KL, β")},
        grid=Grid("beta", "β", (0.1, 0.2, 0.4, 0.8)),
    ),
    Method(
        id="cyclic-vae",
        title="Cyclical VAE",
        family=WEAKER,
        summary="KL whose weight rises from 0 to 1 in repeated cycles",
        source="Fu et al. 2019",
        schedule="cyclic",
        options={
            "cycles": Range(4, 1, 10_000, "cycles in the whole run, M"),
            "ramp": Range(0.5, 0.001, 1.0, "share of a cycle in which the weight rises, R"),
        },
    ),
    Method(
        id="ae-pretrain",
        title="AE-pretrained VAE",
        family=WEAKER,
        summary="pretrained as an autoencoder; then a new decoder, and KL with free bits",
        source="Li et al. 2019",
        regularizer="free-bits",
        initialization="autoencoder",
        options={
            "pretrain_epochs": Range(3, 1, 1000, "epochs of pretraining as an autoencoder"),
            "free_bits": _FREE_BITS,
        },
    ),
    Method(
        id="fb-vae",
        title="FB-VAE",
        family=FLOORS,
        summary="KL with free bits, the same share for every dimension",
        source="Kingma et al. 2016",
        regularizer="free-bits",
        options={"free_bits": _FREE_BITS},
        grid=Grid("free_bits", "free nats", (4, 9, 16, 25, 36, 49)),
    ),
    Method(
        id="delta-vae",
        title="δ-VAE",
        family=FLOORS,
        summary="mean and variance bounded so that every dimension keeps a KL of at least δ",
        source="Razavi et al. 2019",
        head="delta",
        options={"delta": Range(0.15, 1e-3, 10.0, "committed rate per dimension, nats")},
        grid=Grid("delta", "δ", (0.15,)),
    ),
    Method(
        id="bn-vae",
        title="BN-VAE",
        family=FLOORS,
        summary="batch norm with a fixed scale γ on the posterior means, which keeps their variance at γ²",
        source="Zhu et al. 2020",
        head="bn",
        options={"gamma": Range(0.6, 1e-3, 100.0, "scale of the batch norm, γ")},
        grid=Grid("gamma", "γ", (0.6, 0.7, 0.9, 1.2, 1.5, 1.8)),
    ),
    Method(
        id="skip-vae",
        title="Skip-VAE",
        family=DECODERS,
        summary="KL; the decoder's output layer also gets the latent as input",
        source="Dieng et al. 2019",
        decoder="skip",
    ),
    Method(
        id="bow-vae",
        title="BoW-VAE",
        family=DECODERS,
        summary="KL; in training, the latent also predicts the bag of words",
        source="Zhao et al. 2017",
        decoder="bow",
    ),
)
