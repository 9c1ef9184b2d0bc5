"""Charts of measured checkpoints: what is in them, what is left out, and that they can be drawn on a page and in a file."""

import json
import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import vl_convert

from dgvae.charts.comparisons import PROFILES, profile, trade_off
from dgvae.charts.labels import place_labels, without_common_end
from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.measured import Measured
from dgvae.evaluation.record import Evaluation, Record
from dgvae.methods.config import TextVAEConfig
from dgvae.ui.tabs.measure import TRADE_OFFS, first_trade_off
from dgvae.ui.tabs.measure_table import measure_table

GAUSSIAN = {"marginal_kl": [0.5, 0.001, 0.02], "variance_of_means": [0.2, 0.9, 0.0], "mean_variance": [0.7, 0.1, 1.0]}
SPHERE = {"variance_of_means": [0.3, 0.4, 0.5]}


def measured(
    name: str,
    method: str = "vae",
    *,
    option: float | None = None,
    sentences: str = "sha",
    profile: dict | None = None,
    absent: dict | None = None,
    **figures: float | tuple[float, float],
) -> Measured:
    """A checkpoint with these figures, each a value or a value and its error; `option` is the method's."""
    config = TextVAEConfig(method, vocab_size=10)
    if option is not None:
        assert config.row.grid
        config = TextVAEConfig(method, vocab_size=10, options={config.row.grid.option: option})
    estimates = {k: Estimate(*(v if isinstance(v, tuple) else (v, math.nan))) for k, v in figures.items()}
    evaluation = Evaluation("test.txt", 100, sentences)
    held = Record("short-yelp", "w", evaluation, estimates, absent or {}, {}, profile=profile or {})
    return Measured.of(name, config, held, title=f"{config.title} · short-yelp")


def points(chart: dict) -> dict[str, dict]:
    return {row["title"].removesuffix(" · short-yelp"): row for row in chart["datasets"]["points"]}


def svg(chart: dict) -> str:
    """As the page gets it, with the size that a file needs."""
    return vl_convert.vegalite_to_svg(json.loads(json.dumps(chart | {"width": 640, "height": 300}, allow_nan=False)))


def test_a_trade_off_has_those_that_have_both_figures_with_their_errors():
    chart = trade_off(
        [
            measured("a", mi=(1.0, 0.1), smoothed_gap=(2.0, 0.5)),
            measured("b", "dg-vae", mi=3.0, smoothed_gap=4.0),  # errors are not known
            measured("c", "pdg-vae", mi=3.0),
        ],
        "mi",
        "smoothed_gap",
        a="a",
    )
    rows = points(chart)
    assert rows.keys() == {"VAE", "DG-VAE"}
    vae, dg = rows["VAE"], rows["DG-VAE"]
    assert (vae["x_low"], vae["x_high"], vae["y_low"], vae["y_high"]) == (0.9, 1.1, 1.5, 2.5)
    assert (vae["x_said"], dg["x_said"]) == ("1.00 ± 0.100", "3.00")
    assert dg["x_low"] == dg["x_high"] == 3.0
    assert (vae["model"], dg["model"]) == ("A", "other")
    assert "VAE" in svg(chart)


def test_a_family_is_joined_in_the_order_of_its_option_and_named_once():
    family = [measured(f"bn-{g}", "bn-vae", option=g, kl=g, elbo=-g) for g in (1.2, 0.6, 1.8)]
    elsewhere = measured("other", "bn-vae", sentences="of another corpus", option=0.7, kl=5.0, elbo=1.0)
    alone = [measured("vae", kl=10.0, elbo=-3.0), measured("dg", "dg-vae", kl=20.0, elbo=-9.0)]
    chart = trade_off([*family, elsewhere, *alone], "kl", "elbo", b="bn-1.8")
    rows = points(chart)
    joined = {title: row["family"] for title, row in rows.items()}
    assert len({joined[f"BN-VAE (γ = {g})"] for g in (0.6, 1.2, 1.8)}) == 1
    assert len(set(joined.values())) == 4
    labels = {title: row["label"] for title, row in rows.items()}
    assert labels["BN-VAE (γ = 0.6)"] == "BN-VAE (γ = 0.6)"
    assert labels["BN-VAE (γ = 1.2)"] == "1.2"
    assert labels["BN-VAE (γ = 1.8)"] == "B · BN-VAE (γ = 1.8)"
    line = chart["layer"][0]
    assert line["mark"]["type"] == "line"
    assert line["encoding"]["order"]["field"] == "option"
    svg(chart)


