"""How a latent space is spoken of that need not be one of text. Imports nothing heavy, for the page."""

import re


def of_examples(said: str) -> str:
    """What is said of sentences, of examples."""
    said = re.sub(r"\b([Aa]) sentence", r"\1n example", said)
    return said.replace("sentence", "example").replace("Sentence", "Example")
