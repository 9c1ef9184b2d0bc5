"""RECIPES: how a model is optimized. What a recipe leaves to the command line is its default there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from dgvae.model.text_vae import TextVAE


@dataclass(frozen=True)
class Recipe:
    """A way of training.

    After `patience` epochs without gain at full weight the run goes back to its best weights and halves the learning rate,
    `halvings` times at most; then it ends. With `decay` the learning rate also falls over the second half of the epochs.
    """

    summary: str
    optimizer: type[torch.optim.Adam] | type[torch.optim.SGD]
    learning_rate: float
    batch_size: int
    epochs: int
    warmup_epochs: float
    patience: int
    halvings: int
    decay: bool
    batches: str  # see `train.run.data`
    initial: tuple[float, float] | None = None  # weights U(±a), word embeddings U(±b); None: torch's own


RECIPES = {
    "fast": Recipe(
        "Adam with a learning rate that decays until the end",
        torch.optim.Adam, 1e-3, 128, 12, 2.0, 3, 0, True, "mixed",
    ),
    "paper": Recipe(
        "SGD; the learning rate is halved five times, each time from the best weights (He et al. 2019; Zhang et al. 2022)",
        torch.optim.SGD, 0.5, 32, 100, 10.0, 5, 5, False, "same-length", (0.01, 0.1),
    ),
}  # fmt: skip


@torch.no_grad()
def initialize(model: TextVAE, recipe: Recipe, part: str = "") -> None:
    """Give weights their initial values.

    Args:
        model: the weights' model.
        recipe: has the values.
        part: how the names of the weights begin; by default all are meant.
    """
    if recipe.initial is None:
        return
    plain, words = recipe.initial
    tables = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.Embedding)}
    for name, weight in model.named_parameters():
        if name.startswith(part):
            bound = words if name in tables else plain
            weight.uniform_(-bound, bound)
