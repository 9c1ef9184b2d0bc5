"""Fit one map on the prior and on all checkpoints of a folder, so that places on their maps compare.

    python -m train.common_map checkpoints/short-yelp

writes common-map.safetensors into the folder; the app then shows this map. Checkpoints whose latent size or prior differs from
the first are left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.checkpoint.discover import find_checkpoints
from dgvae.checkpoint.shared_map import COMMON_MAP_FILE, fit, member_key, why_not_common
from dgvae.console import command
from dgvae.errors import UserError
from train.claims import claimed
from train.run.run_file import refuse_unfinished


@command("train.common_map", interrupted="stopped")
def main(arguments: list[str] | None = None) -> int:
    """Make the map and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m train.common_map", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="folder of checkpoints of one corpus")
    options = parser.parse_args(arguments)
    if not (places := [*find_checkpoints(options.folder).values()]):
        raise UserError(
            f"There is no checkpoint in {options.folder}; name a folder that holds some, such as checkpoints/short-yelp."
        )
    with claimed(options.folder) as mine:
        if not mine:
            raise UserError(f"{options.folder} is in use by another process; wait until it has ended.")
        make_common_map(options.folder, places)
    return 0


def make_common_map(folder: Path, places: Sequence[Path]) -> None:
    """Fit the map of the checkpoints at `places`, and write it into `folder`. Raises UserError if there is nothing to fit."""
    for place in places:
        refuse_unfinished(place)
    checkpoints = [load_checkpoint(place) for place in places]
    first = next((checkpoint for checkpoint in checkpoints if checkpoint.latents.map), None)
    if not first:
        raise UserError(f"No checkpoint in {folder} has a map yet; make one for each with: python -m train.map FOLDER")
    members = {}
    for checkpoint in checkpoints:
        if not checkpoint.latents.map:
            print(f"Left out: {checkpoint.folder} (it has no map yet; to make it: python -m train.map {checkpoint.folder}).")
        elif why := why_not_common(first.latents, checkpoint.latents):
            print(f"Left out: {checkpoint.folder} (compared with {first.folder}, {why}).")
        else:
            members[member_key(checkpoint.folder)] = checkpoint.latents.map
    start = time.monotonic()
    print(f"Fitting the prior and {len(members)} model{'s' * (len(members) != 1)}, a minute or two …", flush=True)
    fit(members, progress=_say).save(folder / COMMON_MAP_FILE)
    print(f"\r{folder / COMMON_MAP_FILE}, {time.monotonic() - start:.0f} s")


def _say(share: float) -> None:
    print(f"\r{share:.0%} ", end="", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
