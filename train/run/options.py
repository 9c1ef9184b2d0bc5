"""The options of `python -m train.fit`, and what a resumed run may change of them."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dgvae.checkpoint.checkpoint import FILES, WEIGHTS_FILE
from dgvae.errors import UserError
from dgvae.files.atomic import read_json, write_json
from dgvae.methods.table import METHODS, method_and_options, methods_list
from dgvae.text.corpora import CORPORA
from dgvae.text.known_texts import OPTIONS_FILE
from train.corpora.reading import is_path
from train.run.data import KINDS
from train.run.processes import DEVICES
from train.run.recipes import RECIPES
from train.run.sinks import SINKS
from train.run.state import STATE_FILE

BY_RECIPE = ("epochs", "patience", "batch_size", "learning_rate", "warmup_epochs", "batches")
BY_CORPUS = ("embedding_dim", "hidden_dim")
TEXTS = {"data", "train_file", "valid_file", "test_file"}  # may have moved
CHANGEABLE = {"resume", "out", "epochs", "patience", "learning_rate", "threads", "map_points", "device", "log", "save_minutes"}
CHANGEABLE |= TEXTS  # in a resumed run
MAY_DIFFER = {"threads", "device", "save_minutes", "log", *TEXTS}  # between the machines of a sweep
ESSENTIAL = ("method", "epochs", "batch_size", "learning_rate", "latent_dim", "seed")  # every version recorded them
MAP_POINTS = 5000


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line; a resumed run takes what is not given from its folder. Raises UserError."""
    parser = make_parser()
    options = with_defaults(parser.parse_args(arguments))
    cut_off_at_once = _is_cut_off_at_once(options.out)
    if options.resume:
        if not cut_off_at_once and not all((options.out / name).is_file() for name in (OPTIONS_FILE, STATE_FILE)):
            raise UserError(f"{options.out} holds no run to resume; leave --resume away to start one.")
        given = {a.dest for a in parser._actions if _is_given(a, arguments if arguments is not None else sys.argv[1:])}
        if fixed := sorted(given - CHANGEABLE):
            raise UserError(
                f"A resumed run keeps its {fixed[0].replace('_', '-')}; start another in an empty folder to change it."
            )
        before = {"batches": "same-length", "clean": False}  # of runs from before there was a choice
        before |= {k: v for k, v in recorded_options(options.out).items() if k not in given | {"resume", "out"}}
        options = argparse.Namespace(**{**vars(options), **before, "resume": not cut_off_at_once})
        row = METHODS[method_and_options(options.method)[0]]
        if row.schedule == "cyclic" and options.epochs != recorded_options(options.out)["epochs"]:
            raise UserError(f"The cycles of {row.id} fill its epochs: a resumed run keeps its epochs.")
    refuse_what_is_there(options)
    method_and_options(options.method)
    if bool(options.train_file) == bool(options.corpus):
        raise UserError("Name either --corpus, or --train-file with text of your own.")
    for file in (options.train_file, options.valid_file, options.test_file):
        if file and "://" in file and not file.startswith("https://huggingface.co/datasets/"):
            raise UserError(f"{file[:80]} is an address, and none is fetched; download it and give its file.")
    if options.corpus and not options.data and options.corpus not in CORPORA and is_path(options.corpus):
        raise UserError("--corpus takes the name of a corpus or data set; give a file with --train-file.")
    if options.corpus and (options.valid_file or options.test_file):
        raise UserError("--valid-file and --test-file go with --train-file; a corpus has its own.")
    return options


def refuse_what_is_there(options: argparse.Namespace) -> None:
    """Raise UserError if a run that is not resumed would write over another, or over a checkpoint."""
    if options.resume:
        return
    if (options.out / STATE_FILE).exists():
        raise UserError(f"{options.out} already holds a run; add --resume to go on with it, or choose another --out.")
    if any((options.out / name).exists() for name in FILES) and not _is_cut_off_at_once(options.out):
        raise UserError(f"{options.out} already holds a checkpoint; choose another --out.")


def _is_cut_off_at_once(out: Path) -> bool:
    """Whether a run has begun in a folder and was killed before it had a state."""
    return (out / OPTIONS_FILE).is_file() and not any((out / name).exists() for name in (STATE_FILE, WEIGHTS_FILE))


def with_defaults(options: argparse.Namespace) -> argparse.Namespace:
    """Fill in what the recipe and the corpus decide where the command line does not."""
    if options.init_from and options.warmup_epochs is None:
        options.warmup_epochs = 0.0
    corpus = CORPORA.get(options.corpus or "", CORPORA["short-yelp"])
    for source, names in ((RECIPES[options.recipe], BY_RECIPE), (corpus, BY_CORPUS)):
        for name in names:
            if getattr(options, name) is None:
                setattr(options, name, getattr(source, name))
    return options


