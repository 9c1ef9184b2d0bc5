"""What there is to say of a text that was read: how it was read, and what was left out of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Account:
    """The account of one split.

    left_out: how many sentences, by what was wrong with them; first: the place of the first one, as "line 7".
    found: what was found out about the files, one phrase each. markup: how many sentences hold what looks like markup, by kind.
    cut: lines of which only the beginning was read. label_names: what a label is called, where the file says so.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    markup: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    label_names: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8-sig"  # of the file that is being read
    whole_lines: bool = False  # whether its lines were looked at as a whole, and so what they begin with

    def leave_out(self, fault: str, place: str) -> None:
        """Count a sentence that can't be used."""
        self.left_out[fault] += 1
        self.first.setdefault(fault, place)

    def note(self, text: str) -> None:
        """Say something about a file, once."""
        if text not in self.found:
            self.found.append(text)

    def note_first(self, kind: str, place: str) -> None:
        """Say where something is found for the first time."""
        if not any(text.startswith(kind) for text in self.found):
            self.found.append(f"{kind} (first: {place})")


def count_of(number: int, one: str, more: str | None = None) -> str:
    """ "1 line", "3 lines"; `more` where another word than `one` and an s is the plural."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def left_out_text(counts: dict[str, int], first: dict[str, str]) -> str:
    """ "3 empty (first: line 7), 1 broken JSON (line 9)"."""
    return ", ".join(
        f"{count:,} {fault}" + (f" ({'first: ' if count > 1 else ''}{first[fault]})" if fault in first else "")
        for fault, count in sorted(counts.items(), key=lambda item: -item[1])
    )


def for_terminal(text: str) -> str:
    """A text that disturbs no terminal: control characters and marks of direction become \\x1b and the like."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
