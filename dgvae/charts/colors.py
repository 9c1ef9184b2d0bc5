"""The colors of prior and posterior, and of what lies between, in every picture that goes to a file.

They are mid-tones which can be read on white as well as on black.
"""

COLORS = {
    "prior": "#e08214",
    "posterior": "#2f6fd0",
    # a density gap: negative, zero, positive
    "dense": "#2f6fd0",
    "even": "#d5d9de",
    "hole": "#e08214",
    # models A and B; what is neither; lines and labels
    "a": "#2b333c",
    "b": "#98a2ae",
    "quiet": "#8a929c",
    "ink": "#4a5460",
}


# Where the color of a density gap is full, in nats: the same for all models, so that they compare.
FULL_GAP = 10.0  # of the whole latent, on the map and in the bars beside a sentence
FULL_PLANE_GAP = 4.0  # of two dimensions alone, on the slices and in the lab, where gaps are smaller


def rgb(name: str) -> tuple[int, ...]:
    """Red, green and blue, 0 to 255."""
    return tuple(bytes.fromhex(COLORS[name][1:]))
