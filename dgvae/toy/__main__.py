"""The toy experiment without the app: a table of losses and gaps, and the paper's figure of it.

python -m dgvae.toy --methods vae,ae,aae,wae,dg-vae --out toy.png
python -m dgvae.toy --seeds 5
python -m dgvae.toy --methods vae,dg-vae --film toy.gif     every fifth step, side by side
python -m dgvae.toy --sets 0.05                             which tests of samples detect 128 narrow posteriors
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dgvae.console import command
from dgvae.errors import UserError
from dgvae.toy.lab import Lab
from dgvae.toy.measures import joint_gap
from dgvae.toy.picture import film, sheet
from dgvae.toy.run import Frame, ToyRun
from dgvae.toy.sets import compare, grains
from dgvae.toy.setup import MOST_STEPS, POINTS, PROBLEMS, TOY_METHODS, Settings, Setup, toy_method

PAPER_METHODS = "vae,ae,aae,wae,dg-vae"
FILM_METHODS = "vae,aae,wae,dg-vae"  # as many as stand side by side
COLUMNS = 5  # of the figure
FILM_STEPS = 5  # from picture to picture


@command("dgvae.toy")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    names = _names(options.methods or (FILM_METHODS if options.film else PAPER_METHODS))
    settings = Settings(options.beta, options.batch_size, options.aggregation_size, options.learning_rate, options.samples)
    if not 1 <= options.steps <= 100_000 or not 1 <= options.seeds <= 1000:
        raise UserError("Give from 1 to 100,000 steps and from 1 to 1,000 seeds.")
    if options.film and options.steps > MOST_STEPS:
        raise UserError(f"A film shows at most {MOST_STEPS:,} steps; give fewer --steps.")
    if options.film and options.out:
        raise UserError("Give either --out or --film; each needs its own runs.")
    _check_file("--out", options.out, ".png")
    _check_file("--film", options.film, ".gif")
    if options.sets is not None:
        _compare_sets(options.sets)
        return 0
    if options.aggregation_size > options.batch_size:
        print(f"|b| is {options.batch_size}, the whole mini-batch, and not {options.aggregation_size}.")
    if options.film:
        _film(Setup(tuple(names), options.problem), settings, options)
        return 0
    print(f"{'method':14} {'loss':>14} {'KL':>14} {'KL(q(z)‖p(z))':>14}   nats; {options.steps} steps, {options.seeds} seeds")
    drawn = [_report(name, options, settings) for name in names]
    if options.out:
        sheet(drawn, names).save(options.out)
        print(f"Drawn in {options.out}, the first seed.")
    return 0


def _film(setup: Setup, settings: Settings, options: argparse.Namespace) -> None:
    lab = Lab(setup, settings)
    while lab.step < options.steps:
        lab.advance(min(FILM_STEPS, options.steps - lab.step))
        print(f"\r{lab.step} steps", end="", flush=True)
    film(lab.setup.methods, lab.moments, options.film)
    print(f"\nThe film is {options.film}.")


def _compare_sets(width: float) -> None:
    verdicts = compare(grains(width))
    print(f"{POINTS} posteriors of width {width:g}, laid out as the prior: KL(q(z)‖p(z)) = {joint_gap(grains(width)):.3f} nats")
    for verdict in verdicts:
        noticed = f"noticed in {verdict.noticed} of {verdict.trials}"
        print(f"{verdict.size:4} draws   {verdict.test:14} {verdict.value:8.3f}   {noticed}")


def _check_file(option: str, file: Path | None, suffix: str) -> None:
    if file and (file.suffix.lower() != suffix or file.is_dir()):
        raise UserError(f"{option} is the name of a {suffix[1:].upper()} picture, such as toy{suffix}, not {file}.")
    if file and not file.parent.is_dir():
        raise UserError(f"There is no folder {file.parent} for the picture.")


def _report(name: str, options: argparse.Namespace, settings: Settings) -> list[Frame]:
    """Train a method with every seed and print its line; return frames of the first seed for the picture."""
    shown: list[Frame] = []
    last: list[Frame] = []
    began = time.monotonic()
    wanted = {round(options.steps * (i + 1) / COLUMNS) for i in range(COLUMNS)}
    for seed in range(options.seeds):
        run = ToyRun(name, options.problem, seed, settings)
        for step in run.train(options.steps):
            if options.out and seed == 0 and step in wanted:
                shown.append(run.frame())
        last.append(run.frame())
    took = (time.monotonic() - began) / options.seeds
    figures = [[f.loss for f in last], [f.measures.kl for f in last], [f.measures.gap for f in last]]
    print(f"{name:14} {' '.join(map(_spread, figures))}   {took:.1f} s a run", flush=True)
    return shown


def _spread(values: Sequence[float]) -> str:
    if math.isnan(values[0]):
        return f"{'–':>14}"
    deviation = f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):.2f}{deviation}".rjust(14)


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UserError(f"Name at least one method: {', '.join(TOY_METHODS)}.")
    for name in names:
        toy_method(name)
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dgvae.toy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    first = Settings()
    parser.add_argument("--methods", help=f"separated by commas, from {', '.join(TOY_METHODS)} (default: {PAPER_METHODS})")
    parser.add_argument("--problem", default="classes", choices=PROBLEMS, help="what the points are (default: classes)")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="runs of each method; the table shows mean ± deviation"
    )
    parser.add_argument("--beta", type=float, default=first.beta, help="factor on the regularizer's own weight (default: 1)")
    parser.add_argument(
        "--batch-size", type=int, default=first.batch_size, metavar="N", help="points of a mini-batch (default: 8)"
    )
    parser.add_argument(
        "--aggregation-size",
        type=int,
        default=first.aggregation_size,
        metavar="B",
        help="aggregation size |b|, at most the mini-batch (default: 8)",
    )
    parser.add_argument(
        "--learning-rate", type=float, default=first.learning_rate, help=("learning rate of Adam (default: 0.1)")
    )
    parser.add_argument("--samples", type=int, default=first.samples, help="samples per posterior and step (default: 8)")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="draw the aggregated posteriors of the first seed")
    parser.add_argument("--film", type=Path, metavar="FILE.gif", help="instead, draw all methods side by side as they move")
    parser.add_argument(
        "--sets", type=float, metavar="WIDTH", help="instead, compare draws of narrow posteriors with draws of the prior"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
