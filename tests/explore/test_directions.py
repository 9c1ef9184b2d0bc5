"""The direction of a label."""

from __future__ import annotations

import pytest
import torch

from dgvae.checkpoint.latents import Latents
from dgvae.errors import UserError
from dgvae.explore.directions import attribute_direction
from dgvae.posteriors import DiagonalGaussian

MEANS = torch.tensor([[0.0, 0.0], [2.0, 0.0], [5.0, 4.0], [99.0, 99.0]])


def latents(*labels: int) -> Latents:
    posterior = DiagonalGaussian(MEANS[: len(labels)], torch.zeros(len(labels), 2))
    return Latents(posterior, torch.tensor(labels), torch.ones(len(labels)))


def test_it_goes_from_the_mean_of_one_label_to_that_of_the_other():
    assert attribute_direction(latents(0, 0, 1)).tolist() == [4, 4]
    assert attribute_direction(latents(0, 0, 1), absent=1, present=0).tolist() == [-4, -4]


def test_sentences_without_a_label_have_no_say():
    assert attribute_direction(latents(0, 0, 1, -1)).tolist() == [4, 4]


@pytest.mark.parametrize("labels", [(0, 0, 0), (1, 1, -1), (-1, -1, -1)])
def test_with_one_label_or_none_there_is_nowhere_to_go(labels: tuple[int, ...]):
    with pytest.raises(UserError, match="There is no direction"):
        attribute_direction(latents(*labels))
