"""What goes to the log: a line for each fault, and few of them, so that a flood of bad requests can't fill a disk."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from pathlib import Path

BURST = 100  # lines at once
EVERY = 60.0  # seconds until there is another: 1,440 lines a day, half a megabyte at most
LONGEST = 300  # characters of a line

log = logging.getLogger("dgvae.ui")


def keep_log_short() -> None:
    """Let everything that is logged in this process go through one `ShortLog`. To be called once, when the app starts."""
    short, handler = ShortLog(), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    handler.addFilter(short)
    logging.getLogger().addHandler(handler)
    logging.getLogger("uvicorn.error").addFilter(short)  # the server has a handler of its own
    logging.captureWarnings(True)


class ShortLog(logging.Filter):
    """Lets a record through as one line, while there is room; the first one after that tells how many were left out."""

    def __init__(self, burst: int = BURST, every: float = EVERY) -> None:
        super().__init__()
        self._burst, self._every = burst, every
        self._room, self._since, self._left_out = float(burst), time.monotonic(), 0
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record, or say that there is no room for it."""
        with self._lock:
            now = time.monotonic()
            self._room = min(self._burst, self._room + (now - self._since) / self._every)
            self._since = now
            if self._room < 1:
                self._left_out += 1
                return False
            self._room -= 1
            before = f"({self._left_out:,} more were left out) " if self._left_out else ""
            self._left_out = 0
        record.msg, record.args = before + one_line(record), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def one_line(record: logging.LogRecord) -> str:
    """A record's message and its exception, without the traceback."""
    said = record.getMessage()
    if record.exc_info and record.exc_info[1]:
        said = f"{said.splitlines()[0] if said else ''}: {told(record.exc_info[1])}"
    return _on_one_line(said)


def told(error: BaseException) -> str:
    """An exception in a line: its type, what it says, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return _on_one_line(f"{type(error).__name__}: {error}") + where


def _on_one_line(text: str) -> str:
    text = " ".join(text[: 4 * LONGEST].split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
