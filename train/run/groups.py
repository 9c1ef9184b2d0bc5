"""How many sentences a batch and an aggregated group really have, and what a method makes of too few."""

from __future__ import annotations

from dataclasses import dataclass

from dgvae.errors import UserError
from dgvae.methods.config import TextVAEConfig
from train.run.data import Batches
from train.run.loop import Run
from train.run.processes import print_main


@dataclass(frozen=True)
class Groups:
    """Means over the sentences of an epoch: of the size of their batch, and of the group they are aggregated in."""

    effective_batch_size: float
    effective_aggregation_size: float


def measure_groups(config: TextVAEConfig, sizes: list[int], batch_size: int) -> Groups:
    """How many sentences a density gap really aggregates.

    Args:
        config: the model's.
        sizes: of all batches of an epoch, in sentences.
        batch_size: as it was asked for.

    Returns:
        The effective sizes.
    """
    group = int(config.options.get("aggregation_size", batch_size))
    weighted = [(size, min(group, size)) for size in sizes]
    count = sum(sizes)
    return Groups(
        sum(size * size for size in sizes) / count, sum(_mean_group(size, each) * size for size, each in weighted) / count
    )


def _mean_group(size: int, group: int) -> float:
    """Mean size of the group of a sentence, where a batch is cut into whole groups and a smaller last one."""
    rest = size % group
    return ((size - rest) * group + rest * rest) / size


def check_groups(run: Run, batches: Batches) -> Groups:
    """Say how large batches and groups really are if they fall short. Raises UserError where the method then does not work."""
    config, asked = run.model.config, run.plan.batch_size
    sizes = batches.sizes(asked)
    if not sizes:
        raise UserError(
            f"{batches.sentences} sentences are too few to share among the processes; give more, or use one process."
        )
    found = measure_groups(config, sizes, asked)
    aggregated = aggregates(config)
    if aggregated and found.effective_aggregation_size < 1.5 and int(config.options.get("aggregation_size", 2)) > 1:
        remedy = "use --batches mixed" if run.plan.batches == "same-length" else "give more sentences or a larger --batch-size"
        raise UserError(
            f"{config.row.title} compares sentences within a batch, and here a sentence is alone in its batch: {remedy}."
        )
    if found.effective_batch_size < 0.8 * asked:
        text = (
            f"Warning: batches hold {found.effective_batch_size:.0f} sentences on average, not the {asked} that were asked for"
        )
        if aggregated:
            text += f", and {found.effective_aggregation_size:.0f} are aggregated together"
        print_main(f"{text}.")
    return found


def aggregates(config: TextVAEConfig) -> bool:
    """Whether the method needs several sentences at once: to aggregate them, or for their mean and variance."""
    row = config.row
    return row.head == "bn" or row.regularizer in ("mmd", "free-bits") or "aggregation_size" in row.options
