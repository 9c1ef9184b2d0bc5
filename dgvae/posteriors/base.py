"""What every posterior and every prior is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self, TypeVar

import torch
from torch import Tensor

from dgvae.methods.spec import Value


class Prior(ABC):
    """p(z) over a latent of `dim` dimensions."""

    def __init__(self, dim: int) -> None:
        self.dim = dim

    @abstractmethod
    def from_normal(self, noise: Tensor) -> Tensor:
        """Turn draws of N(0, I), [..., D], into draws of this prior. One noise gives every prior comparable draws."""

    @abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats. z: [..., D] -> [...]."""

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws: [count, D], in fp32."""
        device = generator.device if generator else None
        return self.from_normal(torch.randn(count, self.dim, generator=generator, device=device))

    def project(self, z: Tensor) -> Tensor:
        """Move latents to where this prior has a density; as they are, if it is everywhere. [..., D] -> [..., D]."""
        return z


@dataclass(frozen=True)
class Posterior(ABC):
    """q(z|x) for a batch of B sentences. Its tensors have the sentences first, and are fp32 or wider."""

    has_density: ClassVar[bool] = True  # whether `log_prob` and `kl` exist

    @staticmethod
    @abstractmethod
    def prior(latent_dim: int) -> Prior:
        """The prior that goes with posteriors of this kind."""

    @staticmethod
    @abstractmethod
    def shapes(sentences: int, latent_dim: int) -> dict[str, tuple[int, ...]]:
        """The shape of each tensor, by name: how a checkpoint's latents are checked."""

    @classmethod
    @abstractmethod
    def restore(cls, tensors: Mapping[str, Tensor], options: Mapping[str, Value]) -> Self:
        """Make it from its tensors and the options of its method."""

    @property
    @abstractmethod
    def location(self) -> Tensor:
        """Where the posterior lies: its mean, or the nearest that its space has to one. [B, D]."""

    @abstractmethod
    def rsample(self) -> Tensor:
        """A reparameterized sample of each: [B, D]."""

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z|x) in nats. z: [..., B, D] -> [..., B]."""
        raise NotImplementedError(f"{type(self).__name__} has no density")

    def kl(self) -> Tensor:
        """KL(q(z|x) ‖ p(z)) per sentence, nats: [B]."""
        raise NotImplementedError(f"{type(self).__name__} has no density")

    def kl_to(self, other: Self) -> Tensor:
        """KL(q(z|x) ‖ q(z|x')) per pair of sentences, nats: [B]. Either batch may be of one sentence, compared with all."""
        raise NotImplementedError(f"{type(self).__name__} has no density")

    def tensors(self) -> dict[str, Tensor]:
        """Its tensors by name."""
        return {field.name: value for field in fields(self) if isinstance(value := getattr(self, field.name), Tensor)}

    def map(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same with every tensor changed: `q.map(lambda t: t[rows])`, `q.map(Tensor.double)`."""
        return replace(self, **{name: change(tensor) for name, tensor in self.tensors().items()})

    def __len__(self) -> int:
        return len(next(iter(self.tensors().values())))


P = TypeVar("P", bound=Posterior)


def concatenate(parts: Sequence[P]) -> P:
    """One batch of several posteriors of one kind."""
    names = parts[0].tensors()
    return replace(parts[0], **{name: torch.cat([part.tensors()[name] for part in parts]) for name in names})
