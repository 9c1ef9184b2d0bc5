"""Pictures of very many points: what is counted where, and what is seen of it."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from dgvae.charts.colors import rgb
from dgvae.charts.density import counts, inside, picture

VIEW = ((0.0, 4.0), (10.0, 12.0))


def pixels(row: dict) -> np.ndarray:
    """Of a picture, row 0 lowest: red, green, blue and alpha."""
    data = base64.b64decode(row["url"].partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)))[::-1].astype(int)


def test_every_point_in_view_is_counted_once_in_its_cell() -> None:
    rng = np.random.default_rng(0)
    xy = rng.uniform((-1, 9), (5, 13), (5000, 2)).astype(np.float32)
    found = counts(xy, VIEW, cells=8)
    assert found.sum() == inside(xy, VIEW).sum()
    for row, column in ((0, 0), (7, 3), (2, 7)):
        x0, y0 = 0.5 * column, 10 + 0.25 * row
        here = (xy[:, 0] >= x0) & (xy[:, 0] < x0 + 0.5) & (xy[:, 1] >= y0) & (xy[:, 1] < y0 + 0.25)
        assert found[row, column] == here.sum()


def test_counts_of_neighboring_views_are_those_of_both() -> None:
    xy = np.round(np.random.default_rng(1).uniform(0, 4, (2000, 2)), 1)  # many on the borders
    left, right = (counts(xy, (ends, (0, 4.5)), cells=4).sum() for ends in ((0, 2), (2, 4.5)))
    assert left + right == len(xy)


def test_a_picture_has_the_color_of_the_source_that_is_there() -> None:
    prior, posterior = np.zeros((2, 2)), np.zeros((2, 2))
    prior[0, 0], posterior[1, 1], prior[0, 1], posterior[0, 1] = 50, 50, 50, 50
    row = picture(prior, posterior, VIEW)
    assert (row["x"], row["right"], row["y"], row["top"]) == (0, 4, 10, 12)
    found = pixels(row)
    assert tuple(found[0, 0, :3]) == rgb("prior")
    assert tuple(found[1, 1, :3]) == rgb("posterior")
    assert found[1, 0, 3] == 0  # nothing is there
    between = np.mean([rgb("prior"), rgb("posterior")], axis=0)
    np.testing.assert_allclose(found[0, 1, :3], between, atol=1)
    gray = pixels(picture(prior, posterior, VIEW, by_source=False))
    assert {tuple(color) for color in gray[gray[..., 3] > 0][:, :3]} == {rgb("quiet")}


def test_a_single_point_is_seen_beside_thousands_and_an_empty_view_is_empty() -> None:
    count = np.zeros((4, 4))
    count[0, 0], count[3, 3] = 1, 5000
    found = pixels(picture(count, np.zeros((4, 4)), VIEW))
    assert found[3, 3, 3] > found[0, 0, 3] > 15
    assert not pixels(picture(np.zeros((4, 4)), np.zeros((4, 4)), VIEW))[..., 3].any()
