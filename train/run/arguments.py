"""The command line of `python -m train.fit`: its options for argparse, and the way back from an option to its words."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from dgvae.methods.table import methods_list
from dgvae.text.corpora import CORPORA
from train.run.argument_types import amount, delimiter, folder_name, positive, thread_count, whole
from train.run.data import KINDS
from train.run.options import DEFAULTS, OF_THE_COMMAND, FitOptions
from train.run.processes import DEVICES
from train.run.recipes import RECIPES
from train.run.sinks import SINKS

DESCRIPTION = """Train a text VAE and write a checkpoint that the app can open.

    python -m train.fit --method dg-vae --corpus short-yelp --out runs/dg
    torchrun --nproc-per-node 2 -m train.fit --method dg-vae --corpus short-yelp --out runs/dg

Ctrl-C ends the run after the current step and leaves a usable checkpoint;
`--resume --out runs/dg` continues it.
"""
EITHER_WAY = ("header", "clean")  # options that also have a --no- form
TEXT_OPTIONS = ("column", "label_column", "delimiter", "header", "encoding", "clean", "tokenized")  # fields of `TextSource`

Add = Callable[..., argparse.Action]  # the `add_argument` of a parser or of a group of it


def parse_options(arguments: Sequence[str] | None) -> FitOptions:
    """The options that a command line asks for, sys.argv's if it is None."""
    return FitOptions.of(given_options(make_parser(), arguments))


