"""What the diagnosis says of figures that few sentences make too large."""

from __future__ import annotations

import math

import pytest
import torch

from dgvae.evaluation.latent_figures import measure_latents
from dgvae.evaluation.limits import limits
from dgvae.evaluation.record import Evaluation, Record
from dgvae.posteriors import DiagonalGaussian

PAIRS = "Pair gaps may be too large here"
WORDS = "Consistent units may be too few here"


def record_of(posterior: DiagonalGaussian) -> Record:
    generator = torch.Generator().manual_seed(0)
    found = measure_latents(posterior, torch.randn(2000, posterior.mean.shape[1], generator=generator), generator)
    evaluation = Evaluation("", len(posterior), "")
    return Record("made-up", "", evaluation, found.figures, found.absent, {}, found.profile, found.pairs, found.dependent)


@pytest.mark.parametrize(("variance", "said"), [(0.3, False), (0.01, True)])
def test_a_match_of_narrow_posteriors_shows_pair_gaps_by_chance(variance: float, said: bool) -> None:
    mean = math.sqrt(1 - variance) * torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    texts = list(limits(record_of(DiagonalGaussian(mean, torch.full_like(mean, math.log(variance))))))
    assert any(text.startswith((PAIRS, WORDS)) for text in texts) == said


def test_a_cluster_in_a_corner_is_not_taken_for_chance() -> None:
    """Wide cells do not tell it, and wide posteriors bring nearly nothing by chance."""
    generator = torch.Generator().manual_seed(0)
    mean = math.sqrt(0.7) * torch.randn(2000, 4, generator=generator)
    mean[:80] = 2.83 + 0.1 * torch.randn(80, 4, generator=generator)
    record = record_of(DiagonalGaussian(mean, torch.full_like(mean, math.log(0.3))))
    assert record.value("pair_gap") > 0.1
    assert not any(text.startswith((PAIRS, WORDS)) for text in limits(record))
