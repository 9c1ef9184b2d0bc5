"""FitOptions: what a run of `python -m train.fit` is asked for, with every default decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from dgvae.text.corpora import CORPORA
from train.run.recipes import RECIPES

BY_RECIPE = ("epochs", "patience", "batch_size", "learning_rate", "warmup_epochs", "batches")
BY_CORPUS = ("embedding_dim", "hidden_dim")
TEXTS = {"data", "train_file", "valid_file", "test_file"}  # may have moved
CHANGEABLE = {"resume", "out", "epochs", "patience", "learning_rate", "threads", "map_points", "device", "log", "save_minutes"}
CHANGEABLE |= TEXTS  # in a resumed run
MAY_DIFFER = {"threads", "device", "save_minutes", "log", *TEXTS}  # between the machines of a sweep
MAP_POINTS = 5000


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """The options of one run, in the order of the command's help. Those without a default have one by recipe or corpus.

    The last ones are no options of the command, but what was found as the run began.

    training_sha256, validation_sha256, evaluation_sha256: of its text. vocabulary_sha256: of its words in their order.
    began_with: the model whose weights it took, if it took any.
    changed: what was otherwise before it was resumed with other options.
    """

    method: str = "dg-vae"
    set: tuple[str, ...] = ()  # "key=value", options of the method
    embedding_dim: int
    hidden_dim: int
    latent_dim: int = 32
    corpus: str | None = None
    data: str | None = None
    train_file: str | None = None
    valid_file: str | None = None
    test_file: str | None = None
    column: str | None = None
    label_column: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None
    clean: bool | None = None
    tokenized: bool = False
    sentences: int = 0  # 0: all
    max_words: int = 200
    max_vocab: int = 20_000
    min_count: int = 2
    out: Path
    resume: bool = False
    init_from: str | None = None
    recipe: str = "fast"
    epochs: int
    patience: int
    batch_size: int
    batches: str
    learning_rate: float
    warmup_epochs: float
    map_points: int = MAP_POINTS
    seed: int = 0
    threads: int = 0  # 0: torch's choice
    device: str = "auto"
    aggregate: str = "global"
    save_minutes: float = 10.0
    log: tuple[str, ...] = ()
    training_sha256: str | None = None
    validation_sha256: str | None = None
    evaluation_sha256: str | None = None
    vocabulary_sha256: str | None = None
    began_with: str | None = None
    changed: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> FitOptions:
        """The options that are given, by name, and for the others what the recipe, the corpus and the defaults say."""
        recipe = RECIPES[given.get("recipe", DEFAULTS["recipe"])]
        corpus = CORPORA.get(given.get("corpus") or "", CORPORA["short-yelp"])
        decided: dict[str, Any] = {name: getattr(recipe, name) for name in BY_RECIPE} | {
            name: getattr(corpus, name) for name in BY_CORPUS
        }
        if given.get("init_from"):
            decided["warmup_epochs"] = 0.0
        decided |= {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        return cls(**decided)

    @property
    def source(self) -> str:
        """The corpus, or the file of one's own."""
        return self.corpus or self.train_file or ""

    def as_json(self) -> dict[str, Any]:
        """The options by name, as JSON holds them."""
        return asdict(self) | {"set": list(self.set), "out": str(self.out), "log": list(self.log)}


FOUND = ("training_sha256", "validation_sha256", "evaluation_sha256", "vocabulary_sha256", "began_with", "changed")
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(FitOptions) if field.default is not MISSING}
OF_THE_COMMAND = tuple(field.name for field in fields(FitOptions) if field.name not in FOUND)
