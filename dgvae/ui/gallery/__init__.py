"""The tab with a small map of every model."""
