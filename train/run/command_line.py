"""Options as the words of a command line, and what of a command line was given: by argparse's public methods alone."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any


def given_options(parser: argparse.ArgumentParser, arguments: Sequence[str] | None, names: Iterable[str]) -> set[str]:
    """The options that a command line names, even those that it gives their default.

    Args:
        parser: of the command.
        arguments: None for those of this process.
        names: of all options of the command.
    """
    unset: list[str] = []  # argparse keeps a value that is there already, and appends to a copy of it
    found = parser.parse_args(arguments, argparse.Namespace(**dict.fromkeys(names, unset)))
    return {name for name, value in vars(found).items() if value is not unset}


def command_words(parser: argparse.ArgumentParser, options: Mapping[str, Any]) -> list[str]:
    """The words of a command line that set `options`, each in its long form; one that is None is left out."""
    words: list[str] = []
    for name, value in options.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            if value or parser.get_default(name) is not False:  # one whose default is False has no negative form
                words.append(f"--{option}" if value else f"--no-{option}")
            continue
        for each in value if isinstance(value, list) else [] if value is None else [value]:
            text = str(each)
            words += [f"--{option}={text}"] if text.startswith("-") else [f"--{option}", text]
    return words


def is_taken(parser: argparse.ArgumentParser, required: Sequence[str], name: str, value: Any) -> bool:
    """Whether an option can have a value that was read from JSON.

    Args:
        parser: of the command.
        required: the words without which the command is refused.
        name: of the option.
        value: of JSON's kinds; a path is a string there.
    """
    if value is None:
        return parser.get_default(name) is None
    try:
        with redirect_stderr(io.StringIO()):
            found = vars(parser.parse_args([*required, *command_words(parser, {name: value})]))[name]
    except SystemExit:
        return False
    return found == (Path(value) if isinstance(found, Path) and isinstance(value, str) else value)
