"""Files of lines, .txt: a sentence a line, and optionally a label with a tab before or after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dgvae.text.corpora import is_label
from train.corpora.account import Account, count_of
from train.corpora.columns import MOST_VALUES, has_header, is_known_name, is_number
from train.corpora.find_layout import is_table
from train.corpora.hints import FEW_LINES, MOST, hint
from train.corpora.line_ends import first_lines, numbered_lines
from train.corpora.quoted_lines import are_cells, are_cells_beside_tabs, has_cells_of_several_lines, joined, unquoted
from train.corpora.table import LOOKED_AT, label_of

FASTTEXT = "__label__"  # what fastText has before every label
BOTH_TEXTS = "both texts"
SENTENCE = 3  # mean words of a column, from which on it holds sentences and no classes
LONGEST_LABEL = 5  # words, in the mean


def layout_of_lines(lines: Sequence[str]) -> str:
    """Where the labels of a .txt stand: "" if there are none, "before" or "after" a tab; "table" if it is like a .csv.

    With few lines, the first one with a tab is never taken for a header. BOTH_TEXTS: what is on either side may be the text.
    """
    lines = [line for line in lines if line.strip()]
    parts = [line.split("\t") for line in lines if "\t" in line.strip()]
    if 2 * len(parts) < len(lines) or not parts:
        return "table" if is_table(lines) else ""
    if sum(len(cells) > 2 for cells in parts) > len(lines) / 2:
        return "table"
    pairs = [cells for cells in parts if len(cells) == 2]
    if len(pairs) > FEW_LINES and has_header(pairs, []):
        return "table"
    if pairs and pairs[0] == parts[0] and all(map(is_known_name, pairs[0])):
        return "table"
    before, after = (_Side(side) for side in zip(*((cells[0], cells[-1]) for cells in parts), strict=True))
    if before.is_numeric or after.is_numeric:
        return "after" if not before.is_numeric else "before"
    classes = before.are_classes_of(after), after.are_classes_of(before)
    if all(classes):
        return "after" if (after.different, after.size) < (before.different, before.size) else "before"
    if any(classes):
        return "before" if classes[0] else "after"
    if min(before.words, after.words) >= SENTENCE:
        return BOTH_TEXTS
    return "after" if before.size > after.size else "before"


class _Side:
    """What stands on one side of the tab in all lines. size: words and characters in all; words: in the mean of the lines."""

    def __init__(self, cells: Sequence[str]) -> None:
        self.lines, self.different = len(cells), len(set(cells))
        self.size = sum(len(cell.split()) for cell in cells), sum(map(len, cells))
        self.words = self.size[0] / len(cells)
        self.is_numeric = all(map(is_number, cells))

    def are_classes_of(self, text: _Side) -> bool:
        """Whether these are short and the same come again and again; beside sentences it is enough that some do."""
        share = self.different / self.lines
        often = 0.8 if text.words >= SENTENCE else 0.5
        return (self.words <= LONGEST_LABEL and share <= often) or (
            self.words <= 2 * LONGEST_LABEL and share <= 1 / MOST_VALUES
        )


def read_lines(path: Path, encoding: str, layout: str, account: Account) -> Iterator[tuple[str, str | None, str]]:
    """Yield (sentence, label, place) for every line.

    Args:
        path: the file.
        encoding: of the file.
        layout: see `layout_of_lines`.
        account: gets what was found out.
    """
    lines = [line for line in first_lines(path, encoding, LOOKED_AT) if line.strip()]
    quoted = (layout and has_cells_of_several_lines(lines)) or _are_quoted(lines, layout)
    start = [line.split(maxsplit=1)[0] for line in lines]
    fasttext = any(_without_fasttext(line)[0] for line in lines)
    numbered, account.whole_lines = False, not (fasttext or layout)
    if fasttext:
        account.note(f"labels are the words that begin with {FASTTEXT}")
    elif numbered := _number_the_lines(lines, layout):
        account.note(f"what stands {layout} a tab is another in nearly every line, so it is no label and is left out")
    elif layout:
        account.note(f"labels stand {layout} a tab")
    elif (
        len(start) > FEW_LINES
        and all(word[0].isalnum() and ":" in word[1:-1] for word in start)
        and 2 * len(set(start)) <= len(start)
    ):
        account.note("every line begins with a word such as A:b, read as text; if it is a label, put a tab after it")
    elif found := hint([unquoted(line) for line in lines] if quoted else lines):
        account.note(found)
    if quoted:
        account.note("quotes around the texts are left out")
    tabs, unlabeled, labeled, numbers = 0, 0, 0, numbered_lines(path, encoding)
    for number, line, cut in joined(numbers) if quoted else numbers:
        account.cut += cut
        if quoted and number == 1 and is_known_name(unquoted(line).strip()):
            account.leave_out("a header", "line 1")
            continue
        if fasttext and line.strip():
            labels, text = _without_fasttext(line)
            if len(labels) > 1:
                account.note_first("of several labels the first counts", f"line {number}")
            if not labels:
                account.note_first(f"a line without {FASTTEXT} has no label", f"line {number}")
            yield text, labels[0] if labels else None, f"line {number}"
            continue
        before, tab, after = line.rpartition("\t") if layout == "after" else line.partition("\t")
        label, text = (after, before) if layout == "after" else (before, after)
        if tab and label.strip() and not (layout or is_label(label.strip())):
            tabs += bool(text.strip())
            label, text = "", line
        labeled += bool(not layout and label.strip() and text.strip())
        if not tab:
            label, text = "", line
            unlabeled += bool(layout and not numbered and line.strip())
        if quoted:
            label, text = unquoted(label), unquoted(text)
        yield text, None if numbered else label_of(label), f"line {number}"
    if unlabeled:
        account.note(f"{count_of(unlabeled, 'line has', 'lines have')} no tab, and so no label")
    if labeled:
        account.note(f"{count_of(labeled, 'line has', 'lines have')} a number before a tab, which is read as a label")
    if tabs:
        account.note(f"{count_of(tabs, 'line holds', 'lines hold')} a tab that is read as a space")


def _without_fasttext(line: str) -> tuple[list[str], str]:
    """The labels at the beginning of a line, or else at its end, as fastText writes them, and the text beside them.

    Of a table that was made into such lines, a comma may be left between them.
    """
    words = line.split()
    count = next((i for i, word in enumerate(words) if not _is_fasttext(word)), len(words))
    if count:
        rest = line.split(maxsplit=count)[count:]
        return [word[len(FASTTEXT) :] for word in words[:count]], rest[0].strip().lstrip(", ") if rest else ""
    count = next((i for i, word in enumerate(reversed(words)) if not _is_fasttext(word)), 0)
    if count:
        return [word[len(FASTTEXT) :] for word in words[-count:]], line.rsplit(maxsplit=count)[0].strip()
    return [], line


def _is_fasttext(word: str) -> bool:
    return word[: len(FASTTEXT)].lower() == FASTTEXT


def _are_quoted(lines: Sequence[str], layout: str) -> bool:
    """Whether the texts stand in quotes where they need them, as programs write cells of a table."""
    if not layout:
        return are_cells(lines)
    texts = [line.partition("\t")[2] if layout == "before" else line.rpartition("\t")[0] for line in lines if "\t" in line]
    return are_cells_beside_tabs(texts)


def _number_the_lines(lines: Sequence[str], layout: str) -> bool:
    """Whether what would be labels are the numbers or names of the lines: hardly two are the same."""
    parts = [line.rpartition("\t")[::-1] if layout == "after" else line.partition("\t") for line in lines if "\t" in line]
    labels = {label.strip() for label, _, _ in parts}
    return bool(layout) and len(parts) > FEW_LINES and len(labels) > MOST * len(parts)
