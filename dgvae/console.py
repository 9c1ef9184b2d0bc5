"""What every command has in common: it can print any character, and what goes wrong is one sentence."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from dgvae.errors import NO_ROOM, UserError

P = ParamSpec("P")
_LONG = 200  # characters of a file name that is repeated
_REFUSED, _INTERRUPTED, _UNREAD = 2, 130, 141  # exit statuses; the last two are a shell's for SIGINT and SIGPIPE


def command(name: str, interrupted: str = "stopped") -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Decorate the main function of a command, which returns its exit status.

    Args:
        name: What its errors begin with.
        interrupted: What is said after Ctrl-C.
    """

    def decorate(main: Callable[P, int]) -> Callable[P, int]:
        @wraps(main)
        def run(*args: P.args, **kwargs: P.kwargs) -> int:
            print_any_character()
            try:
                status = main(*args, **kwargs)
                sys.stdout.flush()  # here, where a pipe that was closed is still caught
                return status
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python fails again as it ends
                return _UNREAD
            except (UserError, OSError) as error:
                _say(f"{name}: {_said(error)}")
                return _REFUSED
            except KeyboardInterrupt:
                _say(f"{name}: {interrupted}")
                return _INTERRUPTED

        return run

    return decorate


def _say(sentence: str) -> None:
    """Print it on stderr, or else, as where stderr is a file on a full disk, on stdout."""
    for stream in (sys.stderr, sys.stdout):
        try:
            print(sentence, file=stream, flush=True)
            return
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # else Python fails again as it ends


def _said(error: UserError | OSError) -> str:
    if isinstance(error, UserError):
        return str(error)
    if error.errno in NO_ROOM:
        file = os.fsdecode(error.filename or "stdout")
        return f"{file} can't be written ({error.strerror}); free some space, then try again."
    if error.filename is None:
        return str(error)
    file = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else str(error.filename)
    return f"{file if len(file) <= _LONG else file[:_LONG] + ' …'}: {error.strerror}."


def print_any_character() -> None:
    """Let stdout and stderr write a character that their encoding lacks as an escape, such as \\u03b2, and not fail.

    Line by line, so that a log file tells at once what a terminal would, such as the app's address.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started the command, with >&-; libraries write to it all the same
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
