"""What a run of the toy is: its methods, points and seed, and the settings that may change as it goes on. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, fields

from dgvae.errors import UserError
from dgvae.methods.spec import Range, Value
from dgvae.methods.table import METHODS, VARIANTS, method_and_options

POINTS = 128  # of every problem but the drawn ones
MOST_METHODS = 4  # side by side
SET_SIZES = (16, 64, 256)  # draws of q(z) and of p(z) that are compared as sets
MOST_STEPS = 5000  # of a lab
MOST_MOMENTS = 400  # that a lab keeps; then every other one of the older ones is forgotten
MOST_DRAWN = 180  # of at most eleven characters each they fit into a link
MOST_SEED = 2**31 - 1

PROBLEMS = {
    "classes": f"{POINTS} points to classify (as in the paper)",
    "ring": "a ring to reconstruct",
    "grid": "a grid to reconstruct",
    "two-moons": "two moons to reconstruct",
    "diagonal": "a correlated cloud to reconstruct",
}
DRAWN = "drawn"  # the problem whose places come from outside

# A toy has no encoder's head, no words and no schedule: methods that differ by those alone are not among these.
TOY_METHODS = tuple(
    m.id
    for m in METHODS.values()
    if m.head in ("plain", "vmf", "implicit")
    and (m.decoder, m.schedule, m.initialization) in (("plain", "linear", "random"), ("plain", "constant", "random"))
)
TOY_VARIANTS = tuple(name for name, (method, _) in VARIANTS.items() if method in TOY_METHODS)


@dataclass(frozen=True)
class Setup:
    """What can't be changed once a run has begun. drawn: the places of the problem "drawn".

    Raises UserError if there is no such method or problem, or there are too few or too many methods or places.
    """

    methods: tuple[str, ...]
    problem: str = "classes"
    seed: int = 0
    drawn: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.methods) <= MOST_METHODS:
            raise UserError(f"Choose from one to {MOST_METHODS} methods; there are {len(self.methods)}.")
        for name in self.methods:
            toy_method(name)
        if len(set(self.methods)) < len(self.methods):
            raise UserError("Choose different methods: the same method with the same seed gives the same run.")
        check_problem(self.problem, len(self.drawn))
        if not 0 <= self.seed <= MOST_SEED:
            raise UserError(f"A seed is a whole number from 0 to {MOST_SEED}, not {self.seed}.")


def toy_method(name: str) -> tuple[str, dict[str, Value]]:
    """The method and options that a name stands for. Raises UserError if there is none, or none for a toy."""
    method, options = method_and_options(name)
    if method not in TOY_METHODS:
        raise UserError(
            f"{METHODS[method].title} needs a text encoder, words or a schedule, which the toy does not have; choose from "
            f"{', '.join(TOY_METHODS)}."
        )
    return method, options


def check_problem(name: str, drawn: int) -> None:
    """Raises UserError if there is no such problem, or not as many places as a drawn one needs."""
    if name != DRAWN and name not in PROBLEMS:
        raise UserError(f"There is no toy problem {name!r}; choose one of {', '.join(PROBLEMS)}.")
    if name == DRAWN and not 2 <= drawn <= MOST_DRAWN:
        raise UserError(f"Draw from 2 to {MOST_DRAWN} points; there are {drawn}.")


@dataclass(frozen=True)
class Settings:
    """What may be changed while a run goes on. Raises UserError if a value is out of range."""

    beta: float = 1.0
    batch_size: int = 8
    aggregation_size: int = 8
    learning_rate: float = 0.1
    samples: int = 8

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, RANGES[field.name].parse(field.name, getattr(self, field.name)))


RANGES = {
    "beta": Range(1.0, 0.0, 100.0, "factor on the regularizer's own weight, β"),
    "batch_size": Range(8, 2, POINTS, "points of a mini-batch"),
    "aggregation_size": Range(8, 1, POINTS, "points of the mini-batch whose posteriors are aggregated, |b|"),
    "learning_rate": Range(0.1, 1e-5, 1.0, "learning rate of Adam"),
    "samples": Range(8, 1, 64, "samples per posterior and step"),
}
