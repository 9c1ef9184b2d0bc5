"""METHODS: one row of facts per system. The command line, the app, the tests and the README's table read it.

A row names a value per axis (regularizer, schedule of its weight) and the options that the method has. What an axis value
means is code elsewhere: `dgvae.regularizers`, `train.schedules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dgvae.errors import UserError


@dataclass(frozen=True)
class Option:
    """A number that a method lets its user choose; an int default makes it a whole number."""

    default: int | float
    low: float
    high: float
    help: str

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
class Method:
    """One system: what is particular to it, as data."""

    id: str
    title: str
    summary: str
    source: str
    regularizer: str
    options: Mapping[str, Option] = field(default_factory=dict)

    def resolve(self, given: Mapping[str, object]) -> dict[str, int | float]:
        """Return every option's value, `given` before defaults. Raises UserError for one that this method lacks."""
        for name in given:
            if name not in self.options:
                known = ", ".join(self.options) or "none"
                raise UserError(f"Method {self.id} has no option {name!r}; its options: {known}.")
        return {
            name: option.parse(name, given[name]) if name in given else option.default for name, option in self.options.items()
        }


_AGGREGATION = {
    "aggregation_size": Option(32, 1, 4096, "sentences whose posteriors are aggregated, |b|; 1 is the plain KL"),
    "samples": Option(32, 1, 1024, "Monte Carlo samples per posterior, M"),
}

METHODS: dict[str, Method] = {
    method.id: method
    for method in (
        Method(
            id="vae",
            title="VAE",
            summary="KL of every posterior to the prior, with linear warm-up",
            source="Kingma & Welling 2014; Bowman et al. 2016",
            regularizer="kl",
        ),
        Method(
            id="beta-vae",
            title="β-VAE",
            summary="KL with a weight β below one",
            source="Higgins et al. 2017",
            regularizer="kl",
            options={"beta": Option(0.1, 0.0, 10.0, "weight of the KL, β")},
        ),
        Method(
            id="dg-vae",
            title="DG-VAE",
            summary="density gap between the aggregated posterior and the prior, a dimension at a time",
            source="Zhang et al. 2022, Eq. 11",
            regularizer="density-gap",
            options=_AGGREGATION,
        ),
        Method(
            id="pdg-vae",
            title="PDG-VAE",
            summary="density gap along the axes and along the principal axes of the aggregated posterior",
            source="this project",
            regularizer="principal-density-gap",
            options={**_AGGREGATION, "rate": Option(0.02, 1e-4, 1.0, "rate of the running covariance")},
        ),
    )
}


def find_method(method_id: str) -> Method:
    """Return the row of `method_id`. Raises UserError that names the methods there are."""
    if method_id not in METHODS:
        raise UserError(f"There is no method {method_id!r}; choose one of {', '.join(METHODS)}.")
    return METHODS[method_id]


def methods_table() -> str:
    """METHODS as the README's table, in Markdown."""
    rows = [f"| `{m.id}` | {m.title} | {m.summary} | {_options_cell(m)} | {m.source} |" for m in METHODS.values()]
    return "\n".join(["| `--method` | name | what it does | options (default) | source |", "|---|---|---|---|---|", *rows])


def _options_cell(method: Method) -> str:
    return ", ".join(f"`{name}` ({option.default:g})" for name, option in method.options.items()) or "–"
