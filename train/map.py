"""Make the map of a checkpoint that has none: its run was stopped, or the map could not be made then.

    python -m train.map runs/dg

needs no text: the map is of the posteriors that the checkpoint keeps. Reload the app's page to see it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dgvae.checkpoint.checkpoint import check_weights
from dgvae.checkpoint.umap import USUAL, UmapOptions
from dgvae.console import command
from dgvae.errors import UserError
from dgvae.evaluation.record import METRICS_FILE, Record
from dgvae.methods.config import CONFIG_FILE
from train.claims import claimed
from train.evaluate.finish import add_map
from train.run.argument_types import positive
from train.run.options import MAP_POINTS


@command("train.map", interrupted="stopped; the same command starts again")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = make_parser().parse_args(arguments)
    if not (options.folder / CONFIG_FILE).is_file():
        raise UserError(f"There is no checkpoint in {options.folder}; name the folder that holds its {CONFIG_FILE}.")
    umap = UmapOptions(options.neighbors, options.min_dist)
    if (options.folder / METRICS_FILE).is_file():  # else nothing says which weights the latents are of
        check_weights(options.folder, Record.load(options.folder).weights)
    with claimed(options.folder) as mine:
        if not mine:
            raise UserError(f"{options.folder} is in use by another process; wait until it has ended.")
        print(f"Making the map of {options.folder}, about half a minute …", flush=True)
        add_map(options.folder, options.points, umap)
    print(f"To see it: python app.py --checkpoints {options.folder}")
    return 0


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.map",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("folder", type=Path, metavar="CHECKPOINT", help="the checkpoint's folder")
    parser.add_argument(
        "--points", type=positive, default=MAP_POINTS, metavar="N", help=f"points of each kind (default: {MAP_POINTS})"
    )
    parser.add_argument(
        "--neighbors",
        type=int,
        default=USUAL.neighbors,
        metavar="N",
        help=f"of UMAP: few show small structure, many show large (default: {USUAL.neighbors})",
    )
    parser.add_argument(
        "--min-dist",
        type=float,
        default=USUAL.min_dist,
        metavar="D",
        help=f"of UMAP: the least distance of points on the map, 0 to 1 (default: {USUAL.min_dist:g})",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