def write_options(options: argparse.Namespace) -> None:
    """Note the options in the run's folder, where `--resume` finds them."""
    kept = {name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()}
    for name in TEXTS:  # a run may be resumed from another directory
        kept[name] = kept[name] and str(Path(kept[name]).expanduser().absolute())
    write_json(options.out / OPTIONS_FILE, kept)


def recorded_options(folder: Path) -> dict[str, Any]:
    """The options that a run was begun with, by its run.json. Raises UserError if they are none that train.fit takes."""
    path = folder / OPTIONS_FILE
    found = read_json(path)
    if "tokenised" in found:  # its name in earlier versions
        found["tokenized"] = found.pop("tokenised")
    broken = f"{path} is broken: {{}}; correct it by hand, or start the run again in an empty folder."
    if missing := [name for name in ESSENTIAL if name not in found]:
        raise UserError(broken.format(f"it lacks {missing[0]}"))
    actions = {action.dest: action for action in make_parser()._actions}
    for name, value in found.items():
        if name in actions and not _is_taken(actions[name], value):
            raise UserError(broken.format(f"{name} is {json.dumps(value)[:60]}"))
    return {name: value for name, value in found.items() if name in actions or isinstance(value, str)}


def _is_taken(action: argparse.Action, value: Any) -> bool:
    """Whether an option can have a value that was read from JSON."""
    if value is None:
        return action.default is None
    if action.nargs == 0:
        return isinstance(value, bool)
    if isinstance(action.default, list):
        return isinstance(value, list) and all(isinstance(x, str) and x in (action.choices or [x]) for x in value)
    if action.type in (None, Path):
        return isinstance(value, str) and value in (action.choices or [value])
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not callable(action.type):
        return False
    try:
        return action.type(str(value)) == value
    except argparse.ArgumentTypeError:
        return False


def _is_given(action: argparse.Action, arguments: list[str]) -> bool:
    return any(a.split("=")[0] in action.option_strings for a in arguments)


