"""The options of `python -m train.fit`, and what a resumed run may change of them."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

from dgvae.checkpoints import FILES
from dgvae.corpus import CORPORA
from dgvae.errors import UserError
from dgvae.methods import METHODS, method_and_options, methods_list
from dgvae.storage import read_json, write_json
from train.state import STATE_FILE

OPTIONS_FILE = "run.json"
TEXTS = {"data", "train_file", "valid_file", "test_file"}  # may have moved
CHANGEABLE = {"resume", "out", "epochs", "patience", "learning_rate", "threads", "map_points", *TEXTS}  # in a resumed run


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line; a resumed run takes what is not given from its folder. Raises UserError."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    recorded = options.out / OPTIONS_FILE
    if options.resume:
        if not recorded.is_file() or not (options.out / STATE_FILE).is_file():
            raise UserError(f"{options.out} holds no run to resume; leave --resume away to start one.")
        given = {a.dest for a in parser._actions if _is_given(a, arguments if arguments is not None else sys.argv[1:])}
        if fixed := sorted(given - CHANGEABLE):
            raise UserError(
                f"A resumed run keeps its {fixed[0].replace('_', '-')}; start another in an empty folder to change it."
            )
        before = {k: v for k, v in read_json(recorded).items() if k not in given | {"resume", "out"}}
        options = argparse.Namespace(**{**vars(options), **before})
        row = METHODS[method_and_options(options.method)[0]]
        if row.schedule == "cyclic" and options.epochs != read_json(recorded).get("epochs"):
            raise UserError(f"The cycles of {row.id} fill its epochs: a resumed run keeps its epochs.")
    elif (options.out / STATE_FILE).exists():
        raise UserError(f"{options.out} already holds a run; add --resume to go on with it, or choose another --out.")
    elif any((options.out / name).exists() for name in FILES):
        raise UserError(f"{options.out} already holds a checkpoint; choose another --out.")
    method_and_options(options.method)
    if bool(options.train_file) == bool(options.corpus):
        raise UserError("Name either --corpus (with --data) or --train-file and --valid-file.")
    if options.train_file and not options.valid_file:
        raise UserError("--train-file needs --valid-file: training stops when validation no longer improves.")
    if options.corpus and not options.data:
        raise UserError("--corpus needs --data, the folder that holds the corpus.")
    return options


def write_options(options: argparse.Namespace) -> None:
    """Note the options in the run's folder, where `--resume` finds them."""
    kept = {name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()}
    write_json(options.out / OPTIONS_FILE, kept)


def _is_given(action: argparse.Action, arguments: list[str]) -> bool:
    return any(a.split("=")[0] in action.option_strings for a in arguments)


DESCRIPTION = """Train a text VAE and write a checkpoint that the app can open.

    python -m train.fit --method dg-vae --corpus short-yelp --data DATA --out runs/dg

Ctrl-C ends the run after the step under way and leaves a usable checkpoint;
`--resume --out runs/dg` goes on from there.
"""


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.fit",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    method = parser.add_argument_group("what to train")
    method.add_argument("--method", default="dg-vae", metavar="NAME", help="see --list (default: dg-vae)")
    method.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="option of the method, may be repeated")
    method.add_argument(
        "--list", action=_ListMethods, nargs=0, default=argparse.SUPPRESS, help="print every method with its options, and end"
    )
    _number(method, "--embedding-dim", positive, 128, "size of word vectors")
    _number(method, "--hidden-dim", positive, 512, "size of both LSTMs")
    _number(method, "--latent-dim", positive, 32, "dimensions of the latent")

    text = parser.add_argument_group("on which text", "Either a corpus of the paper, or files of your own: a sentence a line, "
                                     "words apart by spaces, optionally `label<TAB>` before it.")  # fmt: skip
    text.add_argument("--corpus", choices=CORPORA, help="a corpus of the paper, found in --data")
    text.add_argument("--data", metavar="DIR", help="folder with <corpus>/train.txt, valid.txt and test.txt")
    text.add_argument("--train-file", metavar="FILE", help="sentences to train on")
    text.add_argument("--valid-file", metavar="FILE", help="sentences that decide when to stop")
    text.add_argument("--test-file", metavar="FILE", help="sentences that are measured and mapped (default: --valid-file)")
    _number(text, "--sentences", whole, 0, "train on the first N sentences, 0 for all")
    _number(text, "--max-words", positive, 200, "longer sentences are cut")
    _number(text, "--max-vocab", positive, 20_000, "most words in the vocabulary")
    _number(text, "--min-count", positive, 2, "a word seen less often is <unk>")

    run = parser.add_argument_group("how")
    run.add_argument("--out", type=Path, required=True, metavar="DIR", help="the checkpoint folder to make")
    run.add_argument("--resume", action="store_true", help="go on with the run in --out, with the options it was started with")
    _number(
        run,
        "--epochs",
        positive,
        12,
        "at most; the learning rate falls over the second half",
    )
    _number(run, "--patience", positive, 3, "epochs without gain after which training stops")
    _number(run, "--batch-size", positive, 128, "sentences a step")
    _number(run, "--learning-rate", amount, 1e-3, "of Adam")
    _number(run, "--warmup-epochs", amount, 2.0, "epochs over which the regularizer's weight grows")
    _number(run, "--map-points", whole, 5000, "points of each kind in the UMAP, 0 for none")
    _number(run, "--seed", whole, 0, "seed of everything random")
    _number(run, "--threads", whole, 0, "processor threads, 0 for torch's choice")
    return parser


def _number(group: argparse._ArgumentGroup, flag: str, kind: Callable[[str], float], default: float, meaning: str) -> None:
    group.add_argument(flag, type=kind, default=default, metavar="N", help=f"{meaning} (default: {default:g})")


def positive(text: str) -> int:
    """An argument that counts something."""
    if whole(text) == 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return int(text)


def whole(text: str) -> int:
    """An argument that may be 0."""
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"must be a whole number below a billion, not {text[:20]!r}")
    return int(text)


def amount(text: str) -> float:
    """An argument that measures something."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1e6:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to a million, not {text[:20]!r}")
    return number


class _ListMethods(argparse.Action):
    """`--list`: like --help, it prints and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(methods_list())
        parser.exit()
