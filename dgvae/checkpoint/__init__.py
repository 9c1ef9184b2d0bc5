"""Checkpoints: folders, the Hub, their latents and maps."""
