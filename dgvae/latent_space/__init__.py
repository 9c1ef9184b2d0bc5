"""The latent space of any model, from a file: what is read, how it is checked, and what can be said of it."""
