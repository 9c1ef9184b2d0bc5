"""Every command: it prints what its console can't show, and ends in a sentence."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dgvae.console import command
from dgvae.errors import UserError

ROOT = Path(__file__).parent.parent
SCRIPTS = [path for path in (ROOT / "train").glob("*.py") if "raise SystemExit(main())" in path.read_text("utf-8")]
COMMANDS = ["app", "dgvae.toy.__main__", *sorted(f"train.{path.stem}" for path in SCRIPTS)]


class Console(io.TextIOWrapper):
    """A stream that knows a few characters only, and refuses others."""

    def __init__(self, encoding: str) -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding, errors="strict")

    def said(self) -> str:
        self.flush()
        return self.bytes.getvalue().decode(self.encoding)


@pytest.mark.parametrize("encoding", ["koi8-r", "ascii"])
@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_is_printed_in_any_encoding(name: str, encoding: str, monkeypatch) -> None:
    main = importlib.import_module(name).main
    console = Console(encoding)
    monkeypatch.setattr(sys, "stdout", console)
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "usage: python" in console.said()


def fails_with(error: BaseException) -> Callable[[], int]:
    @command("a.command", interrupted="stopped ≥ once")
    def main() -> int:
        print("β and \udce9")  # a byte of a file name that is not UTF-8
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UserError("σ² ≥ 1"), 2, r"a.command: \u03c3\xb2 \u2265 1"),
        (PermissionError(13, "Denied", "/x"), 2, "a.command: /x: Denied."),
        (OSError(36, "File name too long", b"a" * 300), 2, rf"a.command: {'a' * 200} \u2026: File name too long."),
        (OSError("No device"), 2, "a.command: No device"),
        (KeyboardInterrupt(), 130, r"a.command: stopped \u2265 once"),
    ],
)
def test_an_error_is_one_sentence_in_any_encoding(error: BaseException, status: int, said: str, monkeypatch) -> None:
    out, err = Console("ascii"), Console("ascii")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert fails_with(error)() == status
    assert out.said() == "\\u03b2 and \\udce9\n"
    assert err.said() == f"{said}\n"


def test_a_pipe_that_is_closed_ends_a_command_without_a_traceback() -> None:
    program = "from dgvae.console import command\n@command('x')\ndef main():\n    print('y' * 1_000_000)\n    return 0\n"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{program}raise SystemExit(main())"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 141


def test_closed_streams_are_written_to_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)

    @command("a.command")
    def main() -> int:
        sys.stdout.write(str(sys.stdout.isatty()))
        raise UserError("no")

    assert main() == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("error", ["UserError('what is wrong')", "KeyboardInterrupt"])
def test_what_stderr_does_not_take_is_said_on_stdout(error: str) -> None:
    program = (
        "from dgvae.console import command\nfrom dgvae.errors import UserError\n"
        f"@command('x', 'what is wrong')\ndef main():\n    raise {error}\nraise SystemExit(main())"
    )
    with open("/dev/full", "w") as full:
        process = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=full, cwd=ROOT, check=False)
    assert (process.stdout, process.returncode) == (b"x: what is wrong\n", 2 if "UserError" in error else 130)
