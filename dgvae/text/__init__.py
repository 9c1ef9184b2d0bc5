"""Text: corpora, words, the tokenizer, batches of sentences."""