def given_options(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> dict[str, Any]:
    """The options that a command line names, and no default."""
    blank = argparse.Namespace(**dict.fromkeys(OF_THE_COMMAND))  # argparse gives no default to what is there
    return {name: value for name, value in vars(parser.parse_args(arguments, blank)).items() if value is not None}


def flags_of(name: str, value: Any) -> list[tuple[str, ...]]:
    """The flags that give an option a value, each with its argument if it takes one; none for None and for False."""
    flag = f"--{name.replace('_', '-')}"
    if value is None:
        return []
    if isinstance(value, bool):
        off = [(f"--no-{name}",)] if name in EITHER_WAY else []
        return [(flag,)] if value else off
    return [(flag, str(each)) for each in (value if isinstance(value, list | tuple) else [value])]


def can_be(parser: argparse.ArgumentParser, name: str, value: Any) -> bool:
    """Whether the command line can give an option a value that was read from JSON.

    Args:
        parser: `make_parser(exit_on_error=False)`.
        name: the option's field.
        value: what JSON holds for it.

    Returns:
        Whether it can.
    """
    if value is None:
        return DEFAULTS.get(name) is None
    if name == "out":
        return isinstance(value, str)
    try:
        given = given_options(parser, ["--out=.", *map("=".join, flags_of(name, value))])
    except argparse.ArgumentError:
        return False
    found = given.get(name, DEFAULTS.get(name))
    found = list(found) if isinstance(found, tuple) else found
    return found == value and isinstance(found, bool) == isinstance(value, bool)


def make_parser(exit_on_error: bool = True) -> argparse.ArgumentParser:
    """The command's options. Their defaults are those of `FitOptions`; see `given_options`."""
    parser = Parser(
        prog="python -m train.fit",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        exit_on_error=exit_on_error,
    )
    _add_model_options(parser.add_argument_group("what to train").add_argument)
    text = parser.add_argument_group(
        "on which text", "A corpus of the paper, a data set of the Hugging Face Hub, or your own files: .txt (one sentence "
                         "per line, optionally `label<TAB>` before it), .csv, .tsv, .json, .jsonl (each also .gz) or "
                         ".parquet."
    )  # fmt: skip
    _add_corpus_options(text.add_argument)
    how = parser.add_argument_group("how")
    _add_run_options(how.add_argument)
    _add_machine_options(how.add_argument)
    return parser


def _add_model_options(add: Add) -> None:
    add("--method", metavar="NAME", help=f"see --list (default: {DEFAULTS['method']})")
    add("--set", action="append", metavar="KEY=VALUE", help="option of the method, may be repeated")
    add("--list", action=_ListMethods, nargs=0, default=argparse.SUPPRESS, help="print every method with its options, and exit")
    _by_table(add, "--embedding-dim", positive, CORPORA, "size of word vectors")
    _by_table(add, "--hidden-dim", positive, CORPORA, "size of both LSTMs")
    _number(add, "--latent-dim", positive, "dimensions of the latent")


def _add_corpus_options(add: Add) -> None:
    add("--corpus", action=_Once, metavar="NAME", help=f"{', '.join(CORPORA)}, or a data set of the Hub: owner/name")
    add("--data", action=_Once, metavar="DIR", help="folder of the corpora (default: $DGVAE_DATA, or they are downloaded)")
    add("--train-file", action=_Once, metavar="FILE", help="sentences to train on")
    add("--valid-file", action=_Once, metavar="FILE", help="sentences that decide when to stop (default: from --train-file)")
    add("--test-file", action=_Once, metavar="FILE", help="sentences to measure and to map (default: the validation sentences)")
    add_text_options(add)
    _number(add, "--sentences", whole, "train on the first N sentences, 0 for all")
    _number(add, "--max-words", positive, "maximum number of words of a sentence; longer ones are cut")
    _number(add, "--max-vocab", positive, "maximum size of the vocabulary")
    _number(add, "--min-count", positive, "words that occur less often become <unk>")


def _add_run_options(add: Add) -> None:
    add("--out", type=folder_name, required=True, metavar="DIR", help="the checkpoint folder to create")
    add("--resume", action="store_true", help="continue the run in --out, with the options that it was started with")
    add(
        "--init-from", metavar="CHECKPOINT",
        help="start from the weights of a checkpoint (a folder, or owner/name on the Hub) of any method with the same kind "
             "of posteriors; there is no warm-up unless --warmup-epochs is given",
    )  # fmt: skip
    recipes = "; ".join(f"{name}: {recipe.summary}" for name, recipe in RECIPES.items())
    add("--recipe", choices=RECIPES, help=f"{recipes} (default: {DEFAULTS['recipe']})")
    _by_table(add, "--epochs", positive, RECIPES, "maximum number of epochs")
    _by_table(add, "--patience", positive, RECIPES, "epochs without improvement before the rate is halved or training stops")
    _by_table(add, "--batch-size", positive, RECIPES, "sentences per step, over all processes")
    by_recipe = ", ".join(f"{recipe.batches} for {name}" for name, recipe in RECIPES.items())
    add("--batches", choices=KINDS, help=f"lengths of the sentences in a batch (default: {by_recipe})")
    _by_table(add, "--learning-rate", amount, RECIPES, "learning rate of the model's optimizer")
    _by_table(add, "--warmup-epochs", amount, RECIPES, "epochs over which the regularizer's weight grows")


def _add_machine_options(add: Add) -> None:
    _number(add, "--map-points", whole, "points of each kind in the UMAP, 0 for no map")
    _number(add, "--seed", whole, "seed of all random numbers")
    _number(add, "--threads", thread_count, "CPU threads, 0 for torch's default")
    add("--device", choices=DEVICES, help="where to train (default: a GPU if there is one)")
    add(
        "--aggregate", choices=("global", "local"),
        help="with several processes, what the density gap aggregates: the whole batch, or each process its own part "
             "(default: global)",
    )  # fmt: skip
    _number(add, "--save-minutes", amount, "minutes between saves of the state, also within an epoch")
    add("--log", choices=SINKS, action="append", help="also log there; may be repeated")


def add_text_options(add: Add) -> None:
    """How text of one's own is read: TEXT_OPTIONS."""
    add(
        "--column", metavar="NAME",
        help="column with the text, or its number if there is no header (default: the only column that holds words, or the "
             "one called text, sentence, review, document or content)",
    )  # fmt: skip
    add(
        "--label-column", metavar="NAME",
        help="column with the label, of any kind, which becomes a class; sentences without a label are left out (default: "
             "none)",
    )  # fmt: skip
    add("--delimiter", metavar="C", type=delimiter, help="character between columns, such as ; or tab (default: detected)")
    add(
        "--header", action=argparse.BooleanOptionalAction,
        help="whether the first row holds the names of the columns (default: detected)",
    )  # fmt: skip
    add("--encoding", metavar="NAME", help="text encoding, such as cp1252, utf-16 or gb18030 (default: detected)")
    add(
        "--clean", action=argparse.BooleanOptionalAction,
        help="also remove HTML from the text; --no-clean keeps even \\n and \"\" as characters (default: these are read as "
             "line breaks and quotes, and HTML is kept)",
    )  # fmt: skip
    add(
        "--tokenized",
        "--tokenised",
        action="store_true",
        help="the text is already split into words, which are separated by spaces",
    )


def text_options(options: FitOptions | argparse.Namespace) -> dict[str, Any]:
    """What `add_text_options` adds, by name."""
    return {name: getattr(options, name) for name in TEXT_OPTIONS}


def _by_table(add: Add, flag: str, kind: Callable[[str], float], rows: Mapping[str, Any], meaning: str) -> None:
    """An option whose default is a column of a table, by recipe or by corpus."""
    name = _name_of(flag)
    values: dict[str, list[str]] = {}
    for row, facts in rows.items():
        values.setdefault(f"{getattr(facts, name):g}", []).append(row)
    first, *others = values
    defaults = ", ".join([first, *(f"{value} for {' and '.join(values[value])}" for value in others)])
    add(flag, type=kind, metavar="N", help=f"{meaning} (default: {defaults})")


def _number(add: Add, flag: str, kind: Callable[[str], float], meaning: str) -> None:
    add(flag, type=kind, metavar="N", help=f"{meaning} (default: {DEFAULTS[_name_of(flag)]:g})")


def _name_of(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


class _Once(argparse.Action):
    """An option that is refused when it is given twice, where the first text would be dropped."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, flag: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) not in (None, values):
            parser.error(f"{flag} is given twice; it takes one text. Put several files into one.")
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """As argparse has it, but it says why texts are left over."""

    def error(self, message: str) -> NoReturn:
        """See `ArgumentParser`."""
        left = message.removeprefix("unrecognized arguments: ")
        if left != message and not left.startswith("-"):
            message += "; an option takes one value at most, so put several files into one, and quote names with spaces"
        super().error(message)


class _ListMethods(argparse.Action):
    """`--list`: like --help, it prints and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(methods_list())
        parser.exit()
