"""Scripts of the page's components, each of which Gradio runs in a scope of its own (`js_on_load`)."""

from pathlib import Path

NEWEST = Path(__file__).with_name("newest.js")  # gives a script `tell`


def script(*parts: Path) -> str:
    """One script of several files."""
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)
