"""A measured checkpoint, as tables and charts show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dgvae.evaluation.figures import PERPLEXITIES, Figure
from dgvae.evaluation.record import UNKNOWN, Record
from dgvae.methods.config import TextVAEConfig

OTHER_SENTENCES = (
    "Not all of these models were measured on the same sentences. Compare only those that were: other sentences may be easier "
    "or harder, and more or fewer."
)
UNKNOWN_EXAMPLES = (
    "It is not known whether all of these models were measured on the same examples: some files hold no texts of them. Compare "
    "figures only if they were."
)
READ_DIFFERENTLY = (
    "Some of these models know other words, or read longer sentences, than others. Words that a model doesn't know are <unk>, "
    "and long sentences are cut. So likelihoods and figures of text compare only between models that agree in both."
)
TRAINED_DIFFERENTLY = (
    "Not all of these models were trained on the same text. Perplexities use a trigram model of the training text and its "
    "words, so they compare only between models of one training text."
)


@dataclass(frozen=True)
class Measured:
    """A checkpoint and its record. `option` is the value of its method's grid option, which orders a family.

    `method` is empty for a file of latents, whose method is not known. `reads`: which words the model knows, and how many of
    a sentence it reads.
    """

    name: str
    title: str
    method: str
    option: float | None
    record: Record
    reads: tuple[object, ...] = ()

    @classmethod
    def of(cls, name: str, config: TextVAEConfig, record: Record, title: str = "") -> Measured:
        """Make it from a checkpoint's config and record.

        Args:
            name: of the checkpoint.
            config: the model's.
            record: what was measured.
            title: the config's by default.

        Returns:
            The checkpoint as the charts and tables show it.
        """
        grid = config.row.grid
        option = config.options[grid.option] if grid else None
        option = None if option is None else float(option)
        reads = config.vocab_size, record.training.get("vocabulary_sha256"), config.max_length
        return cls(name, title or config.title, config.method, option, record, reads)

    def compares_by(self, figure: Figure) -> tuple[object, ...]:
        """What two checkpoints must have in common for a figure of theirs to compare."""
        reads = self.reads if figure.is_of_words else ()
        return (self.record.evaluation.sha256, *reads, self.trained_on if figure.id in PERPLEXITIES else None)

    @property
    def trained_on(self) -> float | None:
        """What tells the trigram model of the training text from others: the perplexity of what was measured, as it is read."""
        perplexity = self.record.reference.get("forward_perplexity")
        return None if perplexity is None else round(perplexity, 3)

    def has(self, *figures: str) -> bool:
        """Whether all of these are measured."""
        return set(figures) <= self.record.figures.keys()


def remarks(checkpoints: Iterable[Measured]) -> list[str]:
    """What to say beside a table of these: which of them don't compare, and why; and which were stopped."""
    reads: dict[str, set[tuple[object, ...]]] = {}
    trained_on: dict[tuple[object, ...], set[float | None]] = {}  # by what is measured and how it is read
    stopped = []
    for checkpoint in checkpoints:
        if checkpoint.record.training.get("finished") is False:
            stopped.append(checkpoint.name)
        reads.setdefault(checkpoint.record.evaluation.sha256, set()).add(checkpoint.reads)
        read = checkpoint.record.evaluation.sha256, checkpoint.reads
        trained_on.setdefault(read, set()).add(checkpoint.trained_on)
    differ = any(len(ways) > 1 for ways in reads.values())
    trained_apart = any(len(texts - {None}) > 1 for texts in trained_on.values())
    cut_off = [f"The training of {', '.join(stopped)} was stopped before the end."] if stopped else []
    known = [sha256 for sha256 in reads if not sha256.startswith(UNKNOWN)]
    others = [OTHER_SENTENCES] * (len(known) > 1) + [UNKNOWN_EXAMPLES] * (len(reads) > max(1, len(known)))
    return cut_off + others + [READ_DIFFERENTLY] * differ + [TRAINED_DIFFERENTLY] * trained_apart
