"""Heads: the encoder's last state -> the posterior. One class per way to parameterize it."""

from __future__ import annotations

import math

import torch
from scipy.special import lambertw
from torch import Tensor, nn
from torch.nn import functional as F

from dgvae.distributed import gather
from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import DiagonalGaussian, Implicit, VonMisesFisher
from dgvae.posteriors.implicit import KEPT


class GaussianHead(nn.Linear):
    """μ and log σ², linear in the state."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config.hidden_dim, 2 * config.latent_dim, bias=False)

    def forward(self, state: Tensor) -> DiagonalGaussian:
        """state: [B, H]."""
        return DiagonalGaussian(*super().forward(state).chunk(2, dim=-1))


class BatchNormHead(GaussianHead):
    """Batch norm on μ with a fixed scale γ and a learnt shift (Zhu et al. 2020).

    Over a batch Var(μ_i) = γ², so that E KL ≥ D γ²/2. In evaluation running statistics take the batch's place, and the bound
    holds as far as they have settled: a training run makes them anew before each validation. Of several processes that hold a
    part of a batch each, the whole batch counts.
    """

    EPSILON = 1e-10  # the usual 1e-5 is a good part of a new model's variance, and the bound would not hold
    RATE = 0.02  # a batch holds sentences of one length, so its statistics are one-sided: average over some fifty

    gamma: Tensor
    batches: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config)
        self.register_buffer("gamma", torch.full((config.latent_dim,), float(config.options["gamma"])))  # so never trained
        self.register_buffer("batches", torch.zeros(()))
        self.register_buffer("running_mean", torch.zeros(config.latent_dim))
        self.register_buffer("running_var", torch.ones(config.latent_dim))
        self.shift = nn.Parameter(torch.zeros(config.latent_dim))

    def forward(self, state: Tensor) -> DiagonalGaussian:
        """state: [B, H]."""
        plain = super().forward(state)
        mean, var = self.running_mean, self.running_var
        if self.training and len(batch := gather(plain.mean)) > 1:  # one sentence has no variance
            mean, var = batch.mean(0), batch.var(0, correction=0)
            self._update(batch.detach())
        normalized = (plain.mean - mean) * torch.rsqrt(var + self.EPSILON)
        return DiagonalGaussian(self.gamma * normalized + self.shift, plain.log_var)

    @torch.no_grad()
    def _update(self, batch: Tensor) -> None:
        """Not by `F.batch_norm`: its running variance begins at 1, thousands of times that of a new model, and stays high."""
        self.batches += 1
        rate = (1 / self.batches).clamp_min(self.RATE)  # a plain average to begin with
        self.running_mean.lerp_(batch.mean(0), rate)
        self.running_var.lerp_(batch.var(0), rate)


class DeltaHead(GaussianHead):
    """A KL of at least δ in every dimension, whatever the sentence (Razavi et al. 2019).

    σ² is kept between the two roots of σ² − log σ² = 1 + 2δ, where μ = 0 costs δ; inside, |μ| ≥ √(2δ + 1 + log σ² − σ²).
    """

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config)
        self.delta = float(config.options["delta"])
        # x − log x = c has the solutions −W(−e^(−c)), one for each real branch of Lambert's W.
        low, high = (-lambertw(-math.exp(-1 - 2 * self.delta), branch).real for branch in (0, -1))
        self.low, self.high = math.sqrt(low), math.sqrt(high)

    def forward(self, state: Tensor) -> DiagonalGaussian:
        """state: [B, H]."""
        plain = super().forward(state)
        std = self.low + (self.high - self.low) * torch.sigmoid(plain.log_var)
        log_var = 2 * std.log()
        # clamp_min: at the roots the square root is steep without bound
        least = (2 * self.delta + 1 + log_var - std.square()).clamp_min(1e-6).sqrt()
        return DiagonalGaussian(least + F.relu(plain.mean), log_var)


class VonMisesFisherHead(nn.Linear):
    """The mean direction, linear in the state and normalized (Xu & Durrett 2018)."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__(config.hidden_dim, config.latent_dim, bias=False)
        self.kappa = float(config.options["kappa"])

    def forward(self, state: Tensor) -> VonMisesFisher:
        """state: [B, H]."""
        return VonMisesFisher(F.normalize(super().forward(state), dim=-1), self.kappa)


class ImplicitHead(nn.Module):
    """z = ε + G(state, ε): a network of the state and of noise ε ~ N(0, I) as wide as the latent (Fang et al. 2019).

    A new G is small, so q(z) begins near the prior. Without the first term z begins with a standard deviation of about 0.15: no
    draw of the prior is near it, the critic of KL(q(z) ‖ p(z)) grows without bound, and so does its pull.
    """

    noise_weight: Tensor

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.register_buffer("noise_weight", torch.ones(()))  # checkpoints of before this term lack it: zero
        self.inner = nn.Linear(config.hidden_dim + config.latent_dim, config.hidden_dim)
        self.outer = nn.Linear(config.hidden_dim, config.latent_dim)

    def forward(self, state: Tensor) -> Implicit:
        """state: [B, H]. One draw of each in training, KEPT in evaluation."""
        draws = 1 if self.training else KEPT
        noise = torch.randn(len(state), draws, self.latent_dim, device=state.device)
        joined = torch.cat([state.unsqueeze(1).expand(-1, draws, -1), noise], dim=-1)
        return Implicit(self.noise_weight * noise + self.outer(torch.tanh(self.inner(joined))))


HEADS: dict[str, type[GaussianHead | VonMisesFisherHead | ImplicitHead]] = {
    "plain": GaussianHead,
    "bn": BatchNormHead,
    "delta": DeltaHead,
    "vmf": VonMisesFisherHead,
    "implicit": ImplicitHead,
}
