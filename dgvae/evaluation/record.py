"""The record of a checkpoint: metrics.json in memory, checked once where it is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.figures import FIGURES, SUMMED
from dgvae.files.atomic import read_json, write_json
from dgvae.text.corpora import is_label

METRICS_FILE = "metrics.json"
FORMAT = 2
UNKNOWN = "unknown "  # of latents without texts: whether others are of the same examples
LONGEST_NAME = 200  # characters of a class
MOST_TEXT = 2_000  # characters of a name or a reason
_TRAINING = ("epochs", "sentences", "learning_rate", "batch_size", "warmup_epochs", "seed")  # what a model card tells
_HASHES = ("training_sha256", "vocabulary_sha256")  # of the text and of the words, in newer ones
ALWAYS = ("reconstruction", "kl", "elbo", "mi", "active_units", "consistent_units", "covariance_gap")  # known after training


@dataclass(frozen=True)
class PairGap:
    """Two dimensions of the latent: their correlation under q(z), and KL(q(z_i, z_j) ‖ N(0, I)) in nats."""

    dimensions: tuple[int, int]
    correlation: float
    gap: float


@dataclass(frozen=True)
class Dependence:
    """Two dimensions of the latent, and their mutual information under q(z) with its standard error: at least so many nats."""

    dimensions: tuple[int, int]
    nats: float
    error: float


@dataclass(frozen=True)
class Evaluation:
    """The sentences that were measured, identified but not held. sha256: begins with UNKNOWN if they can't be compared."""

    file: str
    sentences: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """metrics.json in memory: what was measured of a checkpoint's weights on one set of sentences.

    figures: by the ids of FIGURES; absent: why those that cannot be are not. What is in neither was not measured yet.
    profile, pairs, dependent: see `LatentMeasures`. reference: figures of the evaluation text itself, to compare samples with.
    interpolation: mean ROUGE-L F1 along the way, `to_start` and `to_end`. training: how the weights were made. classes: what
    the labels of the sentences are called, by number; a label that is not in it has no name but its number. all_examples: how
    many examples the figures SUMMED and their rows of the profile come from, where the others come from fewer, those of
    `evaluation`; 0 where all come from these. copies: how many of these are copies of others, or nearly.
    outliers: how many of them lie far from all others, and are left out where holes are looked for. on_sphere: whether the
    means or points of a file all have one length, as no model's have whose prior is N(0, I).
    """

    corpus: str
    weights: str
    evaluation: Evaluation
    figures: dict[str, Estimate]
    absent: dict[str, str]
    training: dict[str, Any]
    profile: dict[str, list[float]] = field(default_factory=dict)
    pairs: list[PairGap] = field(default_factory=list)
    dependent: list[Dependence] = field(default_factory=list)
    reference: dict[str, float] = field(default_factory=dict)
    interpolation: dict[str, list[float]] = field(default_factory=dict)
    classes: dict[int, str] = field(default_factory=dict)
    all_examples: int = 0
    copies: int = 0
    outliers: int = 0
    on_sphere: bool = False

    @property
    def dimensions(self) -> int:
        """Of the latent, as far as its profile tells; else 0."""
        return len(next(iter(self.profile.values()), []))

    def sentences_of(self, figure: str) -> int:
        """How many sentences a figure comes from."""
        return self.all_examples if self.all_examples and figure in SUMMED else self.evaluation.sentences

    def value(self, figure: str) -> float:
        """A figure, or 0 where there is none."""
        return self.figures[figure].value if figure in self.figures else 0.0

    def text(self, figure: str) -> str:
        """A figure as it is written: "n/a" if it cannot be, "–" if it was not measured."""
        if figure in self.figures:
            return FIGURES[figure].form.format(self.figures[figure].value)
        return "n/a" if figure in self.absent else "–"

    def error_text(self, figure: str) -> str:
        """A figure's standard error as it is written; nothing if it is not known."""
        error = self.figures[figure].error if figure in self.figures else math.nan
        return FIGURES[figure].error_form.format(error) if math.isfinite(error) else ""

    def save(self, folder: Path) -> None:
        """Write metrics.json. An error that is not known is null."""
        data = asdict(self)
        for name in ("dependent", "all_examples", "copies", "outliers", "on_sphere"):
            if not data[name]:
                del data[name]
        data["figures"] = {
            name: {"value": value, "error": error if math.isfinite(error) else None}
            for name, (value, error) in self.figures.items()
        }
        write_json(folder / METRICS_FILE, {"format": FORMAT, **data})

    @classmethod
    def load(cls, folder: Path) -> Record:
        """Read what `save` wrote. Raises UserError that names the file and what is wrong."""
        path = folder / METRICS_FILE
        data = read_json(path)
        if data.get("format") != FORMAT:
            raise UserError(
                f"{path} is of another version than this program; measure again with: python -m train.evaluate {folder}"
            )
        record = _parse(data, path)
        if missing := [name for name in ALWAYS if name not in record.figures.keys() | record.absent.keys()]:
            raise UserError(f"{path} lacks {missing[0]}; copy or download it again.")
        return record


