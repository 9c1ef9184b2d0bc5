"""The diagnosis of made-up latent spaces whose fault is known."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dgvae.evaluation.diagnosis import diagnose
from dgvae.evaluation.estimates import Estimate, hole_mass_by_chance, prior_count
from dgvae.evaluation.record import Evaluation, Record
from dgvae.posteriors import DiagonalGaussian, Implicit, Points, Posterior, VonMisesFisher
from tests.aggregate.test_aggregate import on_the_sphere
from tests.evaluation.test_latent_figures import measured

N, D = 2000, 4


def spread(scale: float, variance: float = 0.3) -> DiagonalGaussian:
    """Means N(0, scale² I), so that q(z) is N(0, (scale² + variance) I)."""
    mean = scale * torch.randn(N, D, generator=torch.Generator().manual_seed(0))
    return DiagonalGaussian(mean, torch.full_like(mean, math.log(variance)))


def sound() -> DiagonalGaussian:
    return spread(math.sqrt(0.7))


def collapsed(dimensions: int) -> DiagonalGaussian:
    mean, log_var = sound().mean.clone(), sound().log_var.clone()
    mean[:, :dimensions], log_var[:, :dimensions] = 0, 0
    return DiagonalGaussian(mean, log_var)


def shifted() -> DiagonalGaussian:
    return DiagonalGaussian(sound().mean + torch.tensor([0, 0, 1.5, 0]), sound().log_var)


def correlated() -> DiagonalGaussian:
    mean = sound().mean.clone()
    mean[:, 3] = 0.9 * mean[:, 1] + math.sqrt(1 - 0.81) * mean[:, 3]
    return DiagonalGaussian(mean, torch.full_like(mean, math.log(0.3)))


def ring() -> DiagonalGaussian:
    """Marginals and covariance match, and the middle is empty: signs are drawn, so that z_1 z_2 z_3 z_4 > 0."""
    size = sound().mean.abs() / math.sqrt(0.7)
    sign = torch.randint(0, 2, (N, D), generator=torch.Generator().manual_seed(1)) * 2 - 1
    sign[:, 3] *= sign.prod(1)
    return DiagonalGaussian(size * sign, torch.full_like(size, -6.0))


def void(log_var: float | None = None) -> Posterior:
    """Points, or posteriors with a log σ², that match in mean and covariance.

    In the middle of one of 16 axes lie 2% of them and 24% of the prior.
    """
    z = torch.randn(N, 16, generator=torch.Generator().manual_seed(0))
    z[:, 1] = z[:, 0].sign() * 0.95 + 0.312 * z[:, 1]
    z[:, 0] = torch.randn(N, generator=torch.Generator().manual_seed(1))
    return Points(z) if log_var is None else DiagonalGaussian(z, torch.full_like(z, log_var))


def diagonal(axes: int, log_var: float, sentences: int = N) -> DiagonalGaussian:
    """Mean and covariance match, and in the middle of a diagonal of some of 8 axes are 2% of q(z) and 24% of the prior."""
    generator = torch.Generator().manual_seed(0)
    direction = torch.cat([torch.full((axes,), axes**-0.5), torch.zeros(8 - axes)])
    z = (1 - math.exp(log_var)) ** 0.5 * torch.randn(sentences, 8, generator=generator)
    spread = (0.312**2 - math.exp(log_var)) ** 0.5
    along = 0.95 * torch.randn(sentences, generator=generator).sign() + spread * torch.randn(sentences, generator=generator)
    z += (along - z @ direction).unsqueeze(1) * direction
    return DiagonalGaussian(z, torch.full_like(z, log_var))


def findings(posterior: Posterior, seed: int = 0) -> dict[str, str]:
    """Every sentence with its severity."""
    found = measured(posterior, seed, prior_samples=prior_count(len(posterior)))
    whole = Record(
        "made-up",
        "",
        Evaluation("", len(posterior), ""),
        found.figures,
        found.absent,
        {},
        found.profile,
        found.pairs,
        found.dependent,
    )
    return {finding.text: finding.severity for finding in diagnose(whole)}


SPACES = {
    "sound": (sound(), "No holes are found", "good"),
    "says something": (sound(), "No collapse: every dimension carries information", "good"),
    "collapsed": (collapsed(4), "Collapsed: 4 of 4 dimensions carry less than 0.01 nats, and z carries 0.00 nats", "fault"),
    "collapsed without holes": (collapsed(4), "No holes are found", "good"),
    "partly collapsed": (collapsed(2), "Partly collapsed: 2 of 4 dimensions carry less than 0.01 nats", "note"),
    "shifted": (shifted(), "Dimension 3 differs from N(0, 1), by", "fault"),
    "shifted where": (shifted(), "its mean is +1.5", "fault"),
    "too wide": (spread(2.0), "4 of 4 marginals differ from N(0, 1)", "fault"),
    "how wide": (spread(2.0), "it is too wide (variance 4.", "fault"),
    "too narrow": (spread(0.3), "it is too narrow (variance 0.3", "fault"),
    "correlated": (correlated(), "No marginal holes, but joint holes: dimensions 2 and 4 are correlated (+0.6", "fault"),
    "of another shape": (ring(), "means, variances and correlations match, but the shape does not", "fault"),
    "points with a void along an axis": (void(), "Dimension 2 differs from N(0, 1), by at least 0.3", "fault"),
    "narrow posteriors with a void": (void(-9.0), "Dimension 2 differs from N(0, 1), by at least 0.3", "fault"),
    "holes beyond it": (void(), "Beyond these marginals, no holes are found", "good"),
    "a void along a diagonal": (diagonal(2, -3.0), "Dimensions 1 and 2 depend on each other, by at least 0.3", "fault"),
    "the same, narrower": (diagonal(2, -7.0), "Dimensions 1 and 2 depend on each other, by at least 0.3", "fault"),
    "along one of four axes": (diagonal(4, -2.5, 5000), "But q(z) differs from the prior: the joint gap is", "note"),
    "an autoencoder": (spread(1.0, 1e-9), "Posteriors are narrow (KL", "note"),
    "at the ceiling": (spread(1.0, 1e-9), "MI is near its maximum log 2,000 = 7.6", "note"),
    "on a sphere": (on_the_sphere(N, 40), "No holes are found", "good"),
    "draws that are shifted": (
        Implicit(torch.randn(N, 8, 2, generator=torch.Generator().manual_seed(0)) + 2),
        "Holes: the mean or covariance of q(z) differs from the prior's (covariance gap 3.9",
        "fault",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("space", SPACES)
def test_what_is_wrong_is_said(space: str) -> None:
    posterior, said, severity = SPACES[space]
    found = findings(posterior)
    assert any(said in text and found[text] == severity for text in found), found


def test_a_sound_space_has_no_fault() -> None:
    assert "fault" not in findings(sound()).values()
    assert "fault" not in findings(on_the_sphere(N, 40)).values()


@pytest.mark.slow
@pytest.mark.parametrize("sentences", [20, 40])
def test_few_sentences_of_a_sound_space_are_not_called_a_fault(sentences: int) -> None:
    """By the figures alone, most of these sets would have holes, and marginals that differ. Nor is soundness claimed."""
    sets = [findings(part, seed) for seed, part in enumerate(parts_of(sound(), sentences)[:20])]
    assert sum("fault" in found.values() for found in sets) <= 2
    assert all(any("Too few sentences to tell whether there are holes" in text for text in found) for found in sets)
    assert not any("No holes are found" in text for found in sets for text in found)


@pytest.mark.slow
@pytest.mark.parametrize(("sentences", "width"), [(20, 0.03), (100, 0.01), (500, 0.003)])
def test_narrow_posteriors_of_a_match_are_not_called_marginals_that_differ(sentences: int, width: float) -> None:
    """The population's q(z) is N(0, I) exactly; a mixture of so few spikes never looks like it."""
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        mean = (1 - width**2) ** 0.5 * torch.randn(sentences, 2, generator=generator)
        found = findings(DiagonalGaussian(mean, torch.full_like(mean, 2 * math.log(width))), seed)
        assert not any("from N(0, 1)" in text and found[text] == "fault" for text in found), found


