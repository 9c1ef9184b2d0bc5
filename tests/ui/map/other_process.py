"""What a process beside the tests' runs. It imports this file, which therefore imports next to nothing."""

from __future__ import annotations

import os
import time
from typing import Any


def tell_process(how: str, told: Any) -> None:
    """In the other process: say which it is, and then end well, badly, or never."""
    told.send((os.getpid(),))
    if how == "dies":
        os._exit(3)
    if how == "never":
        time.sleep(600)