DESCRIPTION = """Train a text VAE and write a checkpoint that the app can open.

    python -m train.fit --method dg-vae --corpus short-yelp --out runs/dg
    torchrun --nproc-per-node 2 -m train.fit --method dg-vae --corpus short-yelp --out runs/dg

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
    _by_table(method, "--embedding-dim", positive, CORPORA, "size of word vectors")
    _by_table(method, "--hidden-dim", positive, CORPORA, "size of both LSTMs")
    _number(method, "--latent-dim", positive, 32, "dimensions of the latent")

    text = parser.add_argument_group(
        "on which text", "A corpus of the paper, a data set of the Hugging Face Hub, or files of your own: .txt (a sentence a "
        "line, optionally `label<TAB>` before it), .csv, .tsv, .json, .jsonl (each also .gz) or .parquet."
    )  # fmt: skip
    text.add_argument(
        "--corpus", action=_Once, metavar="NAME", help=f"{', '.join(CORPORA)}, or a data set of the Hub: owner/name"
    )
    text.add_argument(
        "--data",
        action=_Once,
        metavar="DIR",
        help="folder that holds the corpora; without it and $DGVAE_DATA they are downloaded",
    )
    text.add_argument("--train-file", action=_Once, metavar="FILE", help="sentences to train on")
    text.add_argument(
        "--valid-file", action=_Once, metavar="FILE", help="sentences that decide when to stop (default: some of --train-file)"
    )
    text.add_argument(
        "--test-file", action=_Once, metavar="FILE", help="sentences that are measured and mapped (default: the validation's)"
    )
    add_text_options(text)
    _number(text, "--sentences", whole, 0, "train on the first N sentences, 0 for all")
    _number(text, "--max-words", positive, 200, "longer sentences are cut")
    _number(text, "--max-vocab", positive, 20_000, "most words in the vocabulary")
    _number(text, "--min-count", positive, 2, "a word seen less often is <unk>")

    run = parser.add_argument_group("how")
    run.add_argument("--out", type=Path, required=True, metavar="DIR", help="the checkpoint folder to make")
    run.add_argument("--resume", action="store_true", help="go on with the run in --out, with the options it was started with")
    run.add_argument(
        "--init-from", metavar="CHECKPOINT",
        help="begin with the weights of a checkpoint, a folder or owner/name on the Hub, of any method with such posteriors; "
        "without a warm-up unless --warmup-epochs says so",
    )  # fmt: skip
    recipes = "; ".join(f"{name}: {recipe.summary}" for name, recipe in RECIPES.items())
    run.add_argument("--recipe", choices=RECIPES, default="fast", help=f"{recipes} (default: fast)")
    _by_table(run, "--epochs", positive, RECIPES, "at most")
    _by_table(run, "--patience", positive, RECIPES, "epochs without gain after which the rate is halved or training stops")
    _by_table(run, "--batch-size", positive, RECIPES, "sentences a step, of all processes together")
    by_recipe = ", ".join(f"{recipe.batches} for {name}" for name, recipe in RECIPES.items())
    run.add_argument("--batches", choices=KINDS, help=f"lengths of the sentences in a batch (default: {by_recipe})")
    _by_table(run, "--learning-rate", amount, RECIPES, "of the model's optimizer")
    _by_table(run, "--warmup-epochs", amount, RECIPES, "epochs over which the regularizer's weight grows")
    _number(run, "--map-points", whole, MAP_POINTS, "points of each kind in the UMAP, 0 for none")
    _number(run, "--seed", whole, 0, "seed of everything random")
    _number(run, "--threads", whole, 0, "processor threads, 0 for torch's choice")
    run.add_argument("--device", choices=DEVICES, default="auto", help="where to train (default: a GPU if there is one)")
    run.add_argument(
        "--aggregate", choices=("global", "local"), default="global",
        help="what of a batch the density gap aggregates, with several processes: all, or each its own part (default: global)",
    )  # fmt: skip
    _number(run, "--save-minutes", amount, 10.0, "minutes after which the state is saved within an epoch, too")
    run.add_argument("--log", choices=SINKS, action="append", default=[], help="also log there; may be repeated")
    return parser


def add_text_options(group: argparse._ActionsContainer) -> None:
    """How text of one's own is read: the fields of `TextSource`."""
    group.add_argument(
        "--column", metavar="NAME",
        help="column with the text, by its number where there is no header (default: the only one that holds words, or the "
        "one called text, sentence, review, document or content)",
    )  # fmt: skip
    group.add_argument(
        "--label-column", metavar="NAME",
        help="column with a label of any kind, which becomes a class; sentences without one are left out (default: none)",
    )  # fmt: skip
    group.add_argument(
        "--delimiter", metavar="C", type=delimiter, help="what separates columns, such as ; or tab (default: found)"
    )
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first row holds the columns' names (default: found out)",
    )
    group.add_argument("--encoding", metavar="NAME", help="such as cp1252, utf-16 or gb18030 (default: found out)")
    group.add_argument(
        "--clean", action=argparse.BooleanOptionalAction,
        help="take HTML out of the text, too; --no-clean keeps even \\n and \"\" as characters (default: these are read as "
        "line breaks and quotes, and HTML is kept)",
    )  # fmt: skip
    group.add_argument(
        "--tokenized", "--tokenised", action="store_true", help="the text is split into words, apart by spaces, as it should be"
    )


def text_options(options: argparse.Namespace) -> dict[str, Any]:
    """What `add_text_options` adds, as far as it is there: runs of earlier versions lack some, and took no markup away."""
    parser = argparse.ArgumentParser()
    add_text_options(parser)
    names = {action.dest for action in parser._actions} - {"help"}
    return {"clean": False} | {name: value for name, value in vars(options).items() if name in names}


def delimiter(text: str) -> str:
    """An argument that is one character."""
    found = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}.get(text, text)
    if len(found) != 1 or found in '"\r\n':
        raise argparse.ArgumentTypeError(f"must be one character or tab, not {text[:20]!r}")
    return found


def _by_table(group: argparse._ArgumentGroup, flag: str, kind: Callable[[str], float], table: Mapping, meaning: str) -> None:
    """An option whose default is a column of a table: None until `with_defaults`."""
    name = flag.removeprefix("--").replace("-", "_")
    values: dict[str, list[str]] = {}
    for row, facts in table.items():
        values.setdefault(f"{getattr(facts, name):g}", []).append(row)
    first, *others = values
    defaults = ", ".join([first, *(f"{value} for {' and '.join(values[value])}" for value in others)])
    group.add_argument(flag, type=kind, metavar="N", help=f"{meaning} (default: {defaults})")


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


class _Once(argparse.Action):
    """An option that is refused when it is given twice, where the first text would be dropped."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) not in (None, values):
            parser.error(f"{option_string} is given twice; it takes one text: put several files into one")
        setattr(namespace, self.dest, values)


class _ListMethods(argparse.Action):
    """`--list`: like --help, it prints and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(methods_list())
        parser.exit()