def test_a_posterior_that_never_moves_says_nothing_however_large_its_kl() -> None:
    posterior = DiagonalGaussian(sound().mean.clone(), sound().log_var.clone())
    posterior.mean[:, 1], posterior.log_var[:, 1] = 1.0, 0.0
    assert any("Partly collapsed: 1 of 4 dimensions" in text for text in findings(posterior))


def parts_of(posterior: DiagonalGaussian, sentences: int) -> list[DiagonalGaussian]:
    return [posterior.map(lambda t, i=i: t[i : i + sentences]) for i in range(0, N - sentences, sentences)]


@pytest.mark.slow
@pytest.mark.parametrize("space", ["shifted", "too wide"])
def test_a_gross_fault_is_found_with_few_sentences_too(space: str) -> None:
    posterior = {"shifted": DiagonalGaussian(sound().mean + 4, sound().log_var), "too wide": spread(12.0)}[space]
    for part in parts_of(posterior, 40)[:5]:
        assert "fault" in findings(part).values()


@pytest.mark.parametrize("sentences", [2, 5, 15])
def test_hardly_any_sentences_say_nothing(sentences: int) -> None:
    (text,) = findings(parts_of(shifted(), sentences)[0])
    assert text == f"Too few sentences for a diagnosis: {sentences}. Measure on a few hundred sentences."


