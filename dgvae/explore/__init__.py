"""Exploring a latent space: paths, slices, directions of a label."""