def test_two_runs_of_one_setting_are_not_joined():
    rows = trade_off([measured(n, "bn-vae", option=0.7, kl=k, elbo=k) for n, k in (("x", 1.0), ("y", 2.0))], "kl", "elbo")
    assert len({row["family"] for row in rows["datasets"]["points"]}) == 2


@pytest.mark.parametrize("checkpoints", [[], [measured("a", kl=1.0, elbo=1.0)]])
def test_a_trade_off_of_few_can_be_drawn(checkpoints: list[Measured]):
    svg(trade_off(checkpoints, "kl", "elbo"))


def test_the_first_trade_off_is_one_with_points_to_compare():
    some = [measured(n, mi=1.0, smoothed_gap=2.0) for n in "ab"]
    assert TRADE_OFFS[first_trade_off(some)] == ("mi", "smoothed_gap")
    assert first_trade_off([]) == next(iter(TRADE_OFFS))


@pytest.mark.parametrize("kind", PROFILES)
def test_dimensions_are_ranked_by_the_variance_of_means_and_keep_their_numbers(kind: str):
    a, b = measured("a", profile=GAUSSIAN), measured("b", "dg-vae", profile=GAUSSIAN)
    chart = profile(kind, a, b)
    rows = chart["datasets"]["points"]
    for model in "AB":
        bars = [row for row in rows if row["model"] == model]
        assert [bar["dimension"] for bar in bars] == [2, 1, 3]
        assert [bar["y"] for bar in bars] == [GAUSSIAN[PROFILES[kind].key][i] for i in (1, 0, 2)]
    for one, other in combinations(sorted(rows, key=lambda row: row["left"]), 2):
        assert one["right"] <= other["left"]
    drawn = svg(chart)
    assert "DG-VAE" in drawn
    assert PROFILES[kind].title in drawn


def test_a_profile_of_a_model_without_it_shows_the_other_alone():
    chart = profile("marginal", measured("a", "vmf-vae", profile=SPHERE), measured("b", profile=GAUSSIAN))
    assert {row["model"] for row in chart["datasets"]["points"]} == {"B"}
    assert "vMF" not in svg(chart)
    svg(profile("marginal", None, None))


def test_the_same_model_twice_is_drawn_twice():
    one = measured("a", profile=GAUSSIAN)
    assert len(profile("means", one, one)["datasets"]["points"]) == 6


def test_labels_do_not_lie_on_each_other():
    spots = place_labels([(0, 0, "one model"), (0.01, 0, "another model"), (0.02, 0, "a third"), (1, 1, "far away")])
    assert all(spots)
    assert len(set(spots[:3])) == 3
    crowd = place_labels([(i * 1e-6, 0, "a very long name of a model") for i in range(40)] + [(1, 1, "one who is alone")])
    assert crowd[0]
    assert None in crowd  # better none than one that cannot be read
    assert crowd[-1]


def test_a_label_says_where_from_only_if_that_differs():
    assert without_common_end(["VAE · yelp", "β-VAE (β = 0.1) · yelp"]) == ["VAE", "β-VAE (β = 0.1)"]
    assert without_common_end(["VAE · yelp", "VAE · yahoo"]) == ["VAE · yelp", "VAE · yahoo"]
    assert without_common_end([]) == []


def table_of(checkpoints: list[Measured], group: str = "What z says") -> str:
    return measure_table(checkpoints, group, None, None, lambda name: Path("/runs") / name)