def test_what_a_match_shows_by_chance_is_a_bound_of_what_it_shows() -> None:
    """The share of one set of normal numbers beyond the 99% quantile of another of N, by simulation."""
    for sentences in (9, 60, 400):
        held_out = torch.randn(4000, sentences, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        beyond = torch.special.ndtr(-torch.quantile(held_out, 0.99, dim=1))
        assert 0.01 < float((beyond > hole_mass_by_chance(sentences)).double().mean()) < 0.04, sentences


def test_draws_of_few_sentences_have_another_covariance_by_chance() -> None:
    few = Implicit(torch.randn(30, 1, 8, generator=torch.Generator().manual_seed(0)).expand(-1, 8, -1))
    assert "fault" not in findings(few).values()


def test_a_collapsed_posterior_without_marginals_has_its_figures_said_too() -> None:
    direction = torch.nn.functional.normalize(torch.randn(2000, 32, generator=torch.Generator().manual_seed(0)))
    said = [text for text, severity in findings(VonMisesFisher(direction, 5.0)).items() if severity == "fault"]
    assert any(re.search(r"Collapsed: z carries 0\.3\d nats .* at a KL of 0\.38 nats", text) for text in said)


@pytest.mark.parametrize(("post_ll", "mi", "said"), [(-69.2, 5.0, True), (-62.0, 5.0, False), (-69.2, 0.3, False)])
def test_a_decoder_that_leaves_z_unused_is_said(post_ll: float, mi: float, said: bool) -> None:
    figures = {"mi": mi, "prior_ll": -69.3, "post_ll": post_ll}
    record = Record("", "w", Evaluation("", 200, ""), {name: Estimate(x, 0.01) for name, x in figures.items()}, {}, {})
    assert any("The decoder hardly uses z" in finding.text for finding in diagnose(record)) == said


def test_faults_come_first() -> None:
    severities = list(findings(shifted()).values())
    assert severities == sorted(severities, key=("fault", "note", "good").index)


def test_nothing_measured_is_no_fault() -> None:
    empty = Record("made-up", "", Evaluation("", N, ""), {}, {}, {})
    assert diagnose(empty) == []


@pytest.mark.parametrize(("kl", "narrow"), [(40.0, True), (3.0, False)])
def test_no_holes_says_what_narrow_posteriors_hide(kl: float, narrow: bool) -> None:
    """A tenth of the prior that is missing in 32 dimensions is not seen: `tests.benchmarks.verdicts --dimensions`."""
    figures = {"hole_mass": Estimate(0.012, 0.003), "smoothed_gap": Estimate(-0.2, 0.1), "kl": Estimate(kl, 0.1)}
    record = Record("made-up", "", Evaluation("", 1000, ""), figures, {}, {}, {}, [])
    found = next(finding.text for finding in diagnose(record) if "No holes are found" in finding.text)
    assert ("holes that are narrow in some direction are not seen" in found) is narrow


def test_more_holes_than_a_match_are_few_and_not_none() -> None:
    figures = {"hole_mass": Estimate(0.028, 0.003), "smoothed_gap": Estimate(0.1, 0.1), "kl": Estimate(5.0, 0.1)}
    (found,) = diagnose(Record("made-up", "", Evaluation("", 10_000, ""), figures, {}, {}, {}, []))
    assert (found.text, found.severity) == ("Few holes: the hole mass is 2.8%, and 1% is a match.", "note")


@pytest.mark.parametrize(("mass", "copies"), [(0.012, 0), (0.048, 0), (0.012, 90)])
def test_a_joint_gap_is_said_whatever_is_known_of_holes(mass: float, copies: int) -> None:
    """Copies raise it."""
    figures = {"hole_mass": Estimate(mass, 0.003), "smoothed_gap": Estimate(2.5, 0.1), "kl": Estimate(5.0, 0.1)}
    found = diagnose(Record("", "", Evaluation("", 3000, ""), figures, {}, {}, {}, [], copies=copies))
    assert any("differs from the prior" in finding.text for finding in found if finding.severity == "fault") is (not copies)


def test_what_chance_brings_of_a_covariance_gap_is_said() -> None:
    figures = {"covariance_gap": Estimate(8.16, 0.11)}
    record = Record("", "", Evaluation("", 3000, ""), figures, {}, {}, {"variance_of_means": [1.0] * 256})
    assert any("(covariance gap 8.16 nats, of which chance brings 5.69)" in finding.text for finding in diagnose(record))


@pytest.mark.parametrize(
    ("copies", "said"), [(20, ""), (90, "90 of 3,000 encoded sentences are copies"), (200, "Holes can't be told")]
)
def test_few_copies_are_said_too(copies: int, said: str) -> None:
    figures = {"hole_mass": Estimate(0.01, 0.003), "smoothed_gap": Estimate(0.1, 0.1), "kl": Estimate(5.0, 0.1)}
    texts = [f.text for f in diagnose(Record("", "", Evaluation("", 3000, ""), figures, {}, {}, {}, [], copies=copies))]
    assert any("copies" in text for text in texts) is bool(said)
    assert any(said in text for text in texts)


@pytest.mark.parametrize(
    ("kl", "gap", "narrow"),
    [
        (Estimate(40, 0.1), 0.1, True),
        (Estimate(144, 0.1), 139.8, False),  # wider than the prior
        (Estimate(27.4, 24.3), 0.0, False),  # one sentence's is
        (Estimate(10, 0.1), 0.1, False),
    ],
)
def test_only_narrow_posteriors_are_called_narrow(kl: Estimate, gap: float, narrow: bool) -> None:
    figures = {"hole_mass": Estimate(0.84, 0.01), "smoothed_gap": Estimate(gap, 0.1), "kl": kl}
    texts = [finding.text for finding in diagnose(Record("", "", Evaluation("", 500, ""), figures, {}, {}, {}, []))]
    assert any("Posteriors are narrow" in text for text in texts) is narrow


NUMBERS = st.sampled_from([0.0, 0.5, 1.0, 5.0, -1.0, 1e299, -1e299, 1e-300])
ROWS = ["kl", "mean", "variance", "variance_of_means", "mean_variance", "dimension_mi"]
ROWS += [f"marginal_kl{part}" for part in ("", "_error", "_bias", "_by_chance", "_bound", "_bound_error", "_bound_bias")]
FOUND = ["kl", "mi", "hole_mass", "smoothed_gap", "covariance_gap", "active_units"]


@given(
    profile=st.dictionaries(st.sampled_from(ROWS), st.lists(NUMBERS, min_size=3, max_size=3)),
    figures=st.dictionaries(st.sampled_from(FOUND), st.builds(Estimate, NUMBERS, NUMBERS | st.just(math.nan))),
    sentences=st.sampled_from([2, 30, 5000]),
)
def test_whatever_a_record_holds_something_is_said(profile: dict, figures: dict, sentences: int) -> None:
    record = Record("of somebody", "", Evaluation("", sentences, ""), figures, {}, {}, profile)
    assert all(finding.text.endswith(".") for finding in diagnose(record))
