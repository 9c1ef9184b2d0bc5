"""Training: the commands and what they share. Needs the corpus, which the app does not."""

from dgvae.environment import choose_cache

choose_cache()  # before the libraries are imported, which read the environment then
