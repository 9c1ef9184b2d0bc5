"""How far the density gap's two estimators are from the truth, on the posteriors of the bundled checkpoints.

    python -m tests.benchmarks.estimators

The truth is 128 Gauss–Hermite nodes. Errors are root mean squares over ten tries: of the loss in nats, and of its gradient as a
share of the true gradient's norm. That of the nodes is the same in every try; that of random samples is noise around zero.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.posteriors import DiagonalGaussian
from dgvae.regularizers.density_gap import Estimator, GaussHermite, MonteCarlo, density_gap
from tests.benchmarks.results import record

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints" / "short-yelp"
SENTENCES, TRIES = 128, 10
TRUTH = GaussHermite(128)
ESTIMATORS = {
    "monte-carlo 32": MonteCarlo(32),
    "monte-carlo 8": MonteCarlo(8),
    "gauss-hermite 4": GaussHermite(4),
    "gauss-hermite 8": GaussHermite(8),
    "gauss-hermite 16": GaussHermite(16),
}


def value_and_gradient(posterior: DiagonalGaussian, group: int, estimator: Estimator) -> tuple[float, Tensor]:
    """The loss, and its gradient by μ and log σ² in one row."""
    mean, log_var = posterior.mean.clone().requires_grad_(), posterior.log_var.clone().requires_grad_()
    value = density_gap(mean, log_var, group, estimator)
    return float(value.detach()), torch.cat(torch.autograd.grad(value, (mean, log_var))).flatten()


def main() -> None:
    """Print the errors for every checkpoint and group size."""
    torch.manual_seed(0)
    print(f"{'posteriors of':14} {'group':>5} {'gap, nats':>10}  {'estimator':18} {'error, nats':>12} {'gradient':>9}")
    for name in ("vae", "beta-vae-0.1", "dg-vae", "pdg-vae"):
        whole = load_checkpoint(CHECKPOINTS / name).latents.posterior
        assert isinstance(whole, DiagonalGaussian)
        rows = torch.randperm(len(whole))[:SENTENCES]
        posterior = whole.map(lambda tensor, rows=rows: tensor[rows])
        for group in (4, 32, 128):
            truth, gradient = value_and_gradient(posterior, group, TRUTH)
            for label, estimator in ESTIMATORS.items():
                tries = [value_and_gradient(posterior, group, estimator) for _ in range(TRIES)]
                error = (sum((value - truth) ** 2 for value, _ in tries) / TRIES) ** 0.5
                noise = (sum(float((g - gradient).square().sum()) for _, g in tries) / TRIES) ** 0.5 / float(gradient.norm())
                record("estimators", f"error, {label}, group {group}, {name}", error, "nats")
                record("estimators", f"error of the gradient, {label}, group {group}, {name}", noise, "")
                print(f"{name:14} {group:5} {truth:10.3f}  {label:18} {error:12.4f} {noise:9.2f}")


if __name__ == "__main__":
    main()
