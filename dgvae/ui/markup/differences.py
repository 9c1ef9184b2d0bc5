"""Word-level differences between what was said and what a model makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from html import escape


def marked_differences(before: Sequence[str], after: Sequence[str]) -> str:
    """The words of `after`, with those that are new as <ins>, and those of `before` that are gone as <del> in their place."""
    parts = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(escape(" ".join(after[k:m])))
            continue
        if j > i:
            parts.append(f"<del>{escape(' '.join(before[i:j]))}</del>")
        if m > k:
            parts.append(f"<ins>{escape(' '.join(after[k:m]))}</ins>")
    return " ".join(parts)


def share_kept(before: Sequence[str], after: Sequence[str]) -> float:
    """Share of the words of `before` that are in `after`, in their order; 0 if there are none."""
    kept = sum(block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
    return kept / len(before) if before else 0.0
