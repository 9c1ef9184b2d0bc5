"""The tabs that are one file each."""
