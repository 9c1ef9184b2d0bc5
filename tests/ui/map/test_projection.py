"""The map as the plane of the principal components, of each model and of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from dgvae.explore.principal import PrincipalPlane
from dgvae.ui.map.points import map_of
from dgvae.ui.map.tab import MapTab
from dgvae.ui.shelf import Shelf
from tests.ui.map.test_tab import DG, EVERYWHERE, SPHERE, VAE, drawn, make_tab


@pytest.fixture(scope="module")
def tab(checkpoints: Path, corpus: Path) -> MapTab:
    return make_tab(Shelf(checkpoints, corpus))


def columns(chart: dict[str, Any]) -> dict[int, tuple[float, float]]:
    """Where each point of a chart is, by its id."""
    rows = [line.split(",") for line in chart["datasets"]["points"].splitlines()[1:]]
    return {int(row[0]): (float(row[1]), float(row[2])) for row in rows}


def test_the_principal_plane_of_the_means_has_named_axes_and_the_same_points(tab: MapTab):
    shown = drawn(tab, VAE, DG, proj="pca", region=EVERYWHERE)
    checkpoint = tab.shelf.get(VAE)
    plane, stored = PrincipalPlane.fit(checkpoint.latents.posterior.location), map_of(checkpoint)
    titles = [shown.chart_a["encoding"][axis]["axis"]["title"] for axis in "xy"]
    assert titles == [f"component {i}: {share:.0%} of the variance of μ" for i, share in enumerate(plane.shares, 1)]
    at = columns(shown.chart_a)
    assert at[-1] == pytest.approx(plane.project(stored.z[:1])[0].tolist(), abs=1e-3)
    assert at[int(stored.sentences[0]) + 1] == pytest.approx(
        plane.project(stored.z[stored.priors : stored.priors + 1])[0].tolist(), abs=1e-3
    )
    assert "60 encoded sentences" in shown.report
    (x0, x1), (y0, y1) = (shown.chart_a["encoding"][axis]["scale"]["domain"] for axis in "xy")
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert columns(drawn(tab, VAE, DG).chart_a) != at
    assert drawn(tab, VAE, DG).chart_a["encoding"]["x"]["axis"] is None


def test_a_common_principal_plane_needs_no_fit_and_shows_a_draw_at_one_place(tab: MapTab):
    shown = drawn(tab, VAE, DG, which="common", proj="pca")
    a, b = columns(shown.chart_a), columns(shown.chart_b)
    assert all(a[-number] == b[-number] for number in range(1, 61))
    assert any(a[number] != b[number] for number in a.keys() & b.keys() if number > 0)
    assert list(tab._controls.fit(VAE, DG, "common", "pca", 5, 0.1)) == [("", gr.skip())]
    apart = drawn(tab, VAE, SPHERE, which="common", proj="pca")
    assert "no common map: their priors are different distributions" in apart.remark
    assert columns(apart.chart_a) == columns(drawn(tab, VAE, SPHERE, proj="pca").chart_a)
