"""The text of a run in numbers: said once before training, and kept in its log, its record and its model card."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dgvae.text.corpora import UNLABELED, Split, class_names, label_name, source_of
from dgvae.text.tokenizer import SPECIAL_WORDS, UNKNOWN, WordTokenizer
from train.corpora.account import count_of, for_terminal, left_out_text
from train.corpora.line_ends import LONGEST
from train.corpora.markup import taken_away
from train.corpora.table import listed

MOST_UNKNOWN = 0.1  # share of <unk> from which on there is a warning
MOST_UNKNOWN_HELD_OUT = 0.3  # of text that the vocabulary was not made of
UNSPLIT = "its words do not seem to be separated by spaces"
TO_MEASURE = ("sentence to measure", "sentences to measure")
EXAMPLE = 60  # characters of a sentence that is shown
LONG_WORD = 12  # mean characters of a word, from which on it is probably none
LONG_SPACELESS = 8  # likewise in Thai, Lao, Burmese and Khmer

_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


@dataclass(frozen=True)
class TextFacts:
    """What a run is trained on, counted. It holds no text and no path.

    sentences, left_out, first_left_out: by split. words, vocabulary, unknown, cut, duplicates: of the training sentences.
    unknown: the share of their words that are <unk>. duplicates: sentences that are copies of another one. in_both: validation
    sentences that are in training, too; measured_in_both: likewise of those to measure. cut: sentences longer than `max_words`.
    found, markup, cut_lines: see `Account`. unknown_held_out, cut_held_out: of validation and test.
    measured_is_valid: whether there are no others to measure than those for validation.
    untrained: classes that the first sentences of a text lack, where only these are trained on.
    cleaned: kinds of markup that were taken away. advice: what to do against many unknown words; "" where they are few.
    """

    sentences: dict[str, int]
    words: int
    vocabulary: int
    unknown: float
    duplicates: int
    in_both: int
    cut: int
    max_words: int
    classes: list[str]
    left_out: dict[str, dict[str, int]] = field(default_factory=dict)
    first_left_out: dict[str, dict[str, str]] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    markup: dict[str, int] = field(default_factory=dict)
    cut_lines: int = 0
    cleaned: list[str] = field(default_factory=list)
    advice: str = ""
    unknown_held_out: dict[str, float] = field(default_factory=dict)
    measured_in_both: int = 0
    cut_held_out: dict[str, int] = field(default_factory=dict)
    measured_is_valid: bool = False
    untrained: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """The facts as JSON holds them."""
        return asdict(self)

    @classmethod
    def read(cls, record: Any) -> TextFacts | None:
        """Read what `record` gave; None if it is missing, or of another version."""
        try:
            return TypeAdapter(cls).validate_python(record)
        except ValidationError:
            return None


def text_facts(
    training: Split, validation: Split, evaluation: Split, tokenizer: WordTokenizer, max_words: int, min_count: int | None
) -> TextFacts:
    """Count what a run is trained on.

    Args:
        training: its sentences.
        validation: likewise.
        evaluation: likewise.
        tokenizer: the run's, whatever text it was made of.
        max_words: the model's longest sentence; a longer one is cut there.
        min_count: a word seen less often became <unk>; None if the vocabulary is that of another model.
    """
    counts: Counter[str] = Counter()
    lengths = []
    for sentence in training.sentences:
        words = sentence.split()
        counts.update(words)
        lengths.append(len(words))
    unknown = {word: count for word, count in counts.items() if tokenizer.encode(word, 1)[0] == UNKNOWN}
    total, share = counts.total(), sum(unknown.values()) / counts.total()
    different = set(training.sentences)
    source = source_of(training.path.parent)
    names = class_names(training.path.parent)
    is_part = len(training.sentences) < source.get("sentences", {}).get("train", 0)
    known, others = ({*labels} - {UNLABELED} for labels in (training.labels, [*validation.labels, *evaluation.labels]))
    held_out = {"valid": validation.sentences, "test": evaluation.sentences}
    return TextFacts(
        sentences={
            "train": len(training.sentences),
            "valid": len(validation.sentences),
            "test": len(evaluation.sentences),
        },
        words=total,
        vocabulary=len(tokenizer) - len(SPECIAL_WORDS),
        unknown=share,
        duplicates=len(training.sentences) - len(different),
        in_both=sum(sentence in different for sentence in validation.sentences),
        measured_in_both=sum(sentence in different for sentence in evaluation.sentences),
        cut=sum(length > max_words for length in lengths),
        cut_held_out={split: longer_than(max_words, sentences) for split, sentences in held_out.items()},
        max_words=max_words,
        measured_is_valid=validation.sha256 == evaluation.sha256,
        classes=[names.get(label, str(label)) for label in sorted(known)],
        untrained=[names.get(label, str(label)) for label in sorted(others - known)] if known and is_part else [],
        advice=_advice(counts, unknown, min_count) if share > MOST_UNKNOWN else "",
        unknown_held_out={split: _unknown(tokenizer, sentences) for split, sentences in held_out.items()},
        cleaned=sorted(taken_away(source.get("clean")) & source.get("markup", {}).keys()),
        **{name: source[name] for name in ("left_out", "first_left_out", "found", "markup", "cut_lines") if name in source},
    )


def longer_than(words: int, sentences: Sequence[str]) -> int:
    """How many sentences have more words."""
    return sum(len(sentence.split()) > words for sentence in sentences)


def _unknown(tokenizer: WordTokenizer, sentences: Sequence[str]) -> float:
    """The share of words that are <unk>."""
    counts = Counter(word for sentence in sentences for word in sentence.split())
    return sum(n for word, n in counts.items() if tokenizer.encode(word, 1)[0] == UNKNOWN) / max(1, counts.total())


def seem_unsplit(counts: Counter[str]) -> bool:
    """Whether words, numbers aside, are so long that they must be sentences of a script without spaces."""
    words = Counter({word: count for word, count in counts.items() if any(map(str.isalpha, word))})
    spaceless = Counter({word: count for word, count in words.items() if _SPACELESS.search(word)})
    if 2 * spaceless.total() > words.total():
        return _mean_length(spaceless) > LONG_SPACELESS
    return _mean_length(words) > LONG_WORD


def _mean_length(counts: Counter[str]) -> float:
    return sum(len(word) * count for word, count in counts.items()) / max(1, counts.total())


def _advice(counts: Counter[str], unknown: dict[str, int], min_count: int | None) -> str:
    """What to do against many unknown words, by their cause."""
    total = sum(unknown.values())
    in_text = sum(unknown.get(word, 0) for word in SPECIAL_WORDS)
    rare = sum(count for count in unknown.values() if count < (min_count or 0))
    if seem_unsplit(counts):
        return f"{UNSPLIT}: split it with a word segmenter, then give --tokenized"
    if 2 * in_text > total:
        return "the text itself has <unk> in these places"
    if min_count is None:
        return "the vocabulary is that of --init-from: start from a model of similar text, or train without --init-from"
    if 2 * rare > total:
        return f"most of them are seen less than {min_count} times: give more text, or lower --min-count"
    return "the vocabulary has no room for them: raise --max-vocab"


def text_lines(facts: TextFacts, effective_batch: float | None = None) -> list[tuple[str, str]]:
    """(what, how much) of everything there is to say of a run's text."""
    train, valid, test = (facts.sentences[split] for split in ("train", "valid", "test"))
    others = "" if facts.measured_is_valid else f", {test:,}"
    lines = [("sentences", f"{train:,} to train on, {valid:,} for validation{others or ' and'} to measure")]
    if facts.found:
        lines.append(("read as", "; ".join(facts.found)))
    cut = f"; {count_of(facts.cut, 'sentence')} cut at {facts.max_words} words" if facts.cut else ""
    held_out = (("valid", "validation sentence", "validation sentences"), ("test", *TO_MEASURE))
    for split, *what in held_out:
        if count := facts.cut_held_out.get(split):
            cut += f"; {count_of(count, *what)} cut at {facts.max_words} words"
    cut += f"; {count_of(facts.cut_lines, 'line')} cut at {LONGEST:,} characters" if facts.cut_lines else ""
    lines.append(("words", f"{facts.words:,}, {facts.words / train:.1f} a sentence{cut}"))
    shares = facts.unknown_held_out
    unknown = f", {shares['valid']:.1%} in validation, {shares['test']:.1%} in what is measured" if shares else ""
    lines.append(("vocabulary", f"{facts.vocabulary:,} words; {facts.unknown:.1%} of the text's words are <unk>{unknown}"))
    both = f"; {count_of(facts.in_both, 'validation sentence')} also in training" if facts.in_both else ""
    if facts.measured_in_both:
        both += f"; {count_of(facts.measured_in_both, *TO_MEASURE)} also in training"
    copies = count_of(facts.duplicates, "copy of another training sentence", "copies of other training sentences")
    share = f" ({facts.duplicates / train:.0%})" if facts.duplicates else ""
    lines.append(("duplicates", f"{copies}{share}{both}"))
    if facts.markup:
        lines.append(("markup", "; ".join(_markup(facts))))
    lost = [
        left_out_text(counts, facts.first_left_out.get(split, {})) + (f" of {split}" if len(facts.left_out) > 1 else "")
        for split, counts in facts.left_out.items()
    ]
    lines.append(("left out", "; ".join(lost) or "nothing"))
    if facts.classes:
        shown = ", ".join(facts.classes[:10]) + (f" and {len(facts.classes) - 10} others" if len(facts.classes) > 10 else "")
        lacks = f"; no training sentence is of {listed(facts.untrained)}: --sentences takes the first ones; shuffle the file"
        lines.append(("classes", shown + (lacks if facts.untrained else "")))
    if effective_batch is not None:
        lines.append(("batch", f"{effective_batch:.0f} sentences on average"))
    return [(what, for_terminal(how)) for what, how in lines]


