"""What copies among the sentences do to figures: those held out are in q(z) nonetheless."""

from __future__ import annotations

from dgvae.evaluation.record import Record

MOST_COPIES = 0.05  # of the sentences: with more, everything that is no copy looks far from q(z)
FEW_COPIES = 0.01  # with more, joint gap and AUC are higher by more than their standard error


def has_copies(record: Record) -> bool:
    """Whether there are so many copies that holes can't be told."""
    return record.copies > MOST_COPIES * record.evaluation.sentences


def has_few_copies(record: Record) -> bool:
    """Whether there are so many copies that the joint gap is too large."""
    return record.copies > FEW_COPIES * record.evaluation.sentences


def copies_said(record: Record) -> str:
    """How many copies there are."""
    among = f"{record.evaluation.sentences:,}" + (f" drawn of {record.all_examples:,}" if record.all_examples else "")
    return (
        f"{record.copies:,} of {among} encoded sentences are copies of others, or as near to them as copies (so are small, "
        "tight classes)"
    )


def as_copies(record: Record) -> float:
    """How many times each sentence is there on average: the jackknife takes copies for sentences of their own."""
    sentences = record.evaluation.sentences
    return sentences / max(1, sentences - record.copies)
