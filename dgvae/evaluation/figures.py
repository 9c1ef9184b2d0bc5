"""FIGURES: one row of facts per figure. metrics.json, the table, the page, the report and the model card read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ACTIVE_VARIANCE = 0.01  # a dimension with more variance of its means, as a share of the prior's, is active (Burda et al. 2016)
CONSISTENT_KL = 0.03  # nats; a dimension with a smaller marginal KL is consistent with the prior (Zhang et al. 2022)
INFORMATIVE_KL = 0.1  # nats; a dimension whose means vary may still say next to nothing
QUANTILE = 0.99  # of held-out sentences: a prior sample with a larger density gap than theirs lies in a hole
MATCH = 1 - QUANTILE  # the hole mass where q(z) is the prior
IMPORTANCE_DRAWS = 8  # importance samples from the posterior, and as many from the prior (Zhang et al. 2022)
SUMMED = ("kl", "active_units", "informative_units", "covariance_gap")  # made of sums over sentences, however many there are
PERPLEXITIES = ("forward_perplexity", "reverse_perplexity")  # by a trigram model of the training text and its words
PAIR_BINS = 128  # along each side of a pair's grid, at most
WIDE_BINS = 10  # of equal prior mass, by whose masses N sentences tell a difference, however narrow posteriors are
FEWEST_BINNED = 100  # different sentences, by whose shares of these a difference can be told

Better = Literal["higher", "lower"] | None


@dataclass(frozen=True)
class Figure:
    """What a figure is called, what it means, how it is written, and which way is better, if either is.

    match: what q(z) = p(z) has, if nothing is better than that: what lies beyond it is chance, or says nothing.
    """

    id: str
    name: str
    meaning: str
    form: str
    error_form: str
    group: str
    better: Better = None
    of_units: bool = False  # counts dimensions of the latent
    match: float | None = None

    def judged(self, value: float) -> float:
        """A value, or the one of a match where it lies beyond that."""
        return value if self.match is None or value > self.match or value != value else self.match

    @property
    def is_of_words(self) -> bool:
        """Whether it compares only models that read the same words of a sentence: others read <unk>, or cut it."""
        return self.group == TEXT or self.id in ("reconstruction", "elbo", "prior_ll", "post_ll")


def percent(share: float) -> str:
    """A share as a sentence writes it: 1% for 0.01."""
    return f"{100 * share:.3g}%"


def _figure(
    id_: str, name: str, group: str, digits: int, better: Better, meaning: str, unit: str = " nats", match: float | None = None
) -> Figure:
    """A row; `unit` is " nats", " units" (dimensions of the latent), "%" or ""."""
    share = unit == "%"
    meaning += {" nats": " In nats per sentence.", " units": "", "%": "", "": ""}[unit]
    form, error_form = (f"{{:z.{n}{'%' if share else 'f'}}}" for n in (digits, digits + 1))
    return Figure(id_, name, meaning, form, error_form, group, better, unit == " units", match)


LATENT, HOLES, TEXT = "What z says", "Holes", "Text"
GROUPS = (LATENT, HOLES, TEXT)

FIGURES: dict[str, Figure] = {
    figure.id: figure
    for figure in (
        _figure("reconstruction", "reconstruction", LATENT, 1, "higher",
                "E log p(x|z), z drawn from the sentence's posterior."),
        _figure("kl", "KL", LATENT, 1, None, "Mean KL from a sentence's posterior to the prior: the cost of z."),
        _figure("elbo", "ELBO", LATENT, 1, "higher",
                "Reconstruction minus KL: the lower bound on log p(x) of a VAE with these weights."),
        _figure("prior_ll", "priorLL", LATENT, 1, "higher",
                "log E p(x|z), z drawn from the prior: a lower bound on a sentence's log-likelihood, estimated with "
                f"{IMPORTANCE_DRAWS} + {IMPORTANCE_DRAWS} importance samples from ½(p + q). It is far below the "
                "log-likelihood where posteriors are narrow."),
        _figure("post_ll", "postLL", LATENT, 1, "higher",
                f"log E p(x|z), z drawn from the sentence's own posterior, estimated with the same {IMPORTANCE_DRAWS} + "
                f"{IMPORTANCE_DRAWS} samples."),
        _figure("mi", "MI", LATENT, 2, "higher",
                "Mutual information of x and z: KL minus KL(q(z) ‖ p(z)). It is a lower bound: it cannot exceed the log of "
                "the number of sentences, and near that it is too low."),
        _figure("active_units", "active units", LATENT, 0, "higher",
                f"Dimensions whose posterior means vary by more than {percent(ACTIVE_VARIANCE)} of the prior's variance.",
                " units"),
        _figure("informative_units", "informative units", LATENT, 0, None,
                f"Dimensions with a mean KL of at least {INFORMATIVE_KL:g} nats per sentence. A posterior that is the same for "
                "all sentences can have that, too, and says nothing.", " units"),
        _figure("consistent_units", "consistent units", HOLES, 0, "higher",
                f"Dimensions with KL(q(z_i) ‖ p(z_i)) below {CONSISTENT_KL:g} nats.", " units"),
        _figure("consistent_units_reverse", "consistent units (reverse)", HOLES, 0, "higher",
                f"Dimensions with KL(p(z_i) ‖ q(z_i)), the other direction, below {CONSISTENT_KL:g} nats.", " units"),
        _figure("pair_gap", "pair gap", HOLES, 3, "lower",
                f"KL of q(z_i, z_j) to N(0, I), averaged over all pairs of dimensions, on a grid of at most {PAIR_BINS} × "
                f"{PAIR_BINS} bins."),
        _figure("worst_pair_gap", "worst pair", HOLES, 2, "lower", "The largest pair gap."),
        _figure("covariance_gap", "covariance gap", HOLES, 2, "lower",
                "KL to the prior of the Gaussian with the mean and covariance of q(z): the part of KL(q(z) ‖ p(z)) that "
                "these two explain."),
        _figure("smoothed_gap", "joint gap ≥", HOLES, 1, "lower",
                "Lower bound on KL(q(z) ‖ p(z)) from cross-validated, kernel-smoothed densities.", match=0.0),
        _figure("hole_mass", "hole mass", HOLES, 1, "lower",
                f"Share of prior samples where q(z)/p(z) is lower than at {percent(QUANTILE)} of held-out sentences; q(z) is "
                f"smoothed. {percent(MATCH)} is a match.", "%", MATCH),
        _figure("auc", "AUC", HOLES, 3, "lower",
                "How well q(z)/p(z) separates held-out sentences from prior samples; q(z) is smoothed. 0.5 is a match.",
                "", 0.5),
        _figure("joint_gap", "leave-one-out gap", HOLES, 1, None,
                "KL(q(z) ‖ p(z)), leaving out each sample's own posterior. It is a lower bound in expectation, and far too "
                "low where KL exceeds log N."),
        _figure("bleu", "BLEU", TEXT, 1, "higher",
                "BLEU between the sentences and their reconstructions from the posterior mean.", ""),
        _figure("token_accuracy", "token accuracy", TEXT, 1, "higher",
                "Share of words, the sentence's end being one, that the decoder predicts (highest probability), given the true "
                "previous words and the posterior mean.", "%"),
        _figure("interpolation_rouge", "interpolation ROUGE-L", TEXT, 3, "higher",
                "ROUGE-L F1 between texts decoded along an interpolation and its two end sentences, weighted by nearness.", ""),
        _figure("forward_perplexity", "forward perplexity", TEXT, 0, "lower",
                "Perplexity of samples (z from the prior, words from the softmax) under a trigram model of the training "
                "text.", ""),
        _figure("reverse_perplexity", "reverse perplexity", TEXT, 0, "lower",
                "Perplexity of the evaluation text under a trigram model of the samples, which knows the words of the training "
                "text.", ""),
        _figure("distinct_1", "distinct-1", TEXT, 3, None,
                "Share of different words among all words of 10,000 samples. It falls with their number.", ""),
        _figure("distinct_2", "distinct-2", TEXT, 3, None,
                "Share of different word pairs among all pairs of 10,000 samples. It falls with their number.", ""),
    )
}  # fmt: skip
