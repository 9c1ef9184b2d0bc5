"""The tab with the two-dimensional lab."""
