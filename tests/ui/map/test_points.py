"""The density gaps of a map's points, as the page colors and reads them out."""

from pathlib import Path

import torch

from dgvae.evaluation.holes import density_gap_at
from dgvae.ui.map.points import Point, gap_of, latent_of, map_of, map_points, point_gaps
from dgvae.ui.shelf import Shelf


def test_the_maps_gaps_are_computed_once_and_with_a_sentences_own_posterior_left_out(checkpoints: Path):
    shelf = Shelf(checkpoints)
    gaps = shelf.derived("short-yelp/dg-vae", "gaps", point_gaps)
    assert shelf.derived("short-yelp/dg-vae", "gaps", point_gaps) is gaps
    checkpoint = shelf.get("short-yelp/dg-vae")
    stored = checkpoint.latents.map
    assert stored
    z, last = stored.z[-1:], stored.sentences[-1:]
    torch.testing.assert_close(gaps[-1:], density_gap_at(z, checkpoint.aggregated, leave_out=last))
    torch.testing.assert_close(gaps[:1], density_gap_at(stored.z[:1], checkpoint.aggregated))
    for row in (0, stored.priors - 1, stored.priors, len(stored.z) - 1):  # the one under the pointer
        point = Point.of_number(map_points(checkpoint)["id"][row])
        assert point
        place = latent_of(checkpoint, point)
        assert place is not None
        assert torch.equal(place, stored.z[row : row + 1])
        torch.testing.assert_close(gap_of(checkpoint, point, place), gaps[row : row + 1])


def test_a_points_number_and_row_lead_back_to_it(checkpoints: Path):
    checkpoint = Shelf(checkpoints).get("short-yelp/dg-vae")
    stored, numbers = map_of(checkpoint), map_points(checkpoint)["id"]
    for row in (0, stored.priors - 1, stored.priors, len(numbers) - 1):
        point = Point.of_number(numbers[row])
        assert point
        assert (point.number, point.row(stored)) == (numbers[row], row)
    assert Point.of_number(0) is Point.of_number(None) is None
    assert Point(stored.priors, is_draw=True).row(stored) is Point(10**6, is_draw=False).row(stored) is None
