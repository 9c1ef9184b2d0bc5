"""Options of train.fit and of the kinds that argparse knows, as words and back."""

from __future__ import annotations

from typing import Any

import pytest

from train.run.command_line import command_words, given_options, is_taken
from train.run.options import make_parser

OUT = ["--out", "OUT"]


def test_what_is_given_counts_even_where_it_is_the_default() -> None:
    parser = make_parser()
    names = vars(parser.parse_args(OUT))
    words = [*OUT, "--seed=0", "--set", "weight=1", "--no-clean", "--resume", "--log", "trackio", "--corpus", "seed"]
    assert given_options(parser, OUT, names) == {"out"}
    assert given_options(parser, words, names) == {"out", "seed", "set", "clean", "resume", "log", "corpus"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 3),
        ("learning_rate", 1e-05),
        ("seed", 0),
        ("set", ["a=1", "b=-2"]),
        ("set", []),
        ("log", ["trackio"]),
        ("corpus", "-odd name"),
        ("delimiter", "\t"),
        ("clean", True),
        ("clean", False),
        ("clean", None),
        ("tokenized", True),
        ("tokenized", False),
        ("out", "runs/dg"),
        ("recipe", "paper"),
    ],
)
def test_words_set_the_value(name: str, value: Any) -> None:
    parser = make_parser()
    told = vars(parser.parse_args([*OUT, *command_words(parser, {name: value})]))[name]
    assert (str(told) if name == "out" else told) == value
    assert is_taken(parser, OUT, name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.0),
        ("epochs", True),
        ("epochs", False),
        ("epochs", "3"),
        ("epochs", [3]),
        ("seed", None),
        ("learning_rate", float("nan")),
        ("corpus", 5),
        ("corpus", {}),
        ("corpus", True),
        ("set", "a=1"),
        ("set", [1]),
        ("log", ["nowhere"]),
        ("recipe", "quick"),
        ("resume", "yes"),
        ("resume", 1),
        ("out", 5),
    ],
)
def test_a_value_of_another_kind_is_not_taken(name: str, value: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert not is_taken(make_parser(), OUT, name, value)
    assert capsys.readouterr() == ("", "")
