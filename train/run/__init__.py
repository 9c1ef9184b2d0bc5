"""One training run: its options, data, loop, state, logs and end."""