def best(table: str) -> list[bool]:
    """Whether each row's only cell is marked."""
    return ["class='best'" in row for row in table.split("<tr")[2:]]


def of_values(*values: float | None) -> str:
    """A table of checkpoints with these MIs."""
    return table_of([measured(str(i)) if mi is None else measured(str(i), mi=mi) for i, mi in enumerate(values)])


def test_all_who_read_the_best_are_marked():
    assert best(of_values(1.0, 2.001, 2.004, None)) == [False, True, True, False]
    assert best(of_values(2.0)) == [False]
    assert best(of_values(2.0, 2.0)) == [False, False]


def test_figures_of_different_sentences_are_not_compared():
    checkpoints = [measured("a", mi=1.0), measured("b", mi=2.0), measured("c", sentences="others", mi=9.0)]
    assert best(table_of(checkpoints)) == [False, True, False]
    assert "measured on the same sentences" in table_of(checkpoints)
    assert "measured on the same sentences" not in table_of(checkpoints[:2])


def test_models_whose_training_was_stopped_are_named():
    whole, cut = measured("whole", mi=1.0), measured("cut", mi=1.0)
    cut = replace(cut, record=replace(cut.record, training={"finished": False}))
    assert "The training of cut was stopped before the end." in table_of([whole, cut])
    assert "was stopped" not in table_of([whole])


def test_likelihoods_compare_only_between_models_that_read_the_same():
    small, big, other = (measured(name, mi=mi, elbo=elbo) for name, mi, elbo in (("s", 1, -30), ("b", 2, -60), ("o", 1, -61)))
    known = [replace(small, reads=(60, 15)), replace(big, reads=(1500, 15)), replace(other, reads=(1500, 15))]
    table = table_of(known)
    marked = [row.count("class='best'") for row in table.split("<tr")[2:]]
    assert marked == [0, 2, 0]  # the second has the best MI of all, and the best ELBO of two
    assert "know other words" in table
    assert "know other words" not in table_of(known[1:])


def marks(table: str) -> list[int]:
    """How many values of each model are marked as the best."""
    return [row.count("class='best'") for row in table.split("<tr")[2:]]


def test_perplexities_compare_only_between_models_of_one_training_text():
    models = [measured(name, forward_perplexity=value) for name, value in (("a", 80.0), ("b", 90.0), ("c", 20.0))]
    texts = [
        replace(m, record=replace(m.record, reference={"forward_perplexity": p}))
        for m, p in zip(models, (54, 54, 26), strict=True)
    ]
    assert marks(table_of(texts, "Text"))[:3] == [1, 0, 0]  # the third has another trigram model
    assert "trained on the same text" in table_of(texts, "Text")
    assert table_of(texts, "Text").count("themselves, beside") == 2
    assert "trained on the same text" not in table_of(texts[:2], "Text")
    read_otherwise = replace(texts[2], reads=(5, "other words", 15))  # with more <unk>, one text has another perplexity
    assert "trained on the same text" not in table_of([*texts[:2], read_otherwise], "Text")


def test_nothing_is_better_than_a_match():
    beyond = measured("beyond", smoothed_gap=-0.7, auc=0.49, hole_mass=0.002)
    match = measured("match", smoothed_gap=0.0, auc=0.5, hole_mass=0.01)
    other = measured("other", smoothed_gap=0.5, auc=0.6, hole_mass=0.2)
    assert marks(table_of([beyond, match, other], "Holes")) == [3, 3, 0]


def test_what_is_absent_says_why_and_what_is_not_measured_says_how():
    assert "title='not measured: python -m train.evaluate /runs/0 --data DATA'>–<" in of_values(None)
    own = measured("own")
    own = replace(own, record=replace(own.record, corpus="my reviews"))
    assert "title='not measured: python -m train.evaluate /runs/own'>–<" in table_of([own])
    sphere = measured("s", "vmf-vae", absent={"covariance_gap": "no <marginals>"})
    assert "title='no &lt;marginals&gt;'>n/a<" in table_of([sphere], "Holes")
