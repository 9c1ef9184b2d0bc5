"""Attribute arithmetic: the direction in latent space in which a label changes (Mikolov et al. 2013; White 2016)."""

from __future__ import annotations

from torch import Tensor

from dgvae.errors import UserError
from dgvae.latents import Latents


def attribute_direction(latents: Latents, absent: int = 0, present: int = 1) -> Tensor:
    """Mean of the posterior means of one label less that of the other: [D]. Raises UserError if a label has no sentence."""
    means = []
    for label in (present, absent):
        labelled = latents.labels == label
        if not labelled.any():
            raise UserError(f"There is no attribute to move along: no encoded sentence has the label {label}.")
        means.append(latents.posterior.location[labelled].mean(0))
    return means[0] - means[1]
