"""The options of train.fit: what run.json keeps of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from dgvae.errors import UserError
from dgvae.files.atomic import read_json, write_json
from dgvae.text.known_texts import OPTIONS_FILE
from train.run.arguments import make_parser, parse_options
from train.run.options import OF_THE_COMMAND, FitOptions
from train.run.read_options import read_options
from train.run.run_file import recorded_options, write_options

CHOSEN = {"batches": "same-length", "device": "cpu", "aggregate": "local", "log": "tensorboard", "recipe": "paper"}
VALUES = [
    (f"--{name.replace('_', '-')}", value)
    for name in OF_THE_COMMAND
    if name not in ("out", "resume", "header", "clean", "tokenized")
    for value in (["tab", ";", "\\x01"] if name == "delimiter" else [CHOSEN.get(name, "7")])
]
FLAGS = ["--header", "--no-header", "--clean", "--no-clean", "--tokenized"]


def kept(arguments: list[str], folder: Path) -> tuple[FitOptions, dict]:
    options = parse_options(["--out", str(folder), *arguments])
    write_options(options)
    return options, recorded_options(folder)


@pytest.mark.parametrize("arguments", [*VALUES, *((flag,) for flag in FLAGS)], ids=" ".join)
def test_every_option_comes_back_from_run_json(arguments: tuple[str, ...], tmp_path: Path) -> None:
    options, found = kept(list(arguments), tmp_path)
    name = arguments[0].removeprefix("--").removeprefix("no-").replace("-", "_")
    wanted = options.as_json()[name]
    assert wanted is not None
    assert found[name] == (
        str(Path(wanted).absolute()) if name in ("data", "train_file", "valid_file", "test_file") else wanted
    )


@pytest.mark.parametrize(
    ("name", "value"), [("delimiter", "::"), ("delimiter", 7), ("epochs", "7"), ("epochs", 0), ("seed", -1), ("threads", 2000)]
)
def test_a_value_that_no_option_takes_is_named(name: str, value: object, tmp_path: Path) -> None:
    kept([], tmp_path)
    write_json(tmp_path / OPTIONS_FILE, read_json(tmp_path / OPTIONS_FILE) | {name: value})
    with pytest.raises(UserError, match=f"{name} is"):
        recorded_options(tmp_path)


@pytest.mark.parametrize("flag", ["--train-file", "--test-file"])
def test_a_second_file_is_not_dropped_silently(flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["--out", str(tmp_path), flag, "a.txt", flag, "b.txt"])
    assert f"{flag} is given twice" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["/home/me/mine.csv", "mine.txt", "./folder/mine"])
def test_a_path_is_no_corpus(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--train-file"):
        read_options(["--out", str(tmp_path / "out"), "--corpus", name])


@pytest.mark.parametrize("address", ["https://example.org/a.txt", "s3://bucket/a.csv"])
def test_an_address_is_not_fetched(address: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a web address"):
        read_options(["--out", str(tmp_path / "out"), "--train-file", address])


@pytest.mark.parametrize("command", ["bundle", "evaluate.command", "fit"])
def test_no_command_starts_more_threads_than_a_machine_can(command: str, tmp_path: Path, capsys) -> None:
    main = import_module(f"train.{command}").main
    with pytest.raises(SystemExit):
        main([*(["--method", "vae"] if command == "fit" else [str(tmp_path)]), "--out", str(tmp_path), "--threads", "100000"])
    assert "--threads: must be at most 1,024" in capsys.readouterr().err


def test_a_text_that_is_left_over_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["--train-file", "pos.txt", "neg.txt", "--out", "x"])
    assert (
        "unrecognized arguments: neg.txt; an option takes one value at most, so put several files into one"
        in capsys.readouterr().err
    )
