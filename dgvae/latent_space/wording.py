"""How a latent space is spoken of that need not be one of text. Imports nothing heavy, for the page."""


def of_examples(said: str) -> str:
    """What is said of sentences, of examples."""
    return said.replace("sentence", "example").replace("Sentence", "Example")
