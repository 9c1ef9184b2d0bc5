"""run.json: the options of a run in its folder, written as it begins and checked once where they are read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from dgvae.evaluation.record import METRICS_FILE
from dgvae.files.atomic import read_json, write_json
from dgvae.text.known_texts import OPTIONS_FILE
from train.corpora.prepare import names_file
from train.run.arguments import can_be, make_parser
from train.run.options import DEFAULTS, FOUND, OF_THE_COMMAND, TEXTS, FitOptions

ESSENTIAL = ("method", "epochs", "batch_size", "learning_rate", "latent_dim", "seed")  # every version recorded them
BEFORE_THERE_WAS_A_CHOICE = {"batches": "same-length", "clean": False}


def write_options(options: FitOptions) -> None:
    """Note the options in the run's folder, where `--resume` finds them."""
    kept = options.as_json()
    for name in TEXTS:  # a run may be resumed from another directory
        if kept[name] and (name == "data" or names_file(kept[name])):  # not a data set of the Hub
            kept[name] = str(Path(os.path.expanduser(kept[name])).absolute())
    write_json(options.out / OPTIONS_FILE, kept)


def refuse_unfinished(folder: Path) -> None:
    """Raise UserError if the run in `folder` was begun and has no figures yet."""
    if (folder / OPTIONS_FILE).is_file() and not (folder / METRICS_FILE).exists():
        raise UserError(
            f"{folder} is still training, or was cut off; wait for it, or complete it with: "
            f"python -m train.fit --resume --out {folder}"
        )


def read_run(folder: Path, **changes: Any) -> FitOptions:
    """The options that the run in `folder` was begun with, but for `changes`. Raises UserError as `recorded_options` does."""
    recorded = {
        name: value for name, value in recorded_options(folder).items() if value is not None or name in DEFAULTS
    }  # of what has a default by recipe or corpus, null says nothing
    return FitOptions.of(BEFORE_THERE_WAS_A_CHOICE | recorded | {"out": folder} | changes)


def recorded_options(folder: Path) -> dict[str, Any]:
    """What run.json holds, by option. Raises UserError if some of it is nothing that train.fit takes."""
    path = folder / OPTIONS_FILE
    found = read_json(path)
    if "tokenised" in found:  # its name in earlier versions
        found["tokenized"] = found.pop("tokenised")
    if missing := [name for name in ESSENTIAL if name not in found]:
        raise _broken(path, f"it lacks {missing[0]}")
    recorded = {name: found[name] for name in OF_THE_COMMAND if name in found}
    parser = make_parser(exit_on_error=False)
    for name, value in recorded.items():
        if not can_be(parser, name, value):
            raise _broken(path, f"{name} is {json.dumps(value)[:60]}")
    return recorded | {name: found[name] for name in FOUND if isinstance(found.get(name), str)}


def _broken(path: Path, why: str) -> UserError:
    return UserError(f"{path} is broken: {why}; correct it by hand, or start the run again in an empty folder.")
