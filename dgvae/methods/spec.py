"""What a row of METHODS is: the method's facts, its options, and how a given value is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dgvae.errors import UserError

Value = int | float | str


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`; an int default makes it a whole number."""

    default: int | float
    low: float
    high: float
    help: str

    def describe(self) -> str:
        """What it means and what it may be."""
        return f"{self.help}; {self.low:g} to {self.high:g}"

    def parse(self, name: str, value: object) -> int | float:
        """Return `value` as this option's type, or raise UserError with the range that is allowed."""
        kind = type(self.default)
        try:
            number = kind(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None or not self.low <= number <= self.high:
            wanted = "a whole number" if kind is int else "a number"
            raise UserError(f"Option {name} must be {wanted} from {self.low:g} to {self.high:g}, not {value!r}.")
        return number


@dataclass(frozen=True)
class Choice:
    """One of a few words, the first being the default."""

    words: tuple[str, ...]
    help: str

    def describe(self) -> str:
        """What it means and what it may be."""
        return f"{self.help}; {' or '.join(self.words)}"

    @property
    def default(self) -> str:
        """The first word."""
        return self.words[0]

    def parse(self, name: str, value: object) -> str:
        """Return `value`, or raise UserError with the words that are allowed."""
        if not isinstance(value, str) or value not in self.words:
            raise UserError(f"Option {name} must be {' or '.join(self.words)}, not {value!r}.")
        return value


Option = Range | Choice


def show(value: Value) -> str:
    """A value as a person writes it."""
    return value if isinstance(value, str) else f"{value:g}"


@dataclass(frozen=True)
class Grid:
    """The values of one option that the paper compares, each of them a named variant: `bn-vae-1.2`."""

    option: str
    symbol: str
    values: tuple[int | float, ...]
    prefix: str = ""  # before the value in a variant's name
    quiet: bool = False  # the default value is not named in a title


# What a method changes to fight collapse or holes, in the order in which the page lists them.
PLAIN, WEAKER, FLOORS, DECODERS = "Plain", "Weaker KL", "KL floors", "Decoders"
DIVERGENCES, SPHERES, GAPS = "Other divergences", "Spheres", "Density gaps"
FAMILIES = (PLAIN, WEAKER, FLOORS, DECODERS, DIVERGENCES, SPHERES, GAPS)


@dataclass(frozen=True)
class Method:
    """One system: what is particular to it, as data. `weight` is the regularizer's, or the name of the option that holds it.

    family: one of FAMILIES.
    """

    id: str
    title: str
    family: str
    summary: str
    source: str
    posterior: str = "gaussian"
    head: str = "plain"
    regularizer: str = "kl"
    weight: float | str = 1.0
    decoder: str = "plain"
    schedule: str = "linear"
    initialization: str = "random"
    options: Mapping[str, Option] = field(default_factory=dict)
    grid: Grid | None = None

    def resolve(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Return every option's value, `given` before defaults. Raises UserError for one that this method lacks."""
        for name in given:
            if name not in self.options:
                known = ", ".join(self.options) or "none"
                raise UserError(f"Method {self.id} has no option {name!r}; its options: {known}.")
        return {
            name: option.parse(name, given[name]) if name in given else option.default for name, option in self.options.items()
        }

    def title_with(self, options: Mapping[str, Value]) -> str:
        """The title with the option that tells the method's variants apart, e.g. 'β-VAE (β = 0.1)'."""
        if not self.grid:
            return self.title
        value = options[self.grid.option]
        if self.grid.quiet and value == self.options[self.grid.option].default:
            return self.title
        said = value if isinstance(value, str) else f"{value:,g}"
        return f"{self.title} ({self.grid.symbol} = {said})"
