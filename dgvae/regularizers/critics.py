"""Regularizers that learn to tell q(z) from p(z): the adversarial loss, and KL(q(z) ‖ p(z)) in its dual form.

Both need samples of q(z) alone, so any posterior will do.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import POSTERIORS, Posterior, Prior, StandardNormal
from dgvae.regularizers.base import Regularizer


class _Critic(Regularizer[Posterior]):
    """A network T(z) -> a number, and the prior to compare with, N(0, I) unless another is given."""

    def __init__(self, latent_dim: int, width: int = 256, steps: int = 1, prior: Prior | None = None) -> None:
        super().__init__()
        self.critic_steps = steps
        self.prior = prior or StandardNormal(latent_dim)
        self.network = nn.Sequential(
            nn.Linear(latent_dim, width), nn.LeakyReLU(0.2),
            nn.Linear(width, width), nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )  # fmt: skip

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """See `Regularizer`."""
        width, steps = int(config.options["critic_width"]), int(config.options["critic_steps"])
        return cls(config.latent_dim, width, steps, POSTERIORS[config.row.posterior].prior(config.latent_dim))

    def score(self, z: Tensor) -> Tensor:
        """T(z): [B, D] -> [B]."""
        return self.network(z).squeeze(-1)

    def prior_like(self, z: Tensor) -> Tensor:
        """As many draws of the prior as z has rows."""
        return self.prior.from_normal(torch.randn_like(z))


class Adversarial(_Critic):
    """A discriminator D(z) = sigmoid T(z), the probability that z is of the prior (Makhzani et al. 2016).

    The encoder's loss is the non-saturating −E_q log D(z): log 2 where the discriminator is at a loss, since q(z) = p(z). At
    the discriminator's optimum T(z) = log p(z) − log q(z).

    Example:
        >>> import torch
        >>> from dgvae import Adversarial, DiagonalGaussian
        >>> posterior = DiagonalGaussian(torch.zeros(8, 2), torch.zeros(8, 2))
        >>> z, regularizer = posterior.rsample(), Adversarial(latent_dim=2)
        >>> critic_loss = regularizer.critic_loss(z.detach())  # a step of the discriminator comes first
        >>> loss = regularizer(posterior, z)  # of the encoder
    """

    def forward(self, posterior: Posterior, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return F.softplus(-self.score(z)).mean()

    def critic_loss(self, z: Tensor) -> Tensor:
        """Cross-entropy of telling draws of the prior from z, in nats, both kinds together: 2 log 2 − 2 JSD at the optimum."""
        return F.softplus(-self.score(self.prior_like(z))).mean() + F.softplus(self.score(z)).mean()

    def loss_at_optimum(self, kl: float) -> float:
        """E_q log(1 + q/p) ≥ log(1 + exp KL), by Jensen's inequality. See `Regularizer`."""
        return float(F.softplus(torch.tensor(kl)))


class DualKL(_Critic):
    """KL(q(z) ‖ p(z)) = max_T E_q T(z) − E_p exp T(z) + 1, in nats (Fang et al. 2019).

    Any T gives a lower bound, as far as it stays below 20 on draws of the prior (see `_exp`). At the optimum it is
    log q(z) − log p(z).

    Example:
        >>> import torch
        >>> from dgvae import DiagonalGaussian, DualKL
        >>> posterior = DiagonalGaussian(torch.zeros(8, 2), torch.zeros(8, 2))
        >>> z, regularizer = posterior.rsample(), DualKL(latent_dim=2)
        >>> critic_loss = regularizer.critic_loss(z.detach())  # a step of the critic comes first
        >>> loss = regularizer(posterior, z)  # of the encoder
    """

    def bound(self, z: Tensor) -> Tensor:
        """The bound that the critic of now gives, a scalar in nats. z: [B, D], samples of q(z)."""
        return self.score(z).mean() - _exp(self.score(self.prior_like(z))).mean() + 1

    def forward(self, posterior: Posterior, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return self.bound(z)

    def critic_loss(self, z: Tensor) -> Tensor:
        """See `Regularizer`."""
        return -self.bound(z)

    def loss_at_optimum(self, kl: float) -> float:
        """See `Regularizer`."""
        return kl


def _exp(x: Tensor, limit: float = 20.0) -> Tensor:
    """exp up to `limit`, then its tangent, so that a critic gone astray on one draw still has a gradient to come back by."""
    return x.clamp_max(limit).exp() * (1 + F.relu(x - limit))
