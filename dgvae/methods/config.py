"""TextVAEConfig: everything that decides a model's shape, checked once where it enters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from dgvae.errors import UserError
from dgvae.files.atomic import read_json, write_json
from dgvae.methods.spec import Method, Value
from dgvae.methods.table import find_method

CONFIG_FILE = "config.json"

_RANGES: dict[str, tuple[float, float]] = {
    "vocab_size": (5, 1_000_000),
    "embedding_dim": (1, 8192),
    "hidden_dim": (1, 16384),
    "latent_dim": (1, 4096),
    "dropout": (0.0, 0.95),
    "max_length": (1, 4096),
}


@dataclass(frozen=True)
class TextVAEConfig:
    """The shape of a `TextVAE` and the method that trains it.

    Defaults are the paper's sizes for short sentences. `options` are the method's own (see `dgvae.methods.table`); missing
    ones take their default. Raises UserError if a value has the wrong type, is out of range, or is unknown.
    """

    method: str
    vocab_size: int
    embedding_dim: int = 128
    hidden_dim: int = 512
    latent_dim: int = 32
    dropout: float = 0.5  # on the decoder's input words and on its output
    max_length: int = 64  # words that a decoded sentence may have
    options: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.method, str):
            raise UserError(f"Config field method must be a string, not {self.method!r}.")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            whole = name != "dropout"
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
                raise UserError(f"Config field {name} must be {'a whole number' if whole else 'a number'}, not {value!r}.")
            if not low <= value <= high:
                raise UserError(f"Config field {name} must lie between {low:,} and {high:,}, not {value!r}.")
        if self.row.posterior == "vmf" and self.latent_dim < 2:
            raise UserError(f"Config field latent_dim must be 2 at least for {self.method}: a sphere needs two dimensions.")
        if not isinstance(self.options, Mapping):
            raise UserError(f"Config field options must be an object, not {self.options!r}.")
        object.__setattr__(self, "options", find_method(self.method).resolve(self.options))

    @property
    def row(self) -> Method:
        """The method's row of METHODS."""
        return find_method(self.method)

    @property
    def title(self) -> str:
        """The method's name with the option that tells its variants apart, e.g. 'β-VAE (β = 0.1)'."""
        return self.row.title_with(self.options)

    @property
    def regularizer_weight(self) -> float:
        """The weight that the regularizer reaches after warm-up."""
        weight = self.row.weight
        return float(self.options[weight] if isinstance(weight, str) else weight)

    @classmethod
    def from_json(cls, path: Path) -> TextVAEConfig:
        """Read and check a config file. Raises UserError that names the file and the fault."""
        data = read_json(path)
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise UserError(f"{path} has unknown fields: {', '.join(unknown)}.")
        if missing := sorted({"method", "vocab_size"} - set(data)):
            raise UserError(f"{path} lacks {', '.join(missing)}.")
        try:
            return cls(**data)
        except UserError as error:
            raise UserError(f"{path}: {error}") from None

    def to_json(self, path: Path) -> None:
        """Write this config where `from_json` reads it."""
        write_json(path, asdict(self))
