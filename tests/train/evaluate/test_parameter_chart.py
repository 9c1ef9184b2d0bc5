"""The chart of priorLL and postLL by the value of each method's parameter."""

from pathlib import Path

import pytest
import torch
import vl_convert

from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.record import Evaluation, Record
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import VARIANTS
from dgvae.posteriors import Points
from train.evaluate.parameter_chart import parameter_chart
from train.evaluate.report_table import Row


def row(name: str, **figures: float) -> Row:
    method, options = VARIANTS[name]
    known = {figure: Estimate(value, 0.1) for figure, value in figures.items()}
    record = Record("made-up", "", Evaluation("test.txt", 10, ""), known, {}, {})
    return Row(name, Path(name), TextVAEConfig(method, 10, options=options), record, Points(torch.zeros(1, 1)))


def test_each_parameter_has_a_panel_and_methods_with_the_same_one_share_it():
    names = [name for name in VARIANTS if not name.startswith("md")]
    rows = [row(name, prior_ll=-40.0 - i, post_ll=-30.0 - i) for i, name in enumerate(sorted(names))]
    spec = parameter_chart(rows)
    assert spec
    titles = [panel["title"] for panel in spec["concat"]]
    assert titles == ["β-VAE", "FB-VAE", "BN-VAE", "DG-VAE", "vMF-VAE and DG-vMF-VAE"]  # the grid of δ has one value
    assert vl_convert.vegalite_to_svg(spec).count("<text") > len(names)


@pytest.mark.parametrize("names", [[], ["beta-vae-0.1"], ["beta-vae-0.1", "bn-vae-0.6"]])
def test_without_two_values_of_a_parameter_there_is_no_chart(names: list[str]):
    assert parameter_chart([row(name, prior_ll=-40.0, post_ll=-30.0) for name in names]) is None


def test_what_lacks_a_likelihood_is_left_out():
    assert parameter_chart([row("beta-vae-0.1", prior_ll=-40.0, post_ll=-30.0), row("beta-vae-0.2", post_ll=-30.0)]) is None
