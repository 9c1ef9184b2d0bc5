"""The cards of the gallery without a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.checkpoint.coordinates import map_coordinates
from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.measured import Measured
from dgvae.ui.gallery.cards import POINTS, cards, picture
from dgvae.ui.markup.render import facts


def dots(path: str) -> list[tuple[int, int]]:
    """The places of a path of dots, as a browser reads it."""
    places, x, y = [], 0, 0
    for dx, dy in re.findall(r"m(-?\d+) ?(-?\d+)h0", path):
        x, y = x + int(dx), y + int(dy)
        places.append((x, y))
    return places


@given(st.integers(1, 700), st.integers(1, 700), st.floats(-1e6, 1e6), st.floats(1e-3, 1e4), st.integers(0, 2**31))
def test_every_dot_lies_in_the_picture(priors: int, sentences: int, shift: float, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = picture((shift + scale * rng.normal(size=(priors, 2)), shift + scale * rng.normal(size=(sentences, 2))))
    paths = [dots(path) for path in re.findall(r" d='([^']*)'", drawn)]
    assert [len(path) for path in paths] == [min(POINTS, priors), min(POINTS, sentences)]
    assert all(0 <= value <= 200 for path in paths for place in path for value in place)


def test_a_picture_is_the_map_with_its_y_upwards() -> None:
    prior, sentence = (
        dots(path) for path in re.findall(r" d='([^']*)'", picture((np.array([[0.0, 0]]), np.array([[1.0, 2]]))))
    )
    assert prior[0][0] < sentence[0][0]
    assert prior[0][1] > sentence[0][1]


def test_coordinates_are_those_of_the_map(checkpoints: Path) -> None:
    folder = checkpoints / "short-yelp" / "dg-vae"
    own, found = load_checkpoint(folder).latents.map, map_coordinates(folder)
    assert own
    assert found
    np.testing.assert_allclose(np.concatenate(found), own.xy.numpy())
    assert len(found[0]) == own.priors


@pytest.mark.parametrize("content", [b"", b"1234", 8 * b"\xff", None])
def test_what_cannot_be_read_has_no_map(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "latents.safetensors").write_bytes(content)
    assert map_coordinates(tmp_path) is None
    assert "no map yet" in picture(None)


def test_thirty_models_take_less_than_300_kilobytes_and_names_are_text(checkpoints: Path) -> None:
    checkpoint = load_checkpoint(checkpoints / "short-yelp" / "dg-vae")
    rng = np.random.default_rng(0)
    models = [
        (
            Measured.of(f"<b>{i}", checkpoint.model.config, checkpoint.metrics, "'\"><script>"),
            picture((rng.normal(size=(5000, 2)), rng.normal(size=(5000, 2)))),
        )
        for i in range(30)
    ]
    drawn = cards(models, "hole_mass", "<b>1", None)
    assert len(drawn.encode()) < 300_000
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert drawn.count("aria-pressed='true'") == 1


def test_an_unsure_hole_mass_shows_its_error_on_a_card_and_beside_the_model(checkpoints: Path) -> None:
    checkpoint = load_checkpoint(checkpoints / "short-yelp" / "dg-vae")
    for error, shown in ((0.06, True), (0.01, False)):
        figures = checkpoint.metrics.figures | {"hole_mass": Estimate(0.3, error)}
        record = replace(checkpoint.metrics, figures=figures)
        card = cards([(Measured.of("a", checkpoint.model.config, record, ""), picture(None))], None, None, None)
        assert (f"± {error:.1%}" in card) == (f"± {error:.1%}" in facts(replace(checkpoint, metrics=record))) == shown
