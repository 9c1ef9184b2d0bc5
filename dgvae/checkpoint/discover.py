"""Which checkpoints there are, without loading one: a page that only lists them needs no torch."""

from __future__ import annotations

import os
from pathlib import Path

from dgvae.errors import UserError
from dgvae.files.atomic import printable
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig
from dgvae.methods.table import METHODS, VARIANTS
from dgvae.text.corpora import CORPORA

TOKENIZER_FILE = "tokenizer.json"


def find_checkpoints(root: Path) -> dict[str, Path]:
    """Every folder under `root` that has a config.json, by its path from there: {"short-yelp/dg-vae": …}.

    Links to folders elsewhere are followed, such as to a larger disk.
    """
    found, inside, linked = [], root.resolve(), set()
    for folder, below, files in os.walk(root, followlinks=True):
        links = {name: Path(folder, name).resolve() for name in below if os.path.islink(os.path.join(folder, name))}
        skipped = {
            name
            for name, target in links.items()
            if target in linked or target.is_relative_to(inside) or inside.is_relative_to(target)
        }
        linked |= set(links.values())
        below[:] = sorted(set(below) - skipped)
        if CONFIG_FILE in files:
            found.append(Path(folder))
    return {printable(folder.relative_to(root).as_posix()): folder for folder in sorted(found)}


def tokenizer_path(folder: Path) -> Path:
    """Where the tokenizer of a checkpoint lies: in its folder, or beside it."""
    own, shared = folder / TOKENIZER_FILE, folder.parent / TOKENIZER_FILE
    return shared if shared.is_file() and not own.exists() else own


def display_name(name: str, folder: Path) -> str:
    """What the checkpoint `name` is called in a list: its method, then what of its path the method doesn't say.

    A folder whose config is broken is listed under its path.
    """
    try:
        config = TextVAEConfig.from_json(folder / CONFIG_FILE)
    except UserError:
        return name
    parent, _, last = name.rpartition("/")
    return f"{config.title} · {parent if parent and last.startswith(config.method) else name}"


def training_command(folder: Path) -> str:
    """The command that would make the checkpoint `…/<corpus>/<method>`, as far as the names are known."""
    method = folder.name if folder.name in METHODS | VARIANTS else "dg-vae"
    corpus = folder.parent.name if folder.parent.name in CORPORA else "short-yelp"
    return f"python -m train.fit --method {method} --corpus {corpus} --data DATA --out {folder}"
