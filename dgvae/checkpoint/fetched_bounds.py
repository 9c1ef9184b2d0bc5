"""What a checkpoint of someone unknown may cost to show. Checked by its config and by tensor headers: nothing large is read.

Work that visitors ask for grows with these numbers, some of it with their squares. What comes with the project is far below
them; one's own checkpoints are not checked, and may be larger.
"""

from __future__ import annotations

import math
from pathlib import Path

from safetensors import SafetensorError, safe_open

from dgvae.checkpoint.latents import LATENTS_FILE
from dgvae.errors import UserError
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig
from dgvae.model.text_vae import WEIGHTS_FILE

MOST_SENTENCES = 20_000  # densities are computed for every pair
MOST_POINTS = 20_000  # of the map: UMAP takes a minute for these
MOST_NUMBERS = 5_000_000  # of latents: 20,000 Gaussian posteriors of 125 dimensions
MOST_DIMENSIONS = 1024  # covariances are factored, which takes the third power of these
MOST_WORDS = 100_000  # of the vocabulary: they are sorted for every word that is drawn
MOST_PARAMETERS = 75_000_000  # 300 MB in memory, however few bytes a file keeps them in
MOST_DECODING = 10_000_000_000  # multiplications for one sentence: a second of a core
_EACH_WORD = ("encoder.lstm.", "decoder.lstm.", "decoder.output.")  # weights that are multiplied with at every word


def check_bounds(folder: Path) -> None:
    """Raise UserError if a checkpoint costs more than may be asked of a server by whoever comes.

    What is broken in another way is left to `load_checkpoint`, which names it.
    """
    config = TextVAEConfig.from_json(folder / CONFIG_FILE)
    latents, weights = _shapes(folder / LATENTS_FILE), _shapes(folder / WEIGHTS_FILE)
    sizes = {name: math.prod(shape) for name, shape in latents.items()}
    parameters = {name: math.prod(shape) for name, shape in weights.items()}
    each_word = sum(size for name, size in parameters.items() if name.startswith(_EACH_WORD))
    bounds = [
        (sizes.get("labels", 0), MOST_SENTENCES, "encoded sentences"),
        (sizes.get("map.xy", 0) // 2, MOST_POINTS, "points on its map"),
        (config.latent_dim, MOST_DIMENSIONS, "latent dimensions"),
        (sum(sizes.values()), MOST_NUMBERS, "numbers in its latents"),
        (config.vocab_size, MOST_WORDS, "words"),
        (sum(parameters.values()), MOST_PARAMETERS, "parameters"),
        ((config.max_length + 1) * each_word, MOST_DECODING, "multiplications for each sentence"),
    ]
    for count, most, what in bounds:
        if count > most:
            raise UserError(f"This checkpoint is too large to fetch here: it has {count:,} {what}, and {most:,} are allowed.")


def _shapes(path: Path) -> dict[str, list[int]]:
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 — it is no dict
    except (OSError, SafetensorError):
        return {}
