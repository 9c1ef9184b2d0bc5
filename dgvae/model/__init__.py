"""The model: encoder, head, decoder, its loss over the vocabulary, and decoding to text."""
