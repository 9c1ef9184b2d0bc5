"""Figures of the joint q(z), a mixture of all posteriors, beside the prior: MI, joint gaps, hole mass and AUC."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.aggregate import AggregatedPosterior
from dgvae.evaluation.estimates import Estimate, group_slices, jackknife
from dgvae.evaluation.holes import auc, auc_error, held_out_gaps, hole_mass


def mixture_figures(aggregated: AggregatedPosterior, prior_samples: Tensor, generator: torch.Generator) -> dict[str, Estimate]:
    """What compares the joint log q(z) at one sample of every posterior, and at prior samples, with log p(z).

    Args:
        aggregated: q(z); its posteriors must be in random order.
        prior_samples: [P, D].
        generator: draws the samples of the posteriors.

    Returns:
        The figures by their ids, with standard errors. Of points, only those of the smoothed q(z).
    """
    densities = _densities(aggregated, prior_samples, generator)
    whole, groups = densities.figures(None), len(densities.groups)
    without = [densities.figures(i) for i in range(groups)] if groups > 1 else []
    figures = {
        name: jackknife(value, torch.tensor([other[name] for other in without], dtype=torch.float64))
        for name, value in whole.items()
    }
    here, there = densities.here[0], densities.there[0]
    return figures | {"auc": Estimate(auc(here, there), auc_error(here, there))}


@dataclass(frozen=True)
class _Densities:
    """Logarithms of densities at one sample z of each of N sentences, cut into G groups, and at P prior samples; nats.

    exact: log q(z|x), [N]; log p(z), [N]; and log Σ q(z|x') over the other sentences x' of each group, [N, G]. None of points,
    which have no posteriors.
    here, there: log p(z) − log q̂(z) at the samples of the sentences, [N], and at those of the prior, [P], each with the same
    without each group, [N, G] and [P, G].
    """

    groups: list[slice]
    prior_groups: list[slice]
    exact: tuple[Tensor, Tensor, Tensor] | None
    here: tuple[Tensor, Tensor]
    there: tuple[Tensor, Tensor]

    def figures(self, left_out: int | None) -> dict[str, float]:
        """All of them, without a group of sentences, in the mixture and among the samples, and one of prior samples."""
        here, there = self._gaps(left_out)
        smoothed = {"smoothed_gap": float(-here.mean()), "hole_mass": hole_mass(here, there)}
        if self.exact is None:
            return smoothed
        rows, columns = _all_but(self.groups, left_out), [i for i in range(len(self.groups)) if i != left_out]
        own, prior, others = (values[rows] for values in self.exact)
        log_n, log_others = math.log(len(rows)), math.log(max(1, len(rows) - 1))
        log_sum = others[:, columns].logsumexp(1)
        return smoothed | {
            "mi": float((own - torch.logaddexp(log_sum, own) + log_n).mean()),
            "joint_gap": float((log_sum - log_others - prior).mean()),
        }

    def _gaps(self, left_out: int | None) -> tuple[Tensor, Tensor]:
        """The density gaps here and there, without a group of each."""
        if left_out is None:
            return self.here[0], self.there[0]
        rows, prior_rows = _all_but(self.groups, left_out), _all_but(self.prior_groups, left_out)
        return self.here[1][rows, left_out], self.there[1][prior_rows, left_out]


def _densities(aggregated: AggregatedPosterior, prior_samples: Tensor, generator: torch.Generator) -> _Densities:
    groups = group_slices(len(aggregated))
    z, width = aggregated.sample_each(generator), aggregated.smoothed.width
    exact = None
    if "mi" not in aggregated.absent:
        own, prior = aggregated.posterior.log_prob(z), aggregated.prior.log_prob(z)
        exact = own, prior, aggregated.log_sums(z, groups, leave_out=torch.arange(len(aggregated)))
    return _Densities(
        groups=groups,
        prior_groups=group_slices(len(prior_samples), len(groups)),
        exact=exact,
        here=held_out_gaps(aggregated, z, width),
        there=held_out_gaps(aggregated, prior_samples, width),
    )


def _all_but(groups: list[slice], left_out: int | None) -> Tensor:
    """The members of all groups but one."""
    return torch.cat([torch.arange(group.start, group.stop) for i, group in enumerate(groups) if i != left_out])
