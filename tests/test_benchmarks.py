"""The benchmarks run: they are programs of their own, and nothing else would notice if they no longer did."""

from __future__ import annotations

import csv
import math
from datetime import date
from pathlib import Path

import pytest
import torch

from dgvae.aggregate import aggregate
from tests.benchmarks import (
    density_gap,
    holes,
    latent_spaces,
    load,
    matched,
    measures,
    results,
    search,
    training_step,
    umap_fits,
    verdicts,
)


@pytest.mark.parametrize("method", ["vae", "aae"])
def test_a_step_of_the_training_benchmark(method: str) -> None:
    batch = torch.randint(4, training_step.VOCABULARY, (4, 3))
    training_step.method_step(method, 4, torch.device("cpu"))(batch)
    training_step.plain_step(4, torch.device("cpu"))(batch)


def test_the_plain_formula_is_the_density_gap() -> None:
    torch.manual_seed(0)
    mean, log_var = torch.randn(2, 8, density_gap.DIMENSIONS)
    plain = torch.stack([density_gap.plain(mean, log_var, 4) for _ in range(200)])
    exact = density_gap.density_gap(mean, log_var, 4, density_gap.ESTIMATORS["gauss-hermite, 16"])
    assert abs(float(plain.mean() - exact)) < 4 * float(plain.std()) / 200**0.5 + 0.02


def test_the_benchmark_of_latent_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent_spaces, "POINTS", 20)
    monkeypatch.setattr("dgvae.ui.own_latents.MAP_POINTS", 20)
    assert latent_spaces.costs(60, 2, tmp_path).keys() == {
        "read", "figures", "holes", "slice", "map", "all on the map",
    }  # fmt: skip


@pytest.mark.parametrize("quantity", measures.PLAIN)
def test_a_measure_of_the_benchmark_of_measures(quantity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "VOCABULARY", 30)
    measures.ours(quantity, 60)()


def test_the_benchmark_of_umap_fits() -> None:
    assert len(umap_fits.fits(40, [15, 5], cache="")) == 2


@pytest.mark.parametrize("what", search.WORK)
def test_what_the_benchmark_of_the_search_times(what: str) -> None:
    assert search.work(what, 200, 3)()


def test_the_plain_densities_are_those_of_the_library() -> None:
    posterior = measures.posteriors(20)
    z = posterior.mean[:5] + 0.1
    plain = torch.logsumexp(measures.log_pairs(z, posterior).sum(-1), dim=1) - math.log(20)
    torch.testing.assert_close(plain.double(), measures.gaussian(20).log_prob(z), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", holes.POPULATIONS)
def test_the_known_density_is_that_of_the_population(name: str) -> None:
    """What samples of q have in some places is what prior samples weighted by q/p have there."""
    population, generator = holes.POPULATIONS[name], torch.Generator().manual_seed(0)
    own = aggregate(holes.posteriors(population, 40_000, 3, generator)).sample_each(generator)
    prior = torch.randn(40_000, 3, generator=generator, dtype=torch.float64)
    weights = population.log_ratio(prior).exp()
    for lies_in in (
        lambda z: z.norm(dim=1) < 1,
        lambda z: z[:, 0] > 1,
        lambda z: z[:, :2].norm(dim=1) < 0.5,
        lambda z: z[:, 2] < 9,
    ):
        expected = float((weights * lies_in(prior)).mean())
        assert float(lies_in(own).double().mean()) == pytest.approx(expected, abs=0.02)


def test_what_the_figures_see_of_a_population() -> None:
    apart = holes.POPULATIONS["20 clusters that are apart"]
    true, seen = holes.truth(apart, 3, samples=2000), holes.seen(apart, 100, 3, seed=0)
    assert 0.2 < true.missing < 1
    assert seen.gap < true.gap


def test_results_are_rows_with_machine_date_and_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    results.record("page", "click, to text", 12.3456789, "ms")
    results.record("page", "hover frame", 17, "ms")
    with open(tmp_path / "results" / "page.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [(row["what"], row["value"], row["unit"]) for row in rows] == [
        ("click, to text", "12.3457", "ms"),
        ("hover frame", "17", "ms"),
    ]
    assert all(row["machine"] and date.fromisoformat(row["date"]) for row in rows)


@pytest.mark.parametrize(
    ("name", "dim", "count", "verdict"),
    [
        ("half is missing", 2, 300, "holes"),
        ("whole: narrow posteriors", 2, 1000, "no holes"),
        ("half is missing", 8, 5, "too few"),
        ("whole: narrow posteriors", 8, 5, "too few"),
    ],
)
def test_verdicts_on_holes_of_made_up_sets(name: str, dim: int, count: int, verdict: str) -> None:
    assert verdicts.said_of_holes(verdicts.GRID[name](dim), count, seed=0) == verdict


def test_verdicts_of_made_up_sets() -> None:
    assert verdicts.said(verdicts.halved(2), 30, seed=0)


def test_a_matched_population_has_the_rate_and_no_holes() -> None:
    generator = torch.Generator().manual_seed(0)
    figures = matched.measured(matched.matched(4.0, 3, 2000, 4, generator), generator).figures
    assert figures["kl"].value == pytest.approx(4.0, abs=0.2)
    assert figures["mi"].value == pytest.approx(4.0, abs=0.25)  # far below log N = 7.6
    assert figures["hole_mass"].value < 0.03
    sphere = matched.measured(matched.on_the_sphere(10.0, 1000, 4, generator), generator).figures
    assert sphere["hole_mass"].value < 0.04


def test_the_rise_of_memory_is_per_minute() -> None:
    assert load.slope([100.0, 100.5, 101.0]) == pytest.approx(30)
    assert load.slope([100.0]) == 0
