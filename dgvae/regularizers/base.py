"""What every regularizer is."""

from __future__ import annotations

from typing import Generic, Self, TypeVar

from torch import Tensor, nn

from dgvae.distributed import gather, world
from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import Posterior

P = TypeVar("P", bound=Posterior)


class Regularizer(nn.Module, Generic[P]):
    """Pulls posteriors of the kind P towards the prior. Its state (running moments, a critic) is in persistent buffers and
    parameters, so that a run resumes exactly; none of it is needed to use the model.

    Parameters, if it has any, are not the model's: an optimizer of their own moves them down `critic_loss`, `critic_steps`
    times before each step of the model.

    Of several processes that hold a part of a batch each, the *mean* of their losses is the loss of the whole batch. With
    `local` each aggregates its own part alone, as it does in evaluation, where each is given the whole.
    """

    critic_steps: int = 0
    aggregation_size: int = 1  # posteriors that are aggregated together
    local: bool = False

    @classmethod
    def from_config(cls, config: TextVAEConfig) -> Self:
        """Make the one that `config`'s method asks for."""
        return cls()

    def forward(self, posterior: P, z: Tensor) -> Tensor:
        """Return the loss, a scalar in nats per sentence. z: [B, D], the samples that the decoder sees."""
        raise NotImplementedError

    def gather(self, part: Tensor) -> Tensor:
        """What is to be aggregated: the rows of all processes, or those of this one alone."""
        return part if self._alone else gather(part)

    def share(self) -> tuple[int, int]:
        """(rank, processes) among which the work on what was gathered is divided."""
        return (0, 1) if self._alone else world()

    @property
    def _alone(self) -> bool:
        return self.local or not self.training

    def critic_loss(self, z: Tensor) -> Tensor:
        """What the critic has to bring down, a scalar. z: [B, D], samples of q(z) without a gradient."""
        raise NotImplementedError

    def loss_at_optimum(self, kl: float) -> float:
        """The least that the loss can be with the best critic, where KL(q(z) ‖ p(z)) is at least `kl` nats.

        Losses with the critics of two epochs cannot be compared; these bounds can.
        """
        raise NotImplementedError


def groups(size: int, aggregation_size: int) -> list[tuple[slice, int]]:
    """Cut a batch of `size` into groups: (rows, sentences per group) of the whole groups, and of a last, smaller one if any."""
    whole = size - size % aggregation_size
    parts = [(slice(0, whole), aggregation_size), (slice(whole, size), size - whole)]
    return [(rows, group) for rows, group in parts if rows.start < rows.stop]