def _markup(facts: TextFacts) -> Iterator[str]:
    for taken, what in ((True, "taken away (--no-clean keeps it)"), (False, "kept (--clean takes it away)")):
        kinds = [f"{kind} in {count_of(n, 'sentence')}" for kind, n in facts.markup.items() if (kind in facts.cleaned) == taken]
        if kinds:
            yield f"{', '.join(kinds)}, {what}"


def summary(name: str, facts: TextFacts, training: Split, effective_batch: float | None = None) -> str:
    """What is printed before training.

    Args:
        name: of the text.
        facts: all of them are printed, and a warning if many words are unknown.
        training: gives examples, which show whether a file was read as it was meant, and are kept nowhere.
        effective_batch: sentences in a batch.
    """
    lines = text_lines(facts, effective_batch)
    lines.insert(1, ("examples", for_terminal(_examples(training))))
    text = f"Text: {name}\n" + "\n".join(f"  {what:<11} {how}" for what, how in lines)
    return f"{text}\n{warning}" if (warning := unknown_warning(facts)) else text


def _examples(training: Split) -> str:
    """The first sentence and the one in the middle, with their labels."""
    names, shown = class_names(training.path.parent), []
    for number in sorted({0, len(training.sentences) // 2}):
        sentence, label = training.sentences[number], label_name(training.labels[number], names)
        cut = f"{sentence[:EXAMPLE].rstrip()} …" if len(sentence) > EXAMPLE else sentence
        shown.append(f'"{cut}"' + (f" ({label})" if label else ""))
    return ", ".join(shown)


def reading_lines(source: dict[str, Any], evaluation: Split) -> list[tuple[str, str]]:
    """(what, how much) of how a file of sentences to measure was read. source: what source.json says of it."""
    lost = left_out_text(source.get("left_out", {}).get("test", {}), source.get("first_left_out", {}).get("test", {}))
    lines = [
        ("sentences", f"{len(evaluation.sentences):,}"),
        ("examples", _examples(evaluation)),
        ("read as", "; ".join(source.get("found", []))),
        ("left out", lost or "nothing"),
    ]
    return [(what, for_terminal(how)) for what, how in lines if how]


def unknown_words(evaluation: Split, tokenizer: WordTokenizer) -> str:
    """How many words of sentences to measure a model does not know, and what to think of if they are many."""
    share = _unknown(tokenizer, evaluation.sentences)
    advice = "; is it of the model's language and kind, and split like its text?" if share > MOST_UNKNOWN_HELD_OUT else ""
    return f"{share:.1%} of the text's words are <unk>{advice}"


def unknown_warning(facts: TextFacts) -> str:
    """What is wrong with a text of which many words are unknown; nothing if they are few."""
    if facts.advice:
        return f"Warning: {facts.unknown:.0%} of the words are <unk>, of which the model learns nothing; {facts.advice}."
    for split, title in (("valid", "validation"), ("test", "measured")):
        if (share := facts.unknown_held_out.get(split, 0.0)) > MOST_UNKNOWN_HELD_OUT:
            return f"Warning: {share:.0%} of the {title} words are not in the vocabulary; is it of the same language and kind?"
    return ""
