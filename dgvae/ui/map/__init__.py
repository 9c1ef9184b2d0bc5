"""The tab with the maps."""
