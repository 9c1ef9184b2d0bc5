"""The lab's stories: what their words claim, by number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from dgvae.posteriors import DiagonalGaussian
from dgvae.toy.lab import Lab
from dgvae.toy.look import REACH
from dgvae.toy.run import Frame
from dgvae.toy.stories import STEPS, STORIES


def collapse(vae: Frame, ae: Frame) -> None:
    assert vae.loss == pytest.approx(math.log(128), abs=0.05)
    assert vae.measures.mi < 0.1
    assert ae.loss < math.log(128) - 1.5
    assert isinstance(ae.posterior, DiagonalGaussian)
    assert (0.5 * ae.posterior.log_var).exp().median() < 0.5
    beyond = (ae.posterior.mean.abs() > REACH).any(1).float().mean()
    assert beyond > 0.25


def holes(aae: Frame, wae: Frame) -> None:
    for frame in (aae, wae):
        assert 0.5 < frame.measures.gap < 2
        assert isinstance(frame.posterior, DiagonalGaussian)
        assert 0.6 < frame.posterior.mean.std() < 1.6  # the cloud lies where the prior does …
        assert (0.5 * frame.posterior.log_var).exp().median() < 0.4  # … and each posterior is narrow


def cured(vae: Frame, wae: Frame, dg: Frame) -> None:
    assert dg.measures.mi > 1.5 > 0.1 > vae.measures.mi
    assert dg.measures.gap == pytest.approx(0.1, abs=0.03)
    assert wae.measures.gap / dg.measures.gap == pytest.approx(8, abs=1.5)
    assert dg.loss - wae.loss == pytest.approx(0.8, abs=0.1)


def how_many_at_once(*frames: Frame) -> None:
    for frame, size in zip(frames, (1, 4, 32), strict=True):
        assert frame.measures.mi < 2 * math.log(size) + 0.15
    assert [f.loss for f in frames] == sorted((f.loss for f in frames), reverse=True)
    assert [f.measures.gap for f in frames] == sorted(f.measures.gap for f in frames)


def blind(dg: Frame, pdg: Frame) -> None:
    assert dg.measures.marginal_gap == pytest.approx(0.01, abs=0.01)
    assert dg.measures.gap == pytest.approx(0.38, abs=0.04)
    assert dg.measures.gap / pdg.measures.gap > 3.5
    assert pdg.loss == pytest.approx(dg.loss, abs=0.05)


CLAIMS: dict[str, Callable[..., None]] = {
    "Collapse": collapse, "Holes": holes, "Cured": cured, "How many at once": how_many_at_once, "Blind": blind,
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_a_story_shows_what_it_says(story) -> None:
    lab = Lab(story.setup, story.settings)
    frames: Sequence[Frame] = lab.advance(STEPS)
    CLAIMS[story.title](*frames)
