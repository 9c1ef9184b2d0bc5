"""A run of the toy: a posterior for each point, free parameters instead of an encoder, moved by a method's own regularizer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dgvae.errors import UserError
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.spec import Value
from dgvae.methods.table import METHODS
from dgvae.posteriors import DiagonalGaussian, Implicit, Posterior, VonMisesFisher
from dgvae.randomness import own_random_numbers
from dgvae.regularizers import build_regularizer
from dgvae.toy.measures import NODES, Measures, measure
from dgvae.toy.problems import ToyReader, read_problem
from dgvae.toy.setup import Settings, toy_method
from dgvae.training_step import take_step

DRAWS = 8  # of each implicit posterior, in a frame
# What sizes a text needs, and a toy does not. Monte-Carlo samples come from `Settings.samples`.
SMALL: Mapping[str, Value] = {"critic_width": 32, "samples": 1, "weight": 1.0, "memory": 128}
CRITIC_SHARE = 0.1  # of the learning rate


@dataclass(frozen=True)
class Frame:
    """A moment of a run: what is true after `step` steps. loss: E −log p(x|z) over all points, nats per point."""

    step: int
    loss: float
    measures: Measures
    posterior: Posterior


class FreePosteriors(nn.Module):
    """A posterior for each point, of the kind that the method's row names. It is the encoder, and holds the decoder."""

    def __init__(self, config: TextVAEConfig, decoder: ToyReader) -> None:
        super().__init__()
        self.decoder = decoder
        self.kind = config.row.posterior
        self.kappa = float(config.options.get("kappa", 0))
        start = torch.zeros(decoder.points, 2) if self.kind == "gaussian" else torch.randn(decoder.points, 2)
        if decoder.places is not None and decoder.with_start:
            start = decoder.places.clone()
        self.mean = nn.Parameter(start)
        if self.kind == "gaussian":
            self.log_var = nn.Parameter(torch.zeros(decoder.points, 2))
        if self.kind == "implicit":
            self.network = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))

    def encode(self, points: Tensor) -> Posterior:
        """q(z|x) of points by their numbers, [B]."""
        mean = self.mean[points]
        if self.kind == "vmf":
            return VonMisesFisher(F.normalize(mean, dim=-1), self.kappa)
        if self.kind == "implicit":
            mean = mean.unsqueeze(1).expand(-1, 1 if self.training else DRAWS, -1)  # [B, S, 2]
            return Implicit(self.network(torch.cat([mean, torch.randn_like(mean)], dim=-1)))
        return DiagonalGaussian(mean, self.log_var[points])


class ToyRun:
    """A run that can go on at any time, with other `settings` if one likes.

    Its random numbers are its own: runs side by side do not disturb each other, and a seed decides all.

    Args:
        name: of a method, or of a variant of one.
        problem: a key of PROBLEMS.
        seed: of weights and noise.
        settings: what can be changed while it runs.
        drawn: points of one's own, for the problem of that kind.

    Raises:
        UserError: there is no such method, or none for a toy, or no such problem.
    """

    def __init__(
        self, name: str, problem: str = "classes", seed: int = 0, settings: Settings | None = None,
        drawn: Sequence[tuple[float, float]] = (),
    ) -> None:  # fmt: skip
        method, given = toy_method(name)
        own = METHODS[method].options
        small = {option: value for option, value in SMALL.items() if option in own}
        self.config = TextVAEConfig(method, vocab_size=5, latent_dim=2, options={**small, **given})
        self._aggregation_size = given.get("aggregation_size")  # a variant's own, whatever the settings say
        self.use(settings or Settings())
        self.step = 0
        with own_random_numbers(seed):
            self.model = FreePosteriors(self.config, read_problem(problem, drawn))
            self.regularizer = build_regularizer(self.config)
            self._random = torch.get_rng_state()
        self._optimizer = torch.optim.Adam(self.model.parameters())
        self._critic = torch.optim.Adam(self.regularizer.parameters()) if self.regularizer.critic_steps else None
        self._waiting: list[Tensor] = []  # the mini-batches of the epoch that are still to come

    def use(self, settings: Settings) -> None:
        """Go on with other settings. A variant that is named after its |b|, such as dg-vae-b4, keeps it."""
        own = self._aggregation_size
        self.settings = replace(settings, aggregation_size=own) if own else settings

    def train(self, steps: int) -> Iterator[int]:
        """Take `steps` more steps, one each time the next is asked for; yields how many have been taken in all.

        Raises UserError if training diverges.
        """
        for _ in range(steps):
            with own_random_numbers(self._random):
                self._step()
                self._random = torch.get_rng_state()
            yield self.step

    def _step(self) -> None:
        settings = self.settings
        if not self._waiting:
            points = torch.arange(self.model.decoder.points)
            self._waiting = [*torch.randperm(len(points)).split(settings.batch_size)]
        batch = self._waiting.pop()
        if "aggregation_size" in self.config.options:
            self.regularizer.aggregation_size = min(settings.aggregation_size, len(batch))
        # Each point comes `samples` times, batch after batch: every group of |b| is one of different points.
        *_, norm = take_step(
            self.model, self.regularizer, self._optimizer, batch.repeat(settings.samples),
            weight=settings.beta * self.config.regularizer_weight,
            learning_rate=settings.learning_rate,
            critic=self._critic and (self._critic, CRITIC_SHARE * settings.learning_rate),
        )  # fmt: skip
        self.step += 1
        if not math.isfinite(float(norm)):
            raise UserError(f"{self.config.title} diverged at step {self.step}; start again with a lower learning rate.")

    @torch.no_grad()
    def frame(self, nodes: int = NODES, draws: int = 16) -> Frame:
        """The moment of now. nodes: see `joint_gap`; draws: samples of every posterior for the loss."""
        points = torch.arange(self.model.decoder.points)
        with own_random_numbers(0):
            self.model.train()
            total, _ = self.model.decoder.negative_log_likelihood(
                points.repeat(draws), self.model.encode(points.repeat(draws)).rsample()
            )
            self.model.eval()
            posterior = self.model.encode(points).map(Tensor.clone)
        return Frame(self.step, float(total) / (draws * len(points)), measure(posterior, nodes), posterior)