def _parse(data: Mapping[str, Any], path: Path) -> Record:
    def check(name: str, is_right: Callable[[Any], bool], default: Any = None) -> Any:
        value = data.get(name, default)
        if not is_right(value):
            raise UserError(f"{path} lacks {name}, or it is not what it should be; copy or download it again.")
        return value

    evaluation = check("evaluation", _is_evaluation)
    figures = check("figures", lambda f: _is_map(f, _is_estimate))
    pairs = check("pairs", lambda p: isinstance(p, list) and all(_is_pair(each, "correlation", "gap") for each in p), [])
    dependent = check("dependent", lambda p: isinstance(p, list) and all(_is_pair(each, "nats", "error") for each in p), [])
    return Record(
        corpus=check("corpus", _is_text),
        weights=check("weights", _is_text),
        evaluation=Evaluation(**evaluation),
        figures={
            name: Estimate(float(f["value"]), math.nan if f["error"] is None else float(f["error"]))
            for name, f in figures.items()
            if name in FIGURES
        },
        absent=check("absent", lambda a: _is_map(a, _is_text)),
        training=check("training", _is_training),
        profile=check("profile", lambda p: _is_map(p, _is_numbers) and len({len(v) for v in p.values()}) <= 1, {}),
        pairs=[PairGap(tuple(p["dimensions"]), p["correlation"], p["gap"]) for p in pairs],
        dependent=[Dependence(tuple(p["dimensions"]), p["nats"], p["error"]) for p in dependent],
        reference={
            name: value for name, value in check("reference", lambda r: _is_map(r, _is_number), {}).items() if name in FIGURES
        },
        interpolation=check("interpolation", _is_interpolation, {}),
        classes={int(number): name for number, name in check("classes", _is_classes, {}).items()},
        all_examples=check("all_examples", lambda count: isinstance(count, int) and count >= 0, 0),
        copies=check("copies", lambda count: isinstance(count, int) and count >= 0, 0),
        outliers=check("outliers", lambda count: isinstance(count, int) and count >= 0, 0),
        on_sphere=check("on_sphere", lambda whether: isinstance(whether, bool), False),
    )


def _is_evaluation(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"file", "sentences", "sha256"}:
        return False
    return (
        isinstance(value["sentences"], int) and value["sentences"] > 1 and _is_text(value["file"]) and _is_text(value["sha256"])
    )


def _is_training(value: Any) -> bool:
    """Of a file of latents nothing is known, {}."""
    if not isinstance(value, dict) or not all(value.get(name) is None or _is_text(value[name]) for name in _HASHES):
        return False
    return not value or all(_is_number(value.get(name)) for name in _TRAINING)


def _is_interpolation(value: Any) -> bool:
    return _is_map(value, _is_numbers) and all(len(curve) > 1 for curve in value.values())


def _is_classes(value: Any) -> bool:
    return _is_map(value, lambda name: _is_text(name) and len(name) <= LONGEST_NAME) and all(map(is_label, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300  # which NaN is not


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 4096 and all(map(_is_number, value))


def _is_map(value: Any, is_right: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(is_right, value.values()))


def _is_estimate(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"value", "error"}:
        return False
    return _is_number(value["value"]) and (value["error"] is None or _is_number(value["error"]))


def _is_pair(value: Any, *numbers: str) -> bool:
    if not isinstance(value, dict) or value.keys() != {"dimensions", *numbers}:
        return False
    dimensions = value["dimensions"]
    whole = isinstance(dimensions, list) and len(dimensions) == 2 and all(isinstance(i, int) and i >= 0 for i in dimensions)
    return whole and all(_is_number(value[name]) for name in numbers)
