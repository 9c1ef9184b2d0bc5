"""Standard errors of figures that are no smooth means, against repetition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dgvae.aggregate import aggregate
from dgvae.evaluation.estimates import Estimate, group_slices, jackknife_of_steps, prior_count
from dgvae.evaluation.holes import auc_error
from dgvae.evaluation.mixture_figures import mixture_figures
from tests.evaluation.test_latent_figures import population


def reported_to_spread(estimates: list[Estimate]) -> float:
    """The reported error, root mean square, as a multiple of the spread."""
    spread = np.std([estimate.value for estimate in estimates], ddof=1)
    return float(math.sqrt(np.mean([estimate.error**2 for estimate in estimates])) / spread)


@pytest.mark.parametrize("figure", ["count", "maximum"])
def test_the_error_of_a_figure_that_jumps_is_its_spread(figure: str) -> None:
    """Of twenty means, some of which lie near zero: how many are positive, and the largest."""
    generator, centers = torch.Generator().manual_seed(0), torch.linspace(-0.2, 0.2, 20)
    found = []
    for _ in range(200):
        values = centers + torch.randn(200, 20, generator=generator)
        without = torch.stack([torch.cat([values[: g.start], values[g.stop :]]).mean(0) for g in group_slices(200)])
        of_means = (lambda means: (means > 0).sum(-1)) if figure == "count" else (lambda means: means.amax(-1))
        found.append(jackknife_of_steps(values.mean(0), without, of_means))
    assert 0.85 < reported_to_spread(found) < 1.2


def test_few_sentences_give_a_count_without_an_error() -> None:
    found = jackknife_of_steps(torch.tensor([1.0, -1.0]), torch.empty(0), lambda parts: (parts > 0).sum(-1))
    assert found.value == 1
    assert math.isnan(found.error)


def test_the_error_of_auc_is_its_spread_where_sentences_tell_nothing_but_chance() -> None:
    found = []
    for seed in range(80):
        generator = torch.Generator().manual_seed(seed)
        aggregated = aggregate(population(100, seed))
        prior = torch.randn(prior_count(100), 3, generator=generator, dtype=torch.float64)
        found.append(mixture_figures(aggregated, prior, generator)["auc"])
    assert 0.8 < reported_to_spread(found) < 1.35  # without the second share of the sentences: 0.7


def test_an_auc_of_no_gaps_or_equal_ones_has_no_spread() -> None:
    assert math.isnan(auc_error(torch.full((2,), torch.nan), torch.zeros(5)))
    assert auc_error(torch.zeros(4), torch.zeros(5)) == 0
