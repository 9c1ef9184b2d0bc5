"""The beginning of a script whose newest event counts, as `QUIET` has it: it tells its events by way of `tell`."""

from pathlib import Path

NEWEST = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
