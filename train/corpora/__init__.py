"""Corpora by name, from files of one's own, and from the Hugging Face Hub."""

from train.corpora.fetch import find_corpus
from train.corpora.prepare import TextSource, prepare

__all__ = ["TextSource", "find_corpus", "prepare"]
